// MergingIterator: many ordered iterators as one; and RunIterator: the tables of a run as one.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "engine/iterator/iterator.h"
#include "engine/status.h"
#include "engine/tree/tree.h"

namespace varve {

// Yields the entries of all children in entry order. Children must not hold equal (key, tag).
// A heap over cached 8-byte key prefixes: most comparisons touch no key.
std::unique_ptr<EntryIterator> NewMergingIterator(
    std::vector<std::unique_ptr<EntryIterator>> children);

// Opens table `index` of a run.
using OpenTableIterator = std::function<Result<std::unique_ptr<EntryIterator>>(size_t index)>;

// Yields the entries of tables[0], tables[1], … whose ranges are disjoint and ascending. Tables
// are opened when they are reached.
std::unique_ptr<EntryIterator> NewRunIterator(std::vector<TablePtr> tables, OpenTableIterator open);

}  // namespace varve
