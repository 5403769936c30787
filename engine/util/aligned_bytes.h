// AlignedBytes: bytes in memory of their own that begins at a cache line.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <string_view>

namespace varve {

class AlignedBytes {
 public:
  AlignedBytes() = default;
  explicit AlignedBytes(std::string_view bytes)
      : data_(static_cast<char*>(::operator new(bytes.size(), kAlignment))), size_(bytes.size()) {
    bytes.copy(data_.get(), bytes.size());
  }

  std::string_view view() const { return {data_.get(), size_}; }

 private:
  static constexpr std::align_val_t kAlignment{64};
  struct Free {
    void operator()(char* data) const { ::operator delete(data, kAlignment); }
  };

  std::unique_ptr<char, Free> data_;
  size_t size_ = 0;
};

}  // namespace varve
