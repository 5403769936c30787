// result.json: everything that a trial found, in the schema of docs/results.md.
//
// Called by trial_phases.cc when a trial has run to its end.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/amplification.h"
#include "harness/phase.h"

namespace varve::harness {

// Whether the oracle checked the store, and what came of it.
struct Verdict {
  bool checked = false;  // false: nothing is said about verification
  uint64_t wrong_answers = 0;
  std::string first_wrong;
  uint64_t reads_checked = 0;
  uint64_t reads_unchecked = 0;
};

enum class Steadiness { kUnknown, kSteady, kNotSteady };

// Steady if the two halves of the measure phase had mean throughputs that differ by less than a
// fifth of the larger. Unknown with fewer than ten full samples. A rule that is easy to state and
// to check; it does not see what returns more seldom than every half phase.
Steadiness JudgeSteadiness(const std::vector<double>& throughputs);

// A stall that was injected, and what came of it.
struct InjectedStall {
  double at_seconds = 0;
  double seconds = 0;  // 0: there was none
  uint64_t calls_held = 0;
};

struct TrialOutcome {
  PhaseRecords phases;
  std::unique_ptr<SampleSummary> measured;
  std::string store;
  std::string profile;  // trial.profile
  std::string library;  // "RocksDB 7.8.3"; "": the store is ours
  std::vector<SettingText> settings_used;
  std::vector<std::string> store_caveats;
  Verdict verdict;
  uint64_t memory_peak_bytes = 0;
  uint64_t resident_peak_bytes = 0;
  uint64_t oracle_bytes = 0;
  double null_ns_per_operation = 0;
  uint64_t harness_bytes = 0;  // that the harness wrote itself until the end of drain
  uint64_t events_dropped = 0;
  uint64_t clients = 1;
  double interval_width = 0;  // that was asked for; 0: none was
  bool interval_reached = false;
  InjectedStall stall;
};

// `trial` is trial.json; `machine` and `build` are those of machine.h.
nlohmann::ordered_json ResultJson(const TrialOutcome& outcome, const nlohmann::json& trial,
                                  const nlohmann::json& machine, const nlohmann::json& build);

// The result of a trial that asked for what the store does not have, for the reason `why`: who was
// asked, and no number. Of `outcome` only what describes the store is looked at.
nlohmann::ordered_json NotSupportedJson(const TrialOutcome& outcome, const std::string& why,
                                        const nlohmann::json& trial, const nlohmann::json& machine,
                                        const nlohmann::json& build);

// The text of a result or any other file: bytes that are not UTF-8 are replaced.
std::string JsonText(const nlohmann::ordered_json& json);

}  // namespace varve::harness
