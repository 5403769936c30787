// RespConnection: commands to a server that speaks Redis' protocol (RESP 2), and its answers.
//
// hiredis connects and parses. What is sent is put together here, in a buffer that is kept, and
// what is received is read here: so that a server that goes away is an error and no signal, an
// answer has a time by which it is whole, and a size. Whatever the server sends, a call returns.
// After an answer that was late, cut, or not what the protocol says, nothing that comes over this
// connection can be told to be the answer to what: it is closed, and the next call makes another.
//
// Protocol: https://redis.io/docs/reference/protocol-spec.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hiredis/hiredis.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/status.h"

namespace varve::harness {

struct RespAddress {
  std::string socket;  // a path; if "", host and port
  std::string host;
  uint64_t port = 0;
  std::string user;      // "": the server's default user
  std::string password;  // "": none is asked for
  uint64_t database = 0;
  double timeout_seconds = 0;  // to connect, and for each answer

  // "/tmp/x.sock", "localhost:6379".
  std::string ToString() const;
};

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using RespReply = std::unique_ptr<redisReply, FreeReply>;

// The bytes of a reply that is a string, a status or an error.
inline std::string_view TextOf(const redisReply& reply) { return {reply.str, reply.len}; }

// Not thread safe.
class RespConnection {
 public:
  enum class Effect { kReads, kWrites };

  // Connects at the first call. `address` outlives this.
  explicit RespConnection(const RespAddress& address) : address_(address) {}

  // One command and its answer, which is no error. If it cannot be known whether a command that
  // writes was carried out: kIndeterminate. It is never sent twice.
  Result<RespReply> Call(Effect effect, std::span<const std::string_view> arguments);
  Result<RespReply> Call(Effect effect, std::initializer_list<std::string_view> arguments) {
    return Call(effect, std::span(arguments.begin(), arguments.size()));
  }

  // Several commands that write nothing, sent together, and their answers, none of which is an
  // error. If one is, the connection is closed: what state it is in is not known.
  using Commands = std::initializer_list<std::span<const std::string_view>>;
  Result<std::vector<RespReply>> CallTogether(Commands commands);

  // What to return of an answer that is of another type than this command's; closes the connection.
  Status Unexpected(Effect effect, std::string_view command, const redisReply& reply);

  // -1 while it is not connected.
  int file_descriptor() const { return context_ == nullptr ? -1 : context_->fd; }

 private:
  struct FreeContext {
    void operator()(redisContext* context) const { redisFree(context); }
  };

  Status ConnectIfNot();
  Status Connect();
  Status LogIn();
  Result<RespReply> Exchange(Effect effect, std::span<const std::string_view> arguments);
  void Append(std::span<const std::string_view> arguments);
  Status Send();
  Result<RespReply> Receive(size_t more);
  Status ReceiveMore(uint64_t deadline_ns, uint64_t* received);

  const RespAddress& address_;
  std::unique_ptr<redisContext, FreeContext> context_;  // null: not connected
  std::string command_;                                 // that is sent; kept for its memory
};

}  // namespace varve::harness
