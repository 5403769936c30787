// By two round trips, or by a script.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/resp/resp_scan.h"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace varve::harness {
namespace {

using Effect = RespConnection::Effect;

constexpr int kTries = 2;

bool IsArray(const redisReply& reply) { return reply.type == REDIS_REPLY_ARRAY; }

bool AreStrings(const redisReply& array) {
  for (size_t i = 0; i < array.elements; ++i) {
    if (array.element[i]->type != REDIS_REPLY_STRING) return false;
  }
  return true;
}

Status CheckPiece(RespConnection* connection, const RespRange& range, const RespPiece& piece) {
  const redisReply& values = *piece.values;
  const bool fits = IsArray(*piece.keys) && IsArray(values) && piece.size() <= range.count &&
                    piece.size() == values.elements && AreStrings(*piece.keys);
  if (!fits) return connection->Unexpected(Effect::kReads, range.command, *piece.keys);
  for (size_t i = 0; i < values.elements; ++i) {
    if (values.element[i]->type == REDIS_REPLY_NIL) {
      return Status::Corruption("the sorted set has a key that is not there");
    }
  }
  return AreStrings(values) ? Status() : connection->Unexpected(Effect::kReads, "MGET", values);
}

// The keys, of which others must not be added from here on.
Status ReadKeys(RespConnection* connection, const RespRange& range, RespReply* keys) {
  const std::string limit = fmt::format("{}", range.count);
  const std::string_view watch[] = {"WATCH", "o"};
  const std::string_view read[] = {range.command, "o", range.first, range.last,
                                   "LIMIT",       "0", limit};
  Result<std::vector<RespReply>> replies = connection->CallTogether({watch, read});
  if (!replies.ok()) return replies.status();
  *keys = std::move((*replies)[1]);
  if (IsArray(**keys) && AreStrings(**keys)) return {};
  return connection->Unexpected(Effect::kReads, range.command, **keys);
}

// Their values: nil if keys were added or deleted since.
Status ReadValues(RespConnection* connection, const redisReply& keys, RespReply* values) {
  std::string names;
  for (size_t i = 0; i < keys.elements; ++i) names.append("k").append(TextOf(*keys.element[i]));
  std::vector<std::string_view> get = {"MGET"};
  const char* name = names.data();
  for (size_t i = 0; i < keys.elements; ++i) {
    get.emplace_back(name, keys.element[i]->len + 1);
    name += keys.element[i]->len + 1;
  }
  const std::string_view multi[] = {"MULTI"}, exec[] = {"EXEC"};
  Result<std::vector<RespReply>> replies = connection->CallTogether({multi, get, exec});
  if (!replies.ok()) return replies.status();
  *values = std::move((*replies)[2]);
  const redisReply& answer = **values;
  const bool right = answer.type == REDIS_REPLY_NIL || (IsArray(answer) && answer.elements == 1);
  return right ? Status() : connection->Unexpected(Effect::kReads, "EXEC", answer);
}

Status Unwatch(RespConnection* connection) {
  return connection->Call(Effect::kReads, {"UNWATCH"}).status();
}

// Null values if keys were added or deleted meanwhile.
Result<RespPiece> ReadTwice(RespConnection* connection, const RespRange& range) {
  RespPiece piece;
  Status status = ReadKeys(connection, range, &piece.owner);
  if (!status.ok()) return status;
  piece.keys = piece.owner.get();
  if (piece.size() == 0) {
    piece.values = piece.keys;
    status = Unwatch(connection);
  } else {
    status = ReadValues(connection, *piece.keys, &piece.other);
    if (status.ok() && IsArray(*piece.other)) piece.values = piece.other->element[0];
  }
  if (!status.ok()) return status;
  return piece;
}

Result<RespPiece> ReadByScript(RespConnection* connection, const RespRange& range,
                               std::string_view script) {
  const std::string limit = fmt::format("{}", range.count);
  Result<RespReply> reply = connection->Call(
      Effect::kReads, {"EVALSHA", script, "0", range.command, range.first, range.last, limit});
  if (!reply.ok()) return reply.status();
  if (!IsArray(**reply) || (*reply)->elements != 2) {
    return connection->Unexpected(Effect::kReads, "EVALSHA", **reply);
  }
  RespPiece piece;
  piece.owner = std::move(*reply);
  piece.keys = piece.owner->element[0];
  piece.values = piece.owner->element[1];
  return piece;
}

}  // namespace

Result<RespPiece> ReadPiece(RespConnection* connection, const RespRange& range,
                            std::string_view script) {
  Result<RespPiece> piece = ReadTwice(connection, range);
  for (int time = 1; time < kTries && piece.ok() && piece->values == nullptr; ++time) {
    piece = ReadTwice(connection, range);
  }
  if (piece.ok() && piece->values == nullptr) piece = ReadByScript(connection, range, script);
  if (!piece.ok()) return piece;
  if (Status status = CheckPiece(connection, range, *piece); !status.ok()) return status;
  return piece;
}

}  // namespace varve::harness
