// Crash torture: random workloads under random settings crash at random calls of the file system,
// also during recovery, and nothing that had to survive is missing (I1, I2, I3, I4, I11).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "engine/options.h"
#include "engine/util/random.h"
#include "harness/torture/torture.h"

namespace varve::harness {

// A cycle makes a database on a CrashableFileSystem, crashes it one to four times, and looks at
// what the last recovery found. Wholly deterministic. options.directory is not used.
TortureReport RunCrashTorture(const TortureOptions& options);

// Options so small that a few dozen writes seal, flush, compact and rotate: each choice any of its
// table, inline.
Options RandomCrashOptions(Random* random);

}  // namespace varve::harness
