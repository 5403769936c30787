// Recording histories.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/torture/linearizability_torture.h"

#include <fmt/format.h>

#include <atomic>
#include <barrier>
#include <charconv>
#include <chrono>
#include <thread>
#include <vector>

#include "engine/io/faulty_file_system.h"
#include "engine/io/memory_file_system.h"
#include "engine/util/hash.h"
#include "engine/util/random.h"
#include "harness/torture/configurations.h"
#include "harness/torture/cycles.h"
#include "harness/torture/linearizability.h"

namespace varve::harness {
namespace {

// Registers 0 and 1 are written by batches and read together; the others are alone.
constexpr int kRegisters = 4;
constexpr int kThreads = 3;
constexpr int kRounds = 12;
// All threads start a round at once, or the quicker would be done before the others begin.
constexpr int kOperationsInRound = 6;

std::string KeyOf(int number) { return fmt::format("hot{}", number); }

int64_t Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// One client. It notes what it did and saw, and the first error.
class Recorder {
 public:
  Recorder(Db& db, int thread, uint64_t seed)
      : db_(db), thread_(thread), random_(Mix64(seed, static_cast<uint64_t>(thread))) {}

  const std::vector<HistoryOperation>& history() const { return history_; }
  const std::string& error() const { return error_; }

  void Step() {
    const int number = static_cast<int>(random_.Uniform(kRegisters));
    switch (random_.Uniform(10)) {
      case 0:
      case 1:
      case 2:
        return Put(number);
      case 3:
        return WriteBoth();
      case 4:
        return Delete(number);
      case 5:
        return ReadBothAtSnapshot();
      case 6:
        return ReadBothByIterator();
      case 7:
        return Fill();
      default:
        return Get(number);
    }
  }

 private:
  HistoryOperation& Begin(bool write, std::vector<RegisterValue> values) {
    HistoryOperation& operation = history_.emplace_back();
    operation.thread = thread_;
    operation.write = write;
    operation.values = std::move(values);
    operation.called = Now();
    return operation;
  }

  void End(HistoryOperation& operation, const Status& status) {
    operation.returned = Now();
    Note(status);
  }
  void Note(const Status& status) {
    if (!status.ok() && error_.empty()) error_ = status.ToString();
  }

  // No two writes write the same value.
  uint64_t NewValue() { return static_cast<uint64_t>(thread_ + 1) * 1'000'000 + ++values_; }
  std::string TextOf(uint64_t value) {
    return fmt::format("{} {}", value, std::string(random_.Uniform(300), '.'));
  }

  // 0: absent.
  uint64_t Read(int number, const ReadOptions& options) {
    std::string text;
    const Result<bool> found = db_.Get(KeyOf(number), &text, options);
    Note(found.status());
    return found.ok() && *found ? Parse(text) : 0;
  }
  uint64_t Parse(std::string_view text) {
    uint64_t value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc() && rest != text.data() + text.size() && *rest == ' ';
    if (!whole) Note(Status::Corruption("a value that nobody wrote"));
    return value;
  }

  void Put(int number) {
    const uint64_t value = NewValue();
    const std::string text = TextOf(value);
    HistoryOperation& operation = Begin(true, {{number, value}});
    End(operation, db_.Put(KeyOf(number), text));
  }

  void Delete(int number) {
    HistoryOperation& operation = Begin(true, {{number, 0}});
    End(operation, db_.Delete(KeyOf(number)));
  }

  void WriteBoth() {
    const uint64_t value = NewValue();
    WriteBatch batch;
    // One of a few deletes one of the two.
    const bool deletes = random_.OneIn(4);
    batch.Put(KeyOf(0), TextOf(value));
    if (deletes) {
      batch.Delete(KeyOf(1));
    } else {
      batch.Put(KeyOf(1), TextOf(value));
    }
    HistoryOperation& operation = Begin(true, {{0, value}, {1, deletes ? 0 : value}});
    End(operation, db_.Write(batch));
  }

  void Get(int number) {
    HistoryOperation& operation = Begin(false, {{number, 0}});
    const uint64_t value = Read(number, {});
    End(operation, {});
    operation.values[0].value = value;
  }

  // The moment of a snapshot is within the call that takes it, whenever it is read.
  void ReadBothAtSnapshot() {
    HistoryOperation& operation = Begin(false, {{0, 0}, {1, 0}});
    const std::unique_ptr<const Snapshot> snapshot = db_.GetSnapshot();
    End(operation, {});
    if (random_.OneIn(2)) std::this_thread::yield();
    ReadOptions options;
    options.snapshot = snapshot.get();
    for (RegisterValue& value : operation.values) value.value = Read(value.number, options);
  }

  void ReadBothByIterator() {
    const std::string end = KeyOf(2);
    ReadOptions options;
    options.upper_bound = end;
    options.lower_bound = "hot";
    HistoryOperation& operation = Begin(false, {{0, 0}, {1, 0}});
    const std::unique_ptr<Iterator> iterator = db_.NewIterator(options);
    End(operation, {});
    if (random_.OneIn(2)) std::this_thread::yield();
    const bool forward = random_.OneIn(2);
    for (forward ? iterator->SeekToFirst() : iterator->SeekToLast(); iterator->Valid();
         forward ? iterator->Next() : iterator->Prev()) {
      const int number = iterator->key() == KeyOf(0) ? 0 : 1;
      operation.values[static_cast<size_t>(number)].value = Parse(iterator->value());
    }
    Note(iterator->status());
  }

  // Makes memtables full and tables many.
  void Fill() {
    const uint32_t key = random_.Uniform(40);
    const uint32_t value_bytes = random_.Uniform(3000);
    Note(db_.Put(fmt::format("filler{}", key), std::string(value_bytes, 'f')));
  }

  Db& db_;
  const int thread_;
  Random random_;
  uint64_t values_ = 0;
  std::vector<HistoryOperation> history_;
  std::string error_;
};

void Maintain(Db& db, uint64_t seed, const std::atomic<bool>& done) {
  Random random(seed);
  while (!done.load(std::memory_order_relaxed)) {
    const uint32_t choice = random.Uniform(8);
    const Status status = choice < 5 ? db.Flush() : choice < 7 ? db.Settle() : db.Compact();
    if (!status.ok()) return;  // the clients will meet it too
    std::this_thread::yield();
  }
}

}  // namespace

std::string CheckHistoryOf(Db& db, uint64_t seed, TortureReport* report) {
  std::vector<Recorder> recorders;
  for (int i = 0; i < kThreads; ++i) recorders.emplace_back(db, i, seed);
  std::atomic<bool> done{false};
  std::barrier round(kThreads);
  const auto run = [&round](Recorder& recorder) {
    for (int i = 0; i < kRounds * kOperationsInRound; ++i) {
      if (i % kOperationsInRound == 0) round.arrive_and_wait();
      recorder.Step();
    }
  };
  std::thread maintenance([&] { Maintain(db, seed, done); });
  std::vector<std::thread> threads;
  for (Recorder& recorder : recorders) threads.emplace_back([&] { run(recorder); });
  for (std::thread& thread : threads) thread.join();
  done.store(true);
  maintenance.join();

  std::vector<HistoryOperation> history;
  for (const Recorder& recorder : recorders) {
    if (!recorder.error().empty()) return recorder.error();
    history.insert(history.end(), recorder.history().begin(), recorder.history().end());
  }
  AddCount(report, "operations", history.size());
  AddCount(report, "overlapping pairs", OverlappingPairs(history));
  return CheckLinearizable(history);
}

TortureReport RunLinearizabilityTorture(const TortureOptions& options) {
  return RunCycles(
      "linearizability", options, [&](uint64_t cycle, TortureReport* report) -> std::string {
        const uint64_t seed = CycleSeed(options, cycle);
        const Configuration configuration = RandomConfiguration(seed);
        const std::unique_ptr<FileSystem> memory = NewMemoryFileSystem();
        // Fails nothing, but lets other threads go first in the middle of an operation.
        FaultyFileSystem files(memory.get());
        Random random(seed);
        files.SetRule([&random](const FileCallInfo&) {
          if (!random.OneIn(4)) std::this_thread::yield();
          return Fault{};
        });
        VirtualClock clock;
        Environment environment;
        environment.file_system = &files;
        environment.clock = &clock;
        Options engine = configuration.options;
        engine.create_if_missing = true;
        auto db = Db::Open(engine, environment, "/db");
        std::string failure = db.ok() ? CheckHistoryOf(**db, seed, report) : db.status().ToString();
        if (failure.empty()) return "";
        return fmt::format("configuration {}: {} (threads may interleave in another way next time)",
                           configuration.name, failure);
      });
}

}  // namespace varve::harness
