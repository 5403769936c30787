// Tests of thread slots: distinct among the living, reused after death, and the tables over them.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/util/thread_slots.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>
#include <set>
#include <thread>
#include <vector>

#include "tests/sanitizers.h"

namespace varve {
namespace {

// Runs `body(i)` on `count` threads that are all alive until the last has run it.
template <class Body>
void RunTogether(int count, Body body) {
  std::barrier all_done(count);
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      body(i);
      all_done.arrive_and_wait();
    });
  }
  for (std::thread& thread : threads) thread.join();
}

struct Count {
  std::atomic<uint64_t> value{0};
};

TEST(ThreadSlots, ASlotStaysTheSame) { EXPECT_EQ(ThisThreadSlot(), ThisThreadSlot()); }

TEST(ThreadSlots, LiveThreadsHaveDifferentSlotsAndDeadOnesGiveThemBack) {
  constexpr int kThreads = 300;
  const int own = ThisThreadSlot();
  for (int round = 0; round < 3; ++round) {
    std::vector<int> slots(kThreads);
    RunTogether(kThreads, [&](int i) { slots[static_cast<size_t>(i)] = ThisThreadSlot(); });
    const std::set<int> distinct(slots.begin(), slots.end());
    EXPECT_EQ(distinct.size(), slots.size());
    EXPECT_EQ(distinct.count(own), 0u);
    // Dense: a few other threads of the test program may hold slots, too.
    EXPECT_LT(*distinct.rbegin(), kThreads + 50);
  }
}

TEST(ThreadSlots, EachThreadHasItsOwnValueAndAllAreSeen) {
  constexpr int kThreads = 200;
  constexpr int kAdds = 1000;
  PerThread<Count> counts;
  std::vector<Count*> locals(kThreads);
  RunTogether(kThreads, [&](int i) {
    for (int n = 0; n < kAdds; ++n) counts.Local().value.fetch_add(1);
    locals[static_cast<size_t>(i)] = &counts.Local();
  });
  std::sort(locals.begin(), locals.end());
  EXPECT_EQ(std::unique(locals.begin(), locals.end()), locals.end());
  uint64_t sum = 0;
  size_t values = 0;
  counts.ForEach([&](Count& count) {
    sum += count.value.load();
    ++values;
  });
  EXPECT_EQ(values, size_t{kThreads});
  EXPECT_EQ(sum, uint64_t{kThreads} * kAdds);
}

TEST(ThreadSlots, ALaterThreadGoesOnWithTheValueOfItsSlot) {
  PerThread<uint64_t> numbers;  // not atomic: the hand-over itself must order the accesses
  for (int i = 0; i < 50; ++i) std::thread([&] { ++numbers.Local(); }).join();
  uint64_t sum = 0;
  numbers.ForEach([&](uint64_t& n) { sum += n; });
  EXPECT_EQ(sum, 50u);
}

TEST(ThreadSlots, ForEachMayRunWhileThreadsComeAndGo) {
  PerThread<Count> counts;
  std::atomic<bool> done{false};
  std::thread reader([&] {
    uint64_t last = 0;
    while (!done.load()) {
      uint64_t sum = 0;
      counts.ForEach([&](Count& count) { sum += count.value.load(); });
      EXPECT_GE(sum, last);
      last = sum;
    }
  });
  for (int round = 0; round < 10; ++round) {
    RunTogether(100, [&](int) { counts.Local().value.fetch_add(1); });
  }
  done.store(true);
  reader.join();
  uint64_t sum = 0;
  counts.ForEach([&](Count& count) { sum += count.value.load(); });
  EXPECT_EQ(sum, 1000u);
}

TEST(ThreadSlots, FourThousandThreadsFit) {
  PerThread<Count> counts;
  std::vector<int> slots(ScaledCycles(4200));
  RunTogether(static_cast<int>(slots.size()), [&](int i) {
    counts.Local().value.store(1);
    slots[static_cast<size_t>(i)] = ThisThreadSlot();
  });
  size_t values = 0;
  counts.ForEach([&](Count&) { ++values; });
  EXPECT_EQ(values, slots.size());
  EXPECT_EQ(std::set<int>(slots.begin(), slots.end()).size(), slots.size());
}

}  // namespace
}  // namespace varve
