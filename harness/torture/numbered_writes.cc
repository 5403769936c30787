// Numbers to writes and back.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/torture/numbered_writes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/util/hash.h"

namespace varve::harness {

NumberedWrites::NumberedWrites(int writer, uint64_t writes_max) : writer_(writer), states_(1) {
  for (uint64_t number = 1; number <= writes_max; ++number) {
    State state = states_.back();
    const Change change = ChangeOf(number);
    for (const size_t index : change.keys) state[index] = change.put ? number : 0;
    states_.push_back(state);
  }
}

NumberedWrites::Change NumberedWrites::ChangeOf(uint64_t number) const {
  if (number % 5 == 0) return {number % 35 != 0, {kKeys - 2, kKeys - 1}};
  const size_t index = Mix64(static_cast<uint64_t>(writer_), number) % (kKeys - 2);
  if (number % 21 == 0) return {false, {index, index + 1, index + 2}, true};
  return {number % 7 != 0, {index}};
}

std::string NumberedWrites::KeyOf(size_t index) const {
  return fmt::format("writer {}/{}", writer_, index);
}
std::string NumberedWrites::lower() const { return fmt::format("writer {}/", writer_); }
std::string NumberedWrites::upper() const { return fmt::format("writer {}0", writer_); }

std::optional<size_t> NumberedWrites::IndexOf(std::string_view key) const {
  for (size_t index = 0; index < kKeys; ++index) {
    if (key == KeyOf(index)) return index;
  }
  return std::nullopt;
}

std::string NumberedWrites::ValueOf(size_t index, uint64_t number) const {
  const uint64_t random = Mix64(number, index);
  const uint64_t padding = random % 17 == 0 ? random % 4000 : random % 80;
  return fmt::format("{} {} {} {}", writer_, index, number,
                     std::string(padding, static_cast<char>('a' + number % 26)));
}

void NumberedWrites::AddTo(WriteBatch* batch, uint64_t number) const {
  const Change change = ChangeOf(number);
  if (change.range) {
    batch->DeleteRange(KeyOf(change.keys.front()), KeyOf(change.keys.back()) + '\0');
    return;
  }
  for (const size_t index : change.keys) {
    if (change.put) {
      batch->Put(KeyOf(index), ValueOf(index, number));
    } else {
      batch->Delete(KeyOf(index));
    }
  }
}

uint64_t NumberedWrites::ChangesIn(uint64_t first, uint64_t last) const {
  uint64_t changes = 0;
  for (uint64_t number = first; number <= last; ++number) {
    const Change change = ChangeOf(number);
    changes += change.range ? 1 : change.keys.size();
  }
  return changes;
}

std::optional<uint64_t> NumberedWrites::Parse(size_t index, std::string_view value) const {
  const std::string prefix = fmt::format("{} {} ", writer_, index);
  if (!value.starts_with(prefix)) return std::nullopt;
  uint64_t number = 0;
  const std::string_view rest = value.substr(prefix.size());
  std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (number == 0 || value != ValueOf(index, number)) return std::nullopt;
  return number;
}

std::optional<uint64_t> NumberedWrites::Find(const State& state, uint64_t low,
                                             uint64_t high) const {
  for (uint64_t writes = low; writes <= std::min<uint64_t>(high, states_.size() - 1); ++writes) {
    if (states_[writes] == state) return writes;
  }
  return std::nullopt;
}

std::optional<uint64_t> NumberedWrites::Find(size_t index, uint64_t held, uint64_t low,
                                             uint64_t high) const {
  for (uint64_t writes = low; writes <= std::min<uint64_t>(high, states_.size() - 1); ++writes) {
    if (states_[writes][index] == held) return writes;
  }
  return std::nullopt;
}

}  // namespace varve::harness
