// The table of kinds of torture. One row each; order is the order of help.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/torture/concurrent_torture.h"
#include "harness/torture/crash_torture.h"
#include "harness/torture/kill_torture.h"
#include "harness/torture/linearizability_torture.h"
#include "harness/torture/metamorphic_torture.h"
#include "harness/torture/torture.h"

namespace varve::harness {
namespace {

constexpr TortureKind kKinds[] = {
    {"crash", "power loss and process death at random moments, recovery included", RunCrashTorture},
    {"kill", "kill -9 of a process that writes to a real directory", RunKillTorture},
    {"metamorphic", "the same operations under many configurations must answer the same",
     RunMetamorphicTorture},
    {"concurrent", "writers, readers, iterators, snapshots and maintenance at once",
     RunConcurrentTorture},
    {"linearizability", "recorded histories of hot keys must have a sequential explanation",
     RunLinearizabilityTorture},
};

}  // namespace

std::span<const TortureKind> TortureKinds() { return kKinds; }

}  // namespace varve::harness
