// One trial: what can be refused is refused, then its phases run.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/trial.h"

#include <memory>

#include "harness/attend.h"
#include "harness/trial_phases.h"
#include "workloads/trace.h"

namespace varve::harness {

Status RunTrial(const TrialSpec& spec, const TrialContext& context) {
  const Result<workloads::Workload> workload = TrialWorkload(spec, context.workloads_directory);
  if (!workload.ok()) return workload.status();
  if (spec.trial.seconds <= 0 && workload->operations == 0) {
    return Status::InvalidArgument(
        "neither trial.operations, trial.seconds nor the workload says when to end");
  }
  if (workload->replay != nullptr) {
    const Status status = workload->replay->Verify([&context](double) {
      return context.interrupted == nullptr || !context.interrupted->load();
    });
    if (!status.ok()) return status;
  }
  const TrialDirectories directories{context.results_directory, context.data_directory};
  const auto control = std::make_shared<TrialControl>();
  return Attend(context, control, [control, spec, directories, made = *workload] {
    return RunTrialPhases(spec, made, directories, control.get());
  });
}

}  // namespace varve::harness
