// Operation: one thing that a client asks of a store.
//
// A stream makes it, the harness times it, the oracle judges it. The names are those of results
// ("latency_read_p99_ns") and never change.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace varve::workloads {

enum class OperationKind : uint8_t {
  kRead,             // get a key that was loaded or inserted (a delete may have removed it since)
  kUpdate,           // put a whole new value, without reading the old one
  kInsert,           // put the key of a record that does not exist yet
  kScan,             // seek to a key, then read scan_length entries from there on, ascending
  kReadModifyWrite,  // get, then put a whole new value; one operation
  kReadAbsent,       // get a key that never exists, inside or above the range of those that do
  kDelete,           // delete a key, whether or not it is there
  kScanReverse,      // seek to a key, then read scan_length entries from there on, descending
  kDeleteRange,      // delete all keys from a key on, up to another, which stays
};
inline constexpr size_t kOperationKinds = 9;

// "read", "update", "insert", "scan", "read_modify_write", "read_absent", "delete",
// "scan_reverse", "delete_range".
constexpr std::string_view OperationName(OperationKind kind) {
  constexpr std::string_view kNames[kOperationKinds] = {
      "read",        "update", "insert",       "scan",        "read_modify_write",
      "read_absent", "delete", "scan_reverse", "delete_range"};
  return kNames[static_cast<size_t>(kind)];
}

// Whether the operation puts a value (a delete does not).
constexpr bool PutsValue(OperationKind kind) {
  return kind == OperationKind::kUpdate || kind == OperationKind::kInsert ||
         kind == OperationKind::kReadModifyWrite;
}

// Whether the operation changes what is there: it then has a version.
constexpr bool Writes(OperationKind kind) {
  return PutsValue(kind) || kind == OperationKind::kDelete || kind == OperationKind::kDeleteRange;
}

// Whether the operation returns entries in order.
constexpr bool Scans(OperationKind kind) {
  return kind == OperationKind::kScan || kind == OperationKind::kScanReverse;
}

// The record number of an absent key has this bit; those of records never do.
inline constexpr uint64_t kAbsentRecord = uint64_t{1} << 63;

// The version of every value that a load writes; operation `index` of a run writes index + 1.
inline constexpr uint64_t kLoadVersion = 0;

struct Operation {
  OperationKind kind = OperationKind::kRead;
  uint32_t scan_length = 0;  // entries of a scan, records of a delete_range; else 0
  uint64_t index = 0;        // position in the whole stream, over all clients
  uint64_t record = 0;       // key number: record k was the k-th to be loaded or inserted, from 0
  uint64_t version = 0;      // of the value put, or of the delete; 0 for a read or scan
  std::string_view key;      // valid until the next call of Next
  std::string_view end_key;  // the same; of a delete_range: the first key that stays
  std::string_view value;    // the same; empty unless PutsValue(kind)
};

}  // namespace varve::workloads
