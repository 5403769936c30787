// Stacking tables whose places are not known: for every key the newer version is in the newer run,
// and no two tables of a run share a key (I5).
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/repair_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>

#include "engine/io/memory_file_system.h"
#include "engine/parts.h"

namespace varve::damage {
namespace {

TablePtr Table(std::string smallest, std::string largest, SequenceNumber min, SequenceNumber max) {
  static uint64_t number = 1;
  TableInfo info;
  info.number = number++;
  info.entries = 2;
  info.smallest = std::move(smallest);
  info.largest = std::move(largest);
  info.sequence_min = min;
  info.sequence_max = max;
  return std::make_shared<const TableInfo>(info);
}

TEST(RepairTree, TablesThatOverlapInKeysAndInNumbersCannotBeStacked) {
  EXPECT_TRUE(CanBeStacked({}));
  EXPECT_TRUE(CanBeStacked({Table("a", "m", 1, 9), Table("n", "z", 1, 9)}));
  EXPECT_TRUE(CanBeStacked({Table("a", "m", 1, 9), Table("m", "z", 10, 12)}));
  EXPECT_FALSE(CanBeStacked({Table("a", "m", 1, 9), Table("m", "z", 9, 12)}));
  EXPECT_FALSE(CanBeStacked({Table("a", "z", 1, 9), Table("c", "d", 4, 5)}));
  EXPECT_FALSE(CanBeStacked({Table("c", "d", 4, 5), Table("a", "z", 1, 9)}));
}

TEST(RepairTree, NewerTablesAreInNewerRunsAndThoseWithoutCommonKeysShareOne) {
  const TablePtr old_low = Table("a", "f", 1, 4);
  const TablePtr old_high = Table("g", "m", 5, 6);
  const TablePtr newer = Table("e", "h", 7, 9);
  const TablePtr beside = Table("x", "z", 2, 3);
  uint64_t next = 100;
  const std::vector<varve::Run> runs =
      StackTables({old_low, beside, newer, old_high}, [&next] { return next++; });
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].tables, (std::vector<TablePtr>{newer, beside}));
  EXPECT_EQ(runs[1].tables, (std::vector<TablePtr>{old_low, old_high}));
  EXPECT_GT(runs[0].id, runs[1].id) << "the newer run has the greater id";
}

// Of each key, the newest version is in another table.
TEST(RepairTree, TablesThatCannotBeStackedAreMerged) {
  const auto files = NewMemoryFileSystem();
  ASSERT_TRUE(files->CreateDirectory("/d").ok());
  FileHandles handles(files.get(), 10);
  TableFactory factory;
  factory.file_system = files.get();
  factory.files = &handles;
  factory.directory = "/d";
  factory.table_bytes = 1 << 20;
  uint64_t next = 1;
  const NewNumber new_number = [&next] { return next++; };
  const auto write = [&](std::vector<Entry> entries) {
    const auto memtable = MemTableParts().front().make({});
    for (const Entry& entry : entries) memtable->Add(entry);
    return WriteTables(factory, new_number, memtable->NewIterator()).value().front();
  };
  const auto put = [](SequenceNumber sequence) { return MakeTag(sequence, EntryKind::kPut); };
  const TablePtr a = write({{"k1", put(1), "old"}, {"k2", put(10), "new"}, {"k3", put(4), "same"}});
  const TablePtr b = write({{"k1", put(5), "new"}, {"k2", put(2), "old"}, {"k3", put(4), "same"}});
  const Result<Tree> tree = TreeOfTables(factory, new_number, {a, b});
  ASSERT_TRUE(tree.ok()) << tree.status().ToString();
  ASSERT_EQ(tree->tables(), 1u);
  const TablePtr merged = tree->levels[0].runs[0].tables[0];
  EXPECT_EQ(merged->entries, 3u);
  const auto table = factory.Open(*merged, IoKind::kOpen);
  const auto it = (*table)->reader().NewIterator({});
  for (it->SeekToFirst(); it->Valid(); it->Next()) EXPECT_NE(it->entry().value, "old");
  EXPECT_TRUE(it->status().ok());
}

// I5
TEST(RepairTree, RandomTablesThatCanBeStackedAreStackedInOrder) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    std::vector<TablePtr> tables;
    for (SequenceNumber i = 0; i < 12; ++i) {
      const auto low = static_cast<char>('a' + random() % 20);
      const auto high = static_cast<char>(low + static_cast<char>(random() % 6));
      tables.push_back(Table(std::string(1, low), std::string(1, high), 10 * i, 10 * i + 9));
    }
    std::shuffle(tables.begin(), tables.end(), random);
    ASSERT_TRUE(CanBeStacked(tables));
    uint64_t next = 1;
    Tree tree;
    tree.levels.resize(1);
    tree.levels[0].runs = StackTables(tables, [&next] { return next++; });
    EXPECT_EQ(tree.CheckInvariants(), "");
    EXPECT_EQ(tree.tables(), tables.size());
    const std::vector<varve::Run>& runs = tree.levels[0].runs;
    for (size_t upper = 0; upper < runs.size(); ++upper) {
      for (size_t lower = upper + 1; lower < runs.size(); ++lower) {
        for (const TablePtr& a : runs[upper].tables) {
          for (const TablePtr& b : runs[lower].tables) {
            if (!a->Overlaps(b->smallest, b->largest)) continue;
            EXPECT_GT(a->sequence_min, b->sequence_max);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace varve::damage
