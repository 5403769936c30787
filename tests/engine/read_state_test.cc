// Read states: what is pinned stays, what is not goes, and pins of two threads share no line. I8.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/read_state.h"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "engine/util/thread_slots.h"

namespace varve {
namespace {

// A state that sets a weak pointer, by which a test sees whether it still lives.
ReadStatePtr NewState(std::weak_ptr<const ReadState>* watch) {
  auto state = std::make_shared<const ReadState>();
  *watch = state;
  return state;
}

TEST(ReadState, APinnedStateOutlivesItsSuccessors) {
  ReadStateCell cell;
  std::weak_ptr<const ReadState> first, second, third;
  cell.Publish(NewState(&first));
  {
    const ReadStateCell::Pin pin(cell);
    cell.Publish(NewState(&second));
    cell.Publish(NewState(&third));
    EXPECT_FALSE(first.expired());
    EXPECT_TRUE(second.expired());
    EXPECT_EQ(pin.operator->(), first.lock().get());
  }
  cell.Publish(std::make_shared<const ReadState>());
  EXPECT_TRUE(first.expired());
  EXPECT_TRUE(third.expired());
}

TEST(ReadState, ASharedStateNeedsNoPin) {
  ReadStateCell cell;
  std::weak_ptr<const ReadState> first;
  cell.Publish(NewState(&first));
  ReadStatePtr shared = cell.Share();
  cell.Publish(std::make_shared<const ReadState>());
  EXPECT_EQ(shared, first.lock());
  shared.reset();
  EXPECT_TRUE(first.expired());
}

TEST(ReadState, WhatTwoThreadsWriteIsOnDifferentCacheLines) {
  struct alignas(64) Line {
    std::atomic<uint64_t> value{0};
  };
  constexpr size_t kThreads = 8;
  PerThread<Line> lines;
  std::vector<uintptr_t> addresses(kThreads);
  std::barrier all_done(kThreads);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      addresses[i] = reinterpret_cast<uintptr_t>(&lines.Local());
      all_done.arrive_and_wait();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < kThreads; ++i) {
    for (size_t j = 0; j < i; ++j) EXPECT_NE(addresses[i] / 64, addresses[j] / 64);
  }
}

TEST(ReadState, PinsUnderManyPublicationsAreAlwaysOfALivingState) {
  ReadStateCell cell;
  cell.Publish(std::make_shared<const ReadState>());
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (int t = 0; t < 3; ++t) {
    readers.emplace_back([&] {
      while (!stop.load()) {
        const ReadStateCell::Pin pin(cell);
        // A state that was freed would be found by the address sanitizer here.
        ASSERT_TRUE(pin->sealed.empty());
      }
    });
  }
  for (int i = 0; i < 3000; ++i) cell.Publish(std::make_shared<const ReadState>());
  stop.store(true);
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace varve
