// Asks a store for nothing, to hear whether it could.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/support.h"

#include "workloads/phases.h"

namespace varve::harness {
namespace {

Status CheckOne(Store& store, const workloads::Workload& workload) {
  Status status;
  if (workload.scan_proportion > 0) status = store.Scan("", 0, nullptr).status();
  if (status.ok() && workload.scan_reverse_proportion > 0) {
    status = store.ScanReverse("", 0, nullptr).status();
  }
  if (status.ok() && workload.delete_range_proportion > 0) status = store.DeleteRange("", "");
  return status;
}

}  // namespace

Status CheckSupport(Store& store, const workloads::Workload& workload) {
  const Result<std::vector<workloads::Workload>> phases = workloads::PhasesOf(workload);
  if (!phases.ok()) return phases.status();
  for (const workloads::Workload& phase : *phases) {
    if (Status status = CheckOne(store, phase); !status.ok()) return status;
  }
  return {};
}

}  // namespace varve::harness
