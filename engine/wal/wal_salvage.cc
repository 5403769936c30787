// Looking for the records of a damaged log.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/wal/wal_salvage.h"

#include <algorithm>

#include "engine/wal/wal_format.h"

namespace varve {
namespace {

struct Record {
  WalRecordType type = WalRecordType::kNone;
  std::string_view payload;
};

using IsPayload = std::function<bool(std::string_view)>;

// The record at `offset`, if there is an intact one.
std::optional<Record> RecordAt(std::string_view log, uint64_t number, uint64_t offset,
                               const IsPayload& is_payload) {
  const std::string_view from = log.substr(offset);
  if (from.size() < kWalHeaderBytes) return std::nullopt;
  const WalHeader header = DecodeWalHeader(from.data());
  const bool known = header.type == WalRecordType::kData ||
                     header.type == WalRecordType::kPromise ||
                     (header.type == WalRecordType::kStart && offset == 0);
  if (!known || header.length > from.size() - kWalHeaderBytes) return std::nullopt;
  // Most bytes that are no record end here, before any are hashed.
  if (header.type == WalRecordType::kPromise && header.length != 0) return std::nullopt;
  const std::string_view payload = from.substr(kWalHeaderBytes, header.length);
  if (header.type == WalRecordType::kData && !is_payload(payload)) return std::nullopt;
  if (header.checksum != WalChecksum(number, offset, header.type, payload)) return std::nullopt;
  return Record{header.type, payload};
}

}  // namespace

std::optional<uint64_t> WalNumberOf(std::string_view log) {
  const std::optional<Record> first = RecordAt(log, 0, 0, [](std::string_view) { return true; });
  uint32_t version = 0;
  uint64_t number = 0;
  WalPosition previous;
  const bool found = first.has_value() && first->type == WalRecordType::kStart &&
                     DecodeWalStart(first->payload, &version, &number, &previous);
  return found ? std::optional(number) : std::nullopt;
}

WalRemains SalvageWal(std::string_view log, uint64_t number, const IsPayload& is_payload) {
  WalRemains remains;
  // The zeros at the end are reserved space, or part of the last record.
  const size_t last = log.find_last_not_of('\0');
  const uint64_t end = last == std::string_view::npos ? 0 : last + 1;
  bool in_gap = false;
  uint64_t gap = 0;
  for (uint64_t offset = 0; offset < end;) {
    const std::optional<Record> record = RecordAt(log, number, offset, is_payload);
    if (!record.has_value()) {
      if (!in_gap) gap = offset;
      in_gap = true;
      ++offset;
      continue;
    }
    if (in_gap) remains.gaps.push_back({gap, offset});
    in_gap = false;
    if (record->type == WalRecordType::kStart) {
      uint32_t version = 0;
      uint64_t told = 0;
      DecodeWalStart(record->payload, &version, &told, &remains.previous);
    }
    if (record->type == WalRecordType::kData) remains.payloads.push_back(record->payload);
    offset += kWalHeaderBytes + record->payload.size();
    remains.end = offset;
  }
  if (in_gap) {
    remains.gaps.push_back({gap, end});
    remains.end = end;
  }
  return remains;
}

}  // namespace varve
