// What a memtable of random or sequential operations holds, and what merges leave of it.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/simulator/expected_model.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/compaction/job.h"

namespace varve {
namespace {

// Of n keys, how many are hit by p random draws: Unique(p) for uniform keys. In logarithms, since
// 1 - 1/n is 1 in floating point for large n.
double Unique(double draws, double keys) {
  if (keys <= 1) return draws > 0 ? keys : 0;
  return -keys * std::expm1(draws * std::log1p(-1 / keys));
}

// Drops the tombstones of stretches below which nothing is. A stretch is asked in its middle.
void DropTombstones(OlderData older, std::vector<Stretch>* stretches) {
  for (Stretch& stretch : *stretches) {
    if (stretch.contents.tombstones <= 0) continue;
    if (older.MayHold(NumberKey(stretch.low + (stretch.high - stretch.low) / 2))) continue;
    stretch.contents.tombstones = 0;
    stretch.oldest_tombstone = 0;
  }
  std::erase_if(*stretches, [](const Stretch& one) { return one.contents.entries() <= 0; });
}

bool HaveTombstones(const std::vector<Stretch>& stretches) {
  return std::any_of(stretches.begin(), stretches.end(),
                     [](const Stretch& stretch) { return stretch.contents.tombstones > 0; });
}

Contents ContentsOf(const Run& run) {
  Contents sum;
  for (const TablePtr& table : run.tables) sum.Add(AsExpected(table).contents);
  return sum;
}

// The share of `keys` that the tables of `run` cover.
double Coverage(const Run& run, double keys) {
  double covered = 0;
  for (const TablePtr& table : run.tables) covered += AsExpected(table).keys();
  return covered / keys;
}

}  // namespace

ExpectedModel::ExpectedModel(const OperationMix& mix, const EntryCosts& costs, uint64_t table_bytes)
    : mix_(mix), costs_(costs), table_bytes_(table_bytes) {}

std::vector<Stretch> ExpectedModel::RandomFlush(uint64_t first_writes,
                                                uint64_t random_writes) const {
  const auto keys = static_cast<double>(mix_.keys);
  Stretch stretch;
  stretch.high = mix_.keys;
  const double random = Unique(static_cast<double>(random_writes), keys);
  stretch.contents.random_puts = random * (1 - mix_.deletes);
  stretch.contents.tombstones = random * mix_.deletes;
  Contents first;
  first.first_puts = static_cast<double>(first_writes);
  stretch.contents.AddOlder(first, 1, keys);
  return {stretch};
}

std::vector<Stretch> ExpectedModel::SequentialFlush(uint64_t writes) const {
  const uint64_t low = operations_ % mix_.keys;
  const uint64_t distinct = std::min(writes, mix_.keys);
  std::vector<Stretch> stretches;
  const auto add = [&](uint64_t from, uint64_t to) {
    if (from == to) return;
    Stretch stretch;
    stretch.low = from;
    stretch.high = to;
    const auto keys = static_cast<double>(to - from);
    stretch.contents.random_puts = keys * (1 - mix_.deletes);
    stretch.contents.tombstones = keys * mix_.deletes;
    stretches.push_back(stretch);
  };
  // What is beyond the last key starts again at the first.
  const uint64_t beyond = low + distinct > mix_.keys ? low + distinct - mix_.keys : 0;
  add(0, beyond);
  add(low, low + distinct - beyond);
  return stretches;
}

std::vector<TablePtr> ExpectedModel::Tables(const std::vector<Stretch>& stretches,
                                            const NewNumber& new_number) const {
  std::vector<TablePtr> tables;
  for (auto& table : CutIntoTables(stretches, costs_, mix_, table_bytes_)) {
    table->number = new_number();
    tables.push_back(std::move(table));
  }
  return tables;
}

Result<std::vector<TablePtr>> ExpectedModel::Flush(const Tree& tree, const NewNumber& new_number) {
  const uint64_t sealed_early = std::exchange(next_flush_, 0);
  const uint64_t writes = sealed_early != 0 ? sealed_early : memtable_entries();
  const uint64_t first = std::min(
      writes, mix_.first_writes > operations_ ? mix_.first_writes - operations_ : uint64_t{0});
  std::vector<Stretch> stretches =
      mix_.sequential ? SequentialFlush(writes) : RandomFlush(first, writes - first);
  for (Stretch& stretch : stretches) {
    stretch.sequence_min = operations_ + 1;
    stretch.sequence_max = operations_ + writes;
    if (stretch.contents.tombstones > 0) stretch.oldest_tombstone = operations_ + 1;
  }
  operations_ += writes;
  const double random_share =
      mix_.sequential ? 1 : static_cast<double>(writes - first) / static_cast<double>(writes);
  const double deletes = static_cast<double>(writes) * random_share * mix_.deletes;
  user_bytes_ += static_cast<double>(writes * mix_.key_bytes) +
                 (static_cast<double>(writes) - deletes) * static_cast<double>(mix_.value_bytes);
  if (HaveTombstones(stretches)) DropTombstones(OlderData(tree), &stretches);
  return Tables(stretches, new_number);
}

Result<std::vector<TablePtr>> ExpectedModel::Merge(const CompactionPlan& plan, const Tree& tree,
                                                   const NewNumber& new_number) {
  std::vector<Stretch> stretches = Overlay(plan.inputs);
  if (HaveTombstones(stretches)) DropTombstones(OlderData(tree, plan), &stretches);
  return Tables(stretches, new_number);
}

double ExpectedModel::live_bytes() const {
  const auto keys = static_cast<double>(mix_.keys);
  const uint64_t first = mix_.sequential ? 0 : std::min(mix_.first_writes, operations_);
  const auto random = static_cast<double>(operations_ - first);
  const double touched = mix_.sequential ? std::min(random, keys) : Unique(random, keys);
  const double untouched = static_cast<double>(first) * (1 - touched / keys);
  const double live = untouched + touched * (1 - mix_.deletes);
  return live * static_cast<double>(mix_.key_bytes + mix_.value_bytes);
}

RunsPerGet ExpectedModel::GetCost(const Tree& tree) const {
  const auto keys = static_cast<double>(mix_.keys);
  RunsPerGet cost;
  Contents newer;
  double live = 0;
  for (const Level& level : tree.levels) {
    for (const Run& run : level.runs) {
      cost.absent += Coverage(run, keys);
      const Contents contents = ContentsOf(run);
      const double seen = std::max(0.0, 1 - newer.random() / keys);
      const double here = (contents.first_puts + contents.random_puts) * seen;
      live += here;
      cost.found += here * (cost.absent - Coverage(run, keys) + 1);
      newer.AddOlder(contents, 1, keys);
    }
  }
  if (live > 0) cost.found /= live;
  return cost;
}

}  // namespace varve
