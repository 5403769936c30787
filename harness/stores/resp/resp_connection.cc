// Sending, receiving, and what errors mean.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/resp/resp_connection.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <cmath>
#include <cstring>

#include "engine/util/clock.h"

namespace varve::harness {
namespace {

// Of one answer: far above that of a piece of a scan, or of all settings of a server.
constexpr uint64_t kAnswerBytesMax = uint64_t{4} << 30;
constexpr int kElementsMax = 1 << 20;
constexpr size_t kReceiveBytes = 16 << 10;

timeval TimeOf(double seconds) {
  timeval time{};
  time.tv_sec = static_cast<time_t>(seconds);
  time.tv_usec = static_cast<suseconds_t>((seconds - std::floor(seconds)) * 1e6);
  return time;
}

// hiredis' own functions, but for the length of an array: it would take that on trust.
redisReplyObjectFunctions* BoundedFunctions(const redisReader& reader) {
  static const redisReplyObjectFunctions usual = *reader.fn;
  static redisReplyObjectFunctions bounded = [] {
    redisReplyObjectFunctions functions = usual;
    functions.createArray = [](const redisReadTask* task, int elements) -> void* {
      return elements > kElementsMax ? nullptr : usual.createArray(task, elements);
    };
    return functions;
  }();
  return &bounded;
}

std::string_view TypeName(int type) {
  switch (type) {
    case REDIS_REPLY_STRING:
      return "a string";
    case REDIS_REPLY_ARRAY:
      return "an array";
    case REDIS_REPLY_INTEGER:
      return "an integer";
    case REDIS_REPLY_NIL:
      return "nil";
    case REDIS_REPLY_STATUS:
      return "a status";
    default:
      return "something else";
  }
}

// A server's error begins with a word that says of what kind it is.
Status ErrorOf(std::string_view command, std::string_view text) {
  std::string message = fmt::format("{}: the server answered \"{}\"", command, text);
  if (text.starts_with("OOM ") || text.find(std::strerror(ENOSPC)) != text.npos) {
    return Status::NoSpace(std::move(message));
  }
  for (const std::string_view refused : {"NOAUTH", "WRONGPASS", "NOPERM", "ERR DB index"}) {
    if (text.starts_with(refused)) return Status::InvalidArgument(std::move(message));
  }
  if (text.starts_with("ERR unknown command")) return Status::NotSupported(std::move(message));
  return Status::IoError(std::move(message));
}

// A script that failed half-way: what it did before is not taken back.
bool HalfDone(std::string_view text) { return text.find("script:") != text.npos; }

Status Lost(RespConnection::Effect effect, const Status& status) {
  if (effect == RespConnection::Effect::kReads) return status;
  return Status::Indeterminate(
      fmt::format("{}: whether it was written is not known", status.message()));
}

}  // namespace

std::string RespAddress::ToString() const {
  return socket.empty() ? fmt::format("{}:{}", host, port) : socket;
}

Result<RespReply> RespConnection::Call(Effect effect, std::span<const std::string_view> arguments) {
  if (Status status = ConnectIfNot(); !status.ok()) return status;
  return Exchange(effect, arguments);
}

Result<std::vector<RespReply>> RespConnection::CallTogether(Commands commands) {
  if (Status status = ConnectIfNot(); !status.ok()) return status;
  command_.clear();
  for (const std::span<const std::string_view> command : commands) Append(command);
  Status status = Send();
  std::vector<RespReply> replies;
  for (const std::span<const std::string_view> command : commands) {
    if (!status.ok()) break;
    Result<RespReply> reply = Receive(commands.size() - replies.size() - 1);
    status = reply.status();
    if (status.ok() && (*reply)->type == REDIS_REPLY_ERROR) {
      status = ErrorOf(command[0], TextOf(**reply));
    }
    if (status.ok()) replies.push_back(std::move(*reply));
  }
  if (status.ok()) return replies;
  context_ = nullptr;
  return status;
}

Status RespConnection::ConnectIfNot() {
  if (context_ != nullptr) return {};
  Status status = Connect();
  if (status.ok()) status = LogIn();
  if (!status.ok()) context_ = nullptr;
  return status;
}

Status RespConnection::Connect() {
  const timeval timeout = TimeOf(address_.timeout_seconds);
  context_.reset(
      address_.socket.empty()
          ? redisConnectWithTimeout(address_.host.c_str(), static_cast<int>(address_.port), timeout)
          : redisConnectUnixWithTimeout(address_.socket.c_str(), timeout));
  const auto failed = [this](std::string_view why) {
    return Status::IoError(fmt::format("cannot connect to {}: {}", address_.ToString(), why));
  };
  if (context_ == nullptr) return failed("out of memory");
  if (context_->err != 0) return failed(context_->errstr);
  if (redisSetTimeout(context_.get(), timeout) != REDIS_OK) return failed(context_->errstr);
  context_->reader->fn = BoundedFunctions(*context_->reader);
  return {};
}

Status RespConnection::LogIn() {
  if (!address_.password.empty()) {
    const std::string_view with_user[] = {"AUTH", address_.user, address_.password};
    const std::string_view alone[] = {"AUTH", address_.password};
    const Result<RespReply> reply = address_.user.empty() ? Exchange(Effect::kReads, alone)
                                                          : Exchange(Effect::kReads, with_user);
    if (!reply.ok()) return reply.status();
  }
  if (address_.database == 0) return {};
  const std::string database = fmt::format("{}", address_.database);
  const std::string_view select[] = {"SELECT", database};
  return Exchange(Effect::kReads, select).status();
}

Result<RespReply> RespConnection::Exchange(Effect effect,
                                           std::span<const std::string_view> arguments) {
  command_.clear();
  Append(arguments);
  Status status = Send();
  Result<RespReply> reply = status.ok() ? Receive(0) : Result<RespReply>(status);
  if (!reply.ok()) {
    context_ = nullptr;
    return Lost(effect, reply.status().Annotate(arguments[0]));
  }
  if ((*reply)->type != REDIS_REPLY_ERROR) return reply;
  const std::string_view text = TextOf(**reply);
  status = ErrorOf(arguments[0], text);
  return HalfDone(text) ? Lost(effect, status) : status;
}

void RespConnection::Append(std::span<const std::string_view> arguments) {
  fmt::format_to(std::back_inserter(command_), "*{}\r\n", arguments.size());
  for (const std::string_view argument : arguments) {
    fmt::format_to(std::back_inserter(command_), "${}\r\n", argument.size());
    command_.append(argument).append("\r\n");
  }
}

Status RespConnection::Send() {
  for (std::string_view rest = command_; !rest.empty();) {
    const ssize_t sent = ::send(context_->fd, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) {
      return Status::IoError(fmt::format("the connection to {} is lost: {}", address_.ToString(),
                                         std::strerror(errno)));
    }
    rest.remove_prefix(static_cast<size_t>(sent));
  }
  return {};
}

// Of the answers that are still to come `more` are after this one.
Result<RespReply> RespConnection::Receive(size_t more) {
  redisReader* const reader = context_->reader;
  const uint64_t deadline_ns =
      RealClock()->NowNs() + static_cast<uint64_t>(address_.timeout_seconds * 1e9);
  for (uint64_t received = 0;;) {
    void* got = nullptr;
    if (redisReaderGetReply(reader, &got) != REDIS_OK) {
      return Status::IoError(
          reader->err == REDIS_ERR_OOM
              ? "the server sent an answer of too many elements"
              : fmt::format("the server does not speak the protocol: {}", reader->errstr));
    }
    if (got != nullptr) {
      RespReply reply(static_cast<redisReply*>(got));
      if (more == 0 && reader->pos < reader->len) {
        return Status::IoError("the server sent more than the answer");
      }
      return reply;
    }
    if (Status status = ReceiveMore(deadline_ns, &received); !status.ok()) return status;
  }
}

// Some bytes, for the reader.
Status RespConnection::ReceiveMore(uint64_t deadline_ns, uint64_t* received) {
  char buffer[kReceiveBytes];
  ssize_t got = 0;
  do {
    got = ::recv(context_->fd, buffer, sizeof buffer, 0);
  } while (got < 0 && errno == EINTR);
  const bool late = got < 0 ? errno == EAGAIN || errno == EWOULDBLOCK
                            : *received > 0 && RealClock()->NowNs() > deadline_ns;
  if (late) {
    return Status::IoError(
        fmt::format("no whole answer within resp.timeout = {} s", address_.timeout_seconds));
  }
  if (got < 0) {
    return Status::IoError(
        fmt::format("the connection to {} is lost: {}", address_.ToString(), std::strerror(errno)));
  }
  if (got == 0) return Status::IoError("the server closed the connection");
  *received += static_cast<uint64_t>(got);
  if (*received > kAnswerBytesMax) return Status::IoError("the server sent too long an answer");
  if (redisReaderFeed(context_->reader, buffer, static_cast<size_t>(got)) != REDIS_OK) {
    return Status::IoError(context_->reader->errstr);
  }
  return {};
}

Status RespConnection::Unexpected(Effect effect, std::string_view command,
                                  const redisReply& reply) {
  context_ = nullptr;
  return Lost(effect, Status::IoError(fmt::format("{}: the server answered {}, which is no answer "
                                                  "to it",
                                                  command, TypeName(reply.type))));
}

}  // namespace varve::harness
