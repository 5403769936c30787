// TrialSpec: all that decides what a trial does. The same spec is the same trial.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "engine/options.h"
#include "engine/status.h"
#include "workloads/workload.h"

namespace varve::harness {

// The settings of the [trial] table, spelt "trial.<name>" elsewhere. As with Options, ForEach is
// the only list of them.
struct TrialSettings {
  std::string store = "varve";
  std::string profile = "equal";  // or "default": without terms (harness/stores/terms.h)
  bool direct_io = false;
  std::string workload = "ycsb_a";
  uint64_t repetitions = 1;
  uint64_t seed = 1;
  uint64_t clients = 1;
  uint64_t load_clients = 1;
  uint64_t records = 0;     // 0: what the workload says
  uint64_t operations = 0;  // 0: what the workload says, unless seconds is set
  double seconds = 0;       // 0: until the operations are done
  double warmup_seconds = 0;
  double interval_width = 0;  // share of the mean throughput; 0: do not stop by it
  bool verify = true;         // read everything back at the end and compare with the oracle
  double sample_seconds = 1;

  // When operations of warm-up and measure begin (pacing.h). 0 or "": not given.
  std::string arrivals = "closed";
  std::string arrival_gaps = "regular";
  double think_seconds = 0;
  double rate_ops_per_second = 0;
  double burst_rate_ops_per_second = 0;
  double burst_seconds = 0;
  double valley_seconds = 0;
  std::string steps;
  double sine_amplitude_ops_per_second = 0;
  double sine_period_seconds = 0;
  double sine_phase_radians = 0;
  double trace_speed = 1;

  // An injected stall (stall_store.h); 0 seconds: none.
  double stall_at_seconds = 0;
  double stall_seconds = 0;

  // A modelled device (engine/io/device_file_system.h); 0: as the real one is.
  uint64_t device_write_bytes_per_second = 0;
  uint64_t device_read_bytes_per_second = 0;
  double device_latency_us = 0;

  template <class Self, class Visitor>
  static void ForEach(Self& self, Visitor&& visit);
};

struct TrialSpec {
  std::string experiment;  // name; "bench" for a trial from the command line
  std::string title;
  std::string variant;             // "" if the experiment has none
  std::vector<SettingText> point;  // what varies in the experiment, with its prefix
  uint64_t repetition = 1;
  uint64_t seed = 1;  // of this repetition
  TrialSettings trial;
  std::vector<SettingText> engine = OptionTexts(Options());  // every one, without its prefix
  std::vector<SettingText> own;       // of single stores: "rocksdb.write_buffer_size"
  std::vector<SettingText> workload;  // workload properties, without their prefix: they override
                                      // the file; in a plan all of them, so that it is not asked

  nlohmann::json ToJson() const;  // docs/results.md, trial.json
  static Result<TrialSpec> FromJson(const nlohmann::json& json);
  // First 16 hexadecimal digits of the hash of ToJson(): names the directory of the trial.
  std::string Id() const;
};

// Sets "trial.x", "engine.x", "workload.x" or, of a store of another library, "<store>.x" from
// text; errors name the setting, what is wrong and the nearest right name (kNotSupported if the
// store was not built, so that its settings are not known).
Status SetTrialSetting(TrialSpec* spec, std::string_view name, std::string_view text);

// The text of a setting as it stands in `spec`, in its canonical spelling; "" for what is not set
// or does not exist.
std::string TrialSettingText(const TrialSpec& spec, std::string_view name);

// The value of a setting as results write it: bytes and counts as numbers, flags as booleans.
nlohmann::json TrialSettingJson(std::string_view name, const std::string& text);

// The workload that the trial asks for: the file called trial.workload (not read if `workload` has
// every property), then the properties of `workload`, then trial.records and trial.operations if
// they are not 0. Checked as a whole.
Result<workloads::Workload> TrialWorkload(const TrialSpec& spec,
                                          const std::string& workloads_directory);

// Everything that can be refused before a trial runs: unknown store, workload, parts, impossible
// combinations.
Status CheckTrial(const TrialSpec& spec, const std::string& workloads_directory);

// The own settings of `store` in `spec`, without its name.
std::vector<SettingText> OwnSettingsOf(const TrialSpec& spec, std::string_view store);

// All names that SetTrialSetting takes, but for those of single stores.
std::vector<std::string> TrialSettingNames();
// Those of single stores that were built.
std::vector<std::string> OwnSettingNames();

template <class Self, class Visitor>
void TrialSettings::ForEach(Self& self, Visitor&& visit) {
  constexpr double kTiB = 1099511627776;
  using enum SettingKind;
  visit(Setting{"store", kChoice, 0, 0, "stores", "the engine under test"}, self.store);
  visit(Setting{"profile", kChoice, 0, 0, "profiles",
                "whether stores get the memory, durability, … of engine.… or their own defaults"},
        self.profile);
  visit(Setting{"direct_io", kFlag, 0, 0, "",
                "tables are read and written past the page cache, by stores that can"},
        self.direct_io);
  visit(Setting{"workload", kChoice, 0, 0, "workloads", "name or path of a workload file"},
        self.workload);
  visit(Setting{"repetitions", kCount, 1, 1000, "", "trials for each point, with other seeds"},
        self.repetitions);
  visit(Setting{"seed", kCount, 0, 9e15, "", "of the first repetition"}, self.seed);
  visit(Setting{"clients", kCount, 1, 1024, "", "threads that issue the measured operations"},
        self.clients);
  visit(Setting{"load_clients", kCount, 1, 1024, "", "threads that load the records"},
        self.load_clients);
  visit(Setting{"records", kCount, 0, 1e12, "", "records to load; 0: what the workload says"},
        self.records);
  visit(Setting{"operations", kCount, 0, 1e15, "",
                "operations to measure; 0: what the workload says"},
        self.operations);
  visit(Setting{"seconds", kNumber, 0, 1e7, "", "measure for this long; 0: count operations"},
        self.seconds);
  visit(Setting{"warmup_seconds", kNumber, 0, 1e6, "", "shown, but not counted"},
        self.warmup_seconds);
  visit(Setting{"interval_width", kNumber, 0, 1, "",
                "closed loop: end earlier, when the 95 % confidence interval of the throughput is "
                "this narrow, as a share of the mean; 0: do not"},
        self.interval_width);
  visit(Setting{"verify", kFlag, 0, 0, "", "read everything back and compare at the end"},
        self.verify);
  visit(Setting{"sample_seconds", kNumber, 0.01, 3600, "", "length of a sample"},
        self.sample_seconds);
  visit(Setting{"arrivals", kChoice, 0, 0, "arrivals",
                "when operations begin, in warm-up and measure"},
        self.arrivals);
  visit(Setting{"arrival_gaps", kChoice, 0, 0, "arrival_gaps",
                "how far apart arrivals are at a given rate"},
        self.arrival_gaps);
  visit(Setting{"think_seconds", kNumber, 0, 1e6, "",
                "arrivals = closed: from the end of an operation to the client's next"},
        self.think_seconds);
  visit(Setting{"rate_ops_per_second", kNumber, 0, 1e9, "",
                "of all clients together; with arrivals = bursts, in the valleys; with sine, the "
                "mean"},
        self.rate_ops_per_second);
  visit(Setting{"burst_rate_ops_per_second", kNumber, 0, 1e9, "",
                "of all clients together, in the bursts"},
        self.burst_rate_ops_per_second);
  visit(Setting{"burst_seconds", kNumber, 0, 1e6, "", "length of a burst"}, self.burst_seconds);
  visit(Setting{"valley_seconds", kNumber, 0, 1e6, "", "length of a valley; the first comes first"},
        self.valley_seconds);
  visit(Setting{"steps", kText, 0, 0, "",
                "arrivals = steps: rate:seconds, …, again and again; a last rate without seconds "
                "stays"},
        self.steps);
  visit(Setting{"sine_amplitude_ops_per_second", kNumber, 0, 1e9, "",
                "how far the rate of arrivals = sine goes above and below its mean"},
        self.sine_amplitude_ops_per_second);
  visit(Setting{"sine_period_seconds", kNumber, 0, 1e9, "", "from one of its peaks to the next"},
        self.sine_period_seconds);
  visit(
      Setting{"sine_phase_radians", kNumber, -7, 7, "", "where it begins; 0: at the mean, rising"},
      self.sine_phase_radians);
  visit(Setting{"trace_speed", kNumber, 1e-6, 1e6, "",
                "with arrivals = trace: so many times as fast as it was recorded"},
        self.trace_speed);
  visit(Setting{"stall_at_seconds", kNumber, 0, 1e7, "",
                "when, after measure has begun, the store is made to stall"},
        self.stall_at_seconds);
  visit(Setting{"stall_seconds", kNumber, 0, 1e4, "",
                "for how long each of its calls then waits at most; 0: there is no such stall"},
        self.stall_seconds);
  visit(Setting{"device_write_bytes_per_second", kBytes, 0, 16 * kTiB, "",
                "bandwidth of a modelled device; 0: that of the real one"},
        self.device_write_bytes_per_second);
  visit(Setting{"device_read_bytes_per_second", kBytes, 0, 16 * kTiB, "",
                "the same for reads; reads and writes share the device"},
        self.device_read_bytes_per_second);
  visit(Setting{"device_latency_us", kNumber, 0, 1e6, "",
                "microseconds that each read and sync of a modelled device takes besides"},
        self.device_latency_us);
}

}  // namespace varve::harness
