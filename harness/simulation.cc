// Two kinds of simulation, by expected sizes and with every key, and one loop.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "engine/compaction/simulator/exact_model.h"
#include "engine/compaction/simulator/expected_model.h"
#include "engine/compaction/simulator/simulated_values.h"
#include "engine/compaction/simulator/simulation_record.h"
#include "engine/compaction/simulator/tree_simulator.h"
#include "engine/parts.h"
#include "engine/setting_text.h"
#include "engine/strategy_of.h"
#include "harness/simulation_report.h"
#include "workloads/permutation.h"

namespace varve::harness {
namespace {

// What memory holds of an exact simulation is about a hundred bytes an entry.
constexpr uint64_t kExactEntriesMax = 1'000'000'000;

OperationMix MixOf(const SimulationSettings& settings) {
  OperationMix mix;
  mix.deletes = settings.deletes;
  mix.sequential = settings.keys == "sequential";
  mix.key_bytes = settings.key_bytes;
  mix.value_bytes =
      settings.entry_bytes != 0 ? settings.entry_bytes - settings.key_bytes : settings.value_bytes;
  if (settings.unique != 0) {
    mix.keys = settings.unique;
    return mix;
  }
  const double loaded = (1 - settings.overwrite) * static_cast<double>(settings.entries);
  mix.keys = std::max<uint64_t>(1, static_cast<uint64_t>(std::llround(loaded)));
  mix.first_writes = mix.keys;
  return mix;
}

// The stream of operations of exact mode.
class Operations {
 public:
  Operations(const OperationMix& mix, uint64_t seed)
      : mix_(mix), random_(seed), load_order_(mix.keys), values_(mix.value_bytes) {}

  void Apply(uint64_t number, ExactModel* model) {
    const bool first = number < mix_.first_writes;
    uint64_t key = number % mix_.keys;
    if (!mix_.sequential) {
      key = first ? load_order_.At(number) : random_.Uniform(static_cast<uint32_t>(mix_.keys));
    }
    const std::string text = PaddedKey(key, mix_.key_bytes);
    const bool may_delete = mix_.deletes > 0 && (!first || mix_.sequential);
    if (may_delete && random_.Uniform(kDice) < mix_.deletes * kDice) {
      model->Delete(text);
    } else {
      model->Put(text, values_.Value(number));
    }
  }

 private:
  static constexpr uint32_t kDice = 1 << 30;

  const OperationMix mix_;
  Random random_;
  const workloads::Permutation load_order_;
  const ValuePool values_;
};

// The loop, and what comes out of it. `Model` has a method Step: operations until the memtable is
// full, or until the end.
class AnySimulation : public Simulation {
 public:
  AnySimulation(const SimulationSettings& settings, const Options& options, TableModel* model)
      : settings_(settings),
        options_(options),
        model_(*model),
        record_(model, settings.sample != 0 ? settings.sample
                                            : std::max<uint64_t>(1, settings.entries / 100)),
        simulator_(NewStrategyPlanner(*StrategyOf(options)), model, options.compaction_threads) {}

  Status Run(const SimulationHooks& hooks) override {
    simulator_.set_on_job([&](const SimulatedJob& job, const Tree&) {
      record_.AddJob(job);
      if (!hooks.on_job) return;
      hooks.on_job(fmt::format("{} {}", model_.operations(), JobToText(job.plan, *job.outputs)));
    });
    while (operations_ < settings_.entries) {
      if (hooks.stop != nullptr && hooks.stop->load(std::memory_order_relaxed)) break;
      operations_ = FillMemTable(operations_, settings_.entries);
      if (Status s = simulator_.Flush(); !s.ok()) return s;
      if (Status s = simulator_.Settle(); !s.ok()) return s;
      record_.AddSettled(simulator_.tree());
      if (hooks.progress) hooks.progress(operations_);
    }
    record_.AddLast(simulator_.tree());
    return {};
  }

  nlohmann::json Report() const override {
    nlohmann::json report =
        SimulationReport(record_, model_, simulator_.tree(), simulator_.planner());
    nlohmann::json& settings = report["simulation"];
    SimulationSettings::ForEach(settings_, [&](const Setting& setting, const auto& field) {
      settings[std::string(setting.name)] = field;
    });
    for (const SettingText& setting : OptionTexts(options_)) {
      report["engine"][setting.name] = setting.text;
    }
    return report;
  }

  std::string Csv() const override {
    std::string csv = "entries,level,runs,tables,bytes\n";
    for (const SimulationRecord::Row& row : record_.rows()) {
      csv += fmt::format("{},{},{},{},{}\n", row.operations, row.level, row.runs, row.tables,
                         row.bytes);
    }
    return csv;
  }

 protected:
  // Takes operations from number `from` on until the memtable is full or `end` is reached. Returns
  // the number of the next one.
  virtual uint64_t FillMemTable(uint64_t from, uint64_t end) = 0;

 private:
  const SimulationSettings settings_;
  const Options options_;
  TableModel& model_;
  SimulationRecord record_;
  TreeSimulator simulator_;
  uint64_t operations_ = 0;
};

// A model that is there before the simulation that it is given to.
template <class Model>
struct Owned {
  template <class... Arguments>
  explicit Owned(const Arguments&... arguments) : model(arguments...) {}
  Model model;
};

class ExpectedSimulation final : private Owned<ExpectedModel>, public AnySimulation {
 public:
  ExpectedSimulation(const SimulationSettings& settings, const Options& options,
                     const EntryCosts& costs)
      : Owned(MixOf(settings), costs, options.table_bytes),
        AnySimulation(settings, options, &model) {}

 protected:
  uint64_t FillMemTable(uint64_t from, uint64_t end) override {
    const uint64_t operations = std::min(model.memtable_entries(), end - from);
    model.set_next_flush(operations);
    return from + operations;
  }
};

class ExactSimulation final : private Owned<ExactModel>, public AnySimulation {
 public:
  ExactSimulation(const SimulationSettings& settings, const Options& options)
      : Owned(options),
        AnySimulation(settings, options, &model),
        operations_(MixOf(settings), settings.seed) {}

 protected:
  uint64_t FillMemTable(uint64_t from, uint64_t end) override {
    for (; from < end && !model.MemTableIsFull(); ++from) operations_.Apply(from, &model);
    return from;
  }

 private:
  Operations operations_;
};

Status OneOf(std::string_view what, const std::string& text, std::vector<std::string> names) {
  if (std::find(names.begin(), names.end(), text) != names.end()) return {};
  return Status::InvalidArgument(UnknownName(what, text, names));
}

// "1e9" as "1000000000"; other texts as they are.
std::string WithoutExponent(std::string_view text) {
  double value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && rest == text.data() + text.size() && value >= 0 &&
                     value < 1e18 && std::floor(value) == value;
  return whole ? fmt::format("{}", static_cast<uint64_t>(value)) : std::string(text);
}

}  // namespace

Status SetSimulationSetting(SimulationSettings* settings, std::string_view name,
                            std::string_view text) {
  std::vector<std::string> names;
  Status status;
  bool found = false;
  SimulationSettings::ForEach(*settings, [&](const Setting& setting, auto& field) {
    names.emplace_back(setting.name);
    if (setting.name != name) return;
    found = true;
    const bool count = setting.kind == SettingKind::kCount;
    status = ParseSetting(setting, count ? WithoutExponent(text) : std::string(text), &field);
  });
  if (!found) return Status::InvalidArgument(UnknownName("setting", name, names));
  return status.Annotate(name);
}

Status CheckSimulation(const SimulationSettings& settings, const Options& options) {
  for (const Status& status : {OneOf("keys", settings.keys, {"uniform", "sequential"}),
                               OneOf("mode", settings.mode, {"expected", "exact"}),
                               OneOf("sizes", settings.sizes, {"measured", "plain"})}) {
    if (!status.ok()) return status;
  }
  const auto no = [](std::string_view sentence) {
    return Status::InvalidArgument(std::string(sentence));
  };
  if (settings.unique != 0 && settings.overwrite != 0) {
    return no("unique and overwrite both say which keys come again: give one of them");
  }
  if (settings.deletes != 0 && settings.unique == 0 && settings.overwrite == 0) {
    return no("deletes need keys that come again: give unique or overwrite, too");
  }
  if (settings.entry_bytes != 0 && settings.entry_bytes < settings.key_bytes) {
    return no("entry_bytes holds the key as well: it must be at least key_bytes");
  }
  const OperationMix mix = MixOf(settings);
  if (settings.key_bytes < std::to_string(mix.keys - 1).size()) {
    return no(fmt::format("{} bytes are too few for {} different keys of decimal digits",
                          settings.key_bytes, mix.keys));
  }
  if (settings.mode == "exact") {
    if (settings.sizes == "plain") return no("exact mode has the sizes of the engine, not plain");
    if (settings.entries > kExactEntriesMax || mix.keys > kExactEntriesMax) {
      return no(fmt::format("exact mode keeps every key in memory: at most {} entries and keys",
                            kExactEntriesMax));
    }
  }
  return CheckOptions(options).Annotate("engine");
}

Result<std::unique_ptr<Simulation>> Simulation::Make(const SimulationSettings& settings,
                                                     const Options& options) {
  if (settings.mode == "exact") {
    return std::unique_ptr<Simulation>(std::make_unique<ExactSimulation>(settings, options));
  }
  const OperationMix mix = MixOf(settings);
  const Result<EntryCosts> costs =
      settings.sizes == "plain" ? PlainCosts(options, mix) : MeasuredCosts(options, mix);
  if (!costs.ok()) return costs.status();
  return std::unique_ptr<Simulation>(
      std::make_unique<ExpectedSimulation>(settings, options, *costs));
}

}  // namespace varve::harness
