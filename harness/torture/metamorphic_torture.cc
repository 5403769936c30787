// Cycles of the metamorphic test: run, compare, reduce, report.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/torture/metamorphic_torture.h"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <utility>

#include "engine/io/memory_file_system.h"
#include "engine/util/hash.h"
#include "harness/torture/cycles.h"
#include "harness/torture/operation_generator.h"
#include "harness/torture/reducer.h"

namespace varve::harness {
namespace {

constexpr size_t kOperationsMin = 150;
constexpr size_t kOperationsRange = 600;
constexpr uint64_t kRandomConfigurations = 6;
// A failure that depends on timing is given this many chances to come again: at first, and with
// each shorter log.
constexpr int kAttemptsToRepeat = 40;
constexpr int kAttemptsToReduce = 8;
// What is not reduced by then stays as it is.
constexpr auto kReduceTimeMax = std::chrono::seconds(60);

// What the engine did behind the operations, to show that they make it work.
class JobCounter final : public EventListener {
 public:
  void OnJobEnd(const JobEvent& event) override {
    if (event.flush) {
      ++flushes_;
    } else {
      ++(event.output_level > 1 ? deep_compactions_ : compactions_);
    }
  }
  void AddTo(TortureReport* report) const {
    AddCount(report, "flushes", flushes_.load());
    AddCount(report, "compactions into levels 0 and 1", compactions_.load());
    AddCount(report, "compactions into deeper levels", deep_compactions_.load());
  }

 private:
  std::atomic<uint64_t> flushes_{0};
  std::atomic<uint64_t> compactions_{0};
  std::atomic<uint64_t> deep_compactions_{0};
};

// Owns what an engine subject needs. Sleeping costs nothing: stalls are on a virtual clock.
class MemorySubject final : public Subject {
 public:
  MemorySubject(const Options& options, EventListener* listener) {
    Environment environment;
    environment.listener = listener;
    environment.file_system = files_.get();
    environment.clock = &clock_;
    engine_ = NewEngineSubject(options, environment, "/db");
  }
  std::string Apply(const LoggedOperation& operation) override { return engine_->Apply(operation); }

 private:
  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  VirtualClock clock_;
  std::unique_ptr<Subject> engine_;  // last: goes first
};

// The same on the real file system, in a directory that goes with it.
class RealSubject final : public Subject {
 public:
  RealSubject(const Options& options, std::string directory) : directory_(std::move(directory)) {
    std::filesystem::remove_all(directory_);
    Environment environment;
    environment.clock = &clock_;
    engine_ = NewEngineSubject(options, environment, directory_);
  }
  ~RealSubject() override {
    engine_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  std::string Apply(const LoggedOperation& operation) override { return engine_->Apply(operation); }

 private:
  const std::string directory_;
  VirtualClock clock_;
  std::unique_ptr<Subject> engine_;
};

// What threads do may be another thing each time.
bool UsesThreads(const OperationLog& log) {
  Options options;
  return !ApplySettings(log.settings, &options).ok() || options.background != "inline";
}

std::string Describe(const OperationLog& log, const Difference& difference) {
  return fmt::format("operation {} ({}): expected {}, found {}", difference.operation,
                     FormatOperation(log.operations[difference.operation]), difference.expected,
                     difference.found);
}

class Cycle {
 public:
  Cycle(const TortureOptions& options, uint64_t number, TortureReport* report)
      : options_(options), number_(number), report_(report) {
    const uint64_t seed = CycleSeed(options, number);
    log_.operations = GenerateOperations(seed, kOperationsMin + seed % kOperationsRange);
    VersionModel model;
    expected_ = Answers(model, log_.operations);
  }

  std::string Run(const std::vector<Configuration>& covering) {
    std::string failure = RunAll(NamedConfigurations());
    if (failure.empty()) failure = RunAll(covering);
    std::vector<Configuration> random;
    for (uint64_t i = 0; i < kRandomConfigurations; ++i) {
      random.push_back(RandomConfiguration(Mix64(CycleSeed(options_, number_), i)));
    }
    if (failure.empty()) failure = RunAll(random);
    if (failure.empty() && !options_.directory.empty()) failure = RunOnRealFiles();
    jobs_.AddTo(report_);
    return failure;
  }

 private:
  std::string RunAll(const std::vector<Configuration>& configurations) {
    const MakeSubject make = [this](const Options& options) {
      return NewMemorySubject(options, &jobs_);
    };
    for (const Configuration& configuration : configurations) {
      std::string failure = RunOne(configuration, make);
      if (!failure.empty()) return failure;
    }
    return "";
  }

  std::string RunOnRealFiles() {
    const std::string directory = options_.directory + "/metamorphic";
    const MakeSubject make = [&directory](const Options& options) -> std::unique_ptr<Subject> {
      return std::make_unique<RealSubject>(options, directory);
    };
    const std::vector<Configuration>& all = NamedConfigurations();
    Configuration configuration = all[number_ % all.size()];
    configuration.name += " on real files";
    return RunOne(configuration, make);
  }

  std::string RunOne(const Configuration& configuration, const MakeSubject& make) {
    AddCount(report_, "configurations", 1);
    AddCount(report_, "operations", log_.operations.size());
    const std::unique_ptr<Subject> subject = make(configuration.options);
    const auto difference = FirstDifference(*subject, log_.operations, expected_);
    if (!difference.has_value()) return "";
    OperationLog log{ChangedSettings(configuration.options), log_.operations};
    std::string failure =
        fmt::format("configuration {}, {}", configuration.name, Describe(log, *difference));
    Reduce(std::move(log), make, failure);
    return failure;
  }

  void Reduce(OperationLog log, const MakeSubject& make, const std::string& failure) {
    const bool threads = UsesThreads(log);
    const auto end = std::chrono::steady_clock::now() + kReduceTimeMax;
    const LogFails fails = [&](const OperationLog& candidate) {
      return std::chrono::steady_clock::now() < end &&
             RunLog(candidate, make, threads ? kAttemptsToReduce : 1).has_value();
    };
    report_->replay = fmt::format("# {}\n", failure);
    if (!RunLog(log, make, threads ? kAttemptsToRepeat : 1).has_value()) {
      report_->replay += "# it did not come again, so that it could not be reduced\n";
    } else {
      log = ReduceLog(std::move(log), fails);
      const auto difference = RunLog(log, make, threads ? kAttemptsToRepeat : 1);
      report_->replay += fmt::format("# reduced to {} operations", log.operations.size());
      if (difference.has_value()) report_->replay += ", of which " + Describe(log, *difference);
      report_->replay += "\n";
    }
    report_->replay += FormatLog(log);
  }

  const TortureOptions& options_;
  const uint64_t number_;
  TortureReport* const report_;
  OperationLog log_;
  std::vector<std::string> expected_;
  JobCounter jobs_;
};

}  // namespace

std::unique_ptr<Subject> NewMemorySubject(const Options& options, EventListener* listener) {
  return std::make_unique<MemorySubject>(options, listener);
}

std::optional<Difference> RunLog(const OperationLog& log, const MakeSubject& make, int attempts) {
  Options options;
  if (!ApplySettings(log.settings, &options).ok() || !CheckOptions(options).ok()) return {};
  VersionModel model;
  const std::vector<std::string> expected = Answers(model, log.operations);
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const std::unique_ptr<Subject> subject = make(options);
    std::optional<Difference> difference = FirstDifference(*subject, log.operations, expected);
    if (difference.has_value()) return difference;
  }
  return {};
}

TortureReport RunMetamorphicTorture(const TortureOptions& options) {
  const std::vector<Configuration> covering = CoveringConfigurations(options.seed);
  return RunCycles("metamorphic", options, [&](uint64_t number, TortureReport* report) {
    return Cycle(options, number, report).Run(covering);
  });
}

TortureReport ReplayMetamorphic(std::string_view text, const TortureOptions& options) {
  const Result<OperationLog> log = ParseLog(text);
  TortureReport wrong;
  Options engine;
  Status status = log.status();
  if (status.ok()) status = ApplySettings(log->settings, &engine);
  if (status.ok()) status = CheckOptions(engine);
  if (!status.ok()) {
    wrong.failure = status.ToString();
    return wrong;
  }
  TortureOptions once = options;
  if (once.cycles == 0 && once.seconds <= 0) once.cycles = 1;
  return RunCycles("", once, [&](uint64_t, TortureReport* report) -> std::string {
    AddCount(report, "operations", log->operations.size());
    const MakeSubject make = [](const Options& its) { return NewMemorySubject(its); };
    const auto difference = RunLog(*log, make, 1);
    return difference.has_value() ? Describe(*log, *difference) : "";
  });
}

}  // namespace varve::harness
