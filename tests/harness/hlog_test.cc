// latency.hlog: decoded by a reader of its own, written from HdrHistogram's documentation.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/hlog.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <bit>
#include <map>
#include <random>
#include <sstream>
#include <vector>

namespace varve::harness {
namespace {

// Reads big-endian numbers and ZigZag LEB128 ones off the front.
class Reader {
 public:
  explicit Reader(std::string bytes) : bytes_(std::move(bytes)) {}

  uint64_t Big(int count) {
    uint64_t value = 0;
    for (int i = 0; i < count; ++i) value = value << 8 | Byte();
    return value;
  }
  int64_t ZigZag() {
    uint64_t value = 0;
    for (int shift = 0; shift <= 56; shift += 7) {
      const uint64_t byte = Byte();
      if (shift == 56) {
        value |= byte << shift;
        break;
      }
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
  }
  bool done() const { return at_ == bytes_.size(); }
  size_t left() const { return bytes_.size() - at_; }
  std::string Rest() const { return bytes_.substr(at_); }

 private:
  uint64_t Byte() {
    EXPECT_LT(at_, bytes_.size());
    return static_cast<unsigned char>(bytes_.at(at_++));
  }
  const std::string bytes_;
  size_t at_ = 0;
};

std::string FromBase64(const std::string& text) {
  EXPECT_EQ(text.size() % 4, 0u);
  std::string bytes;
  uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    uint32_t digit = 0;
    if (c >= 'A' && c <= 'Z') digit = static_cast<uint32_t>(c - 'A');
    if (c >= 'a' && c <= 'z') digit = static_cast<uint32_t>(c - 'a' + 26);
    if (c >= '0' && c <= '9') digit = static_cast<uint32_t>(c - '0' + 52);
    if (c == '+') digit = 62;
    if (c == '/') digit = 63;
    if (c == '=') break;
    bits = bits << 6 | digit;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push_back(static_cast<char>(bits >> held & 0xff));
  }
  return bytes;
}

// What a payload says: counts by the smallest value of their bucket.
std::map<uint64_t, uint64_t> DecodePayload(const std::string& payload) {
  Reader reader(payload);
  EXPECT_EQ(reader.Big(4), 0x1c849313u);
  const uint64_t length = reader.Big(4);
  EXPECT_EQ(reader.Big(4), 0u);
  EXPECT_EQ(reader.Big(4), 2u) << "significant digits";
  EXPECT_EQ(reader.Big(8), 1u) << "lowest discernible value";
  EXPECT_EQ(reader.Big(8), (uint64_t{1} << 44) - 1) << "highest trackable value";
  EXPECT_EQ(std::bit_cast<double>(reader.Big(8)), 1.0);
  EXPECT_EQ(reader.left(), length);
  std::map<uint64_t, uint64_t> counts;
  uint64_t index = 0;
  while (!reader.done()) {
    const int64_t count = reader.ZigZag();
    if (count < 0) {
      index += static_cast<uint64_t>(-count);
      continue;
    }
    const uint64_t bucket = index < 256 ? 0 : index / 128 - 1;
    const uint64_t sub_bucket = index - bucket * 128;
    if (count > 0) counts[sub_bucket << bucket] = static_cast<uint64_t>(count);
    ++index;
  }
  return counts;
}

std::map<uint64_t, uint64_t> DecodeCompressed(const std::string& compressed) {
  Reader reader(compressed);
  EXPECT_EQ(reader.Big(4), 0x1c849314u);
  const uint64_t deflated_bytes = reader.Big(4);
  EXPECT_EQ(deflated_bytes, reader.left());
  const std::string deflated = reader.Rest();
  std::string payload(1 << 20, '\0');
  uLongf length = payload.size();
  EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(payload.data()), &length,
                       reinterpret_cast<const Bytef*>(deflated.data()), deflated.size()),
            Z_OK);
  payload.resize(length);
  return DecodePayload(payload);
}

std::map<uint64_t, uint64_t> CountsOf(const Histogram& histogram) {
  std::map<uint64_t, uint64_t> counts;
  for (size_t index = 0; index < Histogram::kBuckets; ++index) {
    if (histogram.CountAt(index) == 0) continue;
    counts[Histogram::LowestOf(index)] = histogram.CountAt(index);
  }
  return counts;
}

Histogram RandomHistogram(uint64_t seed, int values) {
  std::mt19937_64 random(seed);
  Histogram histogram;
  for (int i = 0; i < values; ++i) {
    const uint64_t value = random() >> (20 + random() % 44);
    const uint64_t times = random() % 3 == 0 ? 1 + random() % 300 : 1;
    for (uint64_t t = 0; t < times; ++t) histogram.Record(value);
  }
  return histogram;
}

TEST(Hlog, AnIndependentDecoderFindsEveryCount) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const Histogram histogram = RandomHistogram(seed, static_cast<int>(seed * seed));
    EXPECT_EQ(DecodePayload(HlogPayload(histogram)), CountsOf(histogram));
    EXPECT_EQ(DecodeCompressed(HlogCompressed(histogram)), CountsOf(histogram));
  }
}

TEST(Hlog, AnEmptyHistogramHasNoCounts) {
  EXPECT_TRUE(DecodePayload(HlogPayload(Histogram())).empty());
}

TEST(Hlog, OneEmptyBucketIsAZeroAndSeveralAreANegativeNumber) {
  Histogram histogram;
  histogram.Record(0);
  histogram.Record(2);
  histogram.Record(6);
  const std::string payload = HlogPayload(histogram);
  // 1, 0, 1, -3, 1 in ZigZag.
  EXPECT_EQ(payload.substr(payload.size() - 5), std::string("\x02\x00\x02\x05\x02", 5));
}

TEST(Hlog, Base64IsThatOfRfc4648) {
  EXPECT_EQ(Base64(""), "");
  EXPECT_EQ(Base64("f"), "Zg==");
  EXPECT_EQ(Base64("fo"), "Zm8=");
  EXPECT_EQ(Base64("foo"), "Zm9v");
  EXPECT_EQ(Base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(Base64("\xff\xfe\xfd"), "//79");
}

TEST(Hlog, ALineHasTagTimesMaximumAndHistogram) {
  Histogram histogram;
  histogram.Record(2'500'000);
  const std::string line = HlogLine("read", 1.5, 1.0, histogram);
  std::istringstream fields(line);
  std::vector<std::string> found;
  for (std::string field; std::getline(fields, field, ',');) found.push_back(field);
  ASSERT_EQ(found.size(), 5u);
  EXPECT_EQ(found[0], "Tag=read");
  EXPECT_EQ(found[1], "1.500");
  EXPECT_EQ(found[2], "1.000");
  EXPECT_EQ(found[3], "2.500");
  ASSERT_EQ(found[4].back(), '\n');
  found[4].pop_back();
  EXPECT_TRUE(found[4].starts_with("HISTFAAA")) << found[4];
  EXPECT_EQ(DecodeCompressed(FromBase64(found[4])), CountsOf(histogram));
}

TEST(Hlog, TheHeaderNamesVersionAndBaseTime) {
  const std::string header = HlogHeader(1700000000.25);
  EXPECT_NE(header.find("#[Histogram log format version 1.3]\n"), std::string::npos);
  EXPECT_NE(header.find("#[BaseTime: 1700000000.250 (seconds since epoch)]\n"), std::string::npos);
  EXPECT_NE(header.find("\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
                        "\"Interval_Compressed_Histogram\"\n"),
            std::string::npos);
}

}  // namespace
}  // namespace varve::harness
