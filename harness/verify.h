// Verification: reads everything back at the end of a trial and compares it with the oracle.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "engine/status.h"
#include "harness/oracle.h"
#include "harness/store.h"
#include "workloads/stream.h"

namespace varve::harness {

struct VerifyOptions {
  // With up to twice as many records every one is asked for by a get, with more only evenly spaced
  // ones, at least this many.
  uint64_t gets_max = 1'000'000;
  // And no more than take about so long, but always a few: there are memtables in which a get looks
  // at every entry.
  double gets_seconds = 5;
  // Called now and then with the share that is done; false: stop, and return OK.
  std::function<bool(double)> go_on;
};

// One scan over the whole store, in pieces: keys ascend, each belongs to a record that is live,
// each value is that of its acknowledged version to the last byte, and there are as many as are
// live. Then gets of records, deleted ones among them; of all records if the scan cannot tell which
// are missing. Wrong answers are reported to the oracle (the first is kept); a status is a failure
// of the store to answer. Nobody else may write.
//
// Of a record whose last writes overlapped (oracle.h), any of its values passes, but it must be
// intact.
Status VerifyStore(Store* store, const workloads::WorkloadState& workload, Oracle* oracle,
                   const VerifyOptions& options);

}  // namespace varve::harness
