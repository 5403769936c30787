// Compression: the interface of a block compressor.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace varve {

// Stateless and thread safe.
class Compression {
 public:
  virtual ~Compression() = default;
  // Stored in every block: a value is never given to another algorithm. 0 is "as it is".
  virtual uint8_t id() const = 0;
  // Replaces *out. Returns false if the result would not be smaller than the input.
  virtual bool Compress(std::string_view in, std::string* out) const = 0;
  // `raw_bytes` is what Compress was given. Returns false on damage; never reads or writes beyond.
  virtual bool Decompress(std::string_view in, size_t raw_bytes, std::string* out) const = 0;
};

const Compression* NoCompression();
const Compression* Lz4Compression();
// The one with this id, or nullptr.
const Compression* CompressionOfId(uint8_t id);

}  // namespace varve
