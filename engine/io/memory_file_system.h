// A file system in memory, for tests, examples and simulations.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "engine/io/file_system.h"

namespace varve {

// Behaves as the POSIX one does, but nothing outlives the object. Thread safe.
std::unique_ptr<FileSystem> NewMemoryFileSystem();

}  // namespace varve
