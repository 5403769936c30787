// The table of RocksDB's options, and its parser.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/rocksdb/rocksdb_options.h"

#include <fmt/format.h>
#include <rocksdb/convenience.h>

#include <algorithm>
#include <memory>
#include <unordered_map>

#include "engine/options.h"
#include "engine/setting_text.h"

namespace varve::harness {
namespace {

using Texts = std::map<std::string, std::string>;

rocksdb::ConfigOptions ParserOptions() {
  rocksdb::ConfigOptions config;
  config.ignore_unknown_options = false;
  config.ignore_unsupported_options = false;
  config.input_strings_escaped = false;
  config.delimiter = "\n";
  return config;
}

// Calls visit(name, value) for the parts "name=value" of `text`, between which `delimiter` stands
// where no brace is open.
template <class Visit>
void ForEachAssignment(std::string_view text, char delimiter, const Visit& visit) {
  int depth = 0;
  size_t begin = 0;
  for (size_t at = 0; at <= text.size(); ++at) {
    const char c = at < text.size() ? text[at] : delimiter;
    if (c == '{') ++depth;
    if (c == '}') --depth;
    if (at < text.size() && (c != delimiter || depth > 0)) continue;
    const std::string_view part = text.substr(begin, at - begin);
    const size_t equals = part.find('=');
    if (equals != part.npos) visit(part.substr(0, equals), part.substr(equals + 1));
    begin = at + 1;
  }
}

// "a={b=1;}" as a and a.b. The part of a struct that says what it is, is no field.
Texts Flattened(const std::string& text) {
  Texts texts;
  ForEachAssignment(text, '\n', [&texts](std::string_view name, std::string_view value) {
    texts.emplace(name, value);
    if (!value.starts_with('{') || !value.ends_with('}')) return;
    const std::string_view fields = value.substr(1, value.size() - 2);
    ForEachAssignment(fields, ';', [&](std::string_view field, std::string_view field_value) {
      if (field != "id") texts.emplace(fmt::format("{}.{}", name, field), field_value);
    });
  });
  return texts;
}

bool IsWhole(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

bool IsFraction(std::string_view text) {
  return text.find('.') != text.npos && text.find_first_not_of("-0123456789.") == text.npos;
}

// "64M" is RocksDB's spelling, and means powers of 1024.
std::string_view UnitOf(char suffix) {
  switch (suffix) {
    case 'k':
    case 'K':
      return "KiB";
    case 'm':
    case 'M':
      return "MiB";
    case 'g':
    case 'G':
      return "GiB";
    case 't':
    case 'T':
      return "TiB";
    default:
      return "";
  }
}

Result<std::string> WholeNumber(std::string_view text) {
  if (IsWhole(text)) return std::string(text);
  const std::string_view unit = text.empty() ? "" : UnitOf(text.back());
  const std::string_view digits = text.substr(0, text.empty() ? 0 : text.size() - 1);
  const bool rocksdb_spelling = !unit.empty() && IsWhole(digits) && !digits.starts_with('-');
  const Result<uint64_t> bytes =
      ParseBytes(rocksdb_spelling ? fmt::format("{}{}", digits, unit) : std::string(text));
  if (bytes.ok()) return fmt::format("{}", *bytes);
  return Status::InvalidArgument(
      fmt::format("\"{}\" is not a whole number, nor one with a unit such as 64M or 64 MiB", text));
}

// RocksDB reads a number as far as it goes and forgets the rest, so that what is not one must be
// found before.
Result<std::string> Meant(const RocksDbOption& option, std::string_view text) {
  if (option.usual == "true" || option.usual == "false") {
    if (text == "true" || text == "false") return std::string(text);
    return Status::InvalidArgument(fmt::format("\"{}\" is neither true nor false", text));
  }
  if (IsWhole(option.usual)) return WholeNumber(text);
  const Setting number{option.name, SettingKind::kNumber, -1e300, 1e300, "", ""};
  double value = 0;
  if (!IsFraction(option.usual)) return std::string(text);
  if (Status status = ParseSetting(number, text, &value); !status.ok()) return status;
  return std::string(text);
}

Texts UsualTexts(RocksDbPlace place) {
  const RocksDbOptions usual;
  return RocksDbTexts(place, usual);
}

// Options that RocksDB reads and does not write.
bool Reads(RocksDbPlace place, const std::string& name, const std::string& text) {
  RocksDbOptions scratch;
  return SetRocksDbText(place, name, text, &scratch).ok();
}

std::vector<RocksDbOption> MakeTable() {
  std::vector<RocksDbOption> table = {{"options_file", RocksDbPlace::kStore, ""},
                                      {"memtable", RocksDbPlace::kStore, "skip_list"},
                                      {"filter", RocksDbPlace::kStore, ""},
                                      {"statistics", RocksDbPlace::kStore, "none"}};
  const auto add = [&table](const std::string& name, RocksDbPlace place, const std::string& usual) {
    const auto same = [&name](const RocksDbOption& option) { return option.name == name; };
    if (std::none_of(table.begin(), table.end(), same)) table.push_back({name, place, usual});
  };
  for (const RocksDbPlace place :
       {RocksDbPlace::kDatabase, RocksDbPlace::kFamily, RocksDbPlace::kTable}) {
    for (const auto& [name, usual] : UsualTexts(place)) add(name, place, usual);
  }
  if (Reads(RocksDbPlace::kDatabase, "rate_limiter_bytes_per_sec", "1048576")) {
    add("rate_limiter_bytes_per_sec", RocksDbPlace::kDatabase, "0");
  }
  if (Reads(RocksDbPlace::kTable, "block_cache", "1048576")) {
    add("block_cache", RocksDbPlace::kTable, "");
  }
  return table;
}

}  // namespace

const std::vector<RocksDbOption>& RocksDbOptionTable() {
  static const std::vector<RocksDbOption> table = MakeTable();
  return table;
}

const RocksDbOption* FindRocksDbOption(std::string_view name) {
  for (const RocksDbOption& option : RocksDbOptionTable()) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

std::map<std::string, std::string> RocksDbTexts(RocksDbPlace place, const RocksDbOptions& options) {
  const rocksdb::ConfigOptions config = ParserOptions();
  std::string text;
  rocksdb::Status status;
  if (place == RocksDbPlace::kDatabase) {
    status = rocksdb::GetStringFromDBOptions(config, options.database, &text);
  } else if (place == RocksDbPlace::kFamily) {
    status = rocksdb::GetStringFromColumnFamilyOptions(config, options.family, &text);
  } else if (place == RocksDbPlace::kTable) {
    const std::unique_ptr<rocksdb::TableFactory> factory(
        rocksdb::NewBlockBasedTableFactory(options.table));
    status = factory->GetOptionString(config, &text);
  }
  return status.ok() ? Flattened(text) : Texts();
}

Status SetRocksDbText(RocksDbPlace place, const std::string& name, const std::string& text,
                      RocksDbOptions* options, bool escaped) {
  rocksdb::ConfigOptions config = ParserOptions();
  config.input_strings_escaped = escaped;
  const std::unordered_map<std::string, std::string> map = {{name, text}};
  rocksdb::Status status;
  if (place == RocksDbPlace::kDatabase) {
    const rocksdb::DBOptions base = options->database;
    status = rocksdb::GetDBOptionsFromMap(config, base, map, &options->database);
  } else if (place == RocksDbPlace::kFamily) {
    const rocksdb::ColumnFamilyOptions base = options->family;
    status = rocksdb::GetColumnFamilyOptionsFromMap(config, base, map, &options->family);
  } else {
    const rocksdb::BlockBasedTableOptions base = options->table;
    status = rocksdb::GetBlockBasedTableOptionsFromMap(config, base, map, &options->table);
  }
  if (status.ok()) return {};
  return Status::InvalidArgument(
      fmt::format("RocksDB does not take \"{}\": {}", text, status.ToString()));
}

Status SetRocksDbOption(const RocksDbOption& option, std::string_view text,
                        RocksDbOptions* options) {
  const Result<std::string> meant = Meant(option, text);
  if (!meant.ok()) return meant.status();
  if (Status s = SetRocksDbText(option.place, option.name, *meant, options); !s.ok()) return s;
  if (!IsWhole(option.usual)) return {};
  const Texts now = RocksDbTexts(option.place, *options);
  const auto read = now.find(option.name);
  if (read == now.end() || std::stold(read->second) == std::stold(*meant)) return {};
  return Status::InvalidArgument(
      fmt::format("\"{}\" is out of range: RocksDB takes it as {}", text, read->second));
}

}  // namespace varve::harness
