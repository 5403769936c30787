// Random adds, gets, seeks and steps, on every memtable and on a std::map, which must agree.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "engine/memtable/memtable.h"
#include "tests/engine/memtable/memtable_parts.h"

namespace varve {
namespace {

// Inverted tags, so that the order of pairs is the order of entries.
using Model = std::map<std::pair<std::string, Tag>, std::string>;

// A memtable and its model, driven by one seed.
class Pair {
 public:
  Pair(const MemTablePart& part, uint64_t seed)
      : random_(seed),
        alphabet_(1 + Below(3)),
        key_bytes_max_(1 + Below(20)),
        table_(part.make(MemTableOptions{})) {}

  void Add() {
    const SequenceNumber sequence = NextSequence();
    const auto kind = Below(5) == 0 ? EntryKind::kDelete : EntryKind::kPut;
    const Tag tag = MakeTag(sequence, kind);
    const std::string key = Key();
    const std::string value = kind == EntryKind::kPut ? std::string(Below(50), 'v') : "";
    table_->Add({key, tag, value});
    model_[{key, ~tag}] = value;
  }

  void CheckGet() {
    const std::string key = Key();
    const SequenceNumber at = Below(sequence_ + 2);
    const auto expected = model_.lower_bound({key, ~SeekTag(at)});
    const bool exists = expected != model_.end() && expected->first.first == key;
    Entry found;
    ASSERT_EQ(table_->Get(key, at, &found), exists) << "key " << testing::PrintToString(key);
    if (exists) ExpectEqual(found, expected);
  }

  // A seek and a random walk from there.
  void CheckWalk() {
    const auto it = table_->NewIterator();
    const std::string key = Key();
    const Tag tag = MakeTag(Below(sequence_ + 2), EntryKind::kPut);
    it->Seek(key, tag);
    auto expected = model_.lower_bound({key, ~tag});
    for (int step = 0; step < 20; ++step) {
      ASSERT_EQ(it->Valid(), expected != model_.end());
      if (!it->Valid()) return;
      ExpectEqual(it->entry(), expected);
      if (Below(2) == 0) {
        it->Next();
        ++expected;
      } else {
        it->Prev();
        expected = expected == model_.begin() ? model_.end() : std::prev(expected);
      }
    }
  }

  void CheckAll() {
    ASSERT_EQ(table_->entries(), model_.size());
    const auto it = table_->NewIterator();
    it->SeekToFirst();
    for (auto expected = model_.begin(); expected != model_.end(); ++expected, it->Next()) {
      ASSERT_TRUE(it->Valid());
      ExpectEqual(it->entry(), expected);
    }
    ASSERT_FALSE(it->Valid());
    it->SeekToLast();
    for (auto expected = model_.rbegin(); expected != model_.rend(); ++expected, it->Prev()) {
      ASSERT_TRUE(it->Valid());
      ExpectEqual(it->entry(), std::prev(expected.base()));
    }
    ASSERT_FALSE(it->Valid());
  }

  void Seal() { table_->Seal(); }
  uint64_t Below(uint64_t limit) { return random_() % limit; }

 private:
  static void ExpectEqual(const Entry& entry, Model::const_iterator expected) {
    EXPECT_EQ(entry.key, expected->first.first);
    EXPECT_EQ(entry.tag, ~expected->first.second);
    EXPECT_EQ(entry.value, expected->second);
  }

  // Few letters and lengths, so that keys share prefixes and come again.
  std::string Key() {
    std::string key(Below(key_bytes_max_), 'k');
    for (char& letter : key) {
      if (Below(3) == 0) letter = "\0k\xff"[Below(alphabet_)];
    }
    return key;
  }

  // Mostly in order, as the engine adds; sometimes one that was left out before.
  SequenceNumber NextSequence() {
    if (left_out_ != 0 && Below(50) == 0) return std::exchange(left_out_, 0);
    if (left_out_ == 0) left_out_ = ++sequence_;
    return ++sequence_;
  }

  std::mt19937_64 random_;
  const uint64_t alphabet_;
  const uint64_t key_bytes_max_;
  SequenceNumber sequence_ = 0;
  SequenceNumber left_out_ = 0;
  std::unique_ptr<MemTable> table_;
  Model model_;
};

class MemTableModelTest : public testing::TestWithParam<MemTablePart> {
 protected:
  void Run(uint64_t seed) {
    SCOPED_TRACE("repeat with VARVE_TEST_SEED=" + std::to_string(seed));
    Pair pair(GetParam(), seed);
    for (int i = 0; i < 1500 && !HasFailure(); ++i) {
      const uint64_t kind = pair.Below(10);
      if (kind < 6) pair.Add();
      if (kind >= 6 && kind < 9) pair.CheckGet();
      if (kind == 9) pair.CheckWalk();
    }
    pair.CheckAll();
    pair.Seal();
    for (int i = 0; i < 300 && !HasFailure(); ++i) {
      pair.CheckGet();
      pair.CheckWalk();
    }
    pair.CheckAll();
  }
};

INSTANTIATE_TEST_SUITE_P(Every, MemTableModelTest, testing::ValuesIn(MemTablesUnderTest()),
                         MemTableName);

TEST_P(MemTableModelTest, AgreesWithAMap) {
  constexpr uint64_t kSeeds = 20;
  const char* given = std::getenv("VARVE_TEST_SEED");
  const uint64_t first =
      given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()() % 1000000;
  for (uint64_t seed = first; seed < first + kSeeds && !HasFailure(); ++seed) Run(seed);
}

}  // namespace
}  // namespace varve
