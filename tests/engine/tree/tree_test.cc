// Tree: sums, overlaps, invariants (I5); its text; ApplyEdit.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/tree/tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "engine/io/file_system.h"
#include "engine/tree/manifest.h"
#include "engine/tree/tree_text.h"

namespace varve {
namespace {

using testing::HasSubstr;

Tree Parse(const std::string& text) {
  Result<ParsedTree> parsed = TreeFromText(text);
  EXPECT_TRUE(parsed.ok()) << parsed.status().ToString() << "\n" << text;
  return parsed.ok() ? parsed->tree : Tree();
}

TablePtr Table(uint64_t number, const std::string& smallest, const std::string& largest) {
  TableInfo table;
  table.number = number;
  table.smallest = smallest;
  table.largest = largest;
  table.file_bytes = 1;
  return std::make_shared<const TableInfo>(table);
}

TEST(Tree, SumsGoOverRunsAndLevels) {
  Tree tree = Parse("L0 run 3: 3:[a,z] 5\nL2 run 2: 1:[a,c] 10, 2:[d,f] 20\n");
  EXPECT_EQ(tree.bytes(), 35U);
  EXPECT_EQ(tree.runs(), 2U);
  EXPECT_EQ(tree.tables(), 3U);
  EXPECT_EQ(tree.deepest(), 2);
  EXPECT_EQ(tree.levels[2].bytes(), 30U);
  EXPECT_EQ(tree.levels[2].tables(), 2U);
  EXPECT_EQ(tree.levels[1].bytes(), 0U);
  EXPECT_EQ(Tree().deepest(), -1);
  tree.levels.resize(5);
  EXPECT_EQ(tree.deepest(), 2);
}

TEST(Tree, OverlappingTablesAreThoseThatShareAKeyWithTheRange) {
  const Tree tree = Parse("L1 run 1: 1:[b,d] 1, 2:[f,h] 1, 3:[j,l] 1\n");
  const varve::Run& run = tree.levels[1].runs[0];
  const auto overlap = [&run](const char* low, const char* high) {
    return run.Overlapping(low, high);
  };
  using Range = std::pair<size_t, size_t>;
  EXPECT_EQ(overlap("a", "z"), Range(0, 3));
  EXPECT_EQ(overlap("a", "a"), Range(0, 0));
  EXPECT_EQ(overlap("a", "b"), Range(0, 1));
  EXPECT_EQ(overlap("d", "f"), Range(0, 2));
  EXPECT_EQ(overlap("e", "e"), Range(1, 1));
  EXPECT_EQ(overlap("g", "g"), Range(1, 2));
  EXPECT_EQ(overlap("l", "l"), Range(2, 3));
  EXPECT_EQ(overlap("la", "z"), Range(3, 3));
}

TEST(Tree, EachBrokenInvariantIsNamed) {
  Tree tree = Parse("L1 run 1: 1:[a,c] 1, 2:[d,f] 1\nL2 run 2: 3:[a,z] 1\n");
  EXPECT_EQ(tree.CheckInvariants(), "");
  std::vector<TablePtr>& tables = tree.levels[1].runs[0].tables;
  tables[1] = Table(2, "c", "f");
  EXPECT_THAT(tree.CheckInvariants(), HasSubstr("tables 1 and 2 overlap"));
  tables[1] = Table(2, "A", "B");
  EXPECT_THAT(tree.CheckInvariants(), HasSubstr("out of order"));
  tables[1] = Table(2, "f", "d");
  EXPECT_THAT(tree.CheckInvariants(), HasSubstr("above its largest"));
  tables[1] = Table(3, "d", "f");
  EXPECT_THAT(tree.CheckInvariants(), HasSubstr("table 3 is there twice"));
  tables[1] = nullptr;
  EXPECT_THAT(tree.CheckInvariants(), HasSubstr("null"));
  tables.clear();
  EXPECT_THAT(tree.CheckInvariants(), HasSubstr("empty"));
  tables.push_back(Table(4, "a", "b"));
  tree.levels[1].runs[0].id = 2;
  EXPECT_THAT(tree.CheckInvariants(), HasSubstr("run 2 is there twice"));
  tree.levels[1].runs[0].id = 1;
  EXPECT_EQ(tree.CheckInvariants(), "");
  tree.levels.resize(kLevelsMax + 1);
  EXPECT_THAT(tree.CheckInvariants(), HasSubstr("17 levels"));
}

TEST(TreeText, WhatIsWrittenIsReadBack) {
  const std::string text =
      "L0 run 9: 14:[c,x] 4M\n"
      "L0 run 8: 13:[a,m] 2K, 12*:[n,z] 1000\n"
      "L1 run 5: 7:[,\\x00] 64M, 8:[\\x20\\x2c\\x5d\\x5c,\\xff] 0 (3 tombstones)\n"
      "L1 cursor f\n"
      "L15 run 1: 1:[a,b] 3G\n";
  const Result<ParsedTree> parsed = TreeFromText(text);
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  EXPECT_EQ(TreeToText(parsed->tree, parsed->marked), text);
  EXPECT_EQ(parsed->marked, std::set<uint64_t>{12});
  const TableInfo& odd = *parsed->tree.levels[1].runs[0].tables[1];
  EXPECT_EQ(odd.smallest, " ,]\\");
  EXPECT_EQ(odd.largest, "\xff");
  EXPECT_EQ(odd.tombstones, 3U);
  EXPECT_EQ(TreeToText(Tree()), "");
}

TEST(TreeText, WhatIsNoTreeIsRefusedWithItsLine) {
  for (const char* wrong :
       {"L0", "L16 run 1: 1:[a,b] 1", "L0 run 1:", "L0 run 1: 1:[a,b]", "L0 run 1: 1:[a,b] 1 ",
        "L0 run 1: 1:[a,b] 1,2:[c,d] 1", "L0 run x: 1:[a,b] 1", "L0 run 1: 1:[a] 1",
        "L0 run 1: 1:[\\x1,b] 1", "L0 run 1: 1:[\\xg1,b] 1",
        "L0 run 1: 1:[a,b] 99999999999999999999", "L0 run 1: 1:[a,b] 99999999999999G",
        "M0 run 1: 1:[a,b] 1", "L0 cursor a b"}) {
    const Result<ParsedTree> parsed = TreeFromText(std::string("# comment\n\n") + wrong + "\n");
    EXPECT_FALSE(parsed.ok()) << wrong;
    EXPECT_THAT(parsed.status().ToString(), HasSubstr("line 3")) << wrong;
  }
  EXPECT_FALSE(TreeFromText("L0 run 1: 1:[b,a] 1").ok());
  EXPECT_FALSE(TreeFromText("L0 run 1: 1:[a,b] 1, 2:[b,c] 1").ok());
}

std::string Apply(const std::string& before, const TreeEdit& edit) {
  const Result<Tree> after = ApplyEdit(Parse(before), edit);
  if (!after.ok()) {
    EXPECT_EQ(after.status().code(), Status::Code::kCorruption);
    return std::string(after.status().message());
  }
  EXPECT_EQ(after->CheckInvariants(), "");
  return TreeToText(*after);
}

TEST(ApplyEdit, ANewRunIsTheNewestOfItsLevel) {
  TreeEdit edit;
  edit.added_tables = {{1, 7, Table(3, "a", "c")}, {1, 7, Table(4, "d", "e")}};
  EXPECT_EQ(Apply("L1 run 1: 1:[a,z] 1\n", edit),
            "L1 run 7: 3:[a,c] 1, 4:[d,e] 1\nL1 run 1: 1:[a,z] 1\n");
}

TEST(ApplyEdit, TablesJoinTheirRunInKeyOrder) {
  TreeEdit edit;
  edit.added_tables = {
      {1, 1, Table(5, "a", "a")}, {1, 1, Table(3, "m", "n")}, {1, 1, Table(4, "x", "z")}};
  EXPECT_EQ(Apply("L1 run 1: 1:[b,d] 1, 2:[p,q] 1\n", edit),
            "L1 run 1: 5:[a,a] 1, 1:[b,d] 1, 3:[m,n] 1, 2:[p,q] 1, 4:[x,z] 1\n");
}

TEST(ApplyEdit, AnEmptyRunGoesAndAReplacedOneKeepsItsPlace) {
  const std::string before = "L1 run 3: 3:[a,z] 1\nL1 run 2: 2:[a,z] 1\nL1 run 1: 1:[a,z] 1\n";
  TreeEdit edit;
  edit.removed_tables = {2, 3};
  edit.added_tables = {{1, 2, Table(4, "b", "c")}};
  EXPECT_EQ(Apply(before, edit), "L1 run 2: 4:[b,c] 1\nL1 run 1: 1:[a,z] 1\n");
}

TEST(ApplyEdit, ATableMayChangeLevelAsItIs) {
  TreeEdit edit;
  edit.removed_tables = {1};
  edit.added_tables = {{2, 2, Table(1, "a", "c")}};
  EXPECT_EQ(Apply("L1 run 1: 1:[a,c] 1\nL2 run 2: 2:[d,e] 1\n", edit),
            "L2 run 2: 1:[a,c] 1, 2:[d,e] 1\n");
  edit.added_tables[0].run = 1;  // the run as a whole
  edit.added_tables[0].level = 3;
  EXPECT_EQ(Apply("L1 run 1: 1:[a,c] 1\nL2 run 2: 2:[d,e] 1\n", edit),
            "L2 run 2: 2:[d,e] 1\nL3 run 1: 1:[a,c] 1\n");
}

TEST(ApplyEdit, CursorsMove) {
  TreeEdit edit;
  edit.cursors = {{1, "k"}, {3, "x"}};
  EXPECT_EQ(Apply("L1 run 1: 1:[a,c] 1\nL1 cursor b\n", edit),
            "L1 run 1: 1:[a,c] 1\nL1 cursor k\nL3 cursor x\n");
}

TEST(ApplyEdit, WhatDoesNotFitIsRefused) {
  const std::string before = "L1 run 1: 1:[b,d] 1, 2:[p,q] 1\nL2 run 2: 3:[a,z] 1\n";
  const auto add = [&before](const TreeEdit::AddedTable& added) {
    TreeEdit edit;
    edit.added_tables = {added};
    return Apply(before, edit);
  };
  const auto remove = [&before](std::vector<uint64_t> numbers) {
    TreeEdit edit;
    edit.removed_tables = std::move(numbers);
    return Apply(before, edit);
  };
  EXPECT_THAT(remove({9}), HasSubstr("removes 1 tables, of which 0 are there"));
  EXPECT_THAT(remove({1, 1}), HasSubstr("removes 2 tables, of which 1 are there"));
  EXPECT_THAT(add({1, 1, Table(9, "d", "e")}), HasSubstr("tables 1 and 9 of run 1 overlap"));
  EXPECT_THAT(add({1, 1, Table(9, "c", "r")}), HasSubstr("overlap"));
  EXPECT_THAT(add({1, 1, Table(9, "n", "p")}), HasSubstr("tables 2 and 9 of run 1 overlap"));
  EXPECT_THAT(add({1, 5, Table(1, "x", "y")}), HasSubstr("adds table 1, which is there"));
  EXPECT_THAT(add({1, 2, Table(9, "x", "y")}), HasSubstr("run 2 of table 9 is not in level 1"));
  EXPECT_THAT(add({16, 9, Table(9, "x", "y")}), HasSubstr("level 16"));
  EXPECT_THAT(add({-1, 9, Table(9, "x", "y")}), HasSubstr("level -1"));
  EXPECT_THAT(add({1, 0, Table(9, "x", "y")}), HasSubstr("run 0"));
  EXPECT_THAT(add({1, 9, Table(0, "x", "y")}), HasSubstr("table 0"));
  EXPECT_THAT(add({1, 9, Table(9, "y", "x")}), HasSubstr("empty"));
  TreeEdit twice;
  twice.added_tables = {{1, 5, Table(9, "x", "y")}, {1, 6, Table(9, "x", "y")}};
  EXPECT_THAT(Apply(before, twice), HasSubstr("adds table 9 twice"));
  TreeEdit cursor;
  cursor.cursors = {{99, "x"}};
  EXPECT_THAT(Apply(before, cursor), HasSubstr("level 99"));
}

// Edits of random numbers and ranges: refused, or the invariants hold.
TEST(ApplyEdit, NoEditBreaksTheInvariants) {
  std::mt19937_64 random(11);
  int applied = 0;
  Tree tree;
  for (int i = 0; i < 20000; ++i) {
    TreeEdit edit;
    for (uint64_t n = random() % 3; n > 0; --n) edit.removed_tables.push_back(random() % 12);
    for (uint64_t n = random() % 3; n > 0; --n) {
      const auto low = static_cast<char>('a' + random() % 20);
      const auto high = static_cast<char>(low + static_cast<char>(random() % 3));
      edit.added_tables.push_back(
          {static_cast<int>(random() % 4), random() % 6, Table(random() % 12, {low}, {high})});
    }
    Result<Tree> after = ApplyEdit(tree, edit);
    if (!after.ok()) continue;
    ASSERT_EQ(after->CheckInvariants(), "") << TreeToText(tree) << TreeToText(*after);
    tree = std::move(*after);
    ++applied;
  }
  EXPECT_GT(applied, 1000);
}

}  // namespace
}  // namespace varve
