// Orders and shapes of keys that lead each structure into its corners, on every memtable: enough
// entries for several levels, one key with thousands of versions, beginnings that are long and
// alike.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "engine/memtable/memtable.h"
#include "tests/engine/memtable/memtable_parts.h"

namespace varve {
namespace {

constexpr uint64_t kEntries = 60000;

// Number `n` with a beginning that all keys share.
std::string Key(std::string_view beginning, uint64_t n) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%012llu", static_cast<unsigned long long>(n));
  return std::string(beginning) + digits;
}

class MemTableShapesTest : public testing::TestWithParam<MemTablePart> {
 protected:
  MemTableShapesTest() : table_(GetParam().make(MemTableOptions{})) {}

  void Add(const std::string& key) {
    table_->Add({key, MakeTag(table_->entries() + 1, EntryKind::kPut), key});
  }

  // Expects exactly the keys of the sorted numbers, by iterator both ways and by gets.
  void ExpectNumbers(std::string_view beginning, const std::vector<uint64_t>& numbers) {
    table_->Seal();
    const auto it = table_->NewIterator();
    it->SeekToFirst();
    for (const uint64_t n : numbers) {
      ASSERT_TRUE(it->Valid()) << n;
      ASSERT_EQ(it->entry().key, Key(beginning, n));
      it->Next();
    }
    ASSERT_FALSE(it->Valid());
    it->SeekToLast();
    for (auto n = numbers.rbegin(); n != numbers.rend(); ++n) {
      ASSERT_TRUE(it->Valid()) << *n;
      ASSERT_EQ(it->entry().key, Key(beginning, *n));
      it->Prev();
    }
    ASSERT_FALSE(it->Valid());
    Entry found;
    for (size_t i = 0; i < numbers.size(); i += 17) {
      ASSERT_TRUE(table_->Get(Key(beginning, numbers[i]), kSequenceMax, &found)) << numbers[i];
      ASSERT_EQ(found.value, Key(beginning, numbers[i]));
      ASSERT_FALSE(table_->Get(Key(beginning, numbers[i]) + "x", kSequenceMax, &found));
    }
  }

  // Adds number(0) … number(entries - 1), which are all different, and expects them.
  template <class Number>
  void AddAndExpect(std::string_view beginning, Number number, uint64_t entries = kEntries) {
    std::vector<uint64_t> numbers;
    for (uint64_t i = 0; i < entries; ++i) {
      numbers.push_back(number(i));
      Add(Key(beginning, numbers.back()));
    }
    std::sort(numbers.begin(), numbers.end());
    ExpectNumbers(beginning, numbers);
  }

  std::unique_ptr<MemTable> table_;
};

INSTANTIATE_TEST_SUITE_P(Every, MemTableShapesTest, testing::ValuesIn(MemTablesUnderTest()),
                         MemTableName);

TEST_P(MemTableShapesTest, RisingKeys) {
  AddAndExpect("user", [](uint64_t i) { return i; });
}

TEST_P(MemTableShapesTest, FallingKeys) {
  AddAndExpect("", [](uint64_t i) { return kEntries - i; });
}

TEST_P(MemTableShapesTest, SeveralRisingStreams) {
  AddAndExpect("user", [](uint64_t i) { return i % 5 * 1000000 + i / 5; });
}

TEST_P(MemTableShapesTest, RisingKeysAndThenOthersAmongThem) {
  AddAndExpect("", [](uint64_t i) {
    return i < kEntries / 2 ? 2 * i : 2 * (i * 7919 % (kEntries / 2)) + 1;
  });
}

TEST_P(MemTableShapesTest, RandomKeysBehindALongBeginning) {
  // Odd numbers times i are all different, modulo a power of two.
  // One bucket of a hash table takes them all.
  AddAndExpect(
      std::string(150, 'b'), [](uint64_t i) { return i * 2654435761 % (1 << 30); }, kEntries / 10);
}

TEST_P(MemTableShapesTest, BeginningsThatAreKeysThemselves) {
  std::vector<std::string> keys;
  for (size_t bytes = 0; bytes < 400; ++bytes) {
    keys.push_back(std::string(bytes, 'k'));
    keys.push_back(std::string(bytes, '\0') + "k");
    keys.push_back(std::string(bytes, '\xff') + '\0');
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  std::vector<std::string> shuffled = keys;
  std::mt19937_64 random(1);
  std::shuffle(shuffled.begin(), shuffled.end(), random);
  for (const std::string& key : shuffled) Add(key);
  const auto it = table_->NewIterator();
  it->SeekToFirst();
  for (const std::string& key : keys) {
    ASSERT_TRUE(it->Valid());
    ASSERT_EQ(it->entry().key, key);
    it->Next();
  }
  ASSERT_FALSE(it->Valid());
  for (const std::string& key : keys) {
    Entry found;
    ASSERT_TRUE(table_->Get(key, kSequenceMax, &found));
    ASSERT_EQ(found.value, key);
  }
}

TEST_P(MemTableShapesTest, EachOfManyVersionsOfAKeyIsFound) {
  constexpr uint64_t kVersions = 3000;
  std::vector<uint64_t> order(kVersions);
  for (uint64_t i = 0; i < kVersions; ++i) order[i] = 3 * (i + 1);
  std::mt19937_64 random(2);
  std::shuffle(order.begin() + kVersions / 2, order.end(), random);
  for (const uint64_t sequence : order) {
    table_->Add({"key", MakeTag(sequence, EntryKind::kPut), std::to_string(sequence)});
  }
  for (const char* other : {"ke", "kex", "key ", "kez"}) Add(other);
  Entry found;
  for (uint64_t sequence = 3; sequence < 3 * kVersions + 3; ++sequence) {
    ASSERT_TRUE(table_->Get("key", sequence, &found));
    ASSERT_EQ(SequenceOf(found.tag), sequence / 3 * 3);
    ASSERT_EQ(found.value, std::to_string(sequence / 3 * 3));
  }
  EXPECT_FALSE(table_->Get("key", 2, &found));
  const auto it = table_->NewIterator();
  it->Seek("key", SeekTag(kSequenceMax));
  for (uint64_t sequence = 3 * kVersions; sequence > 0; sequence -= 3) {
    ASSERT_TRUE(it->Valid());
    ASSERT_EQ(SequenceOf(it->entry().tag), sequence);
    it->Next();
  }
  EXPECT_EQ(it->entry().key, "key ");
}

// Iterators go back and forth through all of it, with seeks between, while a thread adds.
TEST_P(MemTableShapesTest, IteratorsKeepTheirOrderWhileAThreadAdds) {
  constexpr uint64_t kStart = 500;
  constexpr uint64_t kAdds = 20000;
  std::mt19937_64 random(3);
  for (uint64_t i = 0; i < kStart; ++i) Add(Key("user", i * 1000));
  std::atomic<bool> done{false};
  std::thread writer([&] {
    std::mt19937_64 numbers(4);
    for (uint64_t i = 0; i < kAdds; ++i) {
      const bool near_the_end = numbers() % 4 == 0;
      Add(Key("user", near_the_end ? kStart * 1000 + i : numbers() % (kStart * 1000)) + "x" +
          std::to_string(i));
    }
    done.store(true);
  });
  for (bool last_round = false; !last_round && !HasFailure();) {
    last_round = done.load();
    const auto it = table_->NewIterator();
    const uint64_t from = random() % kStart;
    const uint64_t to = from + random() % std::min<uint64_t>(kStart - from, 20);
    it->Seek(Key("user", from * 1000), SeekTag(kSequenceMax));
    uint64_t next = from;
    for (std::string last; it->Valid() && next <= to; it->Next()) {
      ASSERT_LT(last, it->entry().key);
      last = it->entry().key;
      if (last == Key("user", next * 1000)) ++next;
    }
    ASSERT_EQ(next, to + 1) << "an entry was passed over";
    it->SeekBefore(Key("user", to * 1000), SeekTag(kSequenceMax));
    next = to;
    for (std::string last = "v"; it->Valid() && next > from; it->Prev()) {
      ASSERT_GT(last, it->entry().key);
      last = it->entry().key;
      if (last == Key("user", (next - 1) * 1000)) --next;
    }
    ASSERT_EQ(next, from) << "an entry was passed over backward";
  }
  writer.join();
}

}  // namespace
}  // namespace varve
