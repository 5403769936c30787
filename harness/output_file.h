// OutputFile: a file of results, written from beginning to end.
//
// It counts what it writes, so that the harness can tell its own bytes from those of the store.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "engine/status.h"

namespace varve::harness {

// Not thread safe. The destructor closes.
class OutputFile {
 public:
  // Makes the file, or empties it.
  static Result<std::unique_ptr<OutputFile>> Open(const std::string& path);

  // Has reached the kernel when this returns OK.
  Status Write(std::string_view bytes);
  uint64_t bytes_written() const { return bytes_written_; }

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  OutputFile(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}

  const std::string path_;
  std::unique_ptr<std::FILE, Closer> file_;
  uint64_t bytes_written_ = 0;
};

}  // namespace varve::harness
