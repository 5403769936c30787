// The block compressors: none and LZ4 (Collet's LZ4 block format).
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/table/compression.h"

#include <lz4.h>

namespace varve {
namespace {

class None final : public Compression {
 public:
  uint8_t id() const override { return 0; }
  bool Compress(std::string_view, std::string*) const override { return false; }
  bool Decompress(std::string_view in, size_t raw_bytes, std::string* out) const override {
    if (in.size() != raw_bytes) return false;
    out->assign(in);
    return true;
  }
};

class Lz4 final : public Compression {
 public:
  uint8_t id() const override { return 1; }

  bool Compress(std::string_view in, std::string* out) const override {
    if (in.size() < 2 || in.size() > LZ4_MAX_INPUT_SIZE) return false;
    out->resize(in.size() - 1);
    const int bytes = LZ4_compress_default(in.data(), out->data(), static_cast<int>(in.size()),
                                           static_cast<int>(out->size()));
    if (bytes <= 0) return false;
    out->resize(static_cast<size_t>(bytes));
    return true;
  }

  bool Decompress(std::string_view in, size_t raw_bytes, std::string* out) const override {
    // A byte of the format stands for at most 255 bytes, so that a false length in a small block
    // cannot ask for much memory.
    if (in.size() > LZ4_MAX_INPUT_SIZE || raw_bytes > LZ4_MAX_INPUT_SIZE) return false;
    if (raw_bytes > in.size() * 255) return false;
    out->resize(raw_bytes);
    const int bytes = LZ4_decompress_safe(in.data(), out->data(), static_cast<int>(in.size()),
                                          static_cast<int>(raw_bytes));
    return bytes >= 0 && static_cast<size_t>(bytes) == raw_bytes;
  }
};

}  // namespace

const Compression* NoCompression() {
  static const None none;
  return &none;
}

const Compression* Lz4Compression() {
  static const Lz4 lz4;
  return &lz4;
}

const Compression* CompressionOfId(uint8_t id) {
  for (const Compression* compression : {NoCompression(), Lz4Compression()}) {
    if (compression->id() == id) return compression;
  }
  return nullptr;
}

}  // namespace varve
