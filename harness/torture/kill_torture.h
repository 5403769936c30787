// Kill torture: kill -9 of a process that writes to a real file system; nothing that it was
// acknowledged is lost (I1), and what is there is a prefix of what it wrote, batches whole (I2).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "harness/torture/torture.h"

namespace varve::harness {

// A cycle is one kill. Some of them follow each other on one database, in options.directory, which
// must be there; settings are random, of the classes "process" and "power". Kills come at any
// moment, so that a cycle cannot be repeated exactly. REQUIRES: no other thread runs, because the
// writer is forked.
TortureReport RunKillTorture(const TortureOptions& options);

}  // namespace varve::harness
