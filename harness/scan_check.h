// Judging of scans: order, and whether every entry is what the oracle expects.
//
// With one client, of keys that sort as the records are numbered, the answer is known entry by
// entry, what is missing included. Of hashed keys nobody could say which record comes next without
// a table of all of them: there each entry must be live, of its last version, and in its place.
// With several clients, an entry of another version than the last is counted as unchecked.
//
// Called by client.cc after each scan.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "harness/oracle.h"
#include "harness/scan_answer.h"
#include "workloads/operation.h"

namespace varve::harness {

// Reports what is wrong to the oracle. `client` as in Oracle::End.
void CheckScan(const workloads::Operation& operation, const ScanAnswer& answer, int client,
               Oracle* oracle);

}  // namespace varve::harness
