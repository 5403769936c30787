// PhasedStream: the operations of one client in a run of several phases. See phases.h.
//
// Which phase operation i is of depends on i alone: phases are counted from the first operation of
// the run. Within each, client c of n takes operations c, c + n, …
//
// Made by stream.cc.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "workloads/run_stream.h"

namespace varve::workloads {

class PhasedStream final : public OperationStream {
 public:
  // REQUIRES: there is a phase.
  PhasedStream(const std::vector<Workload>& phases, const StreamOptions& options,
               WorkloadState* state);

  bool Next(Operation* op) override;
  uint64_t hash() const override;

 private:
  struct Phase {
    std::unique_ptr<RunStream> stream;
    uint64_t operations;
  };

  void Enter(size_t phase, uint64_t begin);

  const uint64_t end_;
  const uint64_t client_;
  std::vector<Phase> phases_;
  size_t phase_ = 0;
  uint64_t phase_end_ = 0;  // index behind the last operation of the present phase
};

}  // namespace varve::workloads
