// The checker on histories written by hand, right and wrong ones, and against a plain search.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/torture/linearizability.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "engine/util/random.h"

namespace varve::harness {
namespace {

using History = std::vector<HistoryOperation>;

HistoryOperation Write(int64_t called, int64_t returned, uint64_t value, int number = 0) {
  return {called, returned, 0, true, {{number, value}}};
}
HistoryOperation Read(int64_t called, int64_t returned, uint64_t value, int number = 0) {
  return {called, returned, 1, false, {{number, value}}};
}
HistoryOperation WriteBoth(int64_t called, int64_t returned, uint64_t value) {
  return {called, returned, 0, true, {{0, value}, {1, value}}};
}
HistoryOperation ReadBoth(int64_t called, int64_t returned, uint64_t left, uint64_t right) {
  return {called, returned, 1, false, {{0, left}, {1, right}}};
}
constexpr uint64_t kAbsent = 0;

TEST(Linearizability, HistoriesThatCanBeExplained) {
  const std::pair<const char*, History> cases[] = {
      {"nothing happened", {}},
      {"absent at first", {Read(0, 1, kAbsent)}},
      {"one after the other", {Write(0, 1, 5), Read(2, 3, 5)}},
      {"deleted", {Write(0, 1, 5), Write(2, 3, kAbsent), Read(4, 5, kAbsent)}},
      {"a read during a write sees the new", {Write(0, 10, 5), Read(2, 3, 5)}},
      {"a read during a write sees the old", {Write(0, 10, 5), Read(2, 3, kAbsent)}},
      {"old, then new, during one write", {Write(0, 10, 5), Read(1, 2, kAbsent), Read(3, 4, 5)}},
      {"writes that overlap take effect in either order",
       {Write(0, 10, 5), Write(1, 9, 6), Read(11, 12, 5)}},
      {"and in the other", {Write(0, 10, 5), Write(1, 9, 6), Read(11, 12, 6)}},
      {"at the same moment is not before", {Write(0, 5, 5), Read(5, 6, kAbsent)}},
      {"a write that never returned may have happened",
       {Write(0, kNeverReturned, 5), Read(2, 3, 5)}},
      {"or not", {Write(0, kNeverReturned, 5), Read(2, 3, kAbsent)}},
      {"or later",
       {Write(0, kNeverReturned, 5), Read(2, 3, kAbsent), Read(4, 5, 5), Read(6, 7, 5)}},
      {"registers are apart", {Write(0, 1, 5, 0), Read(2, 3, kAbsent, 1), Read(4, 5, 5, 0)}},
      {"both at once", {WriteBoth(0, 1, 5), ReadBoth(2, 3, 5, 5)}},
      {"one of both overwritten", {WriteBoth(0, 1, 5), Write(2, 3, 6, 1), ReadBoth(4, 5, 5, 6)}},
  };
  for (const auto& [name, history] : cases) EXPECT_EQ(CheckLinearizable(history), "") << name;
}

TEST(Linearizability, HistoriesThatCannot) {
  const std::pair<const char*, History> cases[] = {
      {"a value from nowhere", {Read(0, 1, 5)}},
      {"a value before it was written", {Read(0, 1, 5), Write(2, 3, 5)}},
      {"a lost write", {Write(0, 1, 5), Read(2, 3, kAbsent)}},
      {"a stale read", {Write(0, 1, 5), Write(2, 3, 6), Read(4, 5, 5)}},
      {"a delete that came back", {Write(0, 1, 5), Write(2, 3, kAbsent), Read(4, 5, 5)}},
      {"new, then old, during one write", {Write(0, 10, 5), Read(1, 2, 5), Read(3, 4, kAbsent)}},
      {"two readers who disagree on the order",
       {Write(0, 10, 5), Write(0, 10, 6), Read(11, 12, 5), Read(13, 14, 6)}},
      {"a write that never returned and was undone",
       {Write(0, kNeverReturned, 5), Read(2, 3, 5), Read(4, 5, kAbsent)}},
      {"half a batch", {WriteBoth(0, 1, 5), WriteBoth(2, 10, 6), ReadBoth(3, 4, 6, 5)}},
      {"each register alone would do, both together do not",
       {WriteBoth(0, 20, 5), WriteBoth(0, 20, 6), ReadBoth(1, 2, 5, 6)}},
      {"in the second object", {Write(0, 1, 5, 7), Read(2, 3, 5, 7), Read(4, 5, 1, 8)}},
  };
  for (const auto& [name, history] : cases) EXPECT_NE(CheckLinearizable(history), "") << name;
}

TEST(Linearizability, TheExplanationNamesTheOperation) {
  EXPECT_EQ(CheckLinearizable({Write(0, 1, 5, 3), Write(2, 3, 6, 3), Read(4, 9, 5, 3)}),
            "the read of 5 in register 3 by thread 1, called at 4, returned at 9 fits nowhere; 2 "
            "of 3 operations fit before it, after which there is 3 = 6");
}

// All orders, tried one by one.
bool PlainlyLinearizable(const History& history) {
  std::vector<size_t> order(history.size());
  std::iota(order.begin(), order.end(), size_t{0});
  do {
    uint64_t state[2] = {0, 0};
    bool fits = true;
    for (size_t i = 0; i < order.size() && fits; ++i) {
      const HistoryOperation& operation = history[order[i]];
      for (size_t j = i + 1; j < order.size(); ++j) {
        fits &= history[order[j]].returned >= operation.called;
      }
      for (const RegisterValue& value : operation.values) {
        uint64_t& held = state[value.number];
        fits &= operation.write || held == value.value;
        held = value.value;
      }
    }
    if (fits) return true;
  } while (std::next_permutation(order.begin(), order.end()));
  return false;
}

TEST(Linearizability, RandomHistoriesAreJudgedAsByTryingAllOrders) {
  Random random(3);
  int linearizable = 0;
  constexpr int kHistories = 1500;
  for (int i = 0; i < kHistories; ++i) {
    History history;
    for (uint32_t left = 2 + random.Uniform(5); left > 0; --left) {
      const int64_t called = random.Uniform(12);
      const auto key = static_cast<int>(random.Uniform(2));
      const uint64_t value = random.Uniform(3);
      HistoryOperation operation = Read(called, called + 1 + random.Uniform(8), value, key);
      operation.write = random.OneIn(2);
      if (random.OneIn(3)) operation.values = {{0, random.Uniform(3)}, {1, random.Uniform(3)}};
      history.push_back(operation);
    }
    const bool expected = PlainlyLinearizable(history);
    ASSERT_EQ(CheckLinearizable(history) == "", expected) << "history " << i;
    linearizable += expected ? 1 : 0;
  }
  EXPECT_GT(linearizable, kHistories / 10);
  EXPECT_LT(linearizable, kHistories * 9 / 10);
}

TEST(Linearizability, LongHistoriesAreQuicklyJudged) {
  // Four threads over one register, each operation overlapping its neighbours.
  History history;
  uint64_t held = 0;
  for (int64_t i = 0; i < 2000; ++i) {
    const bool write = i % 3 == 0;
    if (write) held = static_cast<uint64_t>(i + 1);
    history.push_back({10 * i - 35, 10 * i + 1, static_cast<int>(i % 4), write, {{0, held}}});
  }
  EXPECT_EQ(CheckLinearizable(history), "");
  EXPECT_GT(OverlappingPairs(history), 5000u);
  history[1500].values[0].value = 1;
  EXPECT_NE(CheckLinearizable(history), "");
}

}  // namespace
}  // namespace varve::harness
