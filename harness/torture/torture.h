// Torture: kinds of long random tests that a command and the test suite share.
//
// A kind runs cycles. Cycle number i of seed s is a pure function of (s, i), so that a failure is
// repeated by naming both. What the engine promises, and which kind looks for it, is in the README.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/status.h"

namespace varve::harness {

struct TortureOptions {
  uint64_t seed = 1;
  uint64_t first_cycle = 0;
  uint64_t cycles = 0;    // 0: until the time is over
  double seconds = 0;     // 0: until the cycles are done
  std::string directory;  // scratch space on a real file system, for the kinds that need it
  const std::atomic<bool>* stop = nullptr;  // set by an interruption; looked at between cycles
  // Called after each cycle, from the thread that runs them, with the cycles done so far.
  std::function<void(uint64_t)> progress;
};

struct TortureReport {
  uint64_t cycles = 0;
  // What was done and seen, for people: {"operations", 12000}, {"crashes", 400}, …
  std::vector<std::pair<std::string, uint64_t>> counts;
  // The first failure: one sentence that tells what was expected and what was found, or "".
  std::string failure;
  uint64_t failed_cycle = 0;
  // What failed, as text that `--replay FILE` repeats, of the kinds that can; else "".
  std::string replay;
};

struct TortureKind {
  std::string_view name;
  std::string_view help;
  TortureReport (*run)(const TortureOptions& options);
};

// One row each, in harness/torture/kinds.cc.
std::span<const TortureKind> TortureKinds();

}  // namespace varve::harness
