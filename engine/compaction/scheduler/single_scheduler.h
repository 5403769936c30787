// SingleScheduler: one compaction at a time, whatever compaction_threads says; a flush runs beside
// it (the single-threaded scheduler of Luo and Carey, PVLDB 13(4), 2019).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/compaction/scheduler/fifo_scheduler.h"

namespace varve {

class SingleScheduler final : public FifoScheduler {
 public:
  bool MayBegin(int /*level*/, size_t running, size_t /*threads*/) const override {
    return running == 0;
  }
  size_t ThreadsMax(size_t /*threads*/) const override { return 1; }
};

}  // namespace varve
