// From phase to phase. See phased_stream.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/phased_stream.h"

namespace varve::workloads {

PhasedStream::PhasedStream(const std::vector<Workload>& phases, const StreamOptions& options,
                           WorkloadState* state)
    : end_(options.end()), client_(static_cast<uint64_t>(options.client)) {
  for (const Workload& phase : phases) {
    phases_.push_back({std::make_unique<RunStream>(phase, options, state), phase.operations});
  }
  Enter(0, options.first);
}

bool PhasedStream::Next(Operation* op) {
  while (!phases_[phase_].stream->Next(op)) {
    if (phase_end_ >= end_) return false;
    Enter((phase_ + 1) % phases_.size(), phase_end_);
  }
  return true;
}

void PhasedStream::Enter(size_t phase, uint64_t begin) {
  phase_ = phase;
  const uint64_t operations = phases_[phase].operations;
  phase_end_ = operations < end_ - begin ? begin + operations : end_;
  phases_[phase].stream->Restart(begin + client_, phase_end_);
}

uint64_t PhasedStream::hash() const {
  uint64_t sum = 0;
  for (const Phase& phase : phases_) sum += phase.stream->hash();
  return sum;
}

}  // namespace varve::workloads
