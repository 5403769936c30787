// Tables: what is built is what is read, whatever the entries and the settings.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/cache/lru_cache.h"
#include "engine/filter/bloom_filter.h"
#include "engine/util/hash.h"
#include "tests/engine/iterator/iterator_testing.h"
#include "tests/engine/table/table_testing.h"

namespace varve {
namespace {

using namespace table_testing;  // NOLINT: the tests' own words

const BloomFilterPolicy kBloom;

// Compares gets at several moments, of keys that are there and keys that are not.
void CheckGets(const TableReader& table, const std::vector<OwnedEntry>& entries, Random* random,
               int gets) {
  for (int i = 0; i < gets; i++) {
    const bool present = Below(random, 3) != 0;
    const std::string key =
        present ? entries[Below(random, entries.size())].key : RandomKey(random, 6);
    const SequenceNumber at = Below(random, 4) == 0 ? kSequenceMax : Below(random, 30);
    TableHit hit;
    const Status status = table.Get({}, key, HashKey(key), at, &hit);
    ASSERT_TRUE(status.ok()) << status.ToString();
    const OwnedEntry* expected = ModelGet(entries, key, at);
    ASSERT_EQ(hit.found, expected != nullptr) << key << " at " << at;
    if (expected == nullptr) continue;
    ASSERT_EQ(hit.tag, expected->tag);
    ASSERT_EQ(hit.value, expected->value);
  }
}

struct Settings {
  uint64_t block_bytes;
  uint64_t restart_interval;
  const Compression* compression;
  const FilterPolicy* filter;
  uint64_t cache_bytes;
};

std::vector<Settings> AllSettings() {
  std::vector<Settings> all;
  for (const uint64_t block_bytes : {1u, 64u, 300u, 4096u, 1u << 20}) {
    for (const uint64_t restart_interval : {1u, 2u, 16u, 1024u}) {
      for (const Compression* compression : {NoCompression(), Lz4Compression()}) {
        const bool filtered = restart_interval != 2;
        const uint64_t cache_bytes = restart_interval == 16 ? 1 << 20 : 0;
        all.push_back({block_bytes, restart_interval, compression, filtered ? &kBloom : nullptr,
                       cache_bytes});
      }
    }
  }
  return all;
}

class TableRoundTrip : public testing::TestWithParam<Settings> {};

TEST_P(TableRoundTrip, GetsAndIteratorsAnswerAsAModel) {
  const Settings& settings = GetParam();
  for (uint64_t seed = 1; seed <= 4; seed++) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const std::vector<OwnedEntry> entries =
        RandomEntries(&random, seed == 1 ? 1 : 400, 5, 60, seed == 2 ? 1 : 25);
    TableBuilderOptions options;
    options.block_bytes = settings.block_bytes;
    options.restart_interval = settings.restart_interval;
    options.compression = settings.compression;
    options.filter = settings.filter;
    options.checksum_context = seed;
    const BuiltTable built = Build(entries, options);
    TableReaderOptions reader_options = ReaderOptions(built, seed);
    const auto cache = NewLruCache(settings.cache_bytes);
    if (settings.cache_bytes != 0) reader_options.cache = cache.get();
    const auto table = OpenTable(built.bytes, reader_options);
    ASSERT_TRUE(table.ok()) << table.status().ToString();
    EXPECT_TRUE((*table)->Verify().ok()) << (*table)->Verify().ToString();
    CheckGets(**table, entries, &random, 300);
    for (const bool fill_cache : {true, false}) {
      for (const IoKind kind : {IoKind::kScan, IoKind::kCompaction}) {
        const auto it = (*table)->NewIterator({.kind = kind, .fill_cache = fill_cache});
        EXPECT_EQ(Drain(it.get()), entries);
        std::vector<OwnedEntry> backward = DrainBackward(it.get());
        std::reverse(backward.begin(), backward.end());
        EXPECT_EQ(backward, entries);
        iterator_testing::WalkAgainstModel(it.get(), entries, &random, 200);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllSettings, TableRoundTrip, testing::ValuesIn(AllSettings()),
                         [](const auto& test) {
                           const Settings& settings = test.param;
                           return "Block" + std::to_string(settings.block_bytes) + "Restart" +
                                  std::to_string(settings.restart_interval) + "Compression" +
                                  std::to_string(settings.compression->id());
                         });

TEST(Table, ManyVersionsOfOneKeyGoOverManyBlocks) {
  std::vector<OwnedEntry> entries = {Put("a", 5, "first")};
  for (SequenceNumber sequence = 1000; sequence >= 1; sequence--) {
    entries.push_back(Put("key", sequence, "value " + std::to_string(sequence)));
  }
  entries.push_back(Put("z", 7, "last"));
  TableBuilderOptions options;
  options.block_bytes = 100;
  const BuiltTable built = Build(entries, options);
  ReadLog log;
  const auto table = OpenTable(built.bytes, ReaderOptions(built), &log);
  ASSERT_TRUE(table.ok());
  EXPECT_TRUE((*table)->Verify().ok());
  for (SequenceNumber at = 0; at <= 1001; at++) {
    TableHit hit;
    log.causes.clear();
    ASSERT_TRUE((*table)->Get({}, "key", HashKey("key"), at, &hit).ok());
    EXPECT_EQ(log.causes.size(), 1u) << "one block is enough for any version";
    ASSERT_EQ(hit.found, at >= 1);
    if (hit.found) {
      EXPECT_EQ(hit.value, "value " + std::to_string(std::min<uint64_t>(at, 1000)));
    }
  }
}

TEST(Table, TheEmptyKeyAndTheLongestKeyWork) {
  const std::string longest(kKeyBytesMax, 'k');
  const std::string nearly = longest.substr(1);
  const std::vector<OwnedEntry> entries = {Put("", 9, "empty"), Tombstone("", 3),
                                           Put(nearly, 4, "nearly"), Put(longest, 2, "longest")};
  for (const uint64_t block_bytes : {1u, 4096u, 1u << 20}) {
    TableBuilderOptions options;
    options.block_bytes = block_bytes;
    options.filter = &kBloom;
    const BuiltTable built = Build(entries, options);
    const auto table = OpenTable(built.bytes, ReaderOptions(built));
    ASSERT_TRUE(table.ok());
    EXPECT_TRUE((*table)->Verify().ok());
    EXPECT_EQ(built.info.smallest, "");
    EXPECT_EQ(built.info.largest, longest);
    for (const OwnedEntry& entry : entries) {
      TableHit hit;
      ASSERT_TRUE(
          (*table)->Get({}, entry.key, HashKey(entry.key), SequenceOf(entry.tag), &hit).ok());
      ASSERT_TRUE(hit.found);
      EXPECT_EQ(hit.value, entry.value);
      EXPECT_EQ(hit.tag, entry.tag);
    }
  }
}

TEST(Table, AValueMayBeMuchLargerThanABlockAndABuffer) {
  Random random(1);
  std::string noise(9 << 20, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  const std::vector<OwnedEntry> entries = {Put("a", 1, "small"), Put("b", 2, noise),
                                           Put("c", 3, std::string(5 << 20, 'c')),
                                           Put("d", 4, "small")};
  for (const Compression* compression : {NoCompression(), Lz4Compression()}) {
    TableBuilderOptions options;
    options.compression = compression;
    const BuiltTable built = Build(entries, options);
    const auto table = OpenTable(built.bytes, ReaderOptions(built));
    ASSERT_TRUE(table.ok());
    EXPECT_TRUE((*table)->Verify().ok());
    EXPECT_TRUE(Drain((*table)->NewIterator({}).get()) == entries);
    EXPECT_TRUE(
        Drain((*table)->NewIterator({.kind = IoKind::kCompaction, .fill_cache = false}).get()) ==
        entries);
  }
}

TEST(Table, InfoDescribesTheEntriesAndTheReaderReadsItBack) {
  const std::vector<OwnedEntry> entries = {Put("apple", 12, "12345"), Tombstone("apple", 11),
                                           Put("berry", 3, ""), Tombstone("cherry", 40)};
  TableBuilderOptions options;
  options.filter = &kBloom;
  const BuiltTable built = Build(entries, options);
  EXPECT_EQ(built.info.entries, 4u);
  EXPECT_EQ(built.info.tombstones, 2u);
  EXPECT_EQ(built.info.key_bytes, 21u);
  EXPECT_EQ(built.info.value_bytes, 5u);
  EXPECT_EQ(built.info.smallest, "apple");
  EXPECT_EQ(built.info.largest, "cherry");
  EXPECT_EQ(built.info.sequence_min, 3u);
  EXPECT_EQ(built.info.sequence_max, 40u);
  EXPECT_EQ(built.info.oldest_tombstone, 11u);
  EXPECT_EQ(built.info.file_bytes, built.bytes.size());
  const auto table = OpenTable(built.bytes, ReaderOptions(built));
  ASSERT_TRUE(table.ok());
  TableInfo expected = built.info;
  expected.number = 7;
  EXPECT_EQ((*table)->info(), expected);
  EXPECT_EQ((*table)->entries(), 4u);
  EXPECT_GT((*table)->filter_bytes(), 0u);
  EXPECT_GT((*table)->index_bytes(), 0u);
}

TEST(Table, FileBytesIsRightWithinABlockAtAnyMoment) {
  Random random(3);
  const std::vector<OwnedEntry> entries = RandomEntries(&random, 3000, 12, 200, 20);
  TableBuilderOptions options;
  options.filter = &kBloom;
  for (const size_t count : {size_t{1}, size_t{10}, size_t{500}, entries.size()}) {
    std::string bytes;
    StringWritableFile file(&bytes);
    TableBuilder builder(options, &file, {});
    for (size_t i = 0; i < count; i++) ASSERT_TRUE(builder.Add(entries[i].view()).ok());
    EXPECT_EQ(builder.entries(), count);
    const uint64_t promised = builder.file_bytes();
    ASSERT_TRUE(builder.Finish().ok());
    EXPECT_LE(promised, bytes.size() + options.block_bytes);
    EXPECT_GE(promised + options.block_bytes, bytes.size());
  }
}

TEST(Table, TheFileIsWrittenInLargePiecesUnderTheCauseGiven) {
  std::string bytes;
  StringWritableFile file(&bytes);
  TableBuilder builder({}, &file, {IoKind::kCompaction, 3, 1});
  for (int i = 100000; i < 130000; i++) {
    ASSERT_TRUE(builder.Add(Put(std::to_string(i), 1, std::string(100, 'v')).view()).ok());
  }
  ASSERT_TRUE(builder.Finish().ok());
  EXPECT_GE(file.appends, 3);
  EXPECT_LE(file.appends, static_cast<int>(bytes.size() / (256 << 10)));
  EXPECT_EQ(file.last_cause.kind, IoKind::kCompaction);
  EXPECT_EQ(file.last_cause.level, 3);
  EXPECT_EQ(file.last_cause.reason, 1);
}

TEST(Table, AFailedAppendIsReportedAndStays) {
  std::string bytes;
  StringWritableFile file(&bytes);
  file.fail_beyond = 600 << 10;
  TableBuilder builder({}, &file, {});
  Status status;
  int added = 0;
  for (int i = 100000; i < 130000 && status.ok(); i++, added++) {
    status = builder.Add(Put(std::to_string(i), 1, std::string(100, 'v')).view());
  }
  EXPECT_EQ(status.code(), Status::Code::kNoSpace);
  EXPECT_LT(added, 30000);
  EXPECT_EQ(builder.Add(Put("x", 1, "").view()).code(), Status::Code::kNoSpace);
  EXPECT_EQ(builder.Finish().status().code(), Status::Code::kNoSpace);
}

TEST(Table, TheSameEntriesMakeTheSameBytes) {
  Random random(5);
  const std::vector<OwnedEntry> entries = RandomEntries(&random, 500, 6, 60, 20);
  TableBuilderOptions options;
  options.filter = &kBloom;
  options.compression = Lz4Compression();
  EXPECT_EQ(Build(entries, options).bytes, Build(entries, options).bytes);
}

TEST(Table, DumpShowsPropertiesIndexAndEntries) {
  const BuiltTable built = Build({Put("key\n", 5, "value"), Tombstone("tomb", 6)}, {});
  const auto table = OpenTable(built.bytes, ReaderOptions(built));
  ASSERT_TRUE(table.ok());
  const std::string text = (*table)->DumpText(true);
  EXPECT_NE(text.find("table 7: "), std::string::npos) << text;
  EXPECT_NE(text.find("entries 2\n"), std::string::npos) << text;
  EXPECT_NE(text.find("block 0 offset 0"), std::string::npos) << text;
  EXPECT_NE(text.find("\"key\\x0a\" @5 put \"value\""), std::string::npos) << text;
  EXPECT_NE(text.find("\"tomb\" @6 delete"), std::string::npos) << text;
  EXPECT_EQ((*table)->DumpText(false).find("@5"), std::string::npos);
}

}  // namespace
}  // namespace varve
