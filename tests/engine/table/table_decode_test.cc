// The decoders of the table format, one by one: on what was encoded, and on any bytes.
//
// Here the checksum is right and the bytes are not, which only malice can do; the decoders must
// still neither crash nor read beyond nor ask for much memory. The sanitizers watch.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "engine/table/block.h"
#include "engine/table/compression.h"
#include "engine/table/table_format.h"
#include "engine/table/table_index.h"
#include "engine/util/coding.h"
#include "engine/util/hash.h"
#include "tests/engine/table/table_testing.h"

namespace varve {
namespace {

using namespace table_testing;  // NOLINT: the tests' own words

// A copy with nothing readable behind it.
struct Exact {
  explicit Exact(std::string_view from) : bytes(new char[from.size()]), size(from.size()) {
    from.copy(bytes.get(), from.size());
  }
  std::string_view view() const { return {bytes.get(), size}; }
  std::unique_ptr<char[]> bytes;
  size_t size;
};

// Changes, removes, adds a few bytes; or makes new ones.
std::string Mutated(std::string bytes, Random* random) {
  if (Below(random, 10) == 0) bytes.assign(Below(random, 40), '\0');
  for (uint64_t left = Below(random, 4) + 1; left > 0 && !bytes.empty(); left--) {
    const size_t at = Below(random, bytes.size());
    switch (Below(random, 5)) {
      case 0:
        bytes.erase(at, Below(random, 4));
        break;
      case 1:
        bytes.insert(at, Below(random, 4), static_cast<char>((*random)()));
        break;
      case 2:
        bytes[at] = static_cast<char>(0xff);
        break;
      default:
        bytes[at] = static_cast<char>((*random)());
    }
  }
  return bytes;
}

std::string BlockOf(const std::vector<OwnedEntry>& entries, uint64_t restart_interval) {
  BlockBuilder builder(restart_interval);
  std::string block;
  std::string last;
  for (const OwnedEntry& entry : entries) {
    size_t shared = 0;
    while (shared < last.size() && shared < entry.key.size() && last[shared] == entry.key[shared]) {
      shared++;
    }
    builder.Add(entry.view(), shared, 0, &block);
    last = entry.key;
  }
  builder.Finish(&block);
  return block;
}

TEST(TableDecode, BlocksOfAnyBytesAreSafe) {
  for (uint64_t seed = 1; seed <= 3000; seed++) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const auto entries = RandomEntries(&random, 1 + Below(&random, 40), 5, 10, 20);
    const Exact block(Mutated(BlockOf(entries, 1 + Below(&random, 8)), &random));
    BlockCursor cursor;
    if (!cursor.Reset(block.view())) continue;
    // Damage can lead in circles only if a step does not move; then this does not end.
    for (BlockState s = cursor.SeekToFirst(); s == BlockState::kEntry;) s = cursor.Next();
    for (BlockState s = cursor.SeekToLast(); s == BlockState::kEntry;) s = cursor.Prev();
    for (int i = 0; i < 10; i++) {
      const std::string key = RandomKey(&random, 6);
      BlockState state = cursor.Seek(key, Below(&random, 3000));
      for (int steps = 0; steps < 5 && state == BlockState::kEntry; steps++) {
        state = Below(&random, 2) == 0 ? cursor.Next() : cursor.Prev();
      }
    }
  }
}

TEST(TableDecode, ABlockThatSearchesWouldMisreadIsNotWellFormed) {
  const auto block = [](std::string entries, std::vector<uint32_t> restarts) {
    for (const uint32_t restart : restarts) PutFixed32(&entries, restart);
    PutFixed32(&entries, static_cast<uint32_t>(restarts.size()));
    return entries;
  };
  // Entries of five bytes: shared, unshared, length of the value, tag, suffix.
  const std::string whole(
      "\0\1\0\1a"
      "\0\1\0\1b"
      "\0\1\0\1c",
      15);
  EXPECT_TRUE(IsWellFormedBlock(block(whole, {0, 5, 10})));
  EXPECT_TRUE(IsWellFormedBlock(block(whole, {0, 10})));
  EXPECT_FALSE(IsWellFormedBlock(block(whole, {0, 6}))) << "not at an entry";
  EXPECT_FALSE(IsWellFormedBlock(block(whole, {0, 10, 5}))) << "out of order";
  EXPECT_FALSE(IsWellFormedBlock(block(whole, {0, 5, 5})));
  EXPECT_FALSE(IsWellFormedBlock(block(whole, {0, 15})));
  const std::string shared(
      "\0\1\0\1a"
      "\1\1\0\1b",
      10);
  EXPECT_TRUE(IsWellFormedBlock(block(shared, {0})));
  EXPECT_FALSE(IsWellFormedBlock(block(shared, {0, 5}))) << "the key of a restart is whole";
  const std::string too_little(
      "\0\1\0\1a"
      "\0\2\0\1ab",
      11);
  EXPECT_FALSE(IsWellFormedBlock(block(too_little, {0}))) << "it could share a byte";
  EXPECT_TRUE(IsWellFormedBlock(block(too_little, {0, 5})));
  EXPECT_FALSE(IsWellFormedBlock(""));
  for (uint64_t seed = 1; seed <= 200; seed++) {
    Random random(seed);
    const auto entries = RandomEntries(&random, 1 + Below(&random, 40), 5, 10, 20);
    EXPECT_TRUE(IsWellFormedBlock(BlockOf(entries, 1 + Below(&random, 8)))) << "seed " << seed;
  }
}

TEST(TableDecode, KeysThatGrowWithoutBoundAreDamage) {
  // Four bytes an entry stand for 60,000 bytes of key.
  std::string block;
  for (int i = 0; i < 3000; i++) {
    PutVarint(&block, i == 0 ? 0 : 60000);
    PutVarint(&block, i == 0 ? 60000 : 0);
    PutVarint(&block, 0);
    PutVarint(&block, 1);
    if (i == 0) block.append(60000, 'k');
  }
  PutFixed32(&block, 0);
  PutFixed32(&block, 1);
  BlockCursor cursor;
  ASSERT_TRUE(cursor.Reset(block));
  EXPECT_EQ(cursor.SeekToLast(), BlockState::kDamaged) << "3000 entries on one restart point";
}

TEST(TableDecode, AKeyThatSharesMoreThanThereIsIsDamageInEitherDirection) {
  std::string block("\0\1\0\1a\5\1\0\1b", 10);
  PutFixed32(&block, 0);
  PutFixed32(&block, 1);
  BlockCursor cursor;
  ASSERT_TRUE(cursor.Reset(block));
  ASSERT_EQ(cursor.SeekToFirst(), BlockState::kEntry);
  EXPECT_EQ(cursor.Next(), BlockState::kDamaged);
  EXPECT_EQ(cursor.SeekToLast(), BlockState::kDamaged);
}

TEST(TableDecode, IndexesOfAnyBytesAreSafe) {
  for (uint64_t seed = 1; seed <= 3000; seed++) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    TableIndexBuilder builder;
    uint64_t data_bytes = 0;
    for (const OwnedEntry& entry : RandomEntries(&random, 20, 6, 0, 2)) {
      const uint64_t block_bytes = 1 + Below(&random, 300);
      builder.Add(entry.key, Below(&random, 2) == 0 ? 0 : entry.tag, block_bytes);
      data_bytes += block_bytes;
    }
    TableIndex whole;
    ASSERT_TRUE(TableIndex::Decode(builder.contents(), data_bytes, &whole).ok());
    const Exact contents(Mutated(builder.contents(), &random));
    TableIndex index;
    if (!TableIndex::Decode(contents.view(), data_bytes, &index).ok()) continue;
    EXPECT_EQ(index.offset(index.blocks() - 1) + index.block_bytes(index.blocks() - 1), data_bytes);
    for (int i = 0; i < 10; i++) {
      const std::string key = RandomKey(&random, 6);
      EXPECT_LE(index.Find(key, Below(&random, 3000)), index.blocks());
    }
  }
}

TEST(TableDecode, AnIndexCannotAskForMoreMemoryThanItsBlocksAllow) {
  TableIndexBuilder builder;
  const std::string key(kKeyBytesMax, 'k');
  for (int i = 0; i < 100; i++) builder.Add(key, static_cast<Tag>(100 - i) << 8, 10);
  TableIndex index;
  EXPECT_FALSE(TableIndex::Decode(builder.contents(), 1000, &index).ok());
}

TEST(TableDecode, AnIndexOutOfOrderIsDamage) {
  TableIndexBuilder builder;
  for (const char* key : {"ab1", "a", "ab2"}) builder.Add(key, 0, 10);
  TableIndex index;
  EXPECT_FALSE(TableIndex::Decode(builder.contents(), 30, &index).ok());
}

TEST(TableDecode, PropertiesOfAnyBytesAreSafe) {
  TableProperties properties;
  properties.info.entries = 300;
  properties.info.smallest = "a";
  properties.info.largest = std::string(300, 'z');
  properties.filter_name = "filter";
  properties.filter_prefix_bytes = 3;
  properties.restart_interval = 16;
  const std::string bytes = EncodeProperties(properties);
  TableProperties decoded;
  ASSERT_TRUE(DecodeProperties(bytes, &decoded).ok());
  EXPECT_EQ(decoded.info, properties.info);
  EXPECT_EQ(decoded.filter_name, "filter");
  EXPECT_EQ(decoded.filter_prefix_bytes, 3u);
  EXPECT_EQ(decoded.restart_interval, 16u);
  for (uint64_t seed = 1; seed <= 3000; seed++) {
    Random random(seed);
    const Exact damaged(Mutated(bytes, &random));
    (void)DecodeProperties(damaged.view(), &decoded).ok();
  }
}

TEST(TableDecode, PropertiesAreAsLongForEveryNumberAndDatabase) {
  TableProperties first;
  first.identity = 1;
  first.number = 1;
  const size_t length = EncodeProperties(first).size();
  for (const uint64_t number : {uint64_t{127}, uint64_t{128}, uint64_t{1} << 40, UINT64_MAX}) {
    TableProperties other;
    other.identity = UINT64_MAX - number + 1;
    other.number = number;
    const std::string bytes = EncodeProperties(other);
    EXPECT_EQ(bytes.size(), length);
    TableProperties decoded;
    ASSERT_TRUE(DecodeProperties(bytes, &decoded).ok());
    EXPECT_EQ(decoded.identity, other.identity);
    EXPECT_EQ(decoded.number, number);
  }
}

TEST(TableDecode, PropertiesOfALaterVersionAreSkippedAndMissingOnesAreDamage) {
  std::string bytes = EncodeProperties({});
  TableProperties decoded;
  EXPECT_TRUE(DecodeProperties(bytes, &decoded).ok());
  PutVarint(&bytes, 1000);
  PutLengthPrefixed(&bytes, "from the future");
  EXPECT_TRUE(DecodeProperties(bytes, &decoded).ok());
  EXPECT_FALSE(DecodeProperties("", &decoded).ok());
}

// A footer with a right checksum, whatever its lengths are.
std::string FooterBytes(const std::array<uint64_t, 4>& lengths, uint32_t version,
                        uint64_t file_bytes) {
  std::string bytes;
  for (const uint64_t length : lengths) PutFixed64(&bytes, length);
  PutFixed32(&bytes, version);
  PutFixed64(&bytes, Checksum64(bytes, BlockSeed(9, file_bytes - kTableFooterBytes)));
  bytes.append(kTableMagic);
  return bytes;
}

TEST(TableDecode, AFooterMustAddUpToItsFile) {
  const uint64_t file_bytes = 190 + kTableFooterBytes;
  std::string bytes;
  AppendFooter({100, 20, 30, 40}, 9, &bytes);
  EXPECT_EQ(bytes, FooterBytes({100, 20, 30, 40}, 1, file_bytes));
  TableFooter footer;
  ASSERT_TRUE(DecodeFooter(bytes, file_bytes, 9, &footer).ok());
  EXPECT_EQ(footer.footer_offset(), 190u);
  const uint64_t most = ~uint64_t{0};
  for (const std::array<uint64_t, 4>& wrong : {std::array<uint64_t, 4>{most, 20, 30, 40},
                                               {100, 20, 30, 41},
                                               {0, 0, 0, 189},
                                               {most - 89, 90, 100, 90},
                                               {190, most, 1, 0},
                                               {0, 0, 0, most}}) {
    EXPECT_FALSE(DecodeFooter(FooterBytes(wrong, 1, file_bytes), file_bytes, 9, &footer).ok());
  }
  EXPECT_FALSE(footer.has_ranges);
  AppendFooter({100, 20, 30, 40, true}, 9, &(bytes = ""));
  EXPECT_EQ(bytes, FooterBytes({100, 20, 30, 40}, 2, file_bytes)) << "with range tombstones";
  ASSERT_TRUE(DecodeFooter(bytes, file_bytes, 9, &footer).ok());
  EXPECT_TRUE(footer.has_ranges);
  const Status newer =
      DecodeFooter(FooterBytes({100, 20, 30, 40}, 3, file_bytes), file_bytes, 9, &footer);
  EXPECT_NE(newer.message().find("version 3"), std::string_view::npos) << newer.ToString();
}

TEST(TableDecode, StoredBlocksOfAnyBytesAreSafe) {
  for (uint64_t seed = 1; seed <= 3000; seed++) {
    Random random(seed);
    std::string block(1 + Below(&random, 300), static_cast<char>('a' + seed % 26));
    std::string scratch;
    SealBlock(Lz4Compression(), seed, 0, &block, &scratch);
    std::string_view contents;
    ASSERT_TRUE(OpenBlock(block, seed, &scratch, &contents).ok());
    // Damages what the checksum covers, then makes it right again.
    std::string covered = Mutated(block.substr(0, block.size() - 8), &random);
    if (covered.empty()) continue;
    PutFixed64(&covered, Checksum64(covered, seed));
    const Exact damaged(covered);
    scratch.clear();
    scratch.shrink_to_fit();
    (void)OpenBlock(damaged.view(), seed, &scratch, &contents).ok();
    EXPECT_LT(scratch.capacity(), 255 * 400u);
  }
}

TEST(TableDecode, CompressionsGiveBackWhatTheyTookAndNoMore) {
  EXPECT_EQ(CompressionOfId(0), NoCompression());
  EXPECT_EQ(CompressionOfId(1), Lz4Compression());
  EXPECT_EQ(CompressionOfId(2), nullptr);
  const std::string text(10000, 'x');
  std::string packed, unpacked;
  ASSERT_TRUE(Lz4Compression()->Compress(text, &packed));
  EXPECT_LT(packed.size(), 100u);
  ASSERT_TRUE(Lz4Compression()->Decompress(packed, text.size(), &unpacked));
  EXPECT_EQ(unpacked, text);
  EXPECT_FALSE(Lz4Compression()->Decompress(packed, text.size() + 1, &unpacked));
  EXPECT_FALSE(Lz4Compression()->Decompress(packed, text.size() - 1, &unpacked));
  EXPECT_FALSE(Lz4Compression()->Decompress(packed, size_t{1} << 40, &unpacked));
  EXPECT_FALSE(Lz4Compression()->Compress("x", &packed));
  EXPECT_FALSE(Lz4Compression()->Compress("no gain here", &packed));
  EXPECT_FALSE(NoCompression()->Compress(text, &packed));
}

TEST(TableDecode, SeparatorsAreShortAndInBetween) {
  const std::vector<std::pair<std::string, std::string>> pairs = {
      {"", "a"},       {"a", "b"},   {"a", "ab"},         {"abcdef", "abzzzz"},
      {"abc", "abd"},  {"ab", "ad"}, {"abcd", "abe"},     {"a\xff", "b"},
      {"abc", "abcd"}, {"a", "a\0"}, {"\xff", "\xff\xff"}};
  std::string scratch;
  for (const auto& [a, b] : pairs) {
    if (a >= b) continue;
    const std::string_view separator = ShortSeparator(a, b, &scratch);
    EXPECT_LE(a, separator);
    EXPECT_LT(separator, b);
    EXPECT_LE(separator.size(), a.size());
  }
  EXPECT_EQ(ShortSeparator("abcdef", "abzzzz", &scratch), "abz");
  EXPECT_EQ(ShortSeparator("aardvark", "c", &scratch), "b");
  for (uint64_t seed = 1; seed <= 20000; seed++) {
    Random random(seed);
    std::string a = RandomKey(&random, 5);
    std::string b = RandomKey(&random, 5);
    if (a == b) continue;
    if (b < a) std::swap(a, b);
    const std::string_view separator = ShortSeparator(a, b, &scratch);
    ASSERT_TRUE(a <= separator && separator < b && separator.size() <= a.size()) << seed;
  }
}

}  // namespace
}  // namespace varve
