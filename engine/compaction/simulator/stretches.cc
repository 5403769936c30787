// Laying tables over one another, and cutting the result.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/simulator/stretches.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/compaction/simulator/simulated_values.h"

namespace varve {
namespace {

// Both without 0, which stands for none.
SequenceNumber Older(SequenceNumber a, SequenceNumber b) {
  return a == 0 || b == 0 ? std::max(a, b) : std::min(a, b);
}

// A sorted run of tables, from left to right.
class Cursor {
 public:
  explicit Cursor(const std::vector<TablePtr>& tables) : tables_(&tables) {}

  // The table that covers [low, …), if any. REQUIRES: `low` ascends, and no table begins or ends
  // within the stretch that begins there.
  const ExpectedTable* At(uint64_t low) {
    while (at_ < tables_->size() && AsExpected((*tables_)[at_]).high <= low) ++at_;
    if (at_ == tables_->size()) return nullptr;
    const ExpectedTable& table = AsExpected((*tables_)[at_]);
    return table.low <= low ? &table : nullptr;
  }

 private:
  const std::vector<TablePtr>* tables_;
  size_t at_ = 0;
};

// Gathers stretches into a table until it is full.
class TableMaker {
 public:
  TableMaker(const EntryCosts& costs, const OperationMix& mix, uint64_t table_bytes)
      : costs_(costs), mix_(mix), limit_(static_cast<double>(table_bytes)) {}

  void Add(Stretch rest) {
    while (rest.high - rest.low > 1) {
      const double bytes = BytesOf(rest.contents);
      const double room = limit_ - costs_.table_bytes - BytesOf(sum_.contents);
      if (bytes <= room * (1 + 1e-9)) break;
      const auto keys = static_cast<double>(rest.high - rest.low);
      const auto wanted = static_cast<uint64_t>(std::max(0.0, room / bytes * keys));
      const uint64_t step = std::clamp<uint64_t>(wanted, 1, rest.high - rest.low - 1);
      const double share = static_cast<double>(step) / keys;
      Stretch taken = rest;
      taken.high = rest.low + step;
      taken.contents = {};
      taken.contents.Add(rest.contents, share);
      rest.contents.Add(taken.contents, -1);
      rest.low = taken.high;
      Append(taken);
      Finish();
    }
    Append(rest);
    if (BytesOf(sum_.contents) + costs_.table_bytes >= limit_ * (1 - 1e-9)) Finish();
  }

  void Finish() {
    if (sum_.low == sum_.high) return;
    auto table = std::make_shared<ExpectedTable>();
    table->low = sum_.low;
    table->high = sum_.high;
    table->contents = sum_.contents;
    const Contents& contents = sum_.contents;
    const double puts = contents.first_puts + contents.random_puts;
    table->smallest = NumberKey(sum_.low);
    table->largest = NumberKey(sum_.high - 1);
    table->file_bytes = Rounded(BytesOf(contents) + costs_.table_bytes);
    table->entries = Rounded(contents.entries());
    table->tombstones = static_cast<uint64_t>(std::llround(contents.tombstones));
    table->key_bytes = table->entries * mix_.key_bytes;
    table->value_bytes = static_cast<uint64_t>(puts * static_cast<double>(mix_.value_bytes));
    table->sequence_min = sum_.sequence_min;
    table->sequence_max = sum_.sequence_max;
    table->oldest_tombstone = table->tombstones == 0 ? 0 : sum_.oldest_tombstone;
    tables_.push_back(std::move(table));
    sum_ = {};
  }

  std::vector<std::shared_ptr<ExpectedTable>> Take() { return std::move(tables_); }

 private:
  static uint64_t Rounded(double value) {
    return std::max<uint64_t>(1, static_cast<uint64_t>(std::llround(value)));
  }

  double BytesOf(const Contents& contents) const {
    return (contents.first_puts + contents.random_puts) * costs_.put_bytes +
           contents.tombstones * costs_.tombstone_bytes;
  }

  void Append(const Stretch& stretch) {
    if (sum_.low == sum_.high) {
      sum_ = stretch;
      return;
    }
    sum_.high = stretch.high;
    sum_.contents.Add(stretch.contents);
    sum_.sequence_min = std::min(sum_.sequence_min, stretch.sequence_min);
    sum_.sequence_max = std::max(sum_.sequence_max, stretch.sequence_max);
    sum_.oldest_tombstone = Older(sum_.oldest_tombstone, stretch.oldest_tombstone);
  }

  const EntryCosts& costs_;
  const OperationMix& mix_;
  const double limit_;
  Stretch sum_;  // empty: low == high
  std::vector<std::shared_ptr<ExpectedTable>> tables_;
};

}  // namespace

void Contents::Add(const Contents& more, double share) {
  first_puts += more.first_puts * share;
  random_puts += more.random_puts * share;
  tombstones += more.tombstones * share;
}

void Contents::AddOlder(const Contents& older, double share, double keys) {
  // First writes of different keys: only random writes hide them. Random writes are later than all
  // first ones, so they are hidden by random ones alone as well.
  const double seen = std::max(0.0, 1 - random() / keys);
  Add(older, share * seen);
}

std::vector<Stretch> Overlay(const std::vector<CompactionPlan::Input>& inputs) {
  std::vector<uint64_t> ends;
  std::vector<Cursor> cursors;
  for (const CompactionPlan::Input& input : inputs) {
    cursors.emplace_back(input.tables);
    for (const TablePtr& table : input.tables) {
      ends.push_back(AsExpected(table).low);
      ends.push_back(AsExpected(table).high);
    }
  }
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  std::vector<Stretch> stretches;
  for (size_t i = 0; i + 1 < ends.size(); ++i) {
    Stretch stretch;
    stretch.low = ends[i];
    stretch.high = ends[i + 1];
    const auto keys = static_cast<double>(stretch.high - stretch.low);
    for (Cursor& cursor : cursors) {
      const ExpectedTable* table = cursor.At(stretch.low);
      if (table == nullptr) continue;
      stretch.contents.AddOlder(table->contents, keys / table->keys(), keys);
      stretch.sequence_min = Older(stretch.sequence_min, table->sequence_min);
      stretch.sequence_max = std::max(stretch.sequence_max, table->sequence_max);
      stretch.oldest_tombstone = Older(stretch.oldest_tombstone, table->oldest_tombstone);
    }
    if (stretch.contents.entries() > 0) stretches.push_back(stretch);
  }
  return stretches;
}

std::vector<std::shared_ptr<ExpectedTable>> CutIntoTables(const std::vector<Stretch>& stretches,
                                                          const EntryCosts& costs,
                                                          const OperationMix& mix,
                                                          uint64_t table_bytes) {
  TableMaker maker(costs, mix, table_bytes);
  for (const Stretch& stretch : stretches) maker.Add(stretch);
  maker.Finish();
  return maker.Take();
}

std::string NumberKey(uint64_t key) { return PaddedKey(key, 15); }

}  // namespace varve
