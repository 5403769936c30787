// Killing a writer, again and again. The writer tells its progress through memory that it shares
// with this process.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/torture/kill_torture.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "engine/db.h"
#include "engine/util/hash.h"
#include "engine/util/random.h"
#include "harness/torture/crash_history.h"
#include "harness/torture/crash_torture.h"
#include "harness/torture/cycles.h"
#include "harness/torture/database_check.h"

namespace varve::harness {
namespace {

constexpr uint64_t kKillsOfADatabase = 8;
constexpr uint64_t kKeys = 2000;
constexpr uint64_t kBatch = 3;
constexpr uint32_t kLifeUsMax = 12'000;  // after its first write
constexpr uint32_t kLongLifeUsMax = 65'000;
constexpr uint32_t kLongLifeOneIn = 8;

// Write number `write` of a database.
CrashBatch BatchOf(uint64_t write) {
  CrashBatch batch;
  for (uint64_t i = 0; i < kBatch; ++i) {
    const uint64_t random = Mix64(write, i);
    const std::string key = fmt::format("key{}", random % kKeys);
    if (random % 61 == 0) {
      batch.push_back({key, {}, key + "5"});
    } else if (random % 11 == 0) {
      batch.push_back({key, {}});
    } else {
      batch.push_back({key, fmt::format("{} ", write) + std::string(random % 97, 'v')});
    }
  }
  return batch;
}

// Shared with the process that will be killed.
struct Progress {
  std::atomic<uint64_t> begun{0};
  std::atomic<uint64_t> acknowledged{0};
};

[[noreturn]] void WriteUntilKilled(const Options& options, const std::string& directory,
                                   Progress* progress) {
  auto db = Db::Open(options, {}, directory);
  if (!db.ok()) _exit(1);
  for (uint64_t write = progress->acknowledged.load();; ++write) {
    const WriteBatch batch = ToWriteBatch(BatchOf(write));
    progress->begun.store(write + 1);
    if (!(*db)->Write(batch).ok()) _exit(2);
    progress->acknowledged.store(write + 1);
  }
}

// Progress in memory that outlives the writer.
class SharedProgress {
 public:
  SharedProgress()
      : memory_(mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                     -1, 0)) {
    if (memory_ == MAP_FAILED) throw std::bad_alloc();
    progress_ = new (memory_) Progress;
  }
  ~SharedProgress() { munmap(memory_, sizeof(Progress)); }
  SharedProgress(const SharedProgress&) = delete;
  SharedProgress& operator=(const SharedProgress&) = delete;
  Progress* get() const { return progress_; }

 private:
  void* const memory_;
  Progress* progress_;
};

// One database and the processes that write to it, one after the other.
class KilledDatabase {
 public:
  KilledDatabase(std::string directory, uint64_t seed)
      : directory_(std::move(directory)), random_(seed) {
    std::filesystem::remove_all(directory_);
  }
  ~KilledDatabase() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  KilledDatabase(const KilledDatabase&) = delete;
  KilledDatabase& operator=(const KilledDatabase&) = delete;

  std::string KillAndRecover(TortureReport* report) {
    options_ = RandomCrashOptions(&random_);
    options_.durability = durability_;
    options_.memtable_bytes = uint64_t{8192} << random_.Uniform(4);
    options_.background = "threads";
    if (std::string wrong = Kill(report); !wrong.empty()) return wrong;
    options_.background = "inline";  // no threads where the next writer is forked
    return Recover(report);
  }

 private:
  std::string Kill(TortureReport* report) {
    Progress* progress = progress_.get();
    const uint64_t before = progress->acknowledged.load();
    const pid_t writer = fork();
    if (writer < 0) return "fork failed";
    if (writer == 0) WriteUntilKilled(options_, directory_, progress);
    // One in four is killed at any moment, perhaps in its recovery; the others after a write.
    const bool early = random_.OneIn(4);
    int status = 0;
    bool ended = false;
    while (!early && !ended && progress->acknowledged.load() == before) {
      usleep(200);
      ended = waitpid(writer, &status, WNOHANG) != 0;
    }
    if (!ended) {
      usleep(random_.Uniform(random_.OneIn(kLongLifeOneIn) ? kLongLifeUsMax : kLifeUsMax));
      kill(writer, SIGKILL);
      waitpid(writer, &status, 0);
    }
    AddCount(report, "writes", progress->acknowledged.load() - before);
    if (WIFSIGNALED(status)) return "";
    return fmt::format("the writer ended by itself: {}", WEXITSTATUS(status));
  }

  std::string Recover(TortureReport* report) {
    auto db = Db::Open(options_, {}, directory_);
    if (!db.ok()) return "open: " + db.status().ToString();
    CrashContents found;
    if (std::string wrong = ReadContents(**db, &found); !wrong.empty()) return wrong;
    const uint64_t acknowledged = progress_.get()->acknowledged.load();
    const uint64_t begun = progress_.get()->begun.load();
    Apply(acknowledged);
    // The last write may have happened without being acknowledged.
    if (found != state_ && begun > acknowledged) {
      Apply(begun);
      progress_.get()->acknowledged.store(begun);
      AddCount(report, "writes that were there before they were acknowledged", 1);
    }
    if (found != state_) {
      return fmt::format(
          "after {} acknowledged writes, {} begun: {} keys are there, not the {} "
          "that should be, or with other values",
          acknowledged, begun, found.size(), state_.size());
    }
    return CheckDatabase(*PosixFileSystem(), directory_, **db);
  }

  void Apply(uint64_t until) {
    for (; writes_ < until; ++writes_) ApplyBatch(BatchOf(writes_), &state_);
  }

  const std::string directory_;
  Random random_;
  const std::string durability_ = random_.OneIn(3) ? "power" : "process";
  Options options_;
  SharedProgress progress_;
  CrashContents state_;  // after the first writes_ writes
  uint64_t writes_ = 0;
};

}  // namespace

TortureReport RunKillTorture(const TortureOptions& options) {
  std::unique_ptr<KilledDatabase> database;
  uint64_t number_of_it = 0;
  return RunCycles("kill", options, [&](uint64_t number, TortureReport* report) -> std::string {
    const uint64_t wanted = number / kKillsOfADatabase;
    if (database == nullptr || number_of_it != wanted) {
      database.reset();
      database = std::make_unique<KilledDatabase>(
          fmt::format("{}/killed_{}", options.directory, wanted), CycleSeed(options, wanted));
      number_of_it = wanted;
    }
    std::string wrong = database->KillAndRecover(report);
    if (wrong.empty()) return "";
    return fmt::format("{}; database {}", wrong, wanted);
  });
}

}  // namespace varve::harness
