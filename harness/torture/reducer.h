// Reducer: shortens what makes something fail, while it still fails.
//
// Delta debugging: the algorithm ddmin of Zeller and Hildebrandt, "Simplifying and Isolating
// Failure-Inducing Input", IEEE TSE 28(2), 2002, figure 2. Its answer is 1-minimal: without any
// single item it would no longer fail (unless the budget ran out first).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "harness/torture/operation_log.h"

namespace varve::harness {

// How many more times the thing may be run.
struct ReduceBudget {
  uint64_t runs = 4000;
};

template <class Item>
using StillFails = std::function<bool(const std::vector<Item>&)>;

// REQUIRES: fails(items). Asks for shorter and shorter subsequences of `items`.
template <class Item>
std::vector<Item> MinimizeByDeltas(std::vector<Item> items, const StillFails<Item>& fails,
                                   ReduceBudget* budget) {
  // Tries `candidate`; if it fails, it is what is left.
  const auto take = [&](std::vector<Item> candidate) {
    if (budget->runs == 0) return false;
    --budget->runs;
    if (!fails(candidate)) return false;
    items = std::move(candidate);
    return true;
  };
  size_t parts = 2;
  while (!items.empty() && budget->runs > 0) {
    parts = std::min(parts, items.size());
    const size_t size = items.size();
    bool reduced = false;
    for (size_t part = 0; part < parts && !reduced; ++part) {
      const auto begin = items.begin() + static_cast<ptrdiff_t>(size * part / parts);
      const auto end = items.begin() + static_cast<ptrdiff_t>(size * (part + 1) / parts);
      // With two parts each is the complement of the other. Of more parts a single one, much
      // smaller than the rest, hardly ever fails with sequences of operations.
      std::vector<Item> without(items.begin(), begin);
      without.insert(without.end(), end, items.end());
      reduced = take(std::move(without));
    }
    if (reduced) {
      parts = std::max<size_t>(parts - 1, 2);
    } else if (parts >= size) {
      break;
    } else {
      parts *= 2;
    }
  }
  return items;
}

using LogFails = std::function<bool(const OperationLog&)>;

// The operations, then what is in them (changes of batches, bytes of values, bounds, settings),
// until nothing can go. REQUIRES: fails(log).
OperationLog ReduceLog(OperationLog log, const LogFails& fails, ReduceBudget budget = {});

}  // namespace varve::harness
