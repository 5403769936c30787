// RocksDB gets the terms, its own settings and its own file of options, and tells what it was not
// given.
//
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "tests/harness/stores/rocksdb_testing.h"

namespace varve::harness {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST_F(RocksDbStoreTest, TermsAreReadBackAsTheyWereGiven) {
  Open({{"memtable_bytes", "3 MiB"},
        {"memtables_max", "5"},
        {"cache_bytes", "7 MiB"},
        {"filter_bits_per_key", "12.5"},
        {"compaction_threads", "3"}});
  EXPECT_EQ(Used("memtable_bytes"), "3 MiB");
  EXPECT_EQ(Used("rocksdb.write_buffer_size"), "3145728");
  EXPECT_EQ(Used("memtables_max"), "5");
  EXPECT_EQ(Used("cache_bytes"), "7 MiB");
  EXPECT_EQ(Used("filter"), "bloom");
  EXPECT_EQ(Used("filter_bits_per_key"), "12.5");
  EXPECT_EQ(Used("flush_threads"), "1");
  EXPECT_EQ(Used("compaction_threads"), "3");
  EXPECT_EQ(Used("compression"), "none");
  EXPECT_EQ(Used("rocksdb.compression"), "kNoCompression");
  EXPECT_EQ(Used("direct_io"), "false");
  EXPECT_THAT(Caveats(), IsEmpty());
}

TEST_F(RocksDbStoreTest, ACompressionIsThatOfAllLevels) {
  Open({{"compression", "lz4"}});
  EXPECT_EQ(Used("compression"), "lz4");
  EXPECT_EQ(Used("rocksdb.compression"), "kLZ4Compression");
  EXPECT_EQ(Used("rocksdb.bottommost_compression"), "kDisableCompressionOption");
  EXPECT_THAT(Caveats(), IsEmpty());
}

TEST_F(RocksDbStoreTest, WithoutCacheThereIsNone) {
  Open({{"cache_bytes", "0"}});
  EXPECT_EQ(Used("cache_bytes"), "0");
  EXPECT_EQ(Used("rocksdb.no_block_cache"), "true");
  Open({{"cache", "none"}});
  EXPECT_EQ(Used("rocksdb.no_block_cache"), "true");
  EXPECT_THAT(Caveats(), IsEmpty());
}

TEST_F(RocksDbStoreTest, FiltersTakeTheMemoryThatTheyWereGiven) {
  for (const std::string filter : {"bloom", "ribbon"}) {
    SCOPED_TRACE(filter);
    Open({{"memtable_bytes", "1 MiB"}, {"filter", filter}, {"filter_bits_per_key", "10"}});
    Fill(20000);
    ASSERT_TRUE(store_->Settle().ok());
    EXPECT_EQ(Used("filter"), filter);
    EXPECT_EQ(Used("filter_bits_per_key"), "10");
    EXPECT_THAT(Caveats(), IsEmpty());
    uint64_t entries = 0, bytes = 0;
    for (const LevelShape& level : store_->State().levels) {
      entries += level.entries;
      bytes += level.filter_bytes;
    }
    EXPECT_NEAR(static_cast<double>(bytes * 8) / static_cast<double>(entries), 10, 0.6);
  }
}

TEST_F(RocksDbStoreTest, AFilterThatItDoesNotHaveIsTheNearestAndACaveat) {
  Open({{"filter", "fuse8"}});
  EXPECT_EQ(Used("filter"), "ribbon");
  EXPECT_THAT(Caveats(), testing::ElementsAre(HasSubstr("no filter fuse8: ribbon")));
  Open({{"filter", "blocked_bloom"}});
  EXPECT_THAT(Caveats(), testing::ElementsAre(HasSubstr("no filter blocked_bloom: bloom")));
  Open({{"filter", "none"}});
  EXPECT_EQ(Used("filter"), "none");
  EXPECT_EQ(Used("rocksdb.filter_policy"), "nullptr");
  EXPECT_THAT(Caveats(), IsEmpty());
}

TEST_F(RocksDbStoreTest, AMemtableThatIsTooSmallForItIsACaveat) {
  Open({{"memtable_bytes", "16 KiB"}});
  EXPECT_EQ(Used("memtable_bytes"), "64 KiB");
  EXPECT_THAT(Caveats(), testing::ElementsAre("memtable_bytes is 64 KiB, not 16 KiB"));
}

TEST_F(RocksDbStoreTest, DurabilityIsToldAsItIs) {
  Open({{"durability", "none"}});
  EXPECT_EQ(Used("durability"), "none");
  Fill(10);
  EXPECT_EQ(store_->State().ledger.OfKind(IoKind::kWal).bytes_written, 0u);
  Open({{"durability", "process"}});
  EXPECT_EQ(Used("durability"), "process");
  Fill(10);
  EXPECT_EQ(OwnCounter("db.wal_syncs"), 0u);
  Open({{"durability", "power"}});
  EXPECT_EQ(Used("durability"), "power");
  Fill(10);
  EXPECT_EQ(OwnCounter("db.wal_syncs"), 10u);
  EXPECT_THAT(Caveats(), IsEmpty());
  Open({}, {{"manual_wal_flush", "true"}});
  EXPECT_EQ(Used("durability"), "none");
  EXPECT_THAT(Caveats(), Contains(HasSubstr("manual_wal_flush")));
}

TEST_F(RocksDbStoreTest, WhatWasAcknowledgedSurvivesTheProcess) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto store = TryOpen({{"durability", "process"}});
    if (!store.ok()) _exit(1);
    for (int i = 0; i < 100; ++i) {
      if (!(*store)->Put("kept" + std::to_string(i), "value").ok()) _exit(1);
    }
    _exit(0);  // nothing is closed
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  Open({});
  std::string value;
  for (int i = 0; i < 100; ++i)
    EXPECT_TRUE(store_->Get("kept" + std::to_string(i), &value).value());
}

TEST_F(RocksDbStoreTest, WithoutLogSyncWritesTables) {
  Open({{"durability", "none"}});
  Fill(10);
  ASSERT_TRUE(store_->Sync().ok());
  EXPECT_GT(store_->State().ledger.OfKind(IoKind::kFlush).bytes_written, 10 * kValueBytes);
}

TEST_F(RocksDbStoreTest, DirectIoIsReadBackAndItsLogIsACaveat) {
  direct_io_ = true;
  auto store = TryOpen({});
  if (!store.ok()) GTEST_SKIP() << "no direct I/O here: " << store.status().ToString();
  store_ = std::move(*store);
  EXPECT_EQ(Used("direct_io"), "true");
  EXPECT_EQ(Used("rocksdb.use_direct_reads"), "true");
  EXPECT_THAT(Caveats(), testing::ElementsAre(HasSubstr("its log goes through the page cache")));
  Fill(1000);
  ASSERT_TRUE(store_->Settle().ok());
  ExpectEntries(1000);
}

TEST_F(RocksDbStoreTest, ItsOwnDefaultsAreNotTheTerms) {
  own_defaults_ = true;
  Open({{"memtable_bytes", "1 MiB"}, {"durability", "none"}});
  EXPECT_EQ(Used("memtable_bytes"), "64 MiB");
  EXPECT_EQ(Used("memtables_max"), "2");
  EXPECT_EQ(Used("filter"), "none");
  EXPECT_EQ(Used("durability"), "process");
  EXPECT_NE(Used("cache_bytes"), "64 MiB");
  EXPECT_THAT(Caveats(), IsEmpty());
}

TEST_F(RocksDbStoreTest, OwnSettingsOverrideTheTermsAndSaySo) {
  Open({{"memtable_bytes", "1 MiB"}, {"compaction_threads", "1"}},
       {{"write_buffer_size", "2 MiB"},
        {"max_background_jobs", "8"},
        {"level0_file_num_compaction_trigger", "8"},
        {"compaction_options_universal.size_ratio", "7"},
        {"block_size", "16K"},
        {"block_cache", "3M"},
        {"filter", "none"},
        {"compression", "kLZ4Compression"}});
  EXPECT_EQ(Used("memtable_bytes"), "2 MiB");
  EXPECT_EQ(Used("cache_bytes"), "3 MiB");
  EXPECT_EQ(Used("flush_threads"), "2");
  EXPECT_EQ(Used("compaction_threads"), "6");
  EXPECT_EQ(Used("rocksdb.level0_file_num_compaction_trigger"), "8");
  EXPECT_THAT(Used("rocksdb.compaction_options_universal"), HasSubstr(";size_ratio=7;"));
  EXPECT_EQ(Used("rocksdb.block_size"), "16384");
  const std::vector<std::string> caveats = Caveats();
  EXPECT_THAT(caveats,
              Contains("rocksdb.write_buffer_size was set: memtable_bytes is 2 MiB, not 1 MiB"));
  EXPECT_THAT(caveats,
              Contains("rocksdb.max_background_jobs was set: compaction_threads is 6, not 1"));
  EXPECT_THAT(caveats, Contains("rocksdb.block_cache was set: cache_bytes is 3 MiB, not 64 MiB"));
  EXPECT_THAT(caveats, Contains("rocksdb.filter was set: filter is none, not bloom"));
  EXPECT_THAT(caveats, Contains("rocksdb.compression was set: compression is lz4, not none"));
  for (const std::string& caveat : caveats) EXPECT_THAT(caveat, Not(HasSubstr("level0")));
}

TEST_F(RocksDbStoreTest, EveryOptionHasOneNameAndTakesItsOwnDefault) {
  std::vector<std::string> names;
  for (const OwnSetting& own : kind_->library->own_settings()) names.push_back(own.name);
  EXPECT_GT(names.size(), 150u);
  for (const char* name :
       {"max_background_jobs", "write_buffer_size", "block_size", "compaction_style", "memtable",
        "filter", "statistics", "options_file", "compaction_options_fifo.max_table_files_size",
        "metadata_cache_options.top_level_index_pinning", "rate_limiter_bytes_per_sec"}) {
    EXPECT_THAT(names, Contains(std::string(name)));
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
  for (const SettingText& setting : Settings{{"max_open_files", "-1"},
                                             {"ttl", "18446744073709551614"},
                                             {"compaction_pri", "kRoundRobin"},
                                             {"max_bytes_for_level_multiplier", "8"},
                                             {"compaction_style", "kCompactionStyleFIFO"},
                                             {"prefix_extractor", "fixed:8"},
                                             {"compression_opts", "{level=3;}"}}) {
    const Status status = CheckOwnSetting(*kind_, setting);
    EXPECT_TRUE(status.ok()) << setting.name << ": " << status.ToString();
  }
}

struct Wrong {
  std::string name;
  std::string text;
  std::string message;
};

TEST_F(RocksDbStoreTest, WrongValuesAreRefusedWithTheReason) {
  const std::vector<Wrong> all = {
      {"max_background_jobs", "four", "is not a whole number"},
      {"max_background_jobs", "4 jobs", "is not a whole number"},
      {"max_background_jobs", "99999999999", "RocksDB does not take"},
      {"write_buffer_size", "-1", "out of range"},
      {"write_buffer_size", "", "is not a whole number"},
      {"max_bytes_for_level_multiplier", "ten", "not a number"},
      {"use_direct_reads", "yes", "neither true nor false"},
      {"compression", "kFoo", "RocksDB does not take \"kFoo\""},
      {"compaction_style", "levels", "there are level, universal, fifo, none"},
      {"memtable", "skiplist", "did you mean \"skip_list\""},
      {"memtable", "prefix_hash:many", "RocksDB does not take"},
      {"filter", "blom", "did you mean \"bloom\""},
      {"statistics", "ticker", "did you mean \"tickers\""},
      {"prefix_extractor", "nonsense", "Could not load SliceTransform"},
      {"comparator", "rocksdb.ReverseBytewiseComparator", "order of their bytes"},
      {"table_factory", "BlockBasedTable", "by their own names"},
      {"options_file", "/no/such/file", "cannot be read"},
  };
  for (const Wrong& wrong : all) {
    const Status status = CheckOwnSetting(*kind_, {wrong.name, wrong.text});
    EXPECT_EQ(
        status.code() == Status::Code::kInvalidArgument || status.code() == Status::Code::kNotFound,
        true)
        << wrong.name << "=" << wrong.text;
    EXPECT_THAT(std::string(status.message()), HasSubstr(wrong.message));
    EXPECT_THAT(std::string(status.message()), HasSubstr(wrong.name));
    EXPECT_FALSE(TryOpen({}, {{wrong.name, wrong.text}}).ok()) << wrong.name;
  }
  const Settings stalls = {{"compaction_style", "none"}, {"disable_auto_compactions", "false"}};
  EXPECT_THAT(std::string(kind_->library->check(stalls).message()),
              HasSubstr("stop writes for ever"));
  const Status near = CheckOwnSetting(*kind_, {"write_bufer_size", "1"});
  EXPECT_THAT(std::string(near.message()), HasSubstr("did you mean \"write_buffer_size\""));
}

class RocksDbFileTest : public RocksDbStoreTest {
 protected:
  std::string Write(const std::string& options) {
    const std::string path = files_.path() + "/options.ini";
    std::ofstream(path) << "[Version]\n  rocksdb_version=7.8.3\n  options_file_version=1.1\n"
                        << "[DBOptions]\n  max_background_jobs=6  # both pools\n"
                        << "[CFOptions \"default\"]\n"
                        << options << "[TableOptions/BlockBasedTable \"default\"]\n"
                        << "  block_size=8192\n";
    return path;
  }
  FreshDirectory files_;
};

TEST_F(RocksDbFileTest, WhatItSaysOverridesTheTermsAndOwnSettingsOverrideIt) {
  const std::string path = Write("  write_buffer_size=2097152\n  max_write_buffer_number=4\n");
  Open({{"memtable_bytes", "1 MiB"}, {"cache_bytes", "5 MiB"}},
       {{"max_write_buffer_number", "6"}, {"options_file", path}});
  EXPECT_EQ(Used("memtable_bytes"), "2 MiB");  // of the file
  EXPECT_EQ(Used("memtables_max"), "6");       // set by itself
  EXPECT_EQ(Used("cache_bytes"), "5 MiB");     // of which the file says nothing
  EXPECT_EQ(Used("rocksdb.block_size"), "8192");
  EXPECT_EQ(Used("compaction_threads"), "5");
  EXPECT_THAT(Caveats(), Contains(HasSubstr("memtable_bytes is 2 MiB, not 1 MiB")));
}

TEST_F(RocksDbFileTest, WhatIsWrongInItIsRefused) {
  const Status unknown = CheckOwnSetting(*kind_, {"options_file", Write("  no_such_option=1\n")});
  EXPECT_THAT(std::string(unknown.message()), HasSubstr("no_such_option"));
  const Status value = CheckOwnSetting(*kind_, {"options_file", Write("  num_levels=many\n")});
  EXPECT_EQ(value.code(), Status::Code::kInvalidArgument);
}

class RocksDbMemTables : public RocksDbStoreTest,
                         public testing::WithParamInterface<const char*> {};

TEST_P(RocksDbMemTables, AnswerInOrderFromMemoryAndFromTables) {
  const std::string memtable = GetParam();
  Open({{"memtable_bytes", "256 KiB"}}, {{"memtable", memtable}});
  Fill(300);
  ExpectEntries(300);
  ASSERT_TRUE(store_->Settle().ok());
  Fill(300, 300);
  ExpectEntries(600);
  ASSERT_TRUE(store_->DeleteRange("key1", "key2").ok());
  EXPECT_EQ(store_->Scan("", 10, nullptr).value(), 0u);
  const bool backwards = memtable == "skip_list" || memtable == "hash_linkedlist";
  Fill(10);
  const auto reverse = store_->ScanReverse("z", 100, nullptr);
  EXPECT_EQ(reverse.ok(), backwards);
  if (backwards) {
    EXPECT_EQ(reverse.value(), 10u);
  } else {
    EXPECT_EQ(reverse.status().code(), Status::Code::kNotSupported);
    EXPECT_EQ(store_->ScanReverse("", 0, nullptr).status().code(), Status::Code::kNotSupported);
    EXPECT_THAT(Caveats(), Contains(HasSubstr("backwards")));
  }
}

INSTANTIATE_TEST_SUITE_P(Every, RocksDbMemTables,
                         testing::Values("skip_list", "vector", "prefix_hash", "hash_linkedlist"),
                         [](const auto& row) { return std::string(row.param); });

TEST_F(RocksDbStoreTest, AHashMemtableIsFlushedWhenItIsFullAndNotBefore) {
  Open({{"memtable_bytes", "256 KiB"}}, {{"memtable", "prefix_hash"}});
  Fill(1000);
  EXPECT_EQ(store_->State().counters.flushes, 0u);
  EXPECT_THAT(Caveats(), Contains(HasSubstr("prefix_extractor: the first 16 bytes")));
  Fill(2000, 1000);
  ASSERT_TRUE(store_->Settle().ok());
  EXPECT_GT(store_->State().counters.flushes, 1u);
}

}  // namespace
}  // namespace varve::harness
