// Cycles of random crashes.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/torture/crash_torture.h"

#include <fmt/format.h>

#include <cassert>
#include <memory>
#include <string_view>

#include "engine/parts.h"
#include "engine/util/hash.h"
#include "harness/torture/crash_driver.h"
#include "harness/torture/cycles.h"
#include "harness/torture/operation_log.h"

namespace varve::harness {
namespace {

constexpr uint32_t kCrashesMax = 4;
constexpr uint32_t kStepsMax = 64;
// An open makes about this many calls, and a step this many on average.
constexpr uint32_t kCallsOfOpen = 30;
constexpr uint32_t kCallsOfStep = 5;

// One time in so many, the work is so long that manifests grow and are switched.
constexpr uint32_t kLongWorkOneIn = 12;
constexpr uint32_t kLongFactor = 6;
constexpr std::string_view kLongSteps = "PPpbdeffffff";

// Writes mostly. What is rare here is frequent enough over thousands of cycles.
constexpr std::string_view kSteps = "ppppppppPPPPPPddddeeebbbbbbbffsstcrgnn";

// `count` letters of `letters`.
std::string AnySteps(Random* random, uint32_t count, std::string_view letters) {
  std::string steps;
  for (uint32_t i = 0; i < count; ++i) {
    steps += letters[random->Uniform(static_cast<uint32_t>(letters.size()))];
  }
  return steps;
}

template <class Row>
std::string AnyName(Random* random, const std::vector<Row>& rows) {
  return std::string(rows[random->Uniform(static_cast<uint32_t>(rows.size()))].name);
}

std::string AnyPart(Random* random, std::string_view table) {
  for (const PartTable& parts : PartTables()) {
    if (parts.name == table) return AnyName(random, parts.parts);
  }
  assert(false && "every choice has a table");
  return "";
}

class Cycle {
 public:
  explicit Cycle(uint64_t seed)
      : random_(seed), driver_(RandomCrashOptions(&random_), Mix64(seed, 1)) {}

  std::string Run(TortureReport* report) {
    const uint32_t crashes = 1 + random_.Uniform(kCrashesMax);
    std::string wrong;
    for (uint32_t i = 0; i < crashes && wrong.empty(); ++i) {
      wrong = WorkAndCrash(report);
      if (random_.OneIn(2)) driver_.set_options(RandomCrashOptions(&random_));
    }
    if (wrong.empty()) wrong = driver_.Work(files_.get(), "gprg");
    AddCount(report, "crashes", crashes);
    AddCount(report, "recoveries", driver_.recoveries());
    AddCount(report, "writes", driver_.writes());
    AddCount(report, "manifest switches", driver_.switches());
    return wrong;
  }

  const Options& options() const { return driver_.options(); }

 private:
  // Works to a crash somewhere; one time in three, it is soon, that is, in recovery.
  std::string WorkAndCrash(TortureReport* report) {
    const bool is_long = random_.OneIn(kLongWorkOneIn);
    const uint32_t count = random_.Uniform(kStepsMax * (is_long ? kLongFactor : 1) + 1);
    const bool soon = random_.OneIn(3);
    const uint32_t calls_max = kCallsOfOpen + (soon ? 0 : count * kCallsOfStep);
    const uint64_t calls = random_.Uniform(calls_max);
    const uint64_t torn_seed = random_.Next();
    files_->CutAt(calls, torn_seed);
    std::string wrong =
        driver_.Work(files_.get(), AnySteps(&random_, count, is_long ? kLongSteps : kSteps));
    AddCount(report, "calls", files_->calls());
    const bool power_loss = random_.OneIn(2);
    const uint64_t crash_seed = random_.Next();
    AddCount(report, power_loss ? "power losses" : "process deaths", 1);
    driver_.Crash(power_loss ? CrashKind::kPowerLoss : CrashKind::kProcessDeath);
    files_ = power_loss ? files_->AfterPowerLoss(crash_seed) : files_->AfterProcessDeath();
    return wrong;
  }

  Random random_;
  CrashDriver driver_;
  std::unique_ptr<CrashableFileSystem> files_ = std::make_unique<CrashableFileSystem>();
};

}  // namespace

Options RandomCrashOptions(Random* random) {
  Options options;
  do {
    Options::ForEach(options, [&]<class Field>(const Setting& setting, Field& field) {
      if constexpr (std::is_same_v<Field, std::string>) {
        if (setting.kind == SettingKind::kChoice) field = AnyPart(random, setting.table);
      }
    });
    options.age_unit = "operations";
    options.movement = AnyPart(random, "movement");
    options.flush_merges = random->OneIn(3);
    options.tombstone_age_max = random->OneIn(4) ? 30 : 0;
    // About one in four goes together.
  } while (!CheckOptions(options).ok());
  options.background = "inline";
  options.seed = random->Uniform(1000);
  options.memtable_bytes = uint64_t{4096} << random->Uniform(3);
  options.memtables_max = 2 + random->Uniform(3);
  options.manifest_bytes = 4096;
  options.cache_bytes = 8192;
  options.block_bytes = uint64_t{256} << random->Uniform(3);
  options.restart_interval = 1 + random->Uniform(8);
  options.table_bytes = uint64_t{4096} << random->Uniform(2);
  options.size_ratio = 2 + random->Uniform(3);
  options.level0_runs = 1 + random->Uniform(3);
  options.level1_bytes = random->OneIn(2) ? 0 : 8192;
  options.trivial_moves = random->OneIn(2);
  options.subcompactions = 1 + random->Uniform(4);
  assert(CheckOptions(options).ok());
  return options;
}

TortureReport RunCrashTorture(const TortureOptions& options) {
  return RunCycles("crash", options, [&](uint64_t number, TortureReport* report) -> std::string {
    Cycle cycle(CycleSeed(options, number));
    const std::string wrong = cycle.Run(report);
    if (wrong.empty()) return "";
    return fmt::format("{}; last settings:{}", wrong,
                       FormatSettings(ChangedSettings(cycle.options())));
  });
}

}  // namespace varve::harness
