// The arithmetic of what the operating system counts, on phases made by hand; and its counters.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/system_amplification.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/files.h"
#include "tests/harness/store_test_util.h"

namespace varve::harness {
namespace {

using Json = nlohmann::ordered_json;

// Phases that follow each other. Each writes, by the operating system's count, what it is told, and
// the harness a part of that.
class SystemAmplificationTest : public testing::Test {
 protected:
  PhaseRecord* Phase(const std::string& name, uint64_t user_bytes, uint64_t written,
                     uint64_t by_harness) {
    auto phase = std::make_unique<PhaseRecord>();
    phase->name = name;
    phase->process_before = now_;
    phase->harness_bytes_before = harness_bytes_;
    now_.write_bytes += written;
    now_.wchar += 10 * written;
    harness_bytes_ += by_harness;
    phase->process_after = now_;
    phase->harness_bytes_after = harness_bytes_;
    phase->counts.user_bytes_written = user_bytes;
    phases_.push_back(std::move(phase));
    // Between phases the harness writes events: in no phase, but in a window of several.
    now_.write_bytes += 7;
    harness_bytes_ += 7;
    return phases_.back().get();
  }

  Json All(const SampleSummary& samples = {}) {
    Json json = Json::object();
    AddSystemAmplification(phases_, samples, &json);
    return json;
  }

  ProcessStats now_ = [] {
    ProcessStats stats;
    stats.has_io = true;
    stats.write_bytes = 123;
    stats.wchar = 456;
    stats.read_bytes = 789;
    stats.rchar = 1000;
    return stats;
  }();
  uint64_t harness_bytes_ = 50;
  PhaseRecords phases_;
};

TEST_F(SystemAmplificationTest, WritesAreThoseOfTheStoreInEachWindow) {
  Phase("load", 1000, 3100, 100);
  Phase("settle", 0, 1000, 0);
  Phase("warmup", 50, 500, 0);
  Phase("measure", 200, 620, 20);
  Phase("drain", 0, 400, 0);
  Phase("verify", 0, 99999, 0);
  const Json json = All();
  EXPECT_DOUBLE_EQ(json["system_write_amplification"], 600.0 / 200);
  EXPECT_DOUBLE_EQ(json["system_write_call_amplification"], (6200.0 - 20) / 200);
  EXPECT_DOUBLE_EQ(json["system_write_amplification_load"], 4000.0 / 1000);
  EXPECT_DOUBLE_EQ(json["system_write_amplification_with_debt"], 1000.0 / 200);
  EXPECT_DOUBLE_EQ(json["system_write_amplification_total"], (4000.0 + 500 + 1000) / 1250);
}

TEST_F(SystemAmplificationTest, ReadsAreByByteReturned) {
  PhaseRecord* measure = Phase("measure", 200, 0, 0);
  measure->counts.bytes_returned = 100;
  measure->process_after.read_bytes += 400;
  measure->process_after.rchar += 250;
  const Json json = All();
  EXPECT_DOUBLE_EQ(json["system_bytes_read_per_byte_returned"], 4);
  EXPECT_DOUBLE_EQ(json["system_read_call_bytes_per_byte_returned"], 2.5);
}

TEST_F(SystemAmplificationTest, SpaceIsWhatTheDiskGaveByLiveBytes) {
  PhaseRecord* measure = Phase("measure", 200, 0, 0);
  measure->disk_bytes = 300;
  measure->live_bytes = 100;
  PhaseRecord* drain = Phase("drain", 0, 0, 0);
  drain->disk_bytes = 150;
  drain->live_bytes = 100;
  SampleSummary samples;
  samples.system_space_amplification_peak = 5;
  const Json json = All(samples);
  EXPECT_DOUBLE_EQ(json["system_space_amplification"], 3);
  EXPECT_DOUBLE_EQ(json["system_space_amplification_settled"], 1.5);
  EXPECT_DOUBLE_EQ(json["system_space_amplification_peak"], 5);
}

TEST_F(SystemAmplificationTest, WhatIsNotKnownIsLeftOut) {
  now_.has_io = false;
  Phase("measure", 200, 600, 0)->counts.bytes_returned = 100;
  EXPECT_TRUE(All().empty()) << All().dump();
}

TEST(BytesOnDisk, AreBlocksAndNotLengths) {
  const FreshDirectory directory;
  EXPECT_EQ(BytesOnDisk(directory.path()), 0u);
  EXPECT_EQ(BytesOnDisk(directory.path() + "/not there"), 0u);
  const std::string sparse = directory.path() + "/sparse";
  std::ofstream(sparse) << 'x';
  ASSERT_EQ(::truncate(sparse.c_str(), 1 << 30), 0);
  std::filesystem::create_directory(directory.path() + "/below");
  std::ofstream(directory.path() + "/below/full") << std::string(1 << 20, 'x');
  ::sync();
  const uint64_t bytes = BytesOnDisk(directory.path());
  EXPECT_GE(bytes, uint64_t{1} << 20);
  EXPECT_LT(bytes, uint64_t{2} << 20);
}

// A process that writes a mebibyte, says so, and waits for its end.
class Writer {
 public:
  explicit Writer(const std::string& path) {
    int ready[2];
    if (::pipe(ready) != 0) return;
    child_ = ::fork();
    if (child_ == 0) {
      static char bytes[1 << 20];
      const int file = ::open(path.c_str(), O_WRONLY | O_CREAT, 0600);
      const bool ok = ::write(file, bytes, sizeof bytes) == sizeof bytes;
      if (::write(ready[1], ok ? "y" : "n", 1) == 1) ::pause();
      ::_exit(0);
    }
    char answer = 'n';
    ok_ = ::read(ready[0], &answer, 1) == 1 && answer == 'y';
    ::close(ready[0]);
    ::close(ready[1]);
  }
  ~Writer() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  int64_t process() const { return child_; }
  bool ok() const { return ok_; }

 private:
  pid_t child_ = -1;
  bool ok_ = false;
};

TEST(ProcessStats, OfAServerAreAddedToThoseOfThisProcess) {
  const FreshDirectory directory;
  const Writer writer(directory.path() + "/file");
  ASSERT_TRUE(writer.ok());
  const ProcessStats alone = ReadProcessStats();
  const ProcessStats both = ReadProcessStats(writer.process());
  ASSERT_TRUE(alone.has_io && both.has_io);
  EXPECT_GE(both.wchar, alone.wchar + (1 << 20));
  EXPECT_GE(AnonymousBytes(writer.process()), AnonymousBytes());
  EXPECT_GT(ResidentPeakBytes(writer.process()), ResidentPeakBytes());
}

TEST(ProcessStats, OfAServerThatIsGoneAreNotKnown) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_FALSE(ReadProcessStats(child).has_io);
}

}  // namespace
}  // namespace varve::harness
