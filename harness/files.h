// Small text files: read whole, and written so that a reader never sees half of one.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/status.h"

namespace varve::harness {

// The whole file. kNotFound if it is not there.
Result<std::string> ReadTextFile(const std::string& path);

// Writes `path` under another name, syncs, and renames: after a crash at any moment the file is
// the old one, the new one, or not there.
Status WriteFileAtomically(const std::string& path, std::string_view text);

// Makes "<root>/<name>-20260131-120000", with "-2", "-3", … if that is there, and `root` before it.
Result<std::string> MakeTimedDirectory(const std::string& root, const std::string& name);

// What the files in `directory` and below take on disk: blocks that the file system gave them, not
// their lengths. A file that goes away meanwhile is left out.
uint64_t BytesOnDisk(const std::string& directory);

// "cannot read x: No such file or directory", from the current errno.
Status ErrnoStatus(std::string_view what, const std::string& path);

}  // namespace varve::harness
