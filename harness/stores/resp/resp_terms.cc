// Configurations and caveats.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/resp/resp_terms.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace varve::harness {
namespace {

// Of the server's own processes, those that are not counted.
bool HasChildren(const RespFacts& config) {
  const bool rewrites =
      FactOf(config, "appendonly") == "yes" && CountOf(config, "auto-aof-rewrite-percentage") > 0;
  return rewrites || !FactOf(config, "save").empty();
}

void AddDurabilityCaveats(const RespSettings& settings, const Terms* terms, const RespFacts& config,
                          std::vector<std::string>* caveats) {
  const std::string_view durability = RespDurability(config);
  if (config.empty()) {
    caveats->push_back("the server does not tell its configuration: durability is taken for none");
  }
  if (terms != nullptr && terms->durability != durability) {
    const std::string_view why = settings.runs_already ? "the server ran before the trial"
                                                       : "resp.appendonly or appendfsync was set";
    caveats->push_back(fmt::format("{}: durability is {}, not {}, as engine.durability says", why,
                                   durability, terms->durability));
  }
  if (FactOf(config, "appendonly") != "yes") {
    if (!settings.runs_already && FactOf(config, "save").empty()) {
      caveats->push_back("durability none: what was not synced is gone when the store is closed");
    }
    return;
  }
  caveats->push_back("its log has no checksums");
  if (FactOf(config, "appendfsync") == "everysec") {
    caveats->push_back(
        "appendfsync everysec: the log is synced about once a second, and when that takes long, "
        "writes of up to two seconds are acknowledged before the kernel has them");
  }
}

}  // namespace

std::string_view FactOf(const RespFacts& facts, std::string_view name) {
  const auto found = facts.find(name);
  return found == facts.end() ? std::string_view() : found->second;
}

uint64_t CountOf(const RespFacts& facts, std::string_view name) {
  const std::string_view text = FactOf(facts, name);
  uint64_t count = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  return error == std::errc() && rest == text.data() + text.size() ? count : 0;
}

RespFacts ParseInfo(std::string_view text) {
  RespFacts facts;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    const size_t colon = line.find(':');
    if (colon == line.npos) continue;
    facts[std::string(line.substr(0, colon))] = line.substr(colon + 1);
  }
  return facts;
}

std::string RespConfiguration(const RespSettings& settings, const Terms* terms) {
  std::string lines;
  const auto add = [&lines](std::string_view name, std::string_view text) {
    lines += fmt::format("{} {}\n", name, text.empty() ? "\"\"" : text);
  };
  const auto add_usual = [&](std::string_view name, std::string_view text) {
    if (!SetsParameter(settings, name)) add(name, text);
  };
  if (terms != nullptr) {
    add_usual("save", "");
    add_usual("auto-aof-rewrite-percentage", "0");
    add_usual("appendonly", terms->durability == "none" ? "no" : "yes");
    add_usual("appendfsync", terms->durability == "power" ? "always" : "no");
  }
  for (const SettingText& parameter : settings.parameters) add(parameter.name, parameter.text);
  // A delete of a range may take long, and is one script.
  if (settings.ordered && !SetsParameter(settings, "busy-reply-threshold")) {
    add_usual("lua-time-limit", "0");
  }
  return lines;
}

std::string_view RespDurability(const RespFacts& config) {
  const std::string_view synced = FactOf(config, "appendfsync");
  if (FactOf(config, "appendonly") != "yes" || synced == "everysec") return "none";
  const bool always = synced == "always" && FactOf(config, "no-appendfsync-on-rewrite") != "yes";
  return always ? "power" : "process";
}

std::vector<std::string> RespCaveats(const RespSettings& settings, const Terms* terms,
                                     const RespFacts& config, bool known) {
  std::vector<std::string> caveats = {
      "each operation is a round trip over a socket to a server process"};
  if (settings.ordered) {
    caveats.push_back(
        "a sorted set of all keys is kept for scans (resp.ordered): each write is a script of two "
        "commands");
  }
  if (settings.runs_already) {
    caveats.push_back("the server ran before the trial: it is not set up by the terms");
    if (!known) {
      caveats.push_back(
          "the server's process is not known: its processor time, bytes and memory are not "
          "counted");
    }
  }
  if (terms != nullptr) {
    caveats.push_back(
        "all data is kept in memory, whatever engine.memtable_bytes and engine.cache_bytes are");
    if (terms->filter != "none") caveats.push_back("there are no filters: not engine.filter");
    if (terms->compaction_threads > 1) {
      caveats.push_back(
          "one thread carries out all commands, whatever engine.compaction_threads is");
    }
    if (terms->direct_io) {
      caveats.push_back("there is no direct I/O: files go through the page cache");
    }
  }
  AddDurabilityCaveats(settings, terms, config, &caveats);
  if (HasChildren(config)) {
    caveats.push_back(
        "child processes write snapshots or the log anew (resp.save, "
        "resp.auto-aof-rewrite-percentage): their bytes, memory and processor time are not "
        "counted");
  }
  const bool evicts =
      CountOf(config, "maxmemory") > 0 && FactOf(config, "maxmemory-policy") != "noeviction";
  if (evicts) caveats.push_back("keys are thrown away at maxmemory (maxmemory-policy)");
  return caveats;
}

}  // namespace varve::harness
