// JobPace: what a merge asks before it goes on writing, so that a scheduler can share bandwidth
// between jobs and let one job wait for another.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "engine/status.h"

namespace varve {

// Thread safe: the parts of one job may share it.
class JobPace {
 public:
  virtual ~JobPace() = default;

  // Called by the thread of a job for about every 64 KiB of output, with the bytes since the last
  // call, and without a lock of the database. Returns when the job may go on; an error, such as
  // kBusy when the database closes, ends the job with that error.
  virtual Status Spend(uint64_t bytes) = 0;
};

}  // namespace varve
