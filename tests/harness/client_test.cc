// The measured loop: what it counts, when it ends, what it does with failures.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/client.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/harness/store_test_util.h"

namespace varve::harness {
namespace {

using workloads::OperationKind;
using workloads::StreamOptions;
using workloads::WorkloadState;

// A loaded store, and a client with everything that it works with.
class ClientTest : public testing::Test {
 protected:
  void Prepare(workloads::Workload workload, uint64_t operations) {
    workload_ = std::move(workload);
    state_ = std::make_unique<WorkloadState>(workload_);
    oracle_ = std::make_unique<Oracle>(state_.get(), uint64_t{1} << 20, true);
    const auto load = NewLoadStream(workload_, {}, state_.get());
    ASSERT_TRUE(Run(load.get(), {}).ok());
    StreamOptions options;
    options.operations = operations;
    stream_ = NewRunStream(workload_, options, state_.get());
  }

  Status Run(workloads::OperationStream* stream, const ClientSchedule& schedule) {
    ClientParts parts;
    parts.store = &store_;
    parts.stream = stream;
    parts.workload = state_.get();
    parts.oracle = oracle_.get();
    intervals_ = std::make_unique<Intervals>(1);
    parts.intervals = intervals_.get();
    parts.stop = &stop_;
    client_ = std::make_unique<Client>(parts);
    return client_->Run(schedule);
  }
  Status RunStream(const ClientSchedule& schedule = {}) { return Run(stream_.get(), schedule); }

  workloads::Workload workload_;
  std::unique_ptr<WorkloadState> state_;
  std::unique_ptr<Oracle> oracle_;
  std::unique_ptr<workloads::OperationStream> stream_;
  std::unique_ptr<Intervals> intervals_;
  std::unique_ptr<Client> client_;
  std::atomic<bool> stop_{false};
  LyingStore store_;
};

TEST_F(ClientTest, CountsAndTimesEveryOperationOfItsKind) {
  Prepare(MixedWorkload(), 5000);
  ASSERT_TRUE(RunStream().ok());
  const auto all = intervals_->TakeRest();
  EXPECT_EQ(all->counts.total(), 5000u);
  EXPECT_EQ(client_->completed(), 5000u);
  for (size_t kind = 0; kind < workloads::kOperationKinds; ++kind) {
    EXPECT_GT(all->counts.operations[kind], 0u);
    EXPECT_EQ(all->latency[kind].count(), all->counts.operations[kind]);
  }
  const auto operations = [&all](OperationKind kind) {
    return all->counts.operations[static_cast<size_t>(kind)];
  };
  EXPECT_EQ(all->counts.found + all->counts.absent,
            operations(OperationKind::kRead) + operations(OperationKind::kReadModifyWrite) +
                operations(OperationKind::kReadAbsent));
  EXPECT_GE(all->counts.absent, operations(OperationKind::kReadAbsent));
  EXPECT_GT(all->counts.scanned_entries, operations(OperationKind::kScan));
}

TEST_F(ClientTest, CountsTheBytesThatUsersWriteAndGet) {
  workloads::Workload workload = MixedWorkload(50);
  workload.read_absent_proportion = workload.insert_proportion = workload.scan_proportion = 0;
  workload.scan_reverse_proportion = 0;
  Prepare(workload, 1000);
  uint64_t written = 0, returned = 0;
  store_.put = [&written](std::string_view key, std::string_view value, Store* truth) {
    written += key.size() + value.size();
    return truth->Put(key, value);
  };
  store_.erase = [&written](std::string_view key, Store* truth) {
    written += key.size();
    return truth->Delete(key);
  };
  store_.erase_range = [&written](std::string_view begin, std::string_view end, Store* truth) {
    written += begin.size() + end.size();
    return truth->DeleteRange(begin, end);
  };
  store_.get = [&returned](std::string_view key, std::string* value, Store* truth) {
    const Result<bool> found = truth->Get(key, value);
    if (*found) returned += key.size() + value->size();
    return found;
  };
  ASSERT_TRUE(RunStream().ok());
  const auto all = intervals_->TakeRest();
  EXPECT_GT(written, 0u);
  EXPECT_EQ(all->counts.user_bytes_written, written);
  EXPECT_EQ(all->counts.bytes_returned, returned);
}

TEST_F(ClientTest, AReadModifyWriteIsOneOperationOfTwoCalls) {
  workloads::Workload workload;
  workload.records = 10;
  workload.read_modify_write_proportion = 1;
  Prepare(workload, 100);
  int gets = 0, puts = 0;
  store_.get = [&gets](std::string_view key, std::string* value, Store* truth) {
    ++gets;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return truth->Get(key, value);
  };
  store_.put = [&puts](std::string_view key, std::string_view value, Store* truth) {
    ++puts;
    return truth->Put(key, value);
  };
  ASSERT_TRUE(RunStream().ok());
  EXPECT_EQ(gets, 100);
  EXPECT_EQ(puts, 100);
  EXPECT_EQ(oracle_->checked(), 100u);
  EXPECT_EQ(oracle_->wrong_answers(), 0u);
  const auto all = intervals_->TakeRest();
  EXPECT_EQ(all->counts.total(), 100u);
  const Histogram& both = all->latency[static_cast<size_t>(OperationKind::kReadModifyWrite)];
  const Histogram& read = all->latency[kReadModifyWriteRead];
  const Histogram& update = all->latency[kReadModifyWriteUpdate];
  EXPECT_EQ(read.count(), 100u);
  EXPECT_EQ(update.count(), 100u);
  EXPECT_GE(read.min_ns(), 1'000'000u);
  EXPECT_LT(update.min_ns(), 1'000'000u);
  // Each of the three is rounded down to nanoseconds.
  EXPECT_LE(read.sum_ns() + update.sum_ns(), both.sum_ns());
  EXPECT_GE(read.sum_ns() + update.sum_ns() + 200, both.sum_ns());
}

TEST_F(ClientTest, AFailureOfTheStoreNamesOperationAndKeyAndStopsEverybody) {
  Prepare(MixedWorkload(), 5000);
  int puts = 0;
  std::string failed;
  store_.put = [&](std::string_view key, std::string_view value, Store* truth) {
    if (++puts < 20) return truth->Put(key, value);
    failed = std::string(key);
    return Status::IoError("the disk is on fire");
  };
  const Status status = RunStream();
  EXPECT_EQ(status.code(), Status::Code::kIoError);
  EXPECT_NE(status.message().find("of key \"" + failed + "\""), std::string::npos)
      << status.ToString();
  EXPECT_NE(status.message().find("the disk is on fire"), std::string::npos);
  EXPECT_TRUE(stop_.load());
  EXPECT_EQ(puts, 20);
  const uint64_t completed = client_->completed();
  EXPECT_EQ(intervals_->TakeRest()->counts.total(), completed) << "the failed one is not counted";
}

TEST_F(ClientTest, AFailureOfAScanOrOfAGetIsAFailureToo) {
  Prepare(MixedWorkload(), 5000);
  store_.scan = [](auto, auto, const auto&, auto) { return Status::Corruption("bad block"); };
  EXPECT_EQ(RunStream().code(), Status::Code::kCorruption);
  stop_ = false;
  store_.get = [](auto, auto, auto) { return Status::Corruption("bad block"); };
  EXPECT_EQ(RunStream().code(), Status::Code::kCorruption);
}

TEST_F(ClientTest, StopsWhenItIsAskedTo) {
  workloads::Workload workload = MixedWorkload();
  workload.insert_proportion = 0;
  Prepare(workload, UINT64_MAX);
  std::atomic<int> gets{0};
  store_.get = [&gets](std::string_view key, std::string* value, Store* truth) {
    gets.fetch_add(1);
    return truth->Get(key, value);
  };
  std::jthread stopper([this, &gets] {
    while (gets.load() < 100) std::this_thread::yield();
    stop_.store(true);
  });
  EXPECT_TRUE(RunStream().ok());
  EXPECT_GE(client_->completed(), 100u);
}

TEST_F(ClientTest, EndsWhenTheTimeIsOver) {
  workloads::Workload workload = MixedWorkload();
  workload.insert_proportion = 0;
  Prepare(workload, UINT64_MAX);
  ClientSchedule schedule;
  const OperationClock& clock = OperationClock::Best();
  schedule.start = clock.Start();
  schedule.end = schedule.start + clock.TicksOf(5e6);
  ASSERT_TRUE(RunStream(schedule).ok());
  EXPECT_GE(clock.ElapsedNs(schedule.start, clock.End()), 5'000'000u);
  EXPECT_GT(client_->completed(), 0u);
}

TEST_F(ClientTest, AnOperationBelongsToTheSampleInWhichItEnded) {
  workloads::Workload workload;
  workload.records = 10;
  workload.read_proportion = 1;
  Prepare(workload, 3);
  const OperationClock& clock = OperationClock::Best();
  ClientSchedule schedule;
  schedule.sample = clock.TicksOf(1e6);
  schedule.start = clock.Start();
  // The second get ends in sample 3 or later, and the third after it.
  int gets = 0;
  store_.get = [&](std::string_view key, std::string* value, Store* truth) {
    while (++gets == 2 && clock.End() < schedule.start + 3 * schedule.sample) --gets;
    return truth->Get(key, value);
  };
  ASSERT_TRUE(RunStream(schedule).ok());
  uint64_t before = 0;
  for (uint64_t sample = 0; sample < 3; ++sample) {
    before += intervals_->Take(sample)->counts.total();
  }
  EXPECT_LE(before, 1u);
  const auto rest = intervals_->TakeRest();
  EXPECT_EQ(before + rest->counts.total(), 3u);
  EXPECT_EQ(rest->latency[0].count(), rest->counts.total());
}

TEST_F(ClientTest, LatencyIsThatOfTheCallAlone) {
  workloads::Workload workload;
  workload.records = 10;
  workload.read_proportion = 1;
  Prepare(workload, 50);
  const OperationClock& clock = OperationClock::Best();
  // The store says how long it was inside; what the client measures cannot be less.
  uint64_t inside_ns = 0;
  store_.get = [&](std::string_view key, std::string* value, Store* truth) {
    const uint64_t start = clock.End();
    const Result<bool> found = truth->Get(key, value);
    while (clock.ElapsedNs(start, clock.End()) < 10'000) {
    }
    inside_ns += clock.ElapsedNs(start, clock.End());
    return found;
  };
  ASSERT_TRUE(RunStream().ok());
  const auto all = intervals_->TakeRest();
  EXPECT_GE(all->latency[0].sum_ns() + 50, inside_ns);
  EXPECT_GE(all->latency[0].min_ns(), 9'999u);
}

TEST_F(ClientTest, AScanThatIsNotInOrderIsAWrongAnswer) {
  workloads::Workload workload;
  workload.records = 100;
  workload.scan_proportion = 1;
  workload.scan_length_min = workload.scan_length_max = 5;
  Prepare(workload, 10);
  store_.scan = [](std::string_view start, uint64_t count, const Store::Visit& visit,
                   Store* truth) {
    std::string last;
    return truth->Scan(start, count, [&](std::string_view key, std::string_view value) {
      visit(last.empty() ? key : last, value);
      last = std::string(key);
    });
  };
  ASSERT_TRUE(RunStream().ok());
  EXPECT_GT(oracle_->wrong_answers(), 0u);
  EXPECT_NE(oracle_->first_wrong_answer().find("scan"), std::string::npos);
}

}  // namespace
}  // namespace varve::harness
