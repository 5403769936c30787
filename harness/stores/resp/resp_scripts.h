// What a server carries out for resp.ordered: each script at once, with nothing in between.
//
// A key is stored as "k" and the key, and is a member of the sorted set "o", all of whose scores
// are 0: such a set is in the order of its members' bytes (ZRANGEBYLEX).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace varve::harness {

// Entries that one script reads: far fewer than a Lua function can be called with (8,000).
inline constexpr uint64_t kScanPiece = 1000;

// Of keys and values in turn.
inline constexpr std::string_view kPutScript =
    "for i = 1, #ARGV, 2 do redis.call('SET', 'k' .. ARGV[i], ARGV[i + 1]) "
    "redis.call('ZADD', 'o', 0, ARGV[i]) end return redis.status_reply('OK')";

inline constexpr std::string_view kDeleteScript =
    "redis.call('ZREM', 'o', ARGV[1]) return redis.call('DEL', 'k' .. ARGV[1])";

// Of the command, its two bounds and the number: keys, and their values.
inline constexpr std::string_view kScanScript =
    "local keys = redis.call(ARGV[1], 'o', ARGV[2], ARGV[3], 'LIMIT', 0, ARGV[4]) "
    "if #keys == 0 then return {{}, {}} end local names = {} "
    "for i = 1, #keys do names[i] = 'k' .. keys[i] end "
    "return {keys, redis.call('MGET', unpack(names))}";

// Of the two bounds.
inline constexpr std::string_view kDeleteRangeScript =
    "local deleted = 0 repeat "
    "local keys = redis.call('ZRANGEBYLEX', 'o', ARGV[1], ARGV[2], 'LIMIT', 0, 1000) "
    "if #keys > 0 then local names = {} for i = 1, #keys do names[i] = 'k' .. keys[i] end "
    "redis.call('ZREM', 'o', unpack(keys)) "
    "deleted = deleted + redis.call('DEL', unpack(names)) end until #keys < 1000 return deleted";

}  // namespace varve::harness
