// The formats that can be imported, each a parser of one line.
//
// Sources: cache-trace: README.md of github.com/twitter/cache-trace, and Yang, Yue and Vinayak, "A
// large scale analysis of hundreds of in-memory cache clusters at Twitter", OSDI 2020. rocksdb: the
// help text of trace_analyzer's option convert_to_human_readable_trace, RocksDB
// (tools/trace_analyzer_tool.cc), and Cao et al., "Characterizing, Modeling, and Benchmarking
// RocksDB Key-Value Workloads at Facebook", FAST 2020.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "workloads/text.h"
#include "workloads/trace_import.h"

namespace varve::workloads {
namespace {

using enum OperationKind;

constexpr uint64_t kMicrosecondNs = 1'000;
constexpr uint64_t kSecondNs = 1'000'000'000;

std::string Quoted(std::string_view text) { return fmt::format("\"{}\"", text.substr(0, 60)); }

// Decimal digits and nothing else.
Status ReadNumber(std::string_view field, std::string_view name, uint64_t* number) {
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), *number);
  if (error == std::errc() && end == field.data() + field.size() && !field.empty()) return {};
  return Status::InvalidArgument(fmt::format("{} is not a {}", Quoted(field), name));
}

// --- cache-trace: timestamp,key,key size,value size,client,operation,TTL

struct CacheOperation {
  std::string_view name;
  OperationKind kind;
  bool finds_value;       // makes sense only if there is a value
  bool has_time_to_live;  // of the value that it writes
};
// What depends on the old value has to read it.
constexpr CacheOperation kCacheOperations[] = {
    {"get", kRead, true, false},
    {"gets", kRead, true, false},
    {"set", kUpdate, false, true},
    {"add", kReadModifyWrite, false, true},
    {"replace", kReadModifyWrite, true, true},
    {"cas", kReadModifyWrite, true, true},
    {"append", kReadModifyWrite, true, false},
    {"prepend", kReadModifyWrite, true, false},
    {"incr", kReadModifyWrite, true, false},
    {"decr", kReadModifyWrite, true, false},
    {"delete", kDelete, false, false},
};

Result<const CacheOperation*> FindCacheOperation(std::string_view name) {
  std::vector<std::string_view> names;
  for (const CacheOperation& row : kCacheOperations) {
    if (row.name == name) return &row;
    names.push_back(row.name);
  }
  return Status::InvalidArgument(fmt::format("there is no operation {}: it is one of {}{}",
                                             Quoted(name), JoinNames(names),
                                             DidYouMean(name, names)));
}

// The last five fields and the first are found from the ends of the line: a key may hold commas.
Result<std::array<std::string_view, 7>> CacheFields(std::string_view text) {
  std::array<std::string_view, 7> fields;
  for (size_t i = fields.size() - 1; i >= 2; --i) {
    const size_t comma = text.rfind(',');
    if (comma == std::string_view::npos) break;
    fields[i] = text.substr(comma + 1);
    text = text.substr(0, comma);
  }
  const size_t comma = text.find(',');
  if (fields[2].data() == nullptr || comma == std::string_view::npos) {
    return Status::InvalidArgument(
        "the line has not the seven fields timestamp,key,key size,value size,client,operation,TTL");
  }
  fields[0] = text.substr(0, comma);
  fields[1] = text.substr(comma + 1);
  return fields;
}

Status ParseCacheLine(std::string_view text, const TraceImportOptions&, TraceLine* line) {
  const auto fields = CacheFields(text);
  if (!fields.ok()) return fields.status();
  const auto& [time, key, key_size, value_size, client, name, time_to_live] = *fields;
  *line = TraceLine();
  uint64_t key_bytes = 0, value_bytes = 0, ignored = 0, lives = 0;
  for (const Status& status :
       {ReadNumber(time, "timestamp", &line->time), ReadNumber(key_size, "key size", &key_bytes),
        ReadNumber(value_size, "value size", &value_bytes),
        ReadNumber(client, "client id", &ignored), ReadNumber(time_to_live, "TTL", &lives)}) {
    if (!status.ok()) return status;
  }
  const Result<const CacheOperation*> operation = FindCacheOperation(name);
  if (!operation.ok()) return operation.status();
  line->key = key;
  if (key_bytes != key.size()) line->remark = "keys of another length than their key size, kept";
  line->kind = (*operation)->kind;
  if (PutsValue(line->kind)) line->argument = value_bytes;
  line->finds_value = (*operation)->finds_value && value_bytes > 0;
  line->found_bytes = value_bytes;
  if ((*operation)->has_time_to_live) line->time_to_live = lives;
  return {};
}

// --- rocksdb: key type column-family value-size microseconds

struct RocksdbOperation {
  std::string_view name;
  OperationKind kind;
  std::string_view left_out = "";
};
// By type number.
constexpr RocksdbOperation kRocksdbOperations[] = {
    {"get", kRead},
    {"put", kUpdate},
    {"delete", kDelete},
    {"single delete", kDelete},
    {"range delete", kDelete, "range deletes left out: the format does not tell their end"},
    {"merge", kUpdate},
    {"seek", kScan},
    {"seek for prev", kScanReverse},
    {"multiget", kRead},
};

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

Status ReadHexKey(std::string_view field, std::string* key) {
  if (!field.starts_with("0x")) {
    return Status::InvalidArgument(
        fmt::format("{} is not a key, which begins with 0x (the trace must be made without "
                    "-no_key)",
                    Quoted(field)));
  }
  field.remove_prefix(2);
  for (size_t i = 0; i + 1 < field.size(); i += 2) {
    const int high = HexDigit(field[i]), low = HexDigit(field[i + 1]);
    if (high < 0 || low < 0) break;
    key->push_back(static_cast<char>(high << 4 | low));
  }
  if (2 * key->size() == field.size()) return {};
  return Status::InvalidArgument(
      fmt::format("0x{} is not a key in hexadecimal", field.substr(0, 60)));
}

Result<std::array<std::string_view, 5>> RocksdbFields(std::string_view text) {
  std::array<std::string_view, 5> fields;
  size_t count = 0;
  for (;; ++count) {
    const size_t space = text.find(' ');
    if (count < fields.size()) fields[count] = text.substr(0, space);
    if (space == std::string_view::npos) break;
    text.remove_prefix(space + 1);
  }
  if (count + 1 == fields.size()) return fields;
  const bool no_key = count + 2 == fields.size() && !fields[0].starts_with("0x");
  return Status::InvalidArgument(
      no_key ? "the line has no key: the trace must be made without -no_key"
             : "the line has not the five fields key, type, column family, value size, time");
}

Status ParseRocksdbLine(std::string_view text, const TraceImportOptions& options, TraceLine* line) {
  const auto fields = RocksdbFields(text);
  if (!fields.ok()) return fields.status();
  *line = TraceLine();
  uint64_t type = 0, column_family = 0, value_bytes = 0;
  for (const Status& status :
       {ReadHexKey((*fields)[0], &line->key), ReadNumber((*fields)[1], "type", &type),
        ReadNumber((*fields)[2], "column family", &column_family),
        ReadNumber((*fields)[3], "value size", &value_bytes),
        ReadNumber((*fields)[4], "time", &line->time)}) {
    if (!status.ok()) return status;
  }
  if (type >= std::size(kRocksdbOperations)) {
    return Status::InvalidArgument(
        fmt::format("there is no operation of type {}: types are 0 to {} ({})", type,
                    std::size(kRocksdbOperations) - 1, std::end(kRocksdbOperations)[-1].name));
  }
  const RocksdbOperation& operation = kRocksdbOperations[type];
  line->kind = operation.kind;
  line->left_out = operation.left_out;
  line->column_family = column_family;
  if (PutsValue(line->kind)) line->argument = value_bytes;
  if (Scans(line->kind)) line->argument = options.scan_length;
  line->finds_value = line->kind == kRead;  // of a size that is not told
  return {};
}

constexpr TraceFormat kFormats[] = {
    {"cache-trace", "requests of a cache of Twitter, the CSV of twitter/cache-trace", kSecondNs,
     ParseCacheLine},
    {"rocksdb", "trace_analyzer -convert_to_human_readable_trace of RocksDB", kMicrosecondNs,
     ParseRocksdbLine},
};

}  // namespace

std::span<const TraceFormat> TraceFormats() { return kFormats; }

Result<const TraceFormat*> FindTraceFormat(std::string_view name) {
  std::vector<std::string_view> names;
  for (const TraceFormat& format : kFormats) {
    if (format.name == name) return &format;
    names.push_back(format.name);
  }
  return Status::InvalidArgument(fmt::format("there is no format {}: it is one of {}{}",
                                             Quoted(name), JoinNames(names),
                                             DidYouMean(name, names)));
}

}  // namespace varve::workloads
