// What stores that are made of this engine, or of a part of it, share.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "harness/store.h"

namespace varve {
class Iterator;
}

namespace varve::harness {

// The engine's defaults, changed by these. The error of SetOption for the first that it refuses.
Result<Options> EngineOptionsOf(std::span<const SettingText> settings);

// Store::Scan from where the iterator stands. Ends at the last entry visited if `count` were, so
// that what may come behind it is not looked for.
Result<uint64_t> VisitEntries(Iterator& iterator, uint64_t count, const Store::Visit& visit);

// The same for Store::ScanReverse.
Result<uint64_t> VisitEntriesBackwards(Iterator& iterator, uint64_t count,
                                       const Store::Visit& visit);

}  // namespace varve::harness
