// BlockSearcher: finds data blocks in the bytes of a table without its index.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace varve {

// Not thread safe. The bytes must outlive it.
class BlockSearcher {
 public:
  // `file`: the first bytes of a table file, so that offsets are those of the file.
  BlockSearcher(std::string_view file, uint64_t checksum_context)
      : file_(file), context_(checksum_context), steps_left_(kStepsFloor + 256 * file.size()) {}

  // The length, with its trailer, of the intact data block that begins at `offset`; nothing if
  // there is none.
  std::optional<uint64_t> BlockAt(uint64_t offset);

  // The offset of the next intact data block that can be found behind `offset`, where none begins.
  // Looks only behind what has the form of the end of a block.
  std::optional<uint64_t> NextBlock(uint64_t offset);

 private:
  static constexpr uint64_t kStepsFloor = 1 << 20;

  // May a block that begins at `begin`, or behind it, end at `end`, by its form?
  bool LooksLikeEnd(uint64_t begin, uint64_t end) const;
  // Takes `steps` of the work that is left; false if there is none.
  bool Spend(uint64_t steps);

  const std::string_view file_;
  const uint64_t context_;
  // Bytes looked at: a bound for files that were made to be expensive.
  uint64_t steps_left_;
};

}  // namespace varve
