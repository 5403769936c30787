// Looking for blocks: candidates by their form, certainty by their checksum.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/table/block_search.h"

#include "engine/table/table_format.h"
#include "engine/util/coding.h"
#include "engine/util/hash.h"

namespace varve {
namespace {

// An entry and its restart point take at least this.
constexpr uint64_t kContentsBytesMin = 12;
constexpr uint64_t kCompressedBytesMin = 4;

}  // namespace

bool BlockSearcher::Spend(uint64_t steps) {
  const bool left = steps <= steps_left_;
  steps_left_ = left ? steps_left_ - steps : 0;
  return left;
}

bool BlockSearcher::LooksLikeEnd(uint64_t begin, uint64_t end) const {
  const uint64_t contents_end = end - kBlockTrailerBytes;
  const auto compression = static_cast<unsigned char>(file_[contents_end]);
  const uint64_t bytes = contents_end - begin;
  if (compression != 0) {
    if (compression != 1 || bytes < kCompressedBytesMin + kBlockRawLengthBytes) return false;
    const uint64_t raw_bytes = DecodeFixed32(file_.data() + contents_end - kBlockRawLengthBytes);
    return raw_bytes >= kContentsBytesMin && raw_bytes / 255 < bytes;
  }
  // Restart points, of which the first is 0, and their number.
  if (bytes < kContentsBytesMin) return false;
  const uint64_t count = DecodeFixed32(file_.data() + contents_end - sizeof(uint32_t));
  if (count == 0 || count >= bytes / sizeof(uint32_t)) return false;
  return DecodeFixed32(file_.data() + contents_end - (count + 1) * sizeof(uint32_t)) == 0;
}

std::optional<uint64_t> BlockSearcher::BlockAt(uint64_t offset) {
  const uint64_t seed = BlockSeed(context_, offset);
  for (uint64_t end = offset + kBlockTrailerBytes; end <= file_.size(); ++end) {
    if (!Spend(1)) return std::nullopt;
    if (!LooksLikeEnd(offset, end)) continue;
    const std::string_view covered = file_.substr(offset, end - 8 - offset);
    if (!Spend(covered.size() / 16)) return std::nullopt;
    if (Checksum64(covered, seed) == DecodeFixed64(file_.data() + end - 8)) return end - offset;
  }
  return std::nullopt;
}

std::optional<uint64_t> BlockSearcher::NextBlock(uint64_t offset) {
  for (uint64_t end = offset + kBlockTrailerBytes; end < file_.size(); ++end) {
    if (!Spend(1)) return std::nullopt;
    if (LooksLikeEnd(offset, end) && BlockAt(end).has_value()) return end;
  }
  return std::nullopt;
}

}  // namespace varve
