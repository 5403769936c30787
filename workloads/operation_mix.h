// OperationMix: what kind of operation comes next: one draw, cut into the proportions.
//
// Called by the run stream, and by the checks of a workload.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "workloads/operation.h"
#include "workloads/random.h"
#include "workloads/workload.h"

namespace varve::workloads {

// A part of the mix: the kinds of operations, and besides them
inline constexpr size_t kExpirePart = kOperationKinds;  // a delete of the oldest record
inline constexpr size_t kMixParts = kOperationKinds + 1;

using Proportions = std::array<double, kMixParts>;

// In the order of OperationKind, which begins with that of YCSB's own choice.
inline Proportions ProportionsOf(const Workload& w) {
  return {w.read_proportion,
          w.update_proportion,
          w.insert_proportion,
          w.scan_proportion,
          w.read_modify_write_proportion,
          w.read_absent_proportion,
          w.delete_proportion,
          w.scan_reverse_proportion,
          w.delete_range_proportion,
          w.expire_proportion};
}

class OperationMix {
 public:
  explicit OperationMix(const Workload& workload) {
    const Proportions proportions = ProportionsOf(workload);
    double total = 0, below = 0;
    for (const double p : proportions) total += p;
    for (size_t part = 0; part < kMixParts; part++) {
      if (proportions[part] <= 0) continue;
      below += proportions[part];
      cuts_[parts_] = DrawsBelow(below / total);
      part_[parts_++] = part;
    }
  }

  // The part that 64 random bits choose.
  size_t Choose(uint64_t bits) const {
    size_t i = 0;
    while (i + 1 < parts_ && bits >= cuts_[i]) i++;
    return part_[i];
  }
  // Whether there is nothing to choose.
  bool single() const { return parts_ == 1; }

 private:
  size_t parts_ = 0;  // that have a proportion above 0
  std::array<uint64_t, kMixParts> cuts_ = {};
  std::array<size_t, kMixParts> part_ = {};
};

}  // namespace varve::workloads
