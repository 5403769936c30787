// NumberedWrites: what the writers of the concurrent torture write, and what must be there after.
//
// Write n of a writer (from 1) puts or deletes one of its keys, or both keys of a pair in a batch,
// or deletes a range of some keys. All of it is a pure function of writer and n; the value of a put
// names both.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/write_batch.h"

namespace varve::harness {

// Immutable, so thread safe.
class NumberedWrites {
 public:
  static constexpr size_t kKeys = 10;  // of a writer; the last two are the pair
  // For each key of a writer the number of the write that it holds, 0 if it is absent.
  using State = std::array<uint64_t, kKeys>;

  // For writes 1 to `writes_max`.
  NumberedWrites(int writer, uint64_t writes_max);

  std::string KeyOf(size_t index) const;
  // All keys of the writer, and of no other, are in [lower, upper).
  std::string lower() const;
  std::string upper() const;

  void AddTo(WriteBatch* batch, uint64_t number) const;
  // Puts and deletes of the writes first to last.
  uint64_t ChangesIn(uint64_t first, uint64_t last) const;

  // The write that a value is from; nullopt if no write of this writer made it for this key.
  std::optional<uint64_t> Parse(size_t index, std::string_view value) const;
  std::optional<size_t> IndexOf(std::string_view key) const;

  const State& After(uint64_t writes) const { return states_[writes]; }

  // The least number of writes within [low, high] after which all keys, or one, hold this.
  std::optional<uint64_t> Find(const State& state, uint64_t low, uint64_t high) const;
  std::optional<uint64_t> Find(size_t index, uint64_t held, uint64_t low, uint64_t high) const;

 private:
  struct Change {
    bool put = true;
    std::vector<size_t> keys;
    bool range = false;  // of these keys, which follow each other: one delete
  };
  Change ChangeOf(uint64_t number) const;
  std::string ValueOf(size_t index, uint64_t number) const;

  const int writer_;
  std::vector<State> states_;  // after so many writes
};

}  // namespace varve::harness
