// Files of results, with errors that name the file.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/output_file.h"

#include "harness/files.h"

namespace varve::harness {

Result<std::unique_ptr<OutputFile>> OutputFile::Open(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return ErrnoStatus("cannot make", path);
  return std::unique_ptr<OutputFile>(new OutputFile(path, file));
}

Status OutputFile::Write(std::string_view bytes) {
  bytes_written_ += bytes.size();
  const size_t written = std::fwrite(bytes.data(), 1, bytes.size(), file_.get());
  if (written != bytes.size() || std::fflush(file_.get()) != 0) {
    return ErrnoStatus("cannot write", path_);
  }
  return {};
}

}  // namespace varve::harness
