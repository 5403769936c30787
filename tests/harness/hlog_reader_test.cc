// Reading back of latency.hlog, whole and damaged.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/hlog_reader.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <string>

#include "harness/hlog.h"

namespace varve::harness {
namespace {

bool Everything(std::string_view) { return true; }
void Ignore(std::string_view, const Histogram&) {}

TEST(HlogReader, BucketsComeBackAsTheyWere) {
  std::mt19937_64 random(7);
  std::string text = HlogHeader(0);
  std::map<std::string, std::unique_ptr<Histogram>> written;
  for (const char* tag : {"read", "response_read", "load_insert"}) {
    auto& histogram = written[tag] = std::make_unique<Histogram>();
    for (int i = 0; i < 5000; ++i) histogram->Record(random() >> (random() % 60));
    text += HlogLine(tag, 0, 1, *histogram);
  }
  text += HlogLine("empty", 0, 1, Histogram());
  size_t seen = 0;
  const Status status = ReadHlog(
      text, [](std::string_view tag) { return tag != "load_insert"; },
      [&](std::string_view tag, const Histogram& histogram) {
        ++seen;
        if (tag == "empty") {
          EXPECT_EQ(histogram.count(), 0u);
          return;
        }
        ASSERT_NE(tag, "load_insert");
        const Histogram& before = *written[std::string(tag)];
        for (size_t i = 0; i < Histogram::kBuckets; ++i) {
          ASSERT_EQ(histogram.CountAt(i), before.CountAt(i)) << tag << " " << i;
        }
        EXPECT_EQ(histogram.count(), before.count());
        // The last bucket counts whatever is longer, the percentile of the original knows more.
        EXPECT_EQ(histogram.PercentileNs(50), before.PercentileNs(50));
      });
  EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(seen, 3u);
}

TEST(HlogReader, ADamagedHistogramIsAnErrorWithItsLine) {
  Histogram histogram;
  histogram.Record(1000);
  const std::string good = HlogLine("read", 0, 1, histogram);
  for (const std::string& line :
       {std::string("Tag=read,0.0,1.0,1.0,HIST?AAA\n"),
        std::string("Tag=read,0.0,1.0,1.0,HISTFAAA\n"), std::string("Tag=read"),
        good.substr(0, good.size() - 9) + "\n"}) {
    const Status status = ReadHlog(good + line, Everything, Ignore);
    EXPECT_EQ(status.code(), Status::Code::kCorruption) << line;
    EXPECT_TRUE(std::string(status.message()).starts_with("line 2: ")) << status.ToString();
  }
}

TEST(HlogReader, AnyBytesAreAnswered) {
  std::mt19937 random(3);
  Histogram histogram;
  for (uint64_t i = 1; i < 1'000'000; i *= 3) histogram.Record(i);
  const std::string good = HlogHeader(1) + HlogLine("read", 0, 1, histogram);
  int errors = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string text = good;
    for (int changes = 0; changes < 3; ++changes) {
      text[random() % text.size()] = static_cast<char>(random() % 128);
    }
    if (!ReadHlog(text, Everything, Ignore).ok()) ++errors;
  }
  EXPECT_GT(errors, 1000);
}

}  // namespace
}  // namespace varve::harness
