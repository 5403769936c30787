// One writer and two readers at once, on every memtable: a reader sees everything that was added
// before it began, in order, and nothing that was never added. Made for the thread sanitizer too.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/memtable/memtable.h"
#include "engine/util/coding.h"
#include "tests/engine/memtable/memtable_parts.h"

namespace varve {
namespace {

constexpr size_t kEntries = 3000;

// Entry i has keys_[i], sequence number i + 1 and, as its value, i.
class Race {
 public:
  Race(const MemTablePart& part, uint64_t seed) : table_(part.make(MemTableOptions{})) {
    std::mt19937_64 random(seed);
    for (size_t i = 0; i < kEntries; ++i) {
      // Half of the keys share their first 8 bytes; a quarter comes in order.
      std::string key = random() % 2 == 0 ? "" : "the same";
      const uint64_t number = random() % 4 == 0 ? i << 40 : random();
      for (int shift = 56; shift >= 0; shift -= 8) key += static_cast<char>(number >> shift);
      keys_.push_back(key);
    }
  }

  void Run() {
    std::thread readers[] = {std::thread([this] { ReadUntilDone(1); }),
                             std::thread([this] { ReadUntilDone(2); })};
    while (reading_.load() < 2) std::this_thread::yield();
    for (size_t i = 0; i < kEntries; ++i) {
      std::string value;
      PutFixed64(&value, i);
      table_->Add({keys_[i], MakeTag(i + 1, EntryKind::kPut), value});
      added_.store(i + 1, std::memory_order_release);
    }
    table_->Seal();
    done_.store(true, std::memory_order_release);
    for (std::thread& reader : readers) reader.join();
    EXPECT_EQ(table_->entries(), kEntries);
  }

 private:
  void ReadUntilDone(uint64_t seed) {
    std::mt19937_64 random(seed);
    reading_.fetch_add(1);
    bool last_round = false;
    while (!last_round && !testing::Test::HasFailure()) {
      last_round = done_.load(std::memory_order_acquire);
      for (int i = 0; i < 20; ++i) CheckGet(random() % kEntries);
      CheckScan(random() % 2 == 0);
      CheckWalk(&random);
    }
  }

  void CheckGet(size_t i) const {
    const bool must_exist = i < added_.load(std::memory_order_acquire);
    Entry found;
    if (!table_->Get(keys_[i], kSequenceMax, &found)) {
      ASSERT_FALSE(must_exist) << "entry " << i << " is lost";
      return;
    }
    ASSERT_EQ(NumberOf(found), i);
  }

  void CheckScan(bool forward) const {
    const size_t added = added_.load(std::memory_order_acquire);
    const auto it = table_->NewIterator();
    size_t seen = 0;
    Entry last;
    for (forward ? it->SeekToFirst() : it->SeekToLast(); it->Valid();
         forward ? it->Next() : it->Prev()) {
      if (NumberOf(it->entry()) < added) ++seen;
      if (last.tag != 0) {
        ASSERT_TRUE(forward ? IsBefore(last, it->entry()) : IsBefore(it->entry(), last));
      }
      last = it->entry();
    }
    ASSERT_EQ(seen, added) << (forward ? "forward" : "backward");
  }

  void CheckWalk(std::mt19937_64* random) const {
    const auto it = table_->NewIterator();
    it->Seek(keys_[(*random)() % kEntries], UINT64_MAX);
    for (int step = 0; step < 100 && it->Valid(); ++step) {
      const Entry last = it->entry();
      const bool forward = (*random)() % 2 == 0;
      forward ? it->Next() : it->Prev();
      if (!it->Valid()) return;
      ASSERT_TRUE(forward ? IsBefore(last, it->entry()) : IsBefore(it->entry(), last));
    }
  }

  static bool IsBefore(const Entry& a, const Entry& b) {
    return CompareEntries(a.key, a.tag, b.key, b.tag) < 0;
  }

  // The number of an entry, all of which is checked.
  size_t NumberOf(const Entry& entry) const {
    const size_t i = entry.value.size() == 8 ? DecodeFixed64(entry.value.data()) : kEntries;
    EXPECT_LT(i, kEntries);
    if (i >= kEntries) return kEntries;
    EXPECT_EQ(entry.key, keys_[i]);
    EXPECT_EQ(SequenceOf(entry.tag), i + 1);
    return i;
  }

  std::vector<std::string> keys_;
  std::unique_ptr<MemTable> table_;
  std::atomic<size_t> added_{0};
  std::atomic<int> reading_{0};
  std::atomic<bool> done_{false};
};

class MemTableConcurrencyTest : public testing::TestWithParam<MemTablePart> {};

INSTANTIATE_TEST_SUITE_P(Every, MemTableConcurrencyTest, testing::ValuesIn(MemTablesUnderTest()),
                         MemTableName);

TEST_P(MemTableConcurrencyTest, ReadersSeeAllThatWasAddedBeforeInOrder) {
  for (uint64_t seed = 1; seed <= 12 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Race(GetParam(), seed).Run();
  }
}

// The place where all readers look is the place that the writer changes, all the time.
TEST_P(MemTableConcurrencyTest, AKeyIsFoundWhileOthersAreAddedRightBeforeIt) {
  constexpr uint64_t kAdds = 50000;
  const auto key_of = [](uint64_t number) {
    std::string key;
    for (int shift = 56; shift >= 0; shift -= 8) key += static_cast<char>(number >> shift);
    return key;
  };
  const std::unique_ptr<MemTable> table = GetParam().make(MemTableOptions{});
  const std::string sought = key_of(kAdds);
  table->Add({sought, MakeTag(1, EntryKind::kPut), "sought"});
  std::atomic<bool> done{false};
  std::atomic<int> reading{0};
  const auto read = [&] {
    reading.fetch_add(1);
    while (!done.load(std::memory_order_acquire) && !HasFailure()) {
      Entry found;
      ASSERT_TRUE(table->Get(sought, kSequenceMax, &found));
      ASSERT_EQ(found.value, "sought");
    }
  };
  std::thread readers[] = {std::thread(read), std::thread(read)};
  while (reading.load() < 2) std::this_thread::yield();
  for (uint64_t i = 0; i < kAdds && !HasFailure(); ++i) {
    table->Add({key_of(i), MakeTag(i + 2, EntryKind::kPut), "other"});
  }
  done.store(true, std::memory_order_release);
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace varve
