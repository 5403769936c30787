// Concurrent torture: writers, readers, iterators, snapshots, flushes, compactions and close, all
// at once, each checking what it can.
//
// A writer's writes are numbered, and what number n does is a pure function of writer and n. So
// whoever reads knows what must be there: after M writes of a writer, its keys hold exactly what
// the first M of them made, for one M between the last write that was acknowledged before the read
// began and the last that had begun when it ended. That is checked of gets (one key), of iterators
// and of snapshots (all keys of a writer: batches whole, no write without those before it), and
// after closing and opening with other settings, where M is the number of all.
//
// In every second cycle readers are told nothing while writers run, so that the atomics of this
// test do not order what the engine has to order, and hide its races from the thread sanitizer.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "engine/options.h"
#include "harness/torture/torture.h"

namespace varve::harness {

TortureReport RunConcurrentTorture(const TortureOptions& options);

struct ConcurrentSize {
  int writers = 3;
  int rounds = 2;  // of writing, closing and opening again
  uint64_t writes_per_round = 400;
  bool told = true;  // readers know what was acknowledged
};

// One cycle: "" or the first thing that was wrong. Adds to the counts. Round i has the settings
// options[i % options.size()].
std::string RunConcurrently(const std::vector<Options>& options, const ConcurrentSize& size,
                            uint64_t seed, TortureReport* report);

}  // namespace varve::harness
