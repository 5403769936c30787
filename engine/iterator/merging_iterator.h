// MergingIterator: many ordered iterators as one; and RunIterator: the tables of a run as one.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "engine/iterator/iterator.h"
#include "engine/status.h"
#include "engine/tree/tree.h"

namespace varve {

// Yields the entries of all children in entry order. Children must not hold equal (key, tag).
// A loser tree over cached 8-byte key prefixes: most comparisons touch no key. `shared_key_bytes`:
// so many bytes at their front are known to be the same in all keys, and decide nothing.
std::unique_ptr<EntryIterator> NewMergingIterator(
    std::vector<std::unique_ptr<EntryIterator>> children, size_t shared_key_bytes = 0);

// Opens table `index` of a run.
using OpenTableIterator = std::function<Result<std::unique_ptr<EntryIterator>>(size_t index)>;

// Yields the entries of tables[0], tables[1], … whose ranges are disjoint and ascending. Tables
// are opened when they are reached.
std::unique_ptr<EntryIterator> NewRunIterator(std::vector<TablePtr> tables, OpenTableIterator open);

}  // namespace varve
