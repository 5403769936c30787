// The database against std::map: the same operations give the same answers for every memtable and
// every strategy, inline and with threads, through snapshots, iterators and reopening.
//
// A failure prints the seed; VARVE_SEED=<seed> repeats it.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "engine/io/memory_file_system.h"
#include "engine/parts.h"
#include "engine/util/hash.h"
#include "tests/engine/db_test_util.h"

namespace varve {
namespace {

struct Configuration {
  std::string memtable;
  std::string compaction;
  std::string background;
};

std::vector<Configuration> Configurations() {
  std::vector<Configuration> all;
  for (const char* background : {"inline", "threads"}) {
    for (const MemTablePart& memtable : MemTableParts()) {
      if (memtable.name == Options().memtable) continue;
      for (const char* compaction : {"tiered", "lazy_leveled"}) {
        all.push_back({std::string(memtable.name), compaction, background});
      }
    }
    for (const CompactionPart& compaction : CompactionParts()) {
      all.push_back({Options().memtable, std::string(compaction.name), background});
    }
  }
  return all;
}

uint64_t Seed() {
  const char* given = std::getenv("VARVE_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 20261122;
}

class DbModelTest : public testing::TestWithParam<Configuration> {
 protected:
  // Each configuration draws the other settings anew.
  DbModelTest()
      : random_(Mix64(
            Seed(), HashKey(GetParam().memtable + GetParam().compaction + GetParam().background))) {
    options_ = SmallOptions();
    options_.memtable = GetParam().memtable;
    options_.compaction = GetParam().compaction;
    options_.background = GetParam().background;
    options_.filter = FilterParts()[Below(FilterParts().size())].name;
    options_.filter_prefix_bytes = Chance(0.5) ? 0 : 4;
    options_.compression = Chance(0.5) ? "lz4" : "none";
    options_.cache = Chance(0.5) ? "clock" : Chance(0.5) ? "lru" : "none";
    options_.granularity = Chance(0.5) ? "file" : "auto";
    options_.movement = Chance(0.5) ? "round_robin" : "auto";
    options_.durability = Chance(0.5) ? "process" : "power";
    options_.wal = Chance(0.5) ? "mmap" : "write";
    options_.subcompactions = Chance(0.5) ? 1 : 3;
    if (options_.subcompactions > 1) options_.table_bytes = 4 << 10;
    if (!CheckOptions(options_).ok()) options_.granularity = options_.movement = "auto";
    Open();
  }
  ~DbModelTest() override {
    moments_.clear();
    db_.reset();
  }

  bool Chance(double probability) {
    return std::uniform_real_distribution<>(0, 1)(random_) < probability;
  }
  uint64_t Below(uint64_t limit) { return random_() % limit; }

  void Open() {
    Environment environment;
    environment.file_system = files_.get();
    db_ = OpenDb(options_, environment, "/db");
    ASSERT_NE(db_, nullptr);
  }

  // Few keys, of very different lengths, many with a common prefix.
  std::string Key() {
    const uint64_t n = Below(400);
    if (n % 7 == 0) return std::string(n % 50, static_cast<char>(n));
    return (n % 3 == 0 ? "shared prefix " : "") + std::to_string(n);
  }
  std::string Value() { return std::string(Below(200), static_cast<char>('a' + Below(26))); }

  void Write() {
    WriteBatch batch;
    const uint64_t count = Chance(0.8) ? 1 : 1 + Below(20);
    for (uint64_t i = 0; i < count; ++i) {
      const std::string key = Key();
      if (Chance(0.04)) {
        DeleteRange(key, &batch);
      } else if (Chance(0.25)) {
        batch.Delete(key);
        model_.erase(key);
      } else {
        const std::string value = Value();
        batch.Put(key, value);
        model_[key] = value;
      }
    }
    ASSERT_OK(db_->Write(batch));
  }

  // A few keys from `begin` on, rarely many.
  void DeleteRange(const std::string& begin, WriteBatch* batch) {
    const auto first = model_.lower_bound(begin);
    auto last = first;
    for (uint64_t left = Below(Chance(0.1) ? 100 : 8); left > 0 && last != model_.end(); --left) {
      ++last;
    }
    const std::string end = last == model_.end() ? begin + '\xff' : last->first;
    batch->DeleteRange(begin, end);
    model_.erase(first, model_.lower_bound(end));
  }

  void CheckGet() {
    const std::string key = Key();
    const auto expected = model_.find(key);
    ASSERT_EQ(GetText(*db_, key), expected == model_.end() ? "<absent>" : expected->second);
    if (moments_.empty()) return;
    const auto& [snapshot, then] = moments_[Below(moments_.size())];
    const auto past = then.find(key);
    ASSERT_EQ(GetText(*db_, key, snapshot.get()), past == then.end() ? "<absent>" : past->second);
  }

  // Seeks somewhere and walks a little in random directions.
  void CheckWalk() {
    std::unique_ptr<Iterator> iterator = db_->NewIterator();
    const std::string start = Key();
    iterator->Seek(start);
    auto at = model_.lower_bound(start);
    for (int step = 0; step < 20 && iterator->Valid(); ++step) {
      ASSERT_NE(at, model_.end());
      ASSERT_EQ(iterator->key(), at->first);
      ASSERT_EQ(iterator->value(), at->second);
      if (Chance(0.6)) {
        iterator->Next();
        ++at;
      } else {
        iterator->Prev();
        if (at == model_.begin()) {
          ASSERT_FALSE(iterator->Valid());
          return;
        }
        --at;
      }
    }
    ASSERT_EQ(iterator->Valid(), at != model_.end());
    ASSERT_OK(iterator->status());
  }

  void CheckAll() {
    ASSERT_EQ(Contents(*db_), model_);
    ASSERT_EQ(Backwards(*db_->NewIterator()), model_);
    for (const auto& [snapshot, then] : moments_) ASSERT_EQ(Contents(*db_, snapshot.get()), then);
    ASSERT_EQ(db_->tree().CheckInvariants(), "");
  }

  void Step() {
    const uint64_t choice = Below(1000);
    if (choice < 700) return Write();
    if (choice < 900) return CheckGet();
    if (choice < 970) return CheckWalk();
    if (choice < 980) {
      ASSERT_OK(choice < 978 ? db_->Flush() : db_->Compact());
      return;
    }
    if (choice < 990 && moments_.size() < 4) {
      moments_.emplace_back(db_->GetSnapshot(), model_);
      return;
    }
    if (choice < 996) {
      if (!moments_.empty()) moments_.erase(moments_.begin());
      return;
    }
    moments_.clear();
    db_.reset();
    Open();
  }

  std::mt19937_64 random_;
  Options options_;
  std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  std::unique_ptr<Db> db_;
  Model model_;
  std::vector<std::pair<std::unique_ptr<const Snapshot>, Model>> moments_;
};

TEST_P(DbModelTest, GivesTheAnswersOfAMap) {
  SCOPED_TRACE("repeat with VARVE_SEED=" + std::to_string(Seed()));
  for (int i = 0; i < 4000; ++i) {
    Step();
    if (i % 500 == 499) CheckAll();
    if (HasFatalFailure()) return;
  }
  CheckAll();
  moments_.clear();
  db_.reset();
  Open();
  CheckAll();
  EXPECT_OK(db_->Verify());
}

INSTANTIATE_TEST_SUITE_P(Every, DbModelTest, testing::ValuesIn(Configurations()),
                         [](const auto& tested) {
                           return tested.param.memtable + "_" + tested.param.compaction + "_" +
                                  tested.param.background;
                         });

}  // namespace
}  // namespace varve
