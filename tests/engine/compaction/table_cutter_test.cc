// Where a run is cut into tables.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/table_cutter.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

TEST(TableCutter, CutsATableThatIsLargeEnough) {
  TableCutter cutter(100);
  EXPECT_FALSE(cutter.CutBefore("a", 0)) << "there is no table";
  EXPECT_FALSE(cutter.CutBefore("b", 99));
  EXPECT_TRUE(cutter.CutBefore("c", 100));
  EXPECT_FALSE(cutter.CutBefore("d", 10));
}

TEST(TableCutter, CutsBeforeTheFirstKeyAtOrAfterAGivenOne) {
  TableCutter cutter(100, {"b", "d", "e", "x"});
  EXPECT_FALSE(cutter.CutBefore("a", 0));
  EXPECT_FALSE(cutter.CutBefore("az", 10));
  EXPECT_TRUE(cutter.CutBefore("b", 20)) << "at";
  EXPECT_FALSE(cutter.CutBefore("b", 10)) << "a further version";
  EXPECT_FALSE(cutter.CutBefore("c", 10));
  EXPECT_TRUE(cutter.CutBefore("m", 10)) << "after two at once";
  EXPECT_FALSE(cutter.CutBefore("n", 10));
  EXPECT_TRUE(cutter.CutBefore("n2", 120)) << "by size between cuts";
  EXPECT_TRUE(cutter.CutBefore("y", 10));
  EXPECT_FALSE(cutter.CutBefore("z", 10));
}

TEST(TableCutter, ACutBelowTheFirstKeyIsNone) {
  TableCutter cutter(100, {"b"});
  EXPECT_FALSE(cutter.CutBefore("c", 0));
  EXPECT_FALSE(cutter.CutBefore("d", 10));
}

}  // namespace
}  // namespace varve
