// Whether a store has what a workload asks for, found out before anything is loaded.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "harness/store.h"
#include "workloads/workload.h"

namespace varve::harness {

// kNotSupported, with the store's own words, if the workload or one of its phases has scans or
// deletes of ranges and the store has none. What a trace holds is not looked at.
Status CheckSupport(Store& store, const workloads::Workload& workload);

}  // namespace varve::harness
