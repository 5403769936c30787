// Simulation: a history of an engine's tree without the engine's data, from its settings to its
// numbers.
//
// Called by `varve simulate`.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "engine/options.h"
#include "engine/status.h"

namespace varve::harness {

// What is simulated. ForEach is the only list of settings, as in Options.
struct SimulationSettings {
  uint64_t entries = 10'000'000;
  uint64_t unique = 0;
  double overwrite = 0;
  double deletes = 0;
  std::string keys = "uniform";
  uint64_t key_bytes = 16;
  uint64_t value_bytes = 112;
  uint64_t entry_bytes = 0;
  std::string mode = "expected";
  std::string sizes = "measured";
  uint64_t sample = 0;
  uint64_t seed = 1;

  template <class Self, class Visitor>
  static void ForEach(Self& self, Visitor&& visit);
};

// Sets `name` from text; counts may be written as 1e9. The error names the setting, what is wrong,
// and the nearest right name.
Status SetSimulationSetting(SimulationSettings* settings, std::string_view name,
                            std::string_view text);

// The first reason why these settings cannot be simulated together.
Status CheckSimulation(const SimulationSettings& settings, const Options& options);

struct SimulationHooks {
  std::function<void(uint64_t operations)> progress;    // after each flush
  std::function<void(const std::string& line)> on_job;  // empty: lines are not made
  const std::atomic<bool>* stop = nullptr;              // set: Run ends early
};

// Not thread safe.
class Simulation {
 public:
  // REQUIRES: CheckOptions and CheckSimulation are OK.
  static Result<std::unique_ptr<Simulation>> Make(const SimulationSettings& settings,
                                                  const Options& options);
  virtual ~Simulation() = default;

  // Called once.
  virtual Status Run(const SimulationHooks& hooks) = 0;

  // After Run. docs/simulate.md says what each field means.
  virtual nlohmann::json Report() const = 0;
  // The tree over time: "entries,level,runs,tables,bytes", a line for each level and moment.
  virtual std::string Csv() const = 0;
};

template <class Self, class Visitor>
void SimulationSettings::ForEach(Self& self, Visitor&& visit) {
  using enum SettingKind;
  constexpr double kKeys = 1e15;
  visit(Setting{"entries", kCount, 1, kKeys, "", "operations, deletes included"}, self.entries);
  visit(Setting{"unique", kCount, 0, kKeys, "",
                "every operation takes one of so many keys at random; 0: keys do not come again"},
        self.unique);
  visit(Setting{"overwrite", kNumber, 0, 1, "",
                "the last share of the operations overwrites what the others have loaded"},
        self.overwrite);
  visit(Setting{"deletes", kNumber, 0, 1, "",
                "so many of the operations on keys that come again are deletes"},
        self.deletes);
  visit(Setting{"keys", kChoice, 0, 0, "keys", "order of the keys: uniform or sequential"},
        self.keys);
  visit(Setting{"key_bytes", kBytes, 1, 65536, "", "of each key"}, self.key_bytes);
  visit(Setting{"value_bytes", kBytes, 0, 1 << 20, "", "of each value; it does not compress"},
        self.value_bytes);
  visit(Setting{"entry_bytes", kBytes, 0, 1 << 20, "",
                "key and value together; 0: key_bytes and value_bytes"},
        self.entry_bytes);
  visit(Setting{"mode", kChoice, 0, 0, "mode",
                "expected: sizes in expected value; exact: every key, as the engine inline"},
        self.mode);
  visit(Setting{"sizes", kChoice, 0, 0, "sizes",
                "measured: by a memtable and tables of the engine; plain: entry_bytes each"},
        self.sizes);
  visit(Setting{"sample", kCount, 0, kKeys, "",
                "operations between rows of the tree over time; 0: a hundredth of all"},
        self.sample);
  visit(Setting{"seed", kCount, 0, 9e15, "", "of the random keys in exact mode"}, self.seed);
}

}  // namespace varve::harness
