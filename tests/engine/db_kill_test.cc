// kill -9 of a process that writes to a real file system: in the class "process" nothing that was
// acknowledged is lost, and what is there is a prefix of what was written, batches whole.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <random>
#include <thread>

#include "tests/engine/db_test_util.h"

namespace varve {
namespace {

constexpr uint64_t kKeys = 3000;
constexpr uint64_t kBatch = 3;

std::string KeyOf(uint64_t write) { return "key" + std::to_string(write * 7919 % kKeys); }
std::string ValueOf(uint64_t write) { return std::to_string(write) + std::string(60, 'v'); }

// What the database holds after the first `writes` batches. Batch w puts kBatch keys.
Model After(uint64_t writes) {
  Model model;
  for (uint64_t w = 0; w < writes; ++w) {
    for (uint64_t i = 0; i < kBatch; ++i) model[KeyOf(w * kBatch + i)] = ValueOf(w);
  }
  return model;
}

// Shared with the process that will be killed.
struct Progress {
  std::atomic<uint64_t> started{0};
  std::atomic<uint64_t> acknowledged{0};
};

[[noreturn]] void WriteUntilKilled(const Options& options, const std::string& directory,
                                   Progress* progress) {
  auto db = Db::Open(options, {}, directory);
  if (!db.ok()) _exit(1);
  for (uint64_t w = progress->acknowledged.load();; ++w) {
    WriteBatch batch;
    for (uint64_t i = 0; i < kBatch; ++i) batch.Put(KeyOf(w * kBatch + i), ValueOf(w));
    progress->started.store(w + 1);
    if (!(*db)->Write(batch).ok()) _exit(2);
    progress->acknowledged.store(w + 1);
  }
}

void KillOnce(const Options& options, const std::string& directory, Progress* progress,
              std::chrono::milliseconds life) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) WriteUntilKilled(options, directory, progress);
  // At least one write, so that slow machines kill something worth killing.
  const uint64_t before = progress->acknowledged.load();
  int status = 0;
  while (progress->acknowledged.load() == before && waitpid(child, &status, WNOHANG) == 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  std::this_thread::sleep_for(life);
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself";
}

class DbKillTest : public testing::TestWithParam<std::pair<std::string, std::string>> {};

TEST_P(DbKillTest, NothingAcknowledgedIsLost) {
  Options options = SmallOptions();
  options.wal = GetParam().first;
  options.compaction = GetParam().second;
  options.background = "threads";
  TemporaryDirectory directory;
  auto* progress = new (mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Progress;
  std::mt19937_64 random(42);
  for (int round = 0; round < 4; ++round) {
    KillOnce(options, directory.path(), progress, std::chrono::milliseconds(5 + random() % 60));
    if (HasFatalFailure()) break;
    std::unique_ptr<Db> db = OpenDb(options, {}, directory.path());
    ASSERT_NE(db, nullptr);
    const Model found = Contents(*db);
    // The last write may have happened without being acknowledged.
    const uint64_t low = progress->acknowledged.load();
    const uint64_t high = progress->started.load();
    ASSERT_LE(high, low + 1);
    const bool without = found == After(low);
    EXPECT_TRUE(without || found == After(high)) << "round " << round << ", write " << low;
    if (!without) progress->acknowledged.store(high);
    EXPECT_OK(db->Verify());
  }
  munmap(progress, sizeof(Progress));
}

INSTANTIATE_TEST_SUITE_P(
    Every, DbKillTest,
    testing::Values(std::pair("mmap", "leveled"), std::pair("write", "leveled"),
                    std::pair("mmap", "lazy_leveled"), std::pair("mmap", "tiered")),
    [](const auto& tested) { return tested.param.first + "_" + tested.param.second; });

}  // namespace
}  // namespace varve
