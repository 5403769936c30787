// Linearizability torture: threads read and write a few hot keys, and what they saw is checked.
//
// A cycle opens a database with random settings, lets a few threads put, delete, batch and read
// four keys (by gets, and two at once through snapshots and iterators) while another flushes and
// compacts, and asks linearizability.h whether the recorded history can be explained. Operations
// and settings of a cycle are a pure function of its number; how threads interleave is not.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "engine/db.h"
#include "harness/torture/torture.h"

namespace varve::harness {

TortureReport RunLinearizabilityTorture(const TortureOptions& options);

// One recorded history of `db`, which holds nothing yet: "" or what is wrong with it. Adds to the
// counts of the report.
std::string CheckHistoryOf(Db& db, uint64_t seed, TortureReport* report);

}  // namespace varve::harness
