// Tests of damaged logs: a reader gives a prefix of what was written or says kCorruption, for any
// bytes; and it tells a torn tail from corruption.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/io/faulty_file_system.h"
#include "engine/io/memory_file_system.h"
#include "engine/wal/wal_format.h"
#include "tests/engine/wal/wal_test_util.h"

namespace varve {
namespace {

class WalDamage : public testing::Test {
 protected:
  // Writes records; "sync" makes a sync instead. Returns where each record ended.
  std::vector<uint64_t> WriteLog(const std::vector<std::string>& steps) {
    auto log = NewLog(*files_);
    std::vector<uint64_t> ends;
    for (const std::string& step : steps) {
      if (step == "sync") {
        EXPECT_TRUE(log->Sync().ok());
        continue;
      }
      EXPECT_TRUE(log->Append(step).ok());
      records_.push_back(step);
      ends.push_back(log->bytes());
    }
    EXPECT_TRUE(log->Close().ok());
    bytes_ = ReadBytes(*files_);
    return ends;
  }

  LogContent ReadDamaged(const std::string& bytes) {
    WriteBytes(*files_, bytes, "damaged");
    return ReadLog(*files_, "damaged");
  }

  std::string Flipped(uint64_t offset) const {
    std::string damaged = bytes_;
    damaged[offset] = static_cast<char>(damaged[offset] ^ 1);
    return damaged;
  }

  std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  std::vector<std::string> records_;
  std::string bytes_;
};

const std::vector<std::string> kWithSyncs = {
    "alpha", "sync", "", std::string(40, '\0'), "sync", std::string(300, '\2'), "omega"};
const std::vector<std::string> kWithoutSyncs = {"alpha", "", std::string(40, '\0'),
                                                std::string(300, '\2'), "omega"};

TEST_F(WalDamage, EveryTruncationGivesThePrefixThatFits) {
  const std::vector<uint64_t> ends = WriteLog(kWithSyncs);
  for (size_t length = 0; length <= bytes_.size(); ++length) {
    const LogContent content = ReadDamaged(bytes_.substr(0, length));
    const auto fit =
        static_cast<size_t>(std::upper_bound(ends.begin(), ends.end(), length) - ends.begin());
    ASSERT_TRUE(content.status.ok()) << length << " " << content.status.ToString();
    ASSERT_EQ(content.records.size(), fit) << length;
    ASSERT_TRUE(IsPrefix(content.records, records_));
    ASSERT_LE(content.good_bytes, length);
    ASSERT_EQ(content.torn, content.good_bytes < length) << length;
  }
}

TEST_F(WalDamage, EveryTruncationIntoReservedSpaceGivesThePrefixThatFits) {
  const std::vector<uint64_t> ends = WriteLog(kWithSyncs);
  for (size_t length = 0; length <= bytes_.size(); ++length) {
    std::string damaged = bytes_.substr(0, length);
    damaged.resize(bytes_.size() + 100);
    const LogContent content = ReadDamaged(damaged);
    const auto fit =
        static_cast<size_t>(std::upper_bound(ends.begin(), ends.end(), length) - ends.begin());
    ASSERT_TRUE(content.status.ok()) << length << " " << content.status.ToString();
    ASSERT_TRUE(IsPrefix(content.records, records_));
    // A record that ends in zeros, or in nothing, is whole before its last byte is there.
    ASSERT_GE(content.records.size(), fit) << length;
  }
}

TEST_F(WalDamage, EveryFlippedBitGivesAPrefixOrCorruption) {
  for (const auto& steps : {kWithSyncs, kWithoutSyncs}) {
    records_.clear();
    const std::vector<uint64_t> ends = WriteLog(steps);
    for (size_t bit = 0; bit < bytes_.size() * 8; ++bit) {
      std::string damaged = bytes_;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
      const LogContent content = ReadDamaged(damaged);
      const auto before =
          static_cast<size_t>(std::upper_bound(ends.begin(), ends.end(), bit / 8) - ends.begin());
      ASSERT_TRUE(IsPrefix(content.records, records_)) << "bit " << bit;
      ASSERT_EQ(content.records.size(), before) << "bit " << bit;
      const bool corrupt = content.status.code() == Status::Code::kCorruption;
      ASSERT_TRUE(content.status.ok() || corrupt) << content.status.ToString();
      ASSERT_TRUE(corrupt || content.torn) << "bit " << bit;
    }
  }
}

TEST_F(WalDamage, ATornTailIsToldFromCorruption) {
  // The sync covers the first two records, and the third notes it.
  const std::vector<uint64_t> ends = WriteLog({"one", "two", "sync", "three", "four"});
  const std::vector<std::string> none;
  for (uint64_t offset = 0; offset < ends[1]; ++offset) {
    const LogContent content = ReadDamaged(Flipped(offset));
    ASSERT_EQ(content.status.code(), Status::Code::kCorruption) << offset;
  }
  // From the promise on, nothing says that the bytes were synced.
  for (uint64_t offset = ends[1]; offset < bytes_.size(); ++offset) {
    const LogContent content = ReadDamaged(Flipped(offset));
    ASSERT_TRUE(content.status.ok()) << offset << " " << content.status.ToString();
    ASSERT_TRUE(content.torn) << offset;
    ASSERT_EQ(content.records.size(), offset < ends[2] ? 2u : 3u) << offset;
  }
}

TEST_F(WalDamage, CorruptionNamesFileAndOffset) {
  const std::vector<uint64_t> ends = WriteLog({"one", "two", "sync", "three"});
  const LogContent content = ReadDamaged(Flipped(ends[0] + kWalHeaderBytes));
  EXPECT_EQ(content.records, std::vector<std::string>{"one"});
  EXPECT_EQ(content.status.message(), "damaged: damage that a sync noted at " +
                                          std::to_string(ends[1]) + " covers at offset " +
                                          std::to_string(ends[0]));
}

TEST_F(WalDamage, APromiseFarBehindTheDamageIsFoundWhereverItLies) {
  // The promise crosses the borders of the windows in which the rest of the log is searched.
  constexpr size_t kWindow = 1 << 20;
  for (size_t shift = 0; shift < 20; ++shift) {
    records_.clear();
    WriteLog({"first", std::string(2 * kWindow - 200 + shift * 10, 'x'), "sync", "y"});
    const LogContent content = ReadDamaged(Flipped(50));
    ASSERT_EQ(content.status.code(), Status::Code::kCorruption) << shift;
  }
}

TEST_F(WalDamage, WithoutASyncDamageIsATornTail) {
  const std::vector<uint64_t> ends = WriteLog({"one", "two", "three"});
  const LogContent content = ReadDamaged(Flipped(ends[0] + 2));
  EXPECT_TRUE(content.status.ok());
  EXPECT_TRUE(content.torn);
  EXPECT_EQ(content.records, std::vector<std::string>{"one"});
  EXPECT_EQ(content.good_bytes, ends[0]);
}

TEST_F(WalDamage, APageOfZerosInsideTheLogIsNotAnEnd) {
  std::vector<std::string> steps;
  for (int i = 0; i < 100; ++i) steps.push_back(std::string(200, 'x'));
  WriteLog(steps);
  std::string damaged = bytes_;
  std::fill_n(damaged.begin() + 4096, 4096, '\0');
  LogContent content = ReadDamaged(damaged);
  EXPECT_TRUE(content.status.ok());
  EXPECT_TRUE(content.torn);
  EXPECT_LT(content.good_bytes, 4096u);
  steps.push_back("sync");
  steps.push_back("end");
  WriteLog(steps);
  damaged = bytes_;
  std::fill_n(damaged.begin() + 4096, 4096, '\0');
  content = ReadDamaged(damaged);
  EXPECT_EQ(content.status.code(), Status::Code::kCorruption);
}

TEST_F(WalDamage, AnIntactRecordInTheWrongPlaceIsNoRecord) {
  const std::vector<uint64_t> ends = WriteLog({"aaaa", "bbbb", "cccc"});
  const size_t size = ends[1] - ends[0];
  std::string swapped = bytes_;
  for (size_t i = 0; i < size; ++i) std::swap(swapped[ends[0] + i], swapped[ends[1] + i]);
  EXPECT_EQ(ReadDamaged(swapped).records, std::vector<std::string>{"aaaa"});
  const std::string repeated = bytes_.substr(0, ends[0]) + bytes_.substr(ends[0] - size, size);
  EXPECT_EQ(ReadDamaged(repeated).records, std::vector<std::string>{"aaaa"});
}

TEST_F(WalDamage, ALengthThatLiesCostsNoMemory) {
  const std::vector<uint64_t> ends = WriteLog({"one", "two"});
  std::string damaged = bytes_;
  damaged.resize(8 << 20, 'z');
  for (const uint32_t lie : {uint32_t{UINT32_MAX}, uint32_t{7 << 20}}) {
    EncodeFixed32(damaged.data() + ends[0] + 4, lie);
    WriteBytes(*files_, damaged, "damaged");
    FaultyFileSystem watching(files_.get());
    size_t largest = 0;
    watching.SetRule([&](const FileCallInfo& info) {
      largest = std::max(largest, info.bytes);
      return Fault{};
    });
    const LogContent content = ReadLog(watching, "damaged");
    EXPECT_TRUE(content.torn);
    EXPECT_EQ(content.records, std::vector<std::string>{"one"});
    EXPECT_LE(largest, size_t{1} << 20);
  }
}

TEST_F(WalDamage, AnyBytesAreRead) {
  const unsigned seed = 12;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  WriteLog(kWithSyncs);
  for (int round = 0; round < 3000; ++round) {
    std::string damaged = random() % 2 == 0 ? bytes_ : std::string(random() % 600, '\0');
    for (auto changes = random() % 20; changes > 0 && !damaged.empty(); --changes) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    const LogContent content = ReadDamaged(damaged);
    ASSERT_TRUE(IsPrefix(content.records, records_));
    ASSERT_LE(content.good_bytes, damaged.size());
  }
}

TEST_F(WalDamage, AFailedReadIsNoTornTail) {
  WriteLog({"one", std::string(3 << 20, 'x'), "two"});
  for (uint64_t call = 0; call < 100; ++call) {
    FaultyFileSystem faulty(files_.get());
    faulty.FailCall(call, Status::IoError("injected"));
    const LogContent content = ReadLog(faulty);
    if (faulty.calls() <= call) {
      EXPECT_GT(call, 5u);
      return;
    }
    ASSERT_EQ(content.status.code(), Status::Code::kIoError) << call;
    ASSERT_TRUE(IsPrefix(content.records, records_));
  }
  FAIL() << "the calls do not end";
}

}  // namespace
}  // namespace varve
