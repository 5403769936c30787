// What settings do to memtables: no answer changes; buckets, slots and pages are charged.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/memtable/memtable.h"
#include "engine/util/arena.h"
#include "tests/engine/memtable/memtable_parts.h"

namespace varve {
namespace {

constexpr uint64_t kEntries = 3000;

std::vector<std::pair<std::string, MemTableOptions>> Variants() {
  std::vector<std::pair<std::string, MemTableOptions>> variants;
  for (const uint64_t buckets : {1U, 7U, 1000U}) {
    for (const uint64_t prefix_bytes : {0U, 1U, 4U, 65536U}) {
      MemTableOptions options;
      options.buckets = buckets;
      options.prefix_bytes = prefix_bytes;
      variants.emplace_back(
          "H = " + std::to_string(buckets) + ", X = " + std::to_string(prefix_bytes), options);
    }
  }
  for (const uint64_t entries_max : {0U, 1U, 100U, 5000U}) {
    MemTableOptions options;
    options.bytes_max = 1 << 20;
    options.entries_max = entries_max;
    options.preallocate = true;
    options.sort_on_read = entries_max % 2 == 0;
    variants.emplace_back("preallocated for " + std::to_string(entries_max), options);
  }
  MemTableOptions options;
  options.huge_pages = true;
  variants.emplace_back("huge pages", options);
  return variants;
}

class MemTableOptionsTest : public testing::TestWithParam<MemTablePart> {
 protected:
  // Entry i, all of whose keys are different. Some are short, some begin alike.
  static std::string Key(uint64_t i) {
    const std::string number = std::to_string(i * 7919 % 10007);
    return i % 3 == 0 ? number
                      : (i % 3 == 1 ? "same " + number : std::string(i % 5, '\0') + number);
  }

  void Fill(const MemTableOptions& options) {
    table_ = GetParam().make(options);
    model_.clear();
    for (uint64_t i = 1; i <= kEntries; ++i) {
      const std::string key = Key(i);
      table_->Add({key, MakeTag(i, EntryKind::kPut), std::to_string(i)});
      model_[key] = std::to_string(i);
    }
  }

  void ExpectAll() const {
    Entry found;
    for (const auto& [key, value] : model_) {
      ASSERT_TRUE(table_->Get(key, kSequenceMax, &found)) << testing::PrintToString(key);
      ASSERT_EQ(found.value, value);
      ASSERT_FALSE(table_->Get(key + "?", kSequenceMax, &found));
    }
    const auto it = table_->NewIterator();
    it->SeekToFirst();
    for (const auto& [key, value] : model_) {
      while (it->Valid() && it->entry().key == key && it->entry().value != value) it->Next();
      ASSERT_TRUE(it->Valid());
      ASSERT_EQ(it->entry().key, key);
      it->Next();
    }
  }

  std::unique_ptr<MemTable> table_;
  std::map<std::string, std::string> model_;
};

INSTANTIATE_TEST_SUITE_P(Every, MemTableOptionsTest, testing::ValuesIn(MemTablesUnderTest()),
                         MemTableName);

TEST_P(MemTableOptionsTest, NoSettingChangesAnAnswer) {
  for (const auto& [name, options] : Variants()) {
    SCOPED_TRACE(name);
    Fill(options);
    if (HasFatalFailure()) return;
    // A get that sorts everything is tried on few keys.
    if (options.sort_on_read) model_.erase(std::next(model_.begin(), 50), model_.end());
    if (!options.sort_on_read) ExpectAll();
    Entry found;
    for (const auto& [key, value] : model_) {
      if (!options.sort_on_read) break;
      ASSERT_TRUE(table_->Get(key, kSequenceMax, &found));
      ASSERT_EQ(found.value, value);
      ASSERT_FALSE(table_->Get(key, 0, &found));
    }
    table_->Seal();
    if (!options.sort_on_read) ExpectAll();
  }
}

TEST_P(MemTableOptionsTest, UsesAddUpToWhatIsCharged) {
  for (const auto& [name, options] : Variants()) {
    SCOPED_TRACE(name);
    table_ = GetParam().make(options);
    EXPECT_EQ(table_->use().total(), table_->bytes());
    EXPECT_EQ(table_->use().payload, 0u);
    uint64_t payload = 0;
    for (uint64_t i = 1; i <= kEntries; ++i) {
      const std::string key = Key(i);
      table_->Add({key, MakeTag(i, EntryKind::kPut), "value"});
      payload += key.size() + 5;
      const MemTableUse use = table_->use();
      ASSERT_EQ(use.payload, payload);
      ASSERT_EQ(use.total(), table_->bytes()) << "entry " << i;
      ASSERT_LE(use.slack, table_->bytes()) << "entry " << i;
      ASSERT_LE(use.structure, table_->bytes()) << "entry " << i;
      ASSERT_GE(use.structure, i * 16) << "entry " << i;
    }
    table_->Seal();
    EXPECT_EQ(table_->use().total(), table_->bytes());
  }
}

TEST_P(MemTableOptionsTest, SlackIsBoundedAtAnySize) {
  table_ = GetParam().make(MemTableOptions{});
  std::mt19937_64 random(9);
  const std::string value(100, 'v');
  for (uint64_t i = 1; i <= 100000; ++i) {
    std::string key(16, '\0');
    for (char& byte : key) byte = static_cast<char>(random());
    table_->Add({key, MakeTag(i, EntryKind::kPut), value});
    if (i < 5000 || i % 1000 != 0) continue;
    const MemTableUse use = table_->use();
    ASSERT_LT(use.slack, use.payload * 7 / 10) << i;
  }
}

std::unique_ptr<MemTable> Make(std::string_view part, const MemTableOptions& options) {
  return FindPart(MemTableParts(), part)->make(options);
}

TEST(MemTableOptions, EachBucketIsCharged) {
  for (const char* part : {"hash_linked_list", "hash_skiplist", "hash_vector"}) {
    MemTableOptions options;
    options.buckets = 1000;
    const uint64_t few = Make(part, options)->bytes();
    options.buckets = 101000;
    EXPECT_NEAR(static_cast<double>(Make(part, options)->bytes() - few), 800000, 5000) << part;
    options.buckets = 0;
    options.bytes_max = 32 << 20;
    EXPECT_NEAR(static_cast<double>(Make(part, options)->bytes()), 32768 * 8, 5000) << part;
  }
}

// The parts where it can be said: a list is made for each bucket that is used.
TEST(MemTableOptions, AKeyGoesToTheBucketOfItsFirstBytes) {
  constexpr uint64_t kKeys = 1000;
  constexpr uint64_t kListBytesMin = 12 * 16;
  MemTableOptions options;
  options.buckets = 1 << 20;
  for (const uint64_t prefix_bytes : {0U, 4U, 5U, 100U}) {
    options.prefix_bytes = prefix_bytes;
    const auto table = Make("hash_skiplist", options);
    const uint64_t empty = table->use().structure;
    for (uint64_t i = 1; i <= kKeys; ++i) {
      table->Add({"user" + std::to_string(i + 1000), MakeTag(i, EntryKind::kPut), ""});
    }
    const uint64_t lists = prefix_bytes < 5 ? 1 : (prefix_bytes == 5 ? 2 : kKeys);
    const uint64_t entries_bytes_max = kKeys * (16 + 2 * 16);
    EXPECT_LT(table->use().structure - empty, (lists + 1) * 2 * kListBytesMin + entries_bytes_max);
    if (lists == kKeys) {
      EXPECT_GT(table->use().structure - empty, kKeys * kListBytesMin * 9 / 10);
    }
  }
}

TEST(MemTableOptions, AFilledSlotIsStructureAndAnEmptyOneSlack) {
  for (const bool preallocate : {false, true}) {
    MemTableOptions options;
    options.preallocate = preallocate;
    const auto table = Make("vector", options);
    for (uint64_t i = 1; i <= 5000; ++i) table->Add({"key", MakeTag(i, EntryKind::kPut), "v"});
    EXPECT_NEAR(static_cast<double>(table->use().structure), 5000 * 32, 2000);
  }
}

TEST(MemTableOptions, PreallocatedSlotsAreChargedOnceAndFromTheBeginning) {
  MemTableOptions options;
  options.bytes_max = 16 << 20;
  options.preallocate = true;
  const auto table = Make("vector", options);
  const uint64_t slots = (16 << 20) / 128;
  EXPECT_NEAR(static_cast<double>(table->bytes()), static_cast<double>(slots * 16), 8192);
  EXPECT_GT(table->use().slack, slots * 16);
  const auto growing = Make("vector", MemTableOptions{});
  for (uint64_t i = 1; i <= slots; ++i) {
    for (MemTable* each : {table.get(), growing.get()}) {
      each->Add({"key", MakeTag(i, EntryKind::kPut), "value"});
    }
  }
  EXPECT_LT(table->bytes(), growing->bytes());
}

TEST(MemTableOptions, HugePagesAreChargedWhole) {
  for (const MemTablePart& part : MemTableParts()) {
    MemTableOptions options;
    options.huge_pages = true;
    const auto table = part.make(options);
    table->Add({"key", MakeTag(1, EntryKind::kPut), "value"});
    EXPECT_GE(table->bytes(), Arena::kHugePageBytes) << part.name;
    EXPECT_LT(table->bytes(), 2 * Arena::kHugePageBytes) << part.name;
    options.bytes_max = 1 << 20;
    EXPECT_LT(part.make(options)->bytes(), 100000u) << part.name;
  }
}

}  // namespace
}  // namespace varve
