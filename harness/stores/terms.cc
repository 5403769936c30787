// Terms from settings.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/terms.h"

#include <fmt/format.h>

#include "harness/stores/engine_store.h"

namespace varve::harness {

Result<Terms> TermsOf(const StoreOptions& options) {
  const Result<Options> engine = EngineOptionsOf(options.settings);
  if (!engine.ok()) return engine.status();
  const bool filters = engine->filter != "none" && engine->filter_bits_per_key > 0;
  Terms terms;
  terms.memtable_bytes = engine->memtable_bytes;
  terms.memtables_max = engine->memtables_max;
  terms.cache_bytes = engine->cache == "none" ? 0 : engine->cache_bytes;
  terms.durability = engine->durability;
  terms.compression = engine->compression;
  terms.filter = filters ? engine->filter : "none";
  terms.filter_bits_per_key = filters ? engine->filter_bits_per_key : 0;
  terms.flush_threads = 1;
  terms.compaction_threads = engine->compaction_threads;
  terms.direct_io = options.direct_io;
  return terms;
}

const std::vector<std::string>& TermNames() {
  static const std::vector<std::string> names = {
      "engine.memtable_bytes", "engine.memtables_max",       "engine.cache",
      "engine.cache_bytes",    "engine.durability",          "engine.compression",
      "engine.filter",         "engine.filter_bits_per_key", "engine.compaction_threads",
      "trial.direct_io"};
  return names;
}

void TermsUsed::Use(std::string_view name, std::string text) {
  settings_.push_back({std::string(name), std::move(text)});
}

void TermsUsed::UseBytes(std::string_view name, uint64_t bytes) { Use(name, FormatBytes(bytes)); }

void TermsUsed::UseCount(std::string_view name, uint64_t count) {
  Use(name, fmt::format("{}", count));
}

void TermsUsed::UseFlag(std::string_view name, bool flag) { Use(name, flag ? "true" : "false"); }

}  // namespace varve::harness
