// CURRENT: what is written is read, and nothing else passes (I11).
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/tree/current_file.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

CurrentFile Closed() { return {7, CleanClose{1234, 14, 567, false}}; }

// The worked example of the format's description.
TEST(CurrentFile, TheTextIsThatOfTheFormatDescription) {
  EXPECT_EQ(EncodeCurrent({7, std::nullopt}), "manifest-000007\nf1a8f2d4e1d2c5f2\n");
  EXPECT_EQ(EncodeCurrent(Closed()), "manifest-000007\nclosed 1234 14 567\ncdb2b32cda3016a4\n");
  CurrentFile opened = Closed();
  opened.closed->opened = true;
  EXPECT_EQ(EncodeCurrent(opened).substr(16, 7), "opened ");
}

TEST(CurrentFile, WhatIsWrittenIsRead) {
  for (const bool has_close : {false, true}) {
    for (const bool opened : {false, true}) {
      CurrentFile current = Closed();
      current.closed->opened = opened;
      if (!has_close) current.closed.reset();
      const Result<CurrentFile> read = DecodeCurrent(EncodeCurrent(current));
      ASSERT_TRUE(read.ok()) << read.status().ToString();
      EXPECT_EQ(read->manifest, 7u);
      EXPECT_EQ(read->closed, current.closed);
    }
  }
}

// I11
TEST(CurrentFile, EveryFlippedBitEveryCutAndEveryAdditionIsRefused) {
  for (const CurrentFile& current : {CurrentFile{7, std::nullopt}, Closed()}) {
    const std::string good = EncodeCurrent(current);
    for (size_t bit = 0; bit < good.size() * 8; ++bit) {
      std::string bad = good;
      bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
      EXPECT_EQ(DecodeCurrent(bad).status().code(), Status::Code::kCorruption) << bit;
    }
    for (size_t length = 0; length < good.size(); ++length) {
      EXPECT_FALSE(DecodeCurrent(good.substr(0, length)).ok()) << length;
    }
    EXPECT_FALSE(DecodeCurrent(good + "\n").ok());
    EXPECT_FALSE(DecodeCurrent("\n" + good).ok());
  }
}

}  // namespace
}  // namespace varve
