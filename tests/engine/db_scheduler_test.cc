// The engine under every scheduler, with limited bandwidth, on a virtual clock: nobody is held up
// for ever, nothing is lost, and what is written took as long as the bandwidth says.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "engine/io/device_file_system.h"
#include "engine/io/memory_file_system.h"
#include "engine/parts.h"
#include "tests/engine/db_test_util.h"

namespace varve {
namespace {

constexpr uint64_t kBytesPerSecond = 1 << 20;

Options LimitedOptions(std::string_view scheduler) {
  Options options = SmallOptions();
  options.background = "threads";
  options.compaction_threads = 3;
  options.scheduler = scheduler;
  options.compaction_bytes_per_second = kBytesPerSecond;
  return options;
}

void Write(Db& db, int entries) {
  const std::string value(100, 'v');
  for (int i = 0; i < entries; ++i) {
    ASSERT_OK(db.Put("key" + std::to_string(i * 7919 % entries), value));
  }
}

uint64_t TableBytes(const Db& db) {
  const LedgerSnapshot ledger = db.ledger();
  return ledger.OfKind(IoKind::kFlush).bytes_written +
         ledger.OfKind(IoKind::kCompaction).bytes_written;
}

TEST(DbScheduler, FlushAndCompactionTogetherKeepToTheBandwidth) {
  for (const SchedulerPart& part : SchedulerParts()) {
    const auto files = NewMemoryFileSystem();
    VirtualClock clock;
    const auto db = OpenDb(LimitedOptions(part.name), {files.get(), &clock, nullptr}, "/db");
    const uint64_t begin_ns = clock.NowNs();
    Write(*db, 10'000);
    ASSERT_OK(db->Settle());
    const double seconds = static_cast<double>(clock.NowNs() - begin_ns) / 1e9;
    const double least = static_cast<double>(TableBytes(*db)) / kBytesPerSecond;
    // The last quantum is not waited for, nor is what was unused at first.
    EXPECT_GE(seconds, least - 0.1) << part.name;
    EXPECT_GT(db->counters().flushes, 10u);
    ASSERT_OK(db->Verify());
    EXPECT_EQ(GetText(*db, "key77"), std::string(100, 'v'));
  }
}

// With no limit, too, jobs that wait for others get their turn.
TEST(DbScheduler, EveryJobEndsWithoutALimit) {
  for (const SchedulerPart& part : SchedulerParts()) {
    const auto files = NewMemoryFileSystem();
    Options options = LimitedOptions(part.name);
    options.compaction_bytes_per_second = 0;
    const auto db = OpenDb(options, {files.get(), nullptr, nullptr}, "/db");
    Write(*db, 20'000);
    ASSERT_OK(db->Settle());
    ASSERT_OK(db->Compact());
    ASSERT_OK(db->Verify());
  }
}

TEST(DbScheduler, ClosingDoesNotWaitForTheBandwidth) {
  for (const SchedulerPart& part : SchedulerParts()) {
    const auto files = NewMemoryFileSystem();
    Options options = LimitedOptions(part.name);
    options.compaction_bytes_per_second = 1;  // a memtable would take a day
    options.memtables_max = 64;
    {
      const auto db = OpenDb(options, {files.get(), nullptr, nullptr}, "/db");
      Write(*db, 2'000);
    }
    options.background = "inline";
    const auto db = OpenDb(options, {files.get(), nullptr, nullptr}, "/db");
    EXPECT_EQ(GetText(*db, "key77"), std::string(100, 'v')) << part.name;
  }
}

TEST(DbScheduler, InlineNeverWaits) {
  const auto files = NewMemoryFileSystem();
  VirtualClock clock;
  Options options = LimitedOptions("greedy");
  options.background = "inline";
  const auto db = OpenDb(options, {files.get(), &clock, nullptr}, "/db");
  Write(*db, 5'000);
  ASSERT_OK(db->Settle());
  EXPECT_EQ(clock.NowNs(), 0u);
}

TEST(DbScheduler, SingleNeverRunsTwoCompactions) {
  class Listener final : public EventListener {
   public:
    void OnJobBegin(const JobEvent& event) override {
      if (!event.flush) most = std::max(most.load(), ++running);
    }
    void OnJobEnd(const JobEvent& event) override {
      if (!event.flush) --running;
    }
    std::atomic<int> running{0}, most{0};
  };
  for (const SchedulerPart& part : SchedulerParts()) {
    const auto files = NewMemoryFileSystem();
    VirtualClock clock;
    Listener listener;
    {
      const auto db = OpenDb(LimitedOptions(part.name), {files.get(), &clock, &listener}, "/db");
      Write(*db, 10'000);
      ASSERT_OK(db->Settle());
    }
    EXPECT_LE(listener.most, part.name == "single" ? 1 : 4) << part.name;
  }
}

// A modelled device below the engine: its bandwidth is that of everything together.
TEST(DbScheduler, TheModelledDeviceLimitsTheWholeEngine) {
  const auto files = NewMemoryFileSystem();
  VirtualClock clock;
  const auto device = NewDeviceFileSystem(files.get(), {kBytesPerSecond, 0, 0}, &clock);
  Options options = SmallOptions();
  const auto db = OpenDb(options, {device.get(), &clock, nullptr}, "/db");
  Write(*db, 5'000);
  ASSERT_OK(db->Settle());
  const double seconds = static_cast<double>(clock.NowNs()) / 1e9;
  const double least = static_cast<double>(db->ledger().Total().bytes_written) / kBytesPerSecond;
  EXPECT_GE(seconds, least - 0.1);
  EXPECT_LE(seconds, least + 0.1);
}

}  // namespace
}  // namespace varve
