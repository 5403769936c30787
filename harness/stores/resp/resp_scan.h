// ReadPiece: a piece of a scan of the store `resp`, as resp.ordered keeps its keys.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "harness/stores/resp/resp_connection.h"

namespace varve::harness {

// Which keys: as ZRANGEBYLEX and ZREVRANGEBYLEX want it.
struct RespRange {
  std::string_view command;
  std::string_view first;
  std::string_view last;
  uint64_t count = 0;  // at most
};

// Keys and their values: two arrays of strings of the same length, at most the range's count.
struct RespPiece {
  RespReply owner;  // of what these are in
  RespReply other;
  const redisReply* keys = nullptr;
  const redisReply* values = nullptr;

  uint64_t size() const { return keys->elements; }
};

// Of one moment: in two round trips, the second of which comes to nothing if a key was added or
// deleted after the first (WATCH). Then once more, and then by the script of this hash, which
// nothing can come between, and which takes longer (docs/peers/resp.md). kCorruption if a key is in
// the sorted set alone.
Result<RespPiece> ReadPiece(RespConnection* connection, const RespRange& range,
                            std::string_view script);

}  // namespace varve::harness
