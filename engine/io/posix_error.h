// What the errors of the operating system become. Called by the POSIX files only.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

#include "engine/status.h"

namespace varve {

// The Status of `call` on `path` that failed with `error` (an errno).
inline Status PosixError(std::string_view call, const std::string& path, int error) {
  std::string message =
      path + ": " + std::string(call) + ": " + std::generic_category().message(error);
  switch (error) {
    case ENOENT:
      return Status::NotFound(std::move(message));
    case ENOSPC:
    case EDQUOT:
      return Status::NoSpace(std::move(message));
    default:
      return Status::IoError(std::move(message));
  }
}

}  // namespace varve
