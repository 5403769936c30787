// Status and Result: errors as values.
//
// A bug is an assertion; a failure of the world is a Status; an absent key is an answer and
// neither. No function of Varve throws.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace varve {

// 16 bytes; OK allocates nothing; copies share the message. Safe to copy between threads.
class [[nodiscard]] Status {
 public:
  enum class Code : unsigned char {
    kOk,
    kCorruption,       // stored bytes are not what was written
    kInvalidArgument,  // the caller asked for something that cannot be
    kNotFound,         // a file or a directory is missing (never used for an absent key)
    kIoError,          // the operating system failed a call
    kNoSpace,          // the device is full; may succeed later
    kBusy,             // open elsewhere
    kIndeterminate,    // a write or sync failed half-way: it may or may not survive
    kNotSupported,     // this store or part cannot do it
  };

  Status() = default;
  static Status Corruption(std::string message) { return {Code::kCorruption, std::move(message)}; }
  static Status InvalidArgument(std::string message) {
    return {Code::kInvalidArgument, std::move(message)};
  }
  static Status NotFound(std::string message) { return {Code::kNotFound, std::move(message)}; }
  static Status IoError(std::string message) { return {Code::kIoError, std::move(message)}; }
  static Status NoSpace(std::string message) { return {Code::kNoSpace, std::move(message)}; }
  static Status Busy(std::string message) { return {Code::kBusy, std::move(message)}; }
  static Status Indeterminate(std::string message) {
    return {Code::kIndeterminate, std::move(message)};
  }
  static Status NotSupported(std::string message) {
    return {Code::kNotSupported, std::move(message)};
  }

  bool ok() const { return rep_ == nullptr; }
  Code code() const { return rep_ == nullptr ? Code::kOk : rep_->code; }
  std::string_view message() const {
    return rep_ == nullptr ? std::string_view("ok") : std::string_view(rep_->message);
  }

  // "kind: message", for people.
  std::string ToString() const;

  // The same code, with `prefix` and ": " put before the message. OK stays OK.
  Status Annotate(std::string_view prefix) const {
    return ok() ? *this : Status(code(), std::string(prefix) + ": " + rep_->message);
  }

 private:
  struct Rep {
    Code code;
    std::string message;
  };
  Status(Code code, std::string message)
      : rep_(std::make_shared<const Rep>(Rep{code, std::move(message)})) {}

  std::shared_ptr<const Rep> rep_;
};

// A T, or the Status that says why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}        // NOLINT: implicit on purpose
  Result(Status status) : value_(std::move(status)) {  // NOLINT: implicit on purpose
    assert(!std::get<Status>(value_).ok());
  }

  bool ok() const { return std::holds_alternative<T>(value_); }
  Status status() const { return ok() ? Status() : std::get<Status>(value_); }

  // REQUIRES: ok().
  T& value() & {
    assert(ok());
    return *std::get_if<T>(&value_);
  }
  const T& value() const& {
    assert(ok());
    return *std::get_if<T>(&value_);
  }
  T&& value() && {
    assert(ok());
    return std::move(*std::get_if<T>(&value_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, Status> value_;
};

}  // namespace varve
