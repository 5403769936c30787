// Stretches: what lies in ranges of keys, in expected value.
//
// A table's entries are spread evenly over its key range. Where tables overlap, the common keys of
// an entry set and of random others fall together by chance: u and v entries of n keys become
// u + v - u v / n (Merge and Unique of Lim, Andersen, Kaminsky, FAST '16, §3, for uniform keys).
// First writes of keys never meet one another, and meet random writes like any other entry.
//
// Called by the simulator's expected model.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/compaction/plan.h"
#include "engine/compaction/simulator/entry_costs.h"
#include "engine/tree/tree.h"

namespace varve {

// Expected numbers of entries.
struct Contents {
  double first_puts = 0;  // of keys that were never written before
  double random_puts = 0;
  double tombstones = 0;  // random as well

  double random() const { return random_puts + tombstones; }
  double entries() const { return first_puts + random(); }
  void Add(const Contents& more, double share = 1);
  // Adds what is left of `older` in the same `keys` keys.
  void AddOlder(const Contents& older, double share, double keys);
};

// What the expected model knows of a table; the text keys of TableInfo are NumberKey(low) and
// NumberKey(high - 1).
struct ExpectedTable : TableInfo {
  uint64_t low = 0;
  uint64_t high = 0;  // exclusive
  Contents contents;

  double keys() const { return static_cast<double>(high - low); }
};
inline const ExpectedTable& AsExpected(const TablePtr& table) {
  return static_cast<const ExpectedTable&>(*table);
}

struct Stretch {
  uint64_t low = 0;
  uint64_t high = 0;  // exclusive
  Contents contents;
  SequenceNumber sequence_min = 0;
  SequenceNumber sequence_max = 0;
  SequenceNumber oldest_tombstone = 0;  // 0: no table here had one
};

// The merged inputs, newest first, as stretches between all ends of tables, in key order; those
// without entries are left out. REQUIRES: all tables are ExpectedTables.
std::vector<Stretch> Overlay(const std::vector<CompactionPlan::Input>& inputs);

// Tables of at least table_bytes, the last one excepted, whose numbers are not set yet. A stretch
// is cut where its share of bytes reaches that.
std::vector<std::shared_ptr<ExpectedTable>> CutIntoTables(const std::vector<Stretch>& stretches,
                                                          const EntryCosts& costs,
                                                          const OperationMix& mix,
                                                          uint64_t table_bytes);

// Key number `key` as text that sorts as its number; 15 digits, which strings hold without an
// allocation.
std::string NumberKey(uint64_t key);

}  // namespace varve
