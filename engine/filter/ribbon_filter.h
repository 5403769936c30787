// RibbonFilterPolicy: the homogeneous ribbon filter (Dillinger, Hübschle-Schneider, Sanders and
// Walzer, "Fast succinct retrieval and approximate membership using ribbon", SEA 2022, sections 2
// and 4; Dillinger and Walzer, "Ribbon filter: practically smaller than Bloom and Xor", 2021).
//
//   filter  := block* blocks:fixed32 columns:byte
//   block   := column+                        128 slots; a column is one bit of each of them
//   column  := 16 bytes                       bit i is bit i % 8 of byte i / 8
//
// A key chooses 128 slots in a row, and some of them: c. It may be in the set if, in each column,
// the exclusive-or of the bits of those slots is 0. Any key satisfies that with all bits 0, so
// construction is Gaussian elimination that cannot fail, and the free bits are filled at random.
// The last blocks have `columns` + 1 columns and the first ones `columns`: how many there are of
// each follows from the length, and makes any number of bits per key possible. Only the columns of
// the block where a key's slots begin are asked.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/filter/filter.h"
#include "engine/util/coding.h"
#include "engine/util/random.h"

namespace varve {

class RibbonFilterPolicy final : public FilterPolicy {
 public:
  std::string_view name() const override { return "varve.ribbon.1"; }

  std::string Build(std::span<const uint64_t> hashes, double bits_per_key) const override {
    if (hashes.empty() || !(bits_per_key > 0)) return {};
    const double columns = Columns(bits_per_key);
    const double slots = static_cast<double>(hashes.size()) * bits_per_key / columns;
    Shape shape;
    shape.blocks = static_cast<uint64_t>(std::ceil(slots / kWidth));
    shape.columns = static_cast<uint64_t>(columns);
    const double wide = (columns - std::floor(columns)) * static_cast<double>(shape.blocks);
    shape.narrow = shape.blocks - static_cast<uint64_t>(wide + 0.5);
    if (shape.blocks > UINT32_MAX) return {};
    std::string filter(shape.words(shape.blocks) * sizeof(Wide), '\0');
    Substitute(Eliminate(hashes, shape), shape, filter.data());
    PutFixed32(&filter, static_cast<uint32_t>(shape.blocks));
    filter.push_back(static_cast<char>(shape.columns));
    return filter;
  }

  bool MayContain(uint64_t hash, std::string_view filter) const override {
    Shape shape;
    if (!Parse(filter, &shape)) return true;
    const Row row = RowOf(hash, shape);
    const uint64_t block = row.start / kWidth;
    const int offset = static_cast<int>(row.start % kWidth);
    const char* here = filter.data() + shape.words(block) * sizeof(Wide);
    const uint64_t columns = shape.columns_of(block);
    if (offset == 0) return AllZero(row.coefficients, here, 0, here, columns);
    const char* next = here + columns * sizeof(Wide);
    return AllZero(row.coefficients << offset, here, row.coefficients >> (kWidth - offset), next,
                   columns);
  }

  void Prefetch(uint64_t hash, std::string_view filter) const override {
    Shape shape;
    if (!Parse(filter, &shape)) return;
    const uint64_t block = RowOf(hash, shape).start / kWidth;
    const char* here = filter.data() + shape.words(block) * sizeof(Wide);
    __builtin_prefetch(here);
    __builtin_prefetch(here + shape.columns_of(block) * sizeof(Wide));
  }

  // 2^-r for keys with r columns.
  double ExpectedFalsePositiveRate(double bits_per_key) const override {
    if (!(bits_per_key > 0)) return 1;
    const double columns = Columns(bits_per_key);
    const double whole = std::floor(columns);
    return std::exp2(-whole) * (1 - (columns - whole) / 2);
  }

 private:
  __extension__ using Wide = unsigned __int128;
  static constexpr int kWidth = 128;  // of the ribbon: slots among which a key chooses

  struct Shape {
    uint64_t blocks = 0;
    uint64_t columns = 0;  // of the first `narrow` blocks; the others have one more
    uint64_t narrow = 0;

    uint64_t columns_of(uint64_t block) const { return columns + (block >= narrow ? 1 : 0); }
    // Columns of all blocks before `block`.
    uint64_t words(uint64_t block) const {
      return block * columns + (block > narrow ? block - narrow : 0);
    }
    // Places where a key's slots may begin.
    uint64_t starts() const { return (blocks - 1) * kWidth + 1; }
  };

  struct Row {
    uint64_t start;     // the first slot, which is always chosen
    Wide coefficients;  // bit i: slot start + i is chosen
  };

  // The average number of columns. Slots must be more than keys by (4 + r / 4) / 128 for r columns
  // (SEA 2022, section 4), or else too many of them are decided by keys; so r (1 + that) = bits.
  static double Columns(double bits_per_key) {
    constexpr double kLinear = 1 + 4.0 / kWidth;
    constexpr double kSquare = 0.25 / kWidth;
    return (std::sqrt(kLinear * kLinear + 4 * kSquare * bits_per_key) - kLinear) / (2 * kSquare);
  }

  static bool Parse(std::string_view filter, Shape* shape) {
    constexpr size_t kTailBytes = 5;
    if (filter.size() < kTailBytes || (filter.size() - kTailBytes) % sizeof(Wide) != 0) {
      return false;
    }
    const uint64_t words = (filter.size() - kTailBytes) / sizeof(Wide);
    shape->blocks = DecodeFixed32(filter.data() + filter.size() - kTailBytes);
    shape->columns = static_cast<unsigned char>(filter.back());
    const uint64_t least = shape->blocks * shape->columns;
    if (shape->blocks == 0 || words < least || words - least > shape->blocks) return false;
    shape->narrow = shape->blocks - (words - least);
    return true;
  }

  static Row RowOf(uint64_t hash, const Shape& shape) {
    const auto start = static_cast<uint64_t>(static_cast<Wide>(hash) * shape.starts() >> 64);
    const Wide high = SplitMix64(hash);
    return {start, high << 64 | SplitMix64(hash + kSplitMixGamma) | 1};
  }

  // The rows in echelon form: that of slot i, if there is one, begins with slot i.
  static std::vector<Wide> Eliminate(std::span<const uint64_t> hashes, const Shape& shape) {
    std::vector<Wide> rows(shape.blocks * kWidth);
    for (size_t i = 0; i < hashes.size(); i++) {
      if (i + kAhead < hashes.size()) {
        __builtin_prefetch(&rows[RowOf(hashes[i + kAhead], shape).start], 1);
      }
      Row row = RowOf(hashes[i], shape);
      while (row.coefficients != 0 && rows[row.start] != 0) {
        row.coefficients ^= rows[row.start];
        if (row.coefficients == 0) break;
        const int zeros = TrailingZeros(row.coefficients);
        row.coefficients >>= zeros;
        row.start += static_cast<uint64_t>(zeros);
      }
      if (row.coefficients != 0) rows[row.start] = row.coefficients;
    }
    return rows;
  }

  // Solves for each column, from the last slot to the first.
  static void Substitute(const std::vector<Wide>& rows, const Shape& shape, char* to) {
    std::vector<Wide> bits(shape.columns + 1);  // of each column, from the current slot on
    for (uint64_t block = shape.blocks; block-- > 0;) {
      const uint64_t columns = shape.columns_of(block);
      for (uint64_t slot = (block + 1) * kWidth; slot-- > block * kWidth;) {
        const Wide row = rows[slot];
        const uint64_t free = row == 0 ? SplitMix64(slot) : 0;
        for (uint64_t c = 0; c < columns; c++) {
          const Wide shifted = bits[c] << 1;
          bits[c] = shifted | (row == 0 ? free >> c % 64 & 1 : Parity(row & shifted));
        }
      }
      std::memcpy(to + shape.words(block) * sizeof(Wide), bits.data(), columns * sizeof(Wide));
    }
  }

  // Is the exclusive-or of the chosen bits of two blocks 0 in each column?
  static bool AllZero(Wide chosen, const char* here, Wide chosen_next, const char* next,
                      uint64_t columns) {
    for (uint64_t c = 0; c < columns; c++) {
      Wide a;
      Wide b;
      std::memcpy(&a, here + c * sizeof a, sizeof a);
      std::memcpy(&b, next + c * sizeof b, sizeof b);
      if (Parity((a & chosen) ^ (b & chosen_next)) != 0) return false;
    }
    return true;
  }

  static unsigned Parity(Wide bits) {
    return static_cast<unsigned>(
        __builtin_parityll(static_cast<uint64_t>(bits) ^ static_cast<uint64_t>(bits >> 64)));
  }
  static int TrailingZeros(Wide bits) {
    const auto low = static_cast<uint64_t>(bits);
    return low != 0 ? std::countr_zero(low)
                    : 64 + std::countr_zero(static_cast<uint64_t>(bits >> 64));
  }

  // A row is asked for so many keys before it is looked at.
  static constexpr size_t kAhead = 8;
};

}  // namespace varve
