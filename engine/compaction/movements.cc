// The movements of movements.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/movements.h"

#include <algorithm>

#include "engine/compaction/layout.h"
#include "engine/compaction/strategy.h"
#include "engine/util/hash.h"

namespace varve {
namespace {

double Share(uint64_t part, uint64_t whole) {
  return static_cast<double>(part) / static_cast<double>(std::max<uint64_t>(1, whole));
}

// The tables of a run by place.
class SummarizedRun {
 public:
  explicit SummarizedRun(const Run& run) : run_(run), summary_(run.summary()) {}

  size_t tables() const { return run_.tables.size(); }
  uint64_t Bytes(size_t first, size_t last) const {
    return summary_->bytes_before[last] - summary_->bytes_before[first];
  }
  // Is table i of this run before table j of `other`, without a key in common?
  bool IsBefore(size_t i, const SummarizedRun& other, size_t j) const {
    const uint64_t end = summary_->largest_prefixes[i];
    const uint64_t begin = other.summary_->smallest_prefixes[j];
    if (end != begin) return end < begin;
    return run_.tables[i]->largest < other.run_.tables[j]->smallest;
  }

 private:
  const Run& run_;
  std::shared_ptr<const RunSummary> summary_;
};

// Scores are the bytes of `below` that a table overlaps per byte of its own. Both runs are sorted,
// so one walk over both finds all overlaps.
void ScoreOverlap(const Run& run, const Run* below_or_none, std::vector<double>* scores) {
  scores->assign(run.tables.size(), 0);
  if (below_or_none == nullptr) return;
  const SummarizedRun upper(run);
  const SummarizedRun below(*below_or_none);
  size_t first = 0;
  size_t last = 0;
  for (size_t i = 0; i < upper.tables(); ++i) {
    while (first < below.tables() && below.IsBefore(first, upper, i)) ++first;
    last = std::max(first, last);
    while (last < below.tables() && !upper.IsBefore(i, below, last)) ++last;
    (*scores)[i] = Share(below.Bytes(first, last), upper.Bytes(i, i + 1));
  }
}

}  // namespace

void RoundRobin(const MovementInput& input, std::vector<double>* scores) {
  const std::vector<TablePtr>& tables = input.run.tables;
  const std::string& cursor = input.planner.tree.levels[static_cast<size_t>(input.level)].cursor;
  const auto after = std::partition_point(tables.begin(), tables.end(), [&](const TablePtr& table) {
    return !cursor.empty() && table->smallest <= cursor;
  });
  const auto start = static_cast<size_t>(after - tables.begin());
  scores->resize(tables.size());
  for (size_t i = 0; i < tables.size(); ++i) {
    (*scores)[i] = static_cast<double>((i + tables.size() - start) % tables.size());
  }
}

void LeastOverlap(const MovementInput& input, std::vector<double>* scores) {
  ScoreOverlap(input.run, input.parent, scores);
}

void LeastOverlapGrandparent(const MovementInput& input, std::vector<double>* scores) {
  ScoreOverlap(input.run, input.grandparent, scores);
}

void OldestFirst(const MovementInput& input, std::vector<double>* scores) {
  scores->clear();
  for (const TablePtr& table : input.run.tables) {
    scores->push_back(static_cast<double>(table->sequence_min));
  }
}

void ColdestFirst(const MovementInput& input, std::vector<double>* scores) {
  const AccessCounts* reads = input.planner.reads;
  scores->clear();
  for (const TablePtr& table : input.run.tables) {
    scores->push_back(reads == nullptr ? 0 : static_cast<double>(reads->Reads(table->number)));
  }
}

void MostTombstones(const MovementInput& input, std::vector<double>* scores) {
  scores->clear();
  for (const TablePtr& table : input.run.tables) {
    scores->push_back(-Share(table->tombstones, table->entries));
  }
}

void ExpiredTombstones(const MovementInput& input, std::vector<double>* scores) {
  const TriggerLimits& limits = input.strategy.limits;
  const Layout layout(input.strategy, input.planner.tree);
  const uint64_t age_max = TombstoneAgeMax(limits.tombstone_age, layout.SizeRatio(input.level),
                                           layout.Depth(input.level), layout.Depth(layout.last()));
  scores->clear();
  for (const TablePtr& table : input.run.tables) {
    const bool none = table->oldest_tombstone == 0 || limits.tombstone_age == 0;
    const uint64_t age = none ? 0 : AgeOf(limits, input.planner, table->oldest_tombstone);
    scores->push_back(none || age < age_max ? 0 : -static_cast<double>(age) - 1);
  }
}

void LargestFirst(const MovementInput& input, std::vector<double>* scores) {
  scores->clear();
  for (const TablePtr& table : input.run.tables) {
    scores->push_back(-static_cast<double>(table->file_bytes));
  }
}

void RandomTable(const MovementInput& input, std::vector<double>* scores) {
  scores->clear();
  for (const TablePtr& table : input.run.tables) {
    scores->push_back(static_cast<double>(Mix64(HashKey(table->smallest), table->sequence_max)));
  }
}

}  // namespace varve
