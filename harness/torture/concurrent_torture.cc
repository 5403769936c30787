// The threads of the concurrent torture and what each checks.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/torture/concurrent_torture.h"

#include <fmt/format.h>

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "engine/db.h"
#include "engine/io/memory_file_system.h"
#include "engine/util/hash.h"
#include "engine/util/random.h"
#include "harness/torture/configurations.h"
#include "harness/torture/cycles.h"
#include "harness/torture/numbered_writes.h"
#include "harness/torture/operation_log.h"

namespace varve::harness {
namespace {

constexpr int kReaders = 2;
constexpr size_t kSnapshotsHeld = 3;

using State = NumberedWrites::State;

struct alignas(64) Progress {
  std::atomic<uint64_t> begun{0};
  std::atomic<uint64_t> acknowledged{0};
};

// What all threads of a cycle know.
struct Shared {
  Shared(const ConcurrentSize& its_size, uint64_t its_seed)
      : size(its_size), seed(its_seed), progress(static_cast<size_t>(its_size.writers)) {
    const uint64_t writes = size.writes_per_round * static_cast<uint64_t>(size.rounds);
    for (int writer = 0; writer < size.writers; ++writer) writes_of.emplace_back(writer, writes);
  }

  void Fail(std::string what) {
    const std::lock_guard lock(mutex);
    if (failure.empty()) failure = std::move(what);
    failed.store(true, std::memory_order_relaxed);
  }
  void Check(const Status& status, std::string_view call) {
    if (!status.ok()) Fail(fmt::format("{}: {}", call, status.ToString()));
  }

  const ConcurrentSize size;
  const uint64_t seed;
  std::deque<NumberedWrites> writes_of;
  std::vector<Progress> progress;
  uint64_t written_before = 0;  // by each writer in former rounds
  std::atomic<bool> done{false};
  std::atomic<bool> failed{false};
  std::atomic<uint64_t> reads{0};

  std::mutex mutex;
  std::string failure;  // guarded by mutex
};

std::string Show(const State& state) {
  std::string text;
  for (const uint64_t number : state) text += fmt::format(" {}", number);
  return text;
}

void RunWriter(Db& db, Shared& shared, int writer) {
  const NumberedWrites& writes = shared.writes_of[static_cast<size_t>(writer)];
  Progress& progress = shared.progress[static_cast<size_t>(writer)];
  const uint64_t last = shared.written_before + shared.size.writes_per_round;
  WriteBatch batch;
  for (uint64_t number = shared.written_before + 1; number <= last; ++number) {
    if (shared.failed.load(std::memory_order_relaxed)) return;
    batch.Clear();
    writes.AddTo(&batch, number);
    progress.begun.store(number, std::memory_order_release);
    shared.Check(db.Write(batch), "write");
    progress.acknowledged.store(number, std::memory_order_release);
  }
}

// A thread that reads. What it has seen once it must see, or something later, ever after.
class Reader {
 public:
  Reader(Db& db, Shared& shared, uint64_t seed)
      : db_(db), shared_(shared), random_(seed), seen_(shared.writes_of.size()) {
    for (uint64_t& seen : seen_) seen = shared.written_before;
  }

  void Run() {
    uint64_t steps = 0;
    while (!shared_.done.load(std::memory_order_relaxed) &&
           !shared_.failed.load(std::memory_order_relaxed)) {
      Step();
      ++steps;
    }
    shared_.reads.fetch_add(steps);
  }

 private:
  struct Held {
    std::unique_ptr<const Snapshot> snapshot;
    std::vector<State> states;  // of each writer
  };

  void Step() {
    const size_t writer = random_.Uniform(static_cast<uint32_t>(seen_.size()));
    switch (random_.Uniform(8)) {
      case 0:
        return TakeSnapshot();
      case 1:
        return ReadSnapshotAgain(writer);
      case 2:
        if (!held_.empty()) held_.pop_front();
        return;
      case 3:
      case 4:
        return CheckScan(writer);
      default:
        return CheckGet(writer);
    }
  }

  uint64_t Low(size_t writer) const {
    if (!shared_.size.told) return seen_[writer];
    const uint64_t acknowledged =
        shared_.progress[writer].acknowledged.load(std::memory_order_acquire);
    return std::max(seen_[writer], acknowledged);
  }
  uint64_t High(size_t writer) const {
    if (!shared_.size.told) return shared_.written_before + shared_.size.writes_per_round;
    return shared_.progress[writer].begun.load(std::memory_order_acquire);
  }

  // `after`: how many writes there were for certain; nothing if what was read fits no number.
  bool Note(size_t writer, std::optional<uint64_t> after) {
    if (after.has_value()) seen_[writer] = *after;
    return after.has_value();
  }

  void CheckGet(size_t writer) {
    const NumberedWrites& writes = shared_.writes_of[writer];
    const size_t index = random_.Uniform(NumberedWrites::kKeys);
    const uint64_t low = Low(writer);
    const std::optional<uint64_t> held = Get(writer, index, nullptr);
    const uint64_t high = High(writer);
    if (!held.has_value()) return;
    if (Note(writer, writes.Find(index, *held, low, high))) return;
    shared_.Fail(
        fmt::format("get of {}: write {} (0: absent), which is right after none of {} to "
                    "{} writes",
                    writes.KeyOf(index), *held, low, high));
  }

  void CheckScan(size_t writer) {
    const uint64_t low = Low(writer);
    const std::optional<State> state = Scan(writer, nullptr);
    CheckState(writer, state, low, High(writer), "an iterator");
  }

  void CheckState(size_t writer, const std::optional<State>& state, uint64_t low, uint64_t high,
                  std::string_view what) {
    if (!state.has_value()) return;
    if (Note(writer, shared_.writes_of[writer].Find(*state, low, high))) return;
    shared_.Fail(
        fmt::format("{} sees of writer {} the writes{} (0: absent), which is right after "
                    "none of {} to {} writes",
                    what, writer, Show(*state), low, high));
  }

  void TakeSnapshot() {
    if (held_.size() >= kSnapshotsHeld) return;
    std::vector<uint64_t> low;
    for (size_t writer = 0; writer < seen_.size(); ++writer) low.push_back(Low(writer));
    Held held;
    held.snapshot = db_.GetSnapshot();
    std::vector<uint64_t> high;
    for (size_t writer = 0; writer < seen_.size(); ++writer) high.push_back(High(writer));
    for (size_t writer = 0; writer < seen_.size(); ++writer) {
      const std::optional<State> state = Scan(writer, held.snapshot.get());
      if (!state.has_value()) return;
      CheckState(writer, state, low[writer], high[writer], "a snapshot");
      held.states.push_back(*state);
    }
    held_.push_back(std::move(held));
  }

  // A snapshot shows the same for as long as it lives, to gets and to iterators.
  void ReadSnapshotAgain(size_t writer) {
    if (held_.empty()) return;
    const Held& held = held_[random_.Uniform(static_cast<uint32_t>(held_.size()))];
    State found{};
    for (size_t index = 0; index < found.size(); ++index) {
      const std::optional<uint64_t> number = Get(writer, index, held.snapshot.get());
      if (!number.has_value()) return;
      found[index] = *number;
    }
    const std::optional<State> scanned = Scan(writer, held.snapshot.get());
    if (!scanned.has_value()) return;
    for (const State& state : {found, *scanned}) {
      if (state == held.states[writer]) continue;
      shared_.Fail(fmt::format("a snapshot showed of writer {} the writes{}, and later{}", writer,
                               Show(held.states[writer]), Show(state)));
    }
  }

  // The number of the write that is there, 0 if the key is absent.
  std::optional<uint64_t> Get(size_t writer, size_t index, const Snapshot* snapshot) {
    const NumberedWrites& writes = shared_.writes_of[writer];
    ReadOptions options;
    options.snapshot = snapshot;
    const Result<bool> found = db_.Get(writes.KeyOf(index), &value_, options);
    shared_.Check(found.status(), "get");
    if (!found.ok()) return std::nullopt;
    if (!*found) return 0;
    const std::optional<uint64_t> number = writes.Parse(index, value_);
    if (!number.has_value()) {
      shared_.Fail(fmt::format("get of {}: a value that nobody wrote", writes.KeyOf(index)));
    }
    return number;
  }

  std::optional<State> Scan(size_t writer, const Snapshot* snapshot) {
    const NumberedWrites& writes = shared_.writes_of[writer];
    const std::string lower = writes.lower(), upper = writes.upper();
    ReadOptions options;
    options.snapshot = snapshot;
    options.lower_bound = lower;
    options.upper_bound = upper;
    const std::unique_ptr<Iterator> iterator = db_.NewIterator(options);
    const bool forward = random_.OneIn(2);
    State state{};
    std::string last;
    for (forward ? iterator->SeekToFirst() : iterator->SeekToLast(); iterator->Valid();
         forward ? iterator->Next() : iterator->Prev()) {
      const std::optional<size_t> index = writes.IndexOf(iterator->key());
      const std::optional<uint64_t> number =
          index.has_value() ? writes.Parse(*index, iterator->value()) : std::nullopt;
      const bool sorted = last.empty() || (iterator->key() > last) == forward;
      if (!number.has_value() || !sorted || iterator->key() == last) {
        shared_.Fail(fmt::format("an iterator that goes {} is at {} = {} after '{}'",
                                 forward ? "forward" : "backward", iterator->key(),
                                 iterator->value().substr(0, 60), last));
        return std::nullopt;
      }
      state[*index] = *number;
      last = iterator->key();
    }
    shared_.Check(iterator->status(), "iterator");
    if (!iterator->status().ok()) return std::nullopt;
    return state;
  }

  Db& db_;
  Shared& shared_;
  Random random_;
  std::vector<uint64_t> seen_;  // for each writer, writes that were there for certain
  std::deque<Held> held_;
  std::string value_;
};

void RunMaintenance(Db& db, Shared& shared) {
  Random random(Mix64(shared.seed, 99));
  while (!shared.done.load(std::memory_order_relaxed)) {
    switch (random.Uniform(10)) {
      case 0:
      case 1:
        shared.Check(db.Compact(), "compact");
        break;
      case 2:
        shared.Check(db.Settle(), "settle");
        break;
      case 3:
        shared.Check(db.Sync(), "sync");
        break;
      case 4:
        shared.Check(db.Verify(), "verify");
        break;
      case 5: {
        const std::string wrong = db.tree().CheckInvariants();
        if (!wrong.empty()) shared.Fail(wrong);
        if (db.file_bytes() == 0 && db.counters().flushes > 0) shared.Fail("files of no bytes");
        if (db.ledger().bytes_written_ahead > uint64_t{1} << 50) shared.Fail("a wild ledger");
        break;
      }
      default:
        shared.Check(db.Flush(), "flush");
    }
    std::this_thread::yield();
  }
}

// All keys of all writers, when nothing runs.
void CheckEnd(Db& db, Shared& shared, uint64_t writes, std::string_view when) {
  for (const NumberedWrites& of_writer : shared.writes_of) {
    for (size_t index = 0; index < NumberedWrites::kKeys; ++index) {
      std::string value;
      const Result<bool> found = db.Get(of_writer.KeyOf(index), &value);
      shared.Check(found.status(), "get");
      const std::optional<uint64_t> number =
          found.ok() && *found ? of_writer.Parse(index, value) : uint64_t{0};
      if (number == of_writer.After(writes)[index]) continue;
      shared.Fail(fmt::format("{}, {} holds write {} (0: absent) and not {}", when,
                              of_writer.KeyOf(index), number.value_or(0),
                              of_writer.After(writes)[index]));
    }
  }
  shared.Check(db.Verify(), when);
}

void RunThreads(Db& db, Shared& shared) {
  shared.done.store(false);
  std::vector<std::thread> others;
  for (uint64_t i = 0; i < kReaders; ++i) {
    others.emplace_back([&, i] { Reader(db, shared, Mix64(shared.seed, i)).Run(); });
  }
  others.emplace_back([&] { RunMaintenance(db, shared); });
  std::vector<std::thread> writers;
  for (int i = 0; i < shared.size.writers; ++i) {
    writers.emplace_back([&, i] { RunWriter(db, shared, i); });
  }
  for (std::thread& writer : writers) writer.join();
  shared.done.store(true);
  for (std::thread& other : others) other.join();
}

// Nothing else wrote.
void CheckCounters(const Counters& counters, Shared& shared) {
  const uint64_t first = shared.written_before + 1;
  const uint64_t last = shared.written_before + shared.size.writes_per_round;
  uint64_t changes = 0;
  for (const NumberedWrites& writes : shared.writes_of) changes += writes.ChangesIn(first, last);
  const uint64_t batches = (last - first + 1) * shared.writes_of.size();
  if (counters.write_batches == batches && counters.puts + counters.deletes == changes) return;
  shared.Fail(fmt::format("{} batches of {} changes were counted as {} and {}", batches, changes,
                          counters.write_batches, counters.puts + counters.deletes));
}

// One round. The database is closed as soon as the last call has returned, whatever runs behind.
void RunRound(const Options& options, const Environment& environment, Shared& shared) {
  auto opened = Db::Open(options, environment, "/db");
  shared.Check(opened.status(), "open");
  if (!opened.ok()) return;
  Db& db = **opened;
  CheckEnd(db, shared, shared.written_before, "after opening");
  RunThreads(db, shared);
  if (shared.failed.load()) return;
  CheckCounters(db.counters(), shared);
  // Without a log, what is not flushed is gone.
  if (options.durability == "none") shared.Check(db.Flush(), "flush");
}

}  // namespace

std::string RunConcurrently(const std::vector<Options>& options, const ConcurrentSize& size,
                            uint64_t seed, TortureReport* report) {
  const std::unique_ptr<FileSystem> files = NewMemoryFileSystem();
  VirtualClock clock;
  Environment environment;
  environment.file_system = files.get();
  environment.clock = &clock;
  const auto engine = [&options](int round) {
    Options of_round = options[static_cast<size_t>(round) % options.size()];
    of_round.create_if_missing = true;
    of_round.error_if_exists = false;
    return of_round;
  };
  Shared shared(size, seed);
  for (int round = 0; round < size.rounds && !shared.failed.load(); ++round) {
    RunRound(engine(round), environment, shared);
    shared.written_before += size.writes_per_round;
  }
  if (!shared.failed.load()) {
    auto opened = Db::Open(engine(size.rounds), environment, "/db");
    shared.Check(opened.status(), "open");
    if (opened.ok()) CheckEnd(**opened, shared, shared.written_before, "at the end");
  }
  AddCount(report, "writes", static_cast<uint64_t>(size.writers) * shared.written_before);
  AddCount(report, "reads", shared.reads.load());
  const std::lock_guard lock(shared.mutex);
  return shared.failure;
}

TortureReport RunConcurrentTorture(const TortureOptions& options) {
  return RunCycles(
      "concurrent", options, [&](uint64_t cycle, TortureReport* report) -> std::string {
        const uint64_t seed = CycleSeed(options, cycle);
        ConcurrentSize size;
        size.told = cycle % 2 == 0;
        std::vector<Options> engine;
        for (uint64_t round = 0; round <= static_cast<uint64_t>(size.rounds); ++round) {
          engine.push_back(RandomConfiguration(Mix64(seed, round)).options);
        }
        const std::string failure = RunConcurrently(engine, size, seed, report);
        if (failure.empty()) return "";
        std::string text = failure + " (threads may interleave in another way next time)";
        for (size_t round = 0; round < engine.size(); ++round) {
          text += fmt::format("; settings of round {}:{}", round,
                              FormatSettings(ChangedSettings(engine[round])));
        }
        return text;
      });
}

}  // namespace varve::harness
