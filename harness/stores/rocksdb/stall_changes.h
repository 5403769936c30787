// Stalls of RocksDB by cause, from what its listener hears and what it counts.
//
// The listener hears of each change of condition, without the cause, and late where a writer made
// the change: only when its own wait is over, after the flush that ended the stall was heard of. So
// changes are put in order again, each after the one that it follows. The cause is what RocksDB has
// counted since the change before, and the time what its writers have waited.
//
// Not thread safe.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/events.h"

namespace varve::harness {

// Sums of RocksDB's own.
struct StallCounts {
  std::array<uint64_t, kStallCauseCount> delays{};  // how often that cause was found
  std::array<uint64_t, kStallCauseCount> stops{};
  uint64_t micros = 0;  // that writers waited, counted when a wait is over
};

class StallChanges {
 public:
  enum class Condition { kNormal, kDelayed, kStopped };

  // A change that was heard of at `now_ns`. The stalls of which the end is now known.
  std::vector<StallEvent> Change(Condition before, Condition after, const StallCounts& counts,
                                 uint64_t now_ns);
  // Between changes: what was waited since the last call.
  void Count(const StallCounts& counts);

  // Sums by cause; kNone where RocksDB counted none.
  const std::array<uint64_t, kStallCauseCount>& begun() const { return begun_; }
  const std::array<uint64_t, kStallCauseCount>& waited_ns() const { return waited_ns_; }

 private:
  struct Heard {
    Condition before = Condition::kNormal;
    Condition after = Condition::kNormal;
    uint64_t at_ns = 0;
  };

  // The index of the change that follows, or -1.
  int Next() const;
  void Apply(const Heard& change, const StallCounts& counts, std::vector<StallEvent>* ended);
  void Charge(const StallCounts& counts);

  Condition condition_ = Condition::kNormal;
  std::vector<Heard> waiting_;  // for the change that they follow
  StallEvent stall_;            // of condition_, or the last one
  StallCounts at_change_;       // counts at the last change that was put in order
  uint64_t micros_ = 0;         // that are charged
  std::array<uint64_t, kStallCauseCount> begun_{};
  std::array<uint64_t, kStallCauseCount> waited_ns_{};
};

}  // namespace varve::harness
