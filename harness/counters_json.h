// Counters and ledgers as result.json shows them.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "engine/events.h"
#include "engine/io/ledger.h"

namespace varve::harness {

// Differences of the counters that are sums, flat, by name; those that are zero are left out.
nlohmann::ordered_json CountersJson(const Counters& after, const Counters& before);

// The compactions between two states: one object for each source, target and reason.
nlohmann::ordered_json CompactionsJson(const CompactionLedger& after,
                                       const CompactionLedger& before);

// The cells that are not zero, one object each.
nlohmann::ordered_json LedgerJson(const LedgerSnapshot& difference);

}  // namespace varve::harness
