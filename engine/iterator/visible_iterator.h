// VisibleIterator: from all versions of all keys to the live keys at one moment.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "engine/db.h"
#include "engine/entry.h"
#include "engine/iterator/iterator.h"
#include "engine/util/read_counters.h"

namespace varve {

struct VisibleIteratorOptions {
  SequenceNumber at = kSequenceMax;  // versions written later are not seen
  // Keys outside [lower_bound, upper_bound) are not visited; empty: no bound.
  std::string lower_bound;
  std::string upper_bound;
  // Keeps what `entries` reads from (memtables, tables, the cause of `counters`) alive; let go
  // after `entries`.
  std::shared_ptr<const void> pinned;
  // Of the thread that uses the iterator, which must be one thread only; nullptr: not counted.
  // Each arrival at a key counts in iterator_entries and user_bytes_read.
  ReadCounters* counters = nullptr;
};

// `entries`: every version of every key, in entry order.
std::unique_ptr<Iterator> NewVisibleIterator(std::unique_ptr<EntryIterator> entries,
                                             VisibleIteratorOptions options);

}  // namespace varve
