// The words for a Status.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/status.h"

namespace varve {
namespace {

std::string_view Kind(Status::Code code) {
  switch (code) {
    case Status::Code::kOk:
      return "ok";
    case Status::Code::kCorruption:
      return "corruption";
    case Status::Code::kInvalidArgument:
      return "invalid argument";
    case Status::Code::kNotFound:
      return "not found";
    case Status::Code::kIoError:
      return "I/O error";
    case Status::Code::kNoSpace:
      return "no space";
    case Status::Code::kBusy:
      return "busy";
    case Status::Code::kIndeterminate:
      return "indeterminate";
    case Status::Code::kNotSupported:
      return "not supported";
  }
  return "unknown";
}

}  // namespace

std::string Status::ToString() const {
  if (ok()) return "ok";
  return std::string(Kind(code())) + ": " + std::string(message());
}

}  // namespace varve
