// CrashDriver: writes to a database on a file system that crashes, and knows what must be there
// afterwards.
//
//   CrashDriver driver(options, seed);
//   CrashableFileSystem files;
//   files.CutAt(40, seed);
//   driver.Work(&files, "ppbdf");             // "" or what went wrong
//   driver.Crash(CrashKind::kPowerLoss);
//   auto rest = files.AfterPowerLoss(seed);
//   driver.Work(rest.get(), "p");             // opens, checks all of it, and writes once more
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/db.h"
#include "engine/io/crashable_file_system.h"
#include "engine/util/random.h"
#include "harness/torture/crash_history.h"

namespace varve::harness {

// A value: copy it to try several crashes of the same moment.
class CrashDriver {
 public:
  // `options.background` must be inline: then everything is a function of the arguments.
  CrashDriver(const Options& options, uint64_t seed);

  // Opens the database, checks it against the history (CrashHistory, CheckDatabase), and takes
  // `steps`, until they are over or the power is cut. Then lets go of the database. Steps:
  //   p  put a small value   P  put one of some sectors   d  delete   e  delete a range of keys
  //   b  a batch of all of these
  //   f  flush   c  compact   t  settle   s  sync   r  close and open (a new manifest and a new
  //   log) g  look at everything n  there is no space for tables, until the next n or r: memtables
  //   wait, and their logs
  // Returns what went wrong, or "". What happens in or after the call that cuts the power is no
  // failure.
  std::string Work(CrashableFileSystem* files, std::string_view steps);

  // The disk of the next Work is what this crash left of that of the last one.
  void Crash(CrashKind kind) { history_.Crash(kind); }

  // For the next opening.
  // REQUIRES: the database is not open.
  void set_options(const Options& options) {
    options_ = options;
    history_.set_durability(options.durability);
  }
  const Options& options() const { return options_; }

  // What was found at the last opening and written since.
  const CrashContents& contents() const { return history_.now(); }
  uint64_t writes() const { return history_.writes(); }
  uint64_t recoveries() const { return recoveries_; }
  // Manifests that were begun because the one before had grown.
  uint64_t switches() const { return switches_; }

 private:
  // These do nothing more once the power is cut.
  struct Disk;
  std::string Open(Disk* disk);
  std::string Take(Disk* disk, char step);
  std::string Write(Disk* disk, CrashBatch batch);
  std::string LookAtEverything(Disk* disk);

  std::string RandomKey();
  CrashOperation Put(size_t bytes_max);
  CrashOperation DeleteRange();
  CrashBatch BatchOf(char step);

  Options options_;
  Random random_;
  CrashHistory history_;
  uint64_t values_ = 0;
  uint64_t recoveries_ = 0;
  uint64_t switches_ = 0;
};

}  // namespace varve::harness
