// Tests of the pool of arena blocks: what is kept, how much, and that no account depends on it.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/util/arena_pool.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "engine/util/arena.h"
#include "tests/sanitizers.h"

namespace varve {
namespace {

constexpr size_t kBlock = 128 << 10;

TEST(ArenaPool, WhatWasGivenIsTakenAgainIfItHasTheSize) {
  ArenaPool pool(1 << 20);
  void* first = pool.Take(kBlock, ArenaPages::kNormal);
  void* second = pool.Take(kBlock + 4096, ArenaPages::kNormal);
  pool.Give(first, kBlock, ArenaPages::kNormal);
  pool.Give(second, kBlock + 4096, ArenaPages::kNormal);
  EXPECT_EQ(pool.bytes(), 2 * kBlock + 4096);
  void* other = pool.Take(kBlock + 8192, ArenaPages::kNormal);
  EXPECT_EQ(pool.bytes(), 2 * kBlock + 4096);
  EXPECT_EQ(pool.Take(kBlock, ArenaPages::kNormal), first);
  EXPECT_EQ(pool.Take(kBlock + 4096, ArenaPages::kNormal), second);
  EXPECT_EQ(pool.bytes(), 0u);
  pool.Give(other, kBlock + 8192, ArenaPages::kNormal);
  ArenaPool::Free(first, kBlock, ArenaPages::kNormal);
  ArenaPool::Free(second, kBlock + 4096, ArenaPages::kNormal);
}

TEST(ArenaPool, NoMoreIsKeptThanMayBe) {
  ArenaPool pool(2 * kBlock + 100);
  std::vector<void*> blocks;
  for (int i = 0; i < 4; ++i) blocks.push_back(pool.Take(kBlock, ArenaPages::kNormal));
  for (void* block : blocks) pool.Give(block, kBlock, ArenaPages::kNormal);
  EXPECT_EQ(pool.bytes(), 2 * kBlock);
  constexpr size_t kSmall = 4 << 10;
  pool.Give(pool.Take(kSmall, ArenaPages::kNormal), kSmall, ArenaPages::kNormal);
  EXPECT_EQ(pool.bytes(), 2 * kBlock) << "small blocks are not kept";
}

TEST(ArenaPool, PagesAreNotConfused) {
  constexpr size_t kPage = ArenaPool::kHugePageBytes;
  ArenaPool pool(64 << 20);
  void* huge = pool.Take(kPage, ArenaPages::kHuge);
  void* normal = pool.Take(kPage, ArenaPages::kNormal);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(huge) % kPage, 0u);
  std::memset(huge, 1, kPage);
  pool.Give(normal, kPage, ArenaPages::kNormal);
  pool.Give(huge, kPage, ArenaPages::kHuge);
  EXPECT_EQ(pool.Take(kPage, ArenaPages::kNormal), normal);
  EXPECT_EQ(pool.Take(kPage, ArenaPages::kHuge), huge);
  pool.Give(normal, kPage, ArenaPages::kNormal);
  pool.Give(huge, kPage, ArenaPages::kHuge);
}

// Fills an arena with what a memtable could ask for; returns its account.
uint64_t Fill(const std::shared_ptr<ArenaPool>& pool, ArenaPages pages) {
  Arena arena(1 << 20, pages, pool);
  for (int i = 0; i < 100000; ++i) std::memset(arena.Allocate(150), i, 150);
  std::memset(arena.Allocate(5 << 20), 1, 5 << 20);
  return arena.bytes();
}

TEST(ArenaPool, AnArenaOfKeptBlocksHasTheSameAccount) {
  for (const ArenaPages pages : {ArenaPages::kNormal, ArenaPages::kHuge}) {
    const auto pool = std::make_shared<ArenaPool>(64 << 20);
    const uint64_t without = Fill(nullptr, pages);
    EXPECT_EQ(Fill(pool, pages), without);
    const uint64_t kept = pool->bytes();
    EXPECT_GT(kept, without * 8 / 10) << "most of it is kept";
    EXPECT_EQ(Fill(pool, pages), without);
    EXPECT_EQ(pool->bytes(), kept) << "and all of that was used again";
  }
}

TEST(ArenaPool, ThreadsShareIt) {
  const auto pool = std::make_shared<ArenaPool>(8 << 20);
  std::vector<std::thread> threads;
  std::vector<uint64_t> accounts(4);
  for (uint64_t& account : accounts) {
    threads.emplace_back([&account, &pool] {
      for (int i = 0; i < 3; ++i) account = Fill(pool, ArenaPages::kNormal);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const uint64_t account : accounts) EXPECT_EQ(account, accounts.front());
  EXPECT_LE(pool->bytes(), 8u << 20);
}

#if VARVE_ADDRESS_SANITIZER
TEST(ArenaPoolDeathTest, AReaderOfAKeptBlockIsToldByTheAddressSanitizer) {
  ArenaPool pool(1 << 20);
  auto* block = static_cast<volatile char*>(pool.Take(kBlock, ArenaPages::kNormal));
  pool.Give(const_cast<char*>(block), kBlock, ArenaPages::kNormal);
  EXPECT_DEATH(block[kBlock / 2] = 1, "poison");
}
#endif

}  // namespace
}  // namespace varve
