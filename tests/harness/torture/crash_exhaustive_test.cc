// Short workloads lose power, and their process, at every call of the file system, and at every
// call of the recovery that follows.
//
// I1: what had to survive does. I2: the state is a prefix, batches whole. I3: no sequence number is
// used twice. I4: what is named is there. I11: nothing is damaged. Recovery leaves no file behind
// and takes writes.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/torture/crash_driver.h"
#include "tests/sanitizers.h"

namespace varve::harness {
namespace {

struct Workload {
  std::string name;
  std::string steps;  // as in CrashDriver::Work
};

// Large values fill the memtable of 8 KiB after about eight.
const std::vector<Workload>& Workloads() {
  static const std::vector<Workload> kWorkloads = {
      {"nothing", ""},
      {"puts", "pppdpp"},
      {"batches", "bbdbb"},
      {"flushes", "ppfpdfbf"},
      {"log_rotation", "PPPPPPPPPPPPdPPPPPPPPPPPP"},
      {"compaction", "PPfPbfdPfPddfc"},
      {"only_ranges", "efeefec"},
      {"ranges", "PpefPPeeprPPPbePPPPPPPePPfeePPc"},
      {"reopened", "Pfbrpfc"},
      {"manifest_switches", "prdrbfrPr"},
      {"waiting_logs", "pnPPPPPPPPPPPPPPPbPPPdPPPPPPPPPPPbnfP"},
      {"waiting_logs_synced", "nPPPPPPPPPPPPPPPsPPPPP"},
      {"syncs", "psPsbspfsPPPPPPPPPPs"},
      {"everything", "pPbPdPfPbPPrPesPbdPcPPPfPbrPPdPPtPbnPPPPPPePPPPPPsPndPPPrdfPecpg"},
  };
  return kWorkloads;
}

struct Class {
  std::string name;
  std::string durability;
  std::string wal;
};

const std::vector<Class>& Classes() {
  static const std::vector<Class> kClasses = {{"none", "none", "mmap"},
                                              {"process_mmap", "process", "mmap"},
                                              {"process_write", "process", "write"},
                                              {"power_mmap", "power", "mmap"},
                                              {"power_write", "power", "write"}};
  return kClasses;
}

Options TinyOptions(const Class& tested) {
  Options options;
  options.durability = tested.durability;
  options.wal = tested.wal;
  options.memtable_bytes = 8192;
  options.table_bytes = 4096;
  options.block_bytes = 512;
  options.cache_bytes = 8192;
  options.size_ratio = 2;
  options.level0_runs = 2;
  options.background = "inline";
  return options;
}

struct Crash {
  CrashKind kind;
  uint64_t seed;
};

std::unique_ptr<CrashableFileSystem> After(const CrashableFileSystem& files, const Crash& crash) {
  return crash.kind == CrashKind::kPowerLoss ? files.AfterPowerLoss(crash.seed)
                                             : files.AfterProcessDeath();
}

std::string Describe(const Crash& crash) {
  if (crash.kind == CrashKind::kProcessDeath) return "death of the process";
  return "power loss, seed " + std::to_string(crash.seed);
}

constexpr uint64_t kCallStep = kSanitized ? 7 : 1;  // every call, or every seventh

class CrashExhaustive : public testing::TestWithParam<std::tuple<Workload, Class>> {
 protected:
  CrashExhaustive() : options_(TinyOptions(std::get<1>(GetParam()))) {}

  // `driver` worked on `files` up to a crash. Recovers, and takes `steps`. Returns what is there.
  static CrashContents Recover(CrashDriver driver, const CrashableFileSystem& files,
                               const Crash& crash, std::string_view steps) {
    SCOPED_TRACE(Describe(crash));
    driver.Crash(crash.kind);
    EXPECT_EQ(driver.Work(After(files, crash).get(), steps), "");
    return driver.contents();
  }

  // The same, with another crash at every call of the recovery.
  static void CrashInRecovery(const CrashDriver& driver, const CrashableFileSystem& files,
                              const Crash& crash) {
    SCOPED_TRACE(Describe(crash));
    const CrashContents expected = Recover(driver, files, crash, "");
    for (uint64_t call = 0; !HasFailure(); ++call) {
      SCOPED_TRACE("call " + std::to_string(call) + " of the recovery");
      CrashDriver again = driver;
      again.Crash(crash.kind);
      const auto rest = After(files, crash);
      rest->CutAt(call, call);
      EXPECT_EQ(again.Work(rest.get(), ""), "");
      if (!rest->cut()) return;
      const Crash death{CrashKind::kProcessDeath, 0};
      const Crash loss{CrashKind::kPowerLoss, call};
      EXPECT_EQ(Recover(again, *rest, death, ""), expected);
      const CrashContents found = Recover(again, *rest, loss, "");
      // What power loss left is on the disk, and no later one takes it away.
      if (crash.kind == CrashKind::kPowerLoss) {
        EXPECT_EQ(found, expected);
      }
    }
  }

  // Calls `crashed(driver, files, call)` for each call at which the workload may be cut.
  template <class Crashed>
  void AtEveryCall(uint64_t seed, const Crashed& crashed) {
    const std::string& steps = std::get<0>(GetParam()).steps;
    for (uint64_t call = 0; !HasFailure(); call += kCallStep) {
      SCOPED_TRACE("call " + std::to_string(call));
      CrashDriver driver(options_, seed);
      CrashableFileSystem files;
      files.CutAt(call, call + seed);
      EXPECT_EQ(driver.Work(&files, steps), "");
      crashed(driver, files, call);
      if (!files.cut()) return;
    }
  }

  const Options options_;
};

TEST_P(CrashExhaustive, EveryCallOfTheWorkload) {
  const uint64_t seeds = std::get<0>(GetParam()).steps.size() > 20 ? 1 : 2;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    AtEveryCall(seed,
                [](const CrashDriver& driver, const CrashableFileSystem& files, uint64_t call) {
                  Recover(driver, files, {CrashKind::kProcessDeath, 0}, "pfg");
                  Recover(driver, files, {CrashKind::kPowerLoss, 2 * call}, "pfg");
                  Recover(driver, files, {CrashKind::kPowerLoss, 2 * call + 1}, "pfg");
                });
  }
}

TEST_P(CrashExhaustive, EveryCallOfTheRecovery) {
  if (std::get<0>(GetParam()).steps.size() > 8) return;  // 64 operations take minutes
  AtEveryCall(3, [](const CrashDriver& driver, const CrashableFileSystem& files, uint64_t call) {
    CrashInRecovery(driver, files, {CrashKind::kProcessDeath, 0});
    CrashInRecovery(driver, files, {CrashKind::kPowerLoss, call});
  });
}

INSTANTIATE_TEST_SUITE_P(Every, CrashExhaustive,
                         testing::Combine(testing::ValuesIn(Workloads()),
                                          testing::ValuesIn(Classes())),
                         [](const auto& tested) {
                           return std::get<0>(tested.param).name + "_" +
                                  std::get<1>(tested.param).name;
                         });

}  // namespace
}  // namespace varve::harness
