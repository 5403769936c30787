// What every memtable must do, whatever it is made of: one suite over all of them.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/memtable/memtable.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/engine/memtable/memtable_parts.h"

namespace varve {
namespace {

// An entry that owns its bytes.
struct Owned {
  std::string key;
  Tag tag = 0;
  std::string value;
  bool operator==(const Owned& other) const {
    return key == other.key && tag == other.tag && value == other.value;
  }
  bool operator<(const Owned& other) const {
    return CompareEntries(key, tag, other.key, other.tag) < 0;
  }
};

Owned Own(const Entry& entry) {
  return {std::string(entry.key), entry.tag, std::string(entry.value)};
}

// Long keys are cut, so that a failure can be read.
void PrintTo(const Owned& entry, std::ostream* to) {
  *to << testing::PrintToString(entry.key.substr(0, 40)) << " (" << entry.key.size() << " bytes) @"
      << SequenceOf(entry.tag) << (KindOf(entry.tag) == EntryKind::kPut ? " put" : " delete");
}

class MemTableTest : public testing::TestWithParam<MemTablePart> {
 protected:
  MemTableTest() : table_(GetParam().make(MemTableOptions{})) {}

  void Add(std::string_view key, SequenceNumber sequence, std::string_view value,
           EntryKind kind = EntryKind::kPut) {
    table_->Add({key, MakeTag(sequence, kind), value});
  }

  // The value, "(deleted)" or "(none)".
  std::string Get(std::string_view key, SequenceNumber at = kSequenceMax) const {
    Entry found;
    if (!table_->Get(key, at, &found)) return "(none)";
    EXPECT_EQ(found.key, key);
    EXPECT_LE(SequenceOf(found.tag), at);
    return KindOf(found.tag) == EntryKind::kDelete ? "(deleted)" : std::string(found.value);
  }

  std::vector<Owned> Forward() const {
    std::vector<Owned> all;
    const auto it = table_->NewIterator();
    for (it->SeekToFirst(); it->Valid(); it->Next()) all.push_back(Own(it->entry()));
    EXPECT_TRUE(it->status().ok());
    return all;
  }

  std::vector<Owned> Backward() const {
    std::vector<Owned> all;
    const auto it = table_->NewIterator();
    for (it->SeekToLast(); it->Valid(); it->Prev()) all.push_back(Own(it->entry()));
    EXPECT_TRUE(it->status().ok());
    return all;
  }

  // Adds `entries` in an order that `seed` chooses, and expects them all, in entry order.
  void AddAndExpectAll(std::vector<Owned> entries, uint64_t seed) {
    std::mt19937_64 random(seed);
    std::shuffle(entries.begin(), entries.end(), random);
    for (const Owned& entry : entries) table_->Add({entry.key, entry.tag, entry.value});
    std::sort(entries.begin(), entries.end());
    EXPECT_EQ(Forward(), entries);
    std::reverse(entries.begin(), entries.end());
    EXPECT_EQ(Backward(), entries);
    EXPECT_EQ(table_->entries(), entries.size());
  }

  std::unique_ptr<MemTable> table_;
};

INSTANTIATE_TEST_SUITE_P(Every, MemTableTest, testing::ValuesIn(MemTablesUnderTest()),
                         MemTableName);

// Keys that are prefixes of each other, that share their first 8 bytes and more, that differ from
// the padding of a short prefix in length only, and that hold the smallest and largest bytes.
std::vector<std::string> AwkwardKeys() {
  std::vector<std::string> keys;
  for (size_t length = 0; length <= 18; ++length) {
    keys.push_back(std::string(length, '\0'));
    if (length == 0) continue;
    keys.push_back(std::string(length, '\xff'));
    keys.push_back(std::string(length, 'a'));
    keys.push_back(std::string(length - 1, 'a') + '\0');
    keys.push_back(std::string(length - 1, 'a') + '\xff');
    keys.push_back(std::string(length - 1, 'a') + '\x7f');
    keys.push_back(std::string(length - 1, '\xff') + '\x01');
    keys.push_back(std::string(length - 1, '\0') + '\x80');
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

// Three versions of each key, with sequence numbers 10, 20 and 30 times 1000 plus an index.
std::vector<Owned> ThreeVersionsOf(const std::vector<std::string>& keys) {
  std::vector<Owned> entries;
  for (size_t i = 0; i < keys.size(); ++i) {
    for (const SequenceNumber version : {10u, 20u, 30u}) {
      const auto kind = version == 20 ? EntryKind::kDelete : EntryKind::kPut;
      entries.push_back({keys[i], MakeTag(version * 1000 + i, kind),
                         version == 20 ? "" : "v" + std::to_string(version)});
    }
  }
  return entries;
}

TEST_P(MemTableTest, AnEmptyTableHasNothing) {
  for (const bool sealed : {false, true}) {
    if (sealed) table_->Seal();
    EXPECT_EQ(Get(""), "(none)");
    EXPECT_EQ(Get("key"), "(none)");
    EXPECT_EQ(table_->entries(), 0u);
    EXPECT_TRUE(Forward().empty());
    EXPECT_TRUE(Backward().empty());
    const auto it = table_->NewIterator();
    EXPECT_FALSE(it->Valid());
    it->Seek("", SeekTag(kSequenceMax));
    EXPECT_FALSE(it->Valid());
  }
}

TEST_P(MemTableTest, AGetFindsTheNewestVersionThatItsSnapshotMaySee) {
  Add("key", 20, "twenty");
  Add("key", 30, "thirty");
  Add("key", 10, "ten");
  Add("kex", 25, "other");
  Add("key2", 25, "other");
  for (const bool sealed : {false, true}) {
    if (sealed) table_->Seal();
    EXPECT_EQ(Get("key", 9), "(none)");
    EXPECT_EQ(Get("key", 10), "ten");
    EXPECT_EQ(Get("key", 19), "ten");
    EXPECT_EQ(Get("key", 20), "twenty");
    EXPECT_EQ(Get("key", 29), "twenty");
    EXPECT_EQ(Get("key", 30), "thirty");
    EXPECT_EQ(Get("key"), "thirty");
    EXPECT_EQ(Get("ke"), "(none)");
    EXPECT_EQ(Get("key1"), "(none)");
    EXPECT_EQ(Get("key2", 24), "(none)");
  }
}

TEST_P(MemTableTest, ADeleteIsAnAnswer) {
  Add("key", 1, "one");
  Add("key", 2, "", EntryKind::kDelete);
  Add("key", 3, "three");
  Add("gone", 4, "", EntryKind::kDelete);
  EXPECT_EQ(Get("key", 1), "one");
  EXPECT_EQ(Get("key", 2), "(deleted)");
  EXPECT_EQ(Get("key", 3), "three");
  EXPECT_EQ(Get("gone", 3), "(none)");
  EXPECT_EQ(Get("gone"), "(deleted)");
}

TEST_P(MemTableTest, AnEmptyValueIsNotADelete) {
  Add("key", 1, "");
  EXPECT_EQ(Get("key"), "");
}

TEST_P(MemTableTest, SequenceNumbersReachToTheirLimits) {
  Add("key", 0, "first");
  Add("key", kSequenceMax, "last");
  EXPECT_EQ(Get("key", 0), "first");
  EXPECT_EQ(Get("key", kSequenceMax - 1), "first");
  EXPECT_EQ(Get("key", kSequenceMax), "last");
}

TEST_P(MemTableTest, KeysAreBytesOfAnyContent) {
  const std::vector<std::string> keys = AwkwardKeys();
  AddAndExpectAll(ThreeVersionsOf(keys), 1);
  for (const bool sealed : {false, true}) {
    if (sealed) table_->Seal();
    for (size_t i = 0; i < keys.size(); ++i) {
      EXPECT_EQ(Get(keys[i], 10000 + i - 1), "(none)");
      EXPECT_EQ(Get(keys[i], 10000 + i), "v10");
      EXPECT_EQ(Get(keys[i], 20000 + i), "(deleted)");
      EXPECT_EQ(Get(keys[i]), "v30");
      const std::string longer = keys[i] + "b";
      if (!std::binary_search(keys.begin(), keys.end(), longer)) {
        EXPECT_EQ(Get(longer), "(none)");
      }
    }
  }
}

TEST_P(MemTableTest, LongKeysAndValuesAreKeptWhole) {
  std::vector<Owned> entries;
  for (const char last : {'\0', 'm', '\xff'}) {
    std::string key(kKeyBytesMax, 'k');
    key.back() = last;
    entries.push_back({key, MakeTag(1, EntryKind::kPut), std::string(3 << 20, last)});
    key.pop_back();
    entries.push_back({key + last, MakeTag(2, EntryKind::kPut), "small"});
    entries.push_back({key.substr(0, 5000 + static_cast<unsigned char>(last)),
                       MakeTag(3, EntryKind::kPut), std::string(70000, 'x')});
  }
  AddAndExpectAll(entries, 2);
}

TEST_P(MemTableTest, EntriesAddedInAnyOrderComeOutInOrder) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    table_ = GetParam().make(MemTableOptions{});
    AddAndExpectAll(ThreeVersionsOf(AwkwardKeys()), seed);
  }
}

TEST_P(MemTableTest, RunsOfRisingAndFallingKeysComeOutInOrder) {
  std::vector<Owned> expected;
  for (uint64_t i = 0; i < 3000; ++i) {
    // Rising, falling, rising within what is there, and new versions of the key before.
    const uint64_t places[] = {100000 + i, 90000 - i, 40000 + 2 * i, 40001 + 2 * (i / 2)};
    const std::string key = "key" + std::to_string(places[i / 100 % 4]);
    expected.push_back({key, MakeTag(i + 1, EntryKind::kPut), std::to_string(i)});
    Add(key, i + 1, std::to_string(i));
  }
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(Forward(), expected);
  for (const Owned& entry : expected) {
    ASSERT_EQ(Get(entry.key, SequenceOf(entry.tag)), entry.value);
  }
}

TEST_P(MemTableTest, SeekFindsTheFirstEntryAtOrAfterAnyPosition) {
  std::vector<Owned> entries = ThreeVersionsOf(AwkwardKeys());
  AddAndExpectAll(entries, 3);
  std::sort(entries.begin(), entries.end());
  std::vector<Owned> targets = entries;
  for (const Owned& entry : entries) {
    targets.push_back({entry.key, entry.tag - 1, ""});
    targets.push_back({entry.key, entry.tag + 1, ""});
    targets.push_back({entry.key, UINT64_MAX, ""});
    targets.push_back({entry.key, 0, ""});
    targets.push_back({entry.key + "b", 77, ""});
  }
  for (const bool sealed : {false, true}) {
    if (sealed) table_->Seal();
    const auto it = table_->NewIterator();
    for (const Owned& target : targets) {
      it->Seek(target.key, target.tag);
      const auto expected = std::lower_bound(entries.begin(), entries.end(), target);
      ASSERT_EQ(it->Valid(), expected != entries.end());
      if (it->Valid()) {
        ASSERT_EQ(Own(it->entry()), *expected);
      }
    }
  }
}

TEST_P(MemTableTest, NextAndPrevUndoEachOtherEverywhere) {
  std::vector<Owned> entries = ThreeVersionsOf(AwkwardKeys());
  AddAndExpectAll(entries, 4);
  std::sort(entries.begin(), entries.end());
  for (const bool sealed : {false, true}) {
    if (sealed) table_->Seal();
    const auto it = table_->NewIterator();
    it->SeekToFirst();
    for (size_t i = 0; i + 2 < entries.size(); ++i) {
      ASSERT_EQ(Own(it->entry()), entries[i]);
      it->Next();
      it->Next();
      ASSERT_EQ(Own(it->entry()), entries[i + 2]);
      it->Prev();
      ASSERT_EQ(Own(it->entry()), entries[i + 1]);
    }
    it->SeekToFirst();
    it->Prev();
    EXPECT_FALSE(it->Valid());
    it->SeekToLast();
    it->Next();
    EXPECT_FALSE(it->Valid());
  }
}

// Keys of 8 digits: most of the order is in the first 8 bytes and some of it is not.
std::string KeyNear(uint64_t number) { return std::to_string(10000000 + number % 10000000) + "k"; }

TEST_P(MemTableTest, AnIteratorStaysInOrderWhileEntriesAreAdded) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    table_ = GetParam().make(MemTableOptions{});
    std::mt19937_64 random(seed);
    for (int i = 0; i < 200; ++i) Add(KeyNear(random()), table_->entries() + 1, "v");
    const std::vector<Owned> before = Forward();

    // Adds are around the iterator, where a tree that is being balanced changes under it.
    const bool forward = seed % 2 == 0;
    const auto it = table_->NewIterator();
    std::vector<Owned> seen;
    for (forward ? it->SeekToFirst() : it->SeekToLast(); it->Valid() && seen.size() < 3000;
         forward ? it->Next() : it->Prev()) {
      seen.push_back(Own(it->entry()));
      const uint64_t here = std::stoull(seen.back().key);
      for (uint64_t adds = random() % 4; adds > 0; --adds) {
        Add(KeyNear(here + random() % 400000 - 200000), table_->entries() + 1, "v");
      }
    }
    if (!forward) std::reverse(seen.begin(), seen.end());
    const auto out_of_order = [](const Owned& a, const Owned& b) { return !(a < b); };
    EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end(), out_of_order), seen.end());
    if (seen.size() < 3000) {
      EXPECT_TRUE(std::includes(seen.begin(), seen.end(), before.begin(), before.end()));
    }
  }
}

TEST_P(MemTableTest, SealChangesNoAnswerAndNoIterator) {
  const std::vector<std::string> keys = AwkwardKeys();
  AddAndExpectAll(ThreeVersionsOf(keys), 6);
  const std::vector<Owned> before = Forward();
  const auto it = table_->NewIterator();
  it->SeekToFirst();
  Entry held;
  ASSERT_TRUE(table_->Get(keys[7], kSequenceMax, &held));

  table_->Seal();
  EXPECT_EQ(Forward(), before);
  EXPECT_EQ(table_->entries(), before.size());
  EXPECT_EQ(held.key, keys[7]);
  std::vector<Owned> seen;
  for (; it->Valid(); it->Next()) seen.push_back(Own(it->entry()));
  EXPECT_EQ(seen, before);
}

TEST_P(MemTableTest, BytesThatWereHandedOutStay) {
  Add("key", 1, "value");
  Entry held;
  ASSERT_TRUE(table_->Get("key", 1, &held));
  for (uint64_t i = 2; i < 5000; ++i) Add(std::to_string(i * 7919 % 5003), i, "more");
  EXPECT_EQ(held.key, "key");
  EXPECT_EQ(held.value, "value");
}

TEST_P(MemTableTest, TheBytesGivenToAddMayBeReused) {
  std::string key = "key";
  std::string value = "value";
  Add(key, 1, value);
  key = "xxx";
  value = "xxxxx";
  EXPECT_EQ(Get("key"), "value");
}

uint64_t BytesInUse() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

TEST_P(MemTableTest, ItIsChargedWhatTheAllocatorGave) {
  const std::string value(100, 'v');
  table_.reset();
  const uint64_t before = BytesInUse();
  table_ = GetParam().make(MemTableOptions{});
  std::mt19937_64 random(7);
  for (uint64_t i = 1; i <= 20000; ++i) Add(std::to_string(random()), i, value);
  for (const bool sealed : {false, true}) {
    if (sealed) table_->Seal();
    const auto taken = static_cast<double>(BytesInUse() - before);
    const auto charged = static_cast<double>(table_->bytes());
    EXPECT_GE(charged, 20000 * (100.0 + 18));
    // Sanitizers bring an allocator that does not tell.
    if (taken > 0) {
      EXPECT_NEAR(charged / taken, 1.0, 0.02);
    }
  }
}

TEST_P(MemTableTest, TheSameAddsGiveTheSameSizeAfterEach) {
  std::vector<uint64_t> bytes[2];
  for (std::vector<uint64_t>& bytes_after_add : bytes) {
    table_ = GetParam().make(MemTableOptions{});
    std::mt19937_64 random(8);
    for (uint64_t i = 1; i <= 20000; ++i) {
      Add(std::to_string(random()), i, "value");
      bytes_after_add.push_back(table_->bytes());
    }
  }
  EXPECT_TRUE(bytes[0] == bytes[1]);
}

}  // namespace
}  // namespace varve
