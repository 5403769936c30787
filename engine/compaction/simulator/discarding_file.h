// DiscardingFile: a file that only counts what is appended to it.
//
// The simulator builds real tables into it for their sizes.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/io/file_system.h"

namespace varve {

class DiscardingFile final : public WritableFile {
 public:
  Status Append(IoCause /*cause*/, std::string_view data) override {
    length_ += data.size();
    return {};
  }
  Status Sync(IoCause /*cause*/) override { return {}; }
  Status Truncate(uint64_t length) override {
    if (length > length_) return Status::InvalidArgument("a file cannot be cut longer");
    length_ = length;
    return {};
  }
  Status Close() override { return {}; }
  uint64_t length() const override { return length_; }

 private:
  uint64_t length_ = 0;
};

}  // namespace varve
