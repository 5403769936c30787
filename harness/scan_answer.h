// ScanAnswer: what a scan of a store visited, kept for judging when the clock has stopped.
//
// Bounded by the length of the scan: the keys, and of each value the 16 bytes that name it. What is
// not going to be judged is only counted.
//
// Filled by client.cc, judged by scan_check.cc.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workloads/values.h"

namespace varve::harness {

// Not thread safe.
class ScanAnswer {
 public:
  // `keep`: the answer is going to be judged.
  explicit ScanAnswer(bool keep) : keep_(keep) {}

  void Clear() {
    entries_ = 0;
    bytes_ = 0;
    keys_.clear();
    visits_.clear();
  }

  void Visit(std::string_view key, std::string_view value) {
    ++entries_;
    bytes_ += key.size() + value.size();
    if (!keep_) return;
    keys_.append(key);
    visits_.push_back({keys_.size(), workloads::ValueSource::Identify(value)});
  }

  uint64_t entries() const { return entries_; }
  uint64_t bytes() const { return bytes_; }  // of keys and values

  // REQUIRES: i < entries(), and the answer was kept.
  std::string_view key(size_t i) const {
    const size_t begin = i == 0 ? 0 : visits_[i - 1].key_end;
    return std::string_view(keys_).substr(begin, visits_[i].key_end - begin);
  }
  // What the value says it is; nothing if it is too short to say.
  const std::optional<workloads::ValueName>& name(size_t i) const { return visits_[i].name; }

 private:
  struct OneVisit {
    size_t key_end;  // in keys_
    std::optional<workloads::ValueName> name;
  };

  const bool keep_;
  uint64_t entries_ = 0;
  uint64_t bytes_ = 0;
  std::string keys_;  // one after the other
  std::vector<OneVisit> visits_;
};

}  // namespace varve::harness
