// MergeRules: the truth table, and a model that tries what every reader sees.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/merge_rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <sstream>

namespace varve {
namespace {

// "9P 5D": a put at 9 and a tombstone at 5, as one key.
std::vector<Entry> ParseVersions(const std::string& text) {
  std::vector<Entry> versions;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const bool put = word.back() == 'P';
    word.pop_back();
    const EntryKind kind = put ? EntryKind::kPut : EntryKind::kDelete;
    versions.push_back({"key", MakeTag(std::stoull(word), kind), ""});
  }
  return versions;
}

// One letter a version: K keep, Z keep and may forget its sequence number, h hidden, t tombstone.
std::string Judge(const std::string& versions, std::vector<SequenceNumber> snapshots,
                  bool below_may_hold_key) {
  MergeRules rules(std::move(snapshots));
  std::string verdicts;
  for (const Entry& entry : ParseVersions(versions)) {
    switch (rules.Judge(entry, below_may_hold_key)) {
      case MergeRules::Verdict::kKeep:
        verdicts += rules.MayForgetSequence(entry, below_may_hold_key) ? "Z" : "K";
        break;
      case MergeRules::Verdict::kDropHidden:
        verdicts += "h";
        break;
      case MergeRules::Verdict::kDropTombstone:
        verdicts += "t";
        break;
    }
  }
  return verdicts;
}

struct Row {
  const char* versions;
  std::vector<SequenceNumber> snapshots;
  const char* bottom;  // the verdicts where nothing below may hold the key
  const char* above;   // and where it may
};

const std::vector<Row>& TruthTable() {
  static const std::vector<Row> table = {
      // One version.
      {"5P", {}, "Z", "K"},
      {"5D", {}, "t", "K"},
      {"5P", {4}, "K", "K"},  // a snapshot that does not see it might see what is below it: nothing
      {"5D", {4}, "K", "K"},
      {"5P", {5}, "Z", "K"},
      {"5D", {5}, "t", "K"},
      {"5P", {6}, "Z", "K"},
      {"5D", {6}, "t", "K"},
      // The newer hides the older,
      {"9P 5P", {}, "Zh", "Kh"},
      {"9D 5P", {}, "th", "Kh"},
      {"9P 5D", {}, "Zh", "Kh"},
      {"9D 5D", {}, "th", "Kh"},
      // also where all snapshots see the newer, or none sees the older,
      {"9P 5P", {9, 12}, "Zh", "Kh"},
      {"9P 5P", {4}, "Kh", "Kh"},
      // but not where one sees the older only.
      {"9P 5P", {5}, "KZ", "KK"},
      {"9P 5P", {8}, "KZ", "KK"},
      {"9P 5D", {8}, "Kt", "KK"},
      // A tombstone stays while an older version that it hides stays for a snapshot.
      {"9D 5P", {8}, "KZ", "KK"},
      {"9D 5D", {8}, "Kt", "KK"},
      {"9D 5P", {8, 9}, "KZ", "KK"},
      // Three stripes.
      {"9P 7P 5P", {6}, "KhZ", "KhK"},
      {"9P 7P 5P", {7}, "KZh", "KKh"},
      {"9P 7D 5P", {8}, "Kth", "KKh"},
      {"9P 7D 5P", {5, 8}, "KKZ", "KKK"},
      {"9D 7D 5D 3P", {5, 8}, "KKth", "KKKh"},
  };
  return table;
}

TEST(MergeRules, TruthTable) {
  for (const Row& row : TruthTable()) {
    SCOPED_TRACE(row.versions);
    EXPECT_EQ(Judge(row.versions, row.snapshots, false), row.bottom);
    EXPECT_EQ(Judge(row.versions, row.snapshots, true), row.above);
  }
}

TEST(MergeRules, KeysDoNotHideEachOther) {
  MergeRules rules({});
  const Tag put = MakeTag(5, EntryKind::kPut);
  EXPECT_EQ(rules.Judge({"", put, ""}, true), MergeRules::Verdict::kKeep);  // an empty key is one
  EXPECT_EQ(rules.Judge({"a", put, ""}, true), MergeRules::Verdict::kKeep);
  EXPECT_EQ(rules.Judge({"ab", put, ""}, true), MergeRules::Verdict::kKeep);
  EXPECT_EQ(rules.Judge({"ab", put - 256, ""}, true), MergeRules::Verdict::kDropHidden);
  EXPECT_EQ(rules.Judge({"b", put, ""}, true), MergeRules::Verdict::kKeep);
}

// Versions of one key by sequence number; deleted ones are empty.
using History = std::map<SequenceNumber, std::optional<int>>;

// What a reader at `sequence` sees; nothing for a deleted or absent key.
std::optional<int> Read(const std::vector<std::pair<SequenceNumber, std::optional<int>>>& stored,
                        SequenceNumber sequence) {
  std::optional<int> seen;
  SequenceNumber newest = 0;
  bool found = false;
  for (const auto& [version, value] : stored) {
    if (version > sequence || (found && version < newest)) continue;
    seen = value;
    newest = version;
    found = true;
  }
  return seen;
}

using Stored = std::vector<std::pair<SequenceNumber, std::optional<int>>>;

// `merged` after the rules ran over it, newest first.
Stored Merge(const Stored& merged, const std::vector<SequenceNumber>& snapshots, bool below,
             bool forget) {
  MergeRules rules(snapshots);
  Stored kept;
  for (const auto& [sequence, value] : merged) {
    const EntryKind kind = value.has_value() ? EntryKind::kPut : EntryKind::kDelete;
    const Entry entry{"key", MakeTag(sequence, kind), ""};
    if (rules.Judge(entry, below) != MergeRules::Verdict::kKeep) continue;
    const bool zero = forget && rules.MayForgetSequence(entry, below);
    kept.push_back({zero ? 0 : sequence, value});
  }
  return kept;
}

Stored RandomVersions(std::mt19937_64* random, SequenceNumber from, SequenceNumber to) {
  Stored versions;
  for (SequenceNumber sequence = to; sequence > from; --sequence) {
    const uint64_t dice = (*random)() % 4;
    if (dice == 0) versions.push_back({sequence, std::nullopt});
    if (dice == 1) versions.push_back({sequence, static_cast<int>(sequence)});
  }
  return versions;
}

// Random versions of a key over three ages: newer than the merge, in it, and below it.
TEST(MergeRules, EverySnapshotSeesTheSameAfterTheMerge) {
  for (uint64_t seed = 1; seed <= 20000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const Stored below = random() % 2 == 0 ? Stored{} : RandomVersions(&random, 0, 4);
    const Stored merged = RandomVersions(&random, 4, 12);
    const Stored above = RandomVersions(&random, 12, 14);
    std::vector<SequenceNumber> snapshots;
    for (SequenceNumber s = 1; s <= 16; ++s) {
      if (random() % 4 == 0) snapshots.push_back(s);
    }
    const bool below_may_hold = !below.empty() || random() % 2 == 0;
    Stored before = above;
    before.insert(before.end(), merged.begin(), merged.end());
    before.insert(before.end(), below.begin(), below.end());
    const Stored kept = Merge(merged, snapshots, below_may_hold, true);
    Stored after = above;
    after.insert(after.end(), kept.begin(), kept.end());
    after.insert(after.end(), below.begin(), below.end());

    std::vector<SequenceNumber> readers = snapshots;
    readers.push_back(kSequenceMax);
    std::set<SequenceNumber> numbers;
    for (const auto& entry : after) {
      ASSERT_TRUE(numbers.insert(entry.first).second) << "two versions with number " << entry.first;
    }
    for (const SequenceNumber reader : readers) {
      ASSERT_EQ(Read(after, reader), Read(before, reader)) << "reader at " << reader;
    }
  }
}

// The life of one key: versions come, snapshots come and go, and merges of all or of the newest
// runs happen in between. Forgotten numbers never meet.
TEST(MergeRules, ALongLifeOfMergesKeepsWhatIsVisible) {
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    std::vector<Stored> runs;  // newest first
    History all;
    std::set<SequenceNumber> snapshots;
    SequenceNumber now = 0;
    for (int step = 0; step < 40; ++step) {
      const uint64_t dice = random() % 8;
      if (dice < 3) {
        Stored flush = RandomVersions(&random, now, now + 3);
        for (const auto& entry : flush) all.insert(entry);
        now += 3;
        if (!flush.empty()) runs.insert(runs.begin(), std::move(flush));
      } else if (dice == 3) {
        snapshots.insert(now);
      } else if (dice == 4 && !snapshots.empty()) {
        snapshots.erase(snapshots.begin());
      } else if (runs.size() > 1) {
        const size_t first = random() % (runs.size() - 1);
        const size_t last = first + 1 + random() % (runs.size() - first);
        const auto begin = runs.begin() + static_cast<std::ptrdiff_t>(first);
        const auto end = runs.begin() + static_cast<std::ptrdiff_t>(last);
        Stored merged;
        for (auto run = begin; run != end; ++run)
          merged.insert(merged.end(), run->begin(), run->end());
        for (size_t i = 1; i < merged.size(); ++i) {
          ASSERT_GT(merged[i - 1].first, merged[i].first) << "equal or turned around";
        }
        const bool below = last < runs.size();
        *begin = Merge(merged, {snapshots.begin(), snapshots.end()}, below, true);
        runs.erase(begin + 1, end);
      }
      Stored stored;
      for (const Stored& run : runs) stored.insert(stored.end(), run.begin(), run.end());
      const Stored full(all.rbegin(), all.rend());
      for (const SequenceNumber reader : snapshots) {
        ASSERT_EQ(Read(stored, reader), Read(full, reader)) << "snapshot " << reader;
      }
      ASSERT_EQ(Read(stored, now), Read(full, now)) << "the present, " << now;
    }
  }
}

TEST(MergeRules, WithoutSnapshotsOneVersionOfAKeyIsLeft) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 1000; ++i) {
    const Stored merged = RandomVersions(&random, 0, 12);
    const Stored kept = Merge(merged, {}, false, false);
    EXPECT_LE(kept.size(), 1U);
    const bool present = !merged.empty() && merged.front().second.has_value();
    EXPECT_EQ(kept.size(), present ? 1U : 0U);
  }
}

}  // namespace
}  // namespace varve
