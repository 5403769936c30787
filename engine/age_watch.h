// AgeWatch: what the write leader must do so that no tombstone outlives its limit: seal a memtable
// that holds an old one, and ask from time to time for the compactions that age alone makes due.
//
// Of the limit, a sixteenth is for memtables, and a sixteenth for jobs (TombstoneAgeMax); the rest
// is divided between the levels.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/compaction/strategy.h"

namespace varve {

// Of the write leader. Times are in the unit of the limits: sequence numbers, or seconds.
class AgeWatch {
 public:
  void SetLimits(const Strategy& strategy) {
    const TriggerLimits& limits = strategy.limits;
    tombstone_age_ = limits.tombstone_age;
    uint64_t shortest = UINT64_MAX;
    for (const uint64_t age : {limits.tombstone_age, limits.file_age, strategy.window}) {
      if (age != 0) shortest = std::min(shortest, age);
    }
    watches_ = strategy.has_ages();
    interval_ = std::max<uint64_t>(1, shortest / 64);
    next_check_ = 0;
  }

  // Is there anything to watch?
  bool watches() const { return watches_; }

  // Has the memtable whose first tombstone came at `first` held it for too long?
  bool SealIsDue(uint64_t first, uint64_t now) const {
    return tombstone_age_ != 0 && now - std::min(now, first) >= tombstone_age_ / 16;
  }

  // True about 64 times within the shortest limit, and before `count` writes that go beyond the
  // time up to which the last check has looked: next_check().
  bool CheckIsDue(uint64_t now, uint64_t count) {
    if (now + count <= next_check_) return false;
    next_check_ = now + std::max(count, interval_);
    return true;
  }
  uint64_t next_check() const { return next_check_; }

 private:
  bool watches_ = false;
  uint64_t tombstone_age_ = 0;
  uint64_t interval_ = 0;
  uint64_t next_check_ = 0;
};

}  // namespace varve
