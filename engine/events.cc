// The words for stall causes, and the ledger of compactions.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/events.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

namespace varve {
namespace {

static_assert(kCompactionReasonCount <= kIoReasonsMax, "the ledger has a cell for each reason");

using Key = std::tuple<int, int, CompactionReason>;

Key KeyOf(const CompactionCounters& entry) {
  return {entry.from_level, entry.to_level, entry.reason};
}

// Every field that is a sum.
constexpr std::array kSums = {&CompactionCounters::jobs,
                              &CompactionCounters::trivial_moves,
                              &CompactionCounters::bytes_read,
                              &CompactionCounters::bytes_written,
                              &CompactionCounters::bytes_overlap,
                              &CompactionCounters::entries_read,
                              &CompactionCounters::entries_dropped,
                              &CompactionCounters::tombstones_dropped,
                              &CompactionCounters::nanoseconds};

}  // namespace

CompactionCounters& EntryOf(CompactionLedger* ledger, int from_level, int to_level,
                            CompactionReason reason) {
  const Key key = {from_level, to_level, reason};
  const auto at = std::lower_bound(
      ledger->begin(), ledger->end(), key,
      [](const CompactionCounters& entry, const Key& wanted) { return KeyOf(entry) < wanted; });
  if (at != ledger->end() && KeyOf(*at) == key) return *at;
  CompactionCounters made;
  made.from_level = from_level;
  made.to_level = to_level;
  made.reason = reason;
  return *ledger->insert(at, made);
}

CompactionLedger Difference(const CompactionLedger& after, const CompactionLedger& before) {
  CompactionLedger earlier = before;
  CompactionLedger difference;
  for (CompactionCounters entry : after) {
    const CompactionCounters& was =
        EntryOf(&earlier, entry.from_level, entry.to_level, entry.reason);
    bool grew = false;
    for (const auto sum : kSums) {
      entry.*sum -= was.*sum;
      grew = grew || entry.*sum > 0;
    }
    if (grew) difference.push_back(entry);
  }
  return difference;
}

std::string CheckCompactions(const Counters& counters, const LedgerSnapshot& ledger) {
  std::array<std::array<IoCounts, kIoReasonsMax>, kLevelsMax> sums{};
  for (const CompactionCounters& entry : counters.compactions) {
    IoCounts& sum =
        sums.at(static_cast<size_t>(entry.to_level)).at(static_cast<size_t>(entry.reason));
    sum.bytes_read += entry.bytes_read;
    sum.bytes_written += entry.bytes_written;
  }
  const bool complete = counters.jobs_running == 0 && counters.jobs_failed == 0;
  const auto agree = [complete](uint64_t ours, uint64_t charged) {
    return complete ? ours == charged : ours <= charged;
  };
  const auto& cells = ledger.cells.at(static_cast<size_t>(IoKind::kCompaction));
  for (size_t level = 0; level < sums.size(); ++level) {
    for (size_t reason = 0; reason < sums[level].size(); ++reason) {
      const IoCounts& ours = sums[level][reason];
      const IoCounts& charged = cells[level][reason];
      if (agree(ours.bytes_read, charged.bytes_read) &&
          agree(ours.bytes_written, charged.bytes_written)) {
        continue;
      }
      return fmt::format(
          "compactions to level {} for reason {} read {} and wrote {} bytes, the ledger has {} "
          "and {}",
          level, reason, ours.bytes_read, ours.bytes_written, charged.bytes_read,
          charged.bytes_written);
    }
  }
  return "";
}

std::string_view StallCauseName(StallCause cause) {
  switch (cause) {
    case StallCause::kNone:
      return "none";
    case StallCause::kMemtables:
      return "memtables";
    case StallCause::kLevel0Runs:
      return "level0_runs";
    case StallCause::kPendingBytes:
      return "pending_bytes";
    case StallCause::kTombstoneAge:
      return "tombstone_age";
  }
  return "unknown";
}

}  // namespace varve
