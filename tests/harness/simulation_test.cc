// Simulations from their settings: what they refuse, that both modes agree, and what they write.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/simulation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string_view>
#include <tuple>
#include <vector>

#include "engine/parts.h"
#include "harness/simulation_report.h"

namespace varve::harness {
namespace {

using nlohmann::json;
using testing::HasSubstr;

using Texts = std::vector<std::pair<std::string, std::string>>;

// "engine.x" goes to the options. The first error.
Status Set(const Texts& texts, SimulationSettings* settings, Options* options) {
  for (const auto& [name, text] : texts) {
    const bool engine = name.starts_with("engine.");
    const Status set = engine ? SetOption(options, name.substr(7), text)
                              : SetSimulationSetting(settings, name, text);
    if (!set.ok()) return set;
  }
  return CheckSimulation(*settings, *options);
}

struct Outcome {
  json report;
  std::string csv;
  std::vector<std::string> jobs;
};

Outcome Simulate(const Texts& texts) {
  SimulationSettings settings;
  Options options;
  const Status set = Set(texts, &settings, &options);
  EXPECT_TRUE(set.ok()) << set.ToString();
  auto simulation = Simulation::Make(settings, options);
  EXPECT_TRUE(simulation.ok());
  Outcome outcome;
  SimulationHooks hooks;
  hooks.on_job = [&](const std::string& line) { outcome.jobs.push_back(line); };
  const Status run = (*simulation)->Run(hooks);
  EXPECT_TRUE(run.ok()) << run.ToString();
  outcome.report = (*simulation)->Report();
  outcome.csv = (*simulation)->Csv();
  return outcome;
}

TEST(Simulation, RefusesWhatCannotBeSimulated) {
  const std::pair<Texts, const char*> cases[] = {
      {{{"entires", "5"}}, "unknown setting \"entires\", did you mean \"entries\"?"},
      {{{"entries", "0"}}, "entries: \"0\" is less than the smallest value, 1"},
      {{{"entries", "many"}}, "entries: \"many\" is not a whole number"},
      {{{"keys", "sequental"}}, "unknown keys \"sequental\", did you mean \"sequential\"?"},
      {{{"mode", "exacr"}}, "unknown mode \"exacr\", did you mean \"exact\"?"},
      {{{"sizes", "x"}}, "unknown sizes \"x\""},
      {{{"unique", "9"}, {"overwrite", "0.5"}}, "unique and overwrite both say"},
      {{{"deletes", "0.1"}}, "deletes need keys that come again"},
      {{{"entry_bytes", "10"}}, "it must be at least key_bytes"},
      {{{"key_bytes", "3"}, {"unique", "2000"}}, "3 bytes are too few for 2000 different keys"},
      {{{"mode", "exact"}, {"sizes", "plain"}}, "exact mode has the sizes of the engine"},
      {{{"mode", "exact"}, {"entries", "1e12"}}, "exact mode keeps every key in memory"},
      {{{"engine.level0_slowdown_runs", "99"}}, "engine: level0_slowdown_runs = 99 must not"},
  };
  for (const auto& [texts, sentence] : cases) {
    SimulationSettings settings;
    Options options;
    EXPECT_THAT(std::string(Set(texts, &settings, &options).message()), HasSubstr(sentence));
  }
}

TEST(Simulation, CountsMayBeWrittenWithAnExponent) {
  SimulationSettings settings;
  ASSERT_TRUE(SetSimulationSetting(&settings, "entries", "1.5e9").ok());
  EXPECT_EQ(settings.entries, 1'500'000'000U);
  EXPECT_FALSE(SetSimulationSetting(&settings, "entries", "1.5").ok());
}

double Total(const Outcome& outcome, const char* group, const char* field) {
  return outcome.report.at(group).at(field).get<double>();
}

// Expected sizes against real keys: trees of a hundred memtables and more. Left out is what
// decides by small differences, and what never merges.
bool DecidesBySmallDifferences(std::string_view compaction) {
  return compaction == "universal" || compaction == "sarkar_tsd" || compaction == "fifo";
}

// With sequential keys there are few jobs, and whether the last one comes just before the end or
// just after it is up to a third of all: then means over several lengths are compared.
std::vector<const char*> LengthsFor(std::string_view keys) {
  if (keys == "uniform") return {"60000"};
  return {"40000", "60000", "80000"};
}

// What is compared, with the share by which it may differ.
const std::vector<std::tuple<const char*, const char*, double>> kCompared = {
    {"write_amplification", "total", 0.1},
    {"write_amplification", "flush", 0.05},
    {"space_amplification", "mean", 0.1},
    {"runs", "mean", 0.15}};

void ExpectNear(Texts texts, const std::vector<const char*>& lengths) {
  std::vector<double> expected_sums(kCompared.size());
  std::vector<double> exact_sums(kCompared.size());
  uint64_t jobs = 0;
  for (const char* entries : lengths) {
    Texts both = texts;
    both.push_back({"entries", entries});
    const Outcome expected = Simulate(both);
    both.push_back({"mode", "exact"});
    const Outcome exact = Simulate(both);
    jobs += exact.report.at("jobs").get<uint64_t>();
    for (size_t i = 0; i < kCompared.size(); ++i) {
      const auto& [group, field, tolerance] = kCompared[i];
      expected_sums[i] += Total(expected, group, field);
      exact_sums[i] += Total(exact, group, field);
    }
    const auto live_bytes = exact.report.at("live_bytes").get<double>();
    EXPECT_NEAR(expected.report.at("live_bytes").get<double>(), live_bytes, 0.02 * live_bytes);
  }
  EXPECT_GE(jobs, 5 * lengths.size());
  for (size_t i = 0; i < kCompared.size(); ++i) {
    const auto& [group, field, tolerance] = kCompared[i];
    EXPECT_NEAR(expected_sums[i], exact_sums[i], tolerance * exact_sums[i]) << group << field;
  }
}

TEST(Simulation, ExpectedSizesAreNearThoseOfRealKeys) {
  for (const CompactionPart& part : CompactionParts()) {
    if (DecidesBySmallDifferences(part.name)) continue;
    for (const char* keys : {"uniform", "sequential"}) {
      SCOPED_TRACE(std::string(part.name) + " " + keys);
      ExpectNear({{"overwrite", "0.6"},
                  {"deletes", "0.1"},
                  {"keys", keys},
                  {"engine.compaction", std::string(part.name)},
                  {"engine.size_ratio", "4"},
                  {"engine.memtable_bytes", "64 KiB"},
                  {"engine.table_bytes", "64 KiB"}},
                 LengthsFor(keys));
    }
  }
}

TEST(Simulation, PlainSizesAreThoseOfThePapers) {
  const Outcome outcome = Simulate({{"entries", "1048576"},
                                    {"sizes", "plain"},
                                    {"engine.compaction", "tiered"},
                                    {"engine.memtable_bytes", "128 KiB"}});
  EXPECT_EQ(outcome.report.at("flushes"), 1024);
  EXPECT_EQ(outcome.report.at("flush_bytes"), 128 << 20);
  EXPECT_DOUBLE_EQ(Total(outcome, "space_amplification", "end"), 1);
  EXPECT_DOUBLE_EQ(Total(outcome, "write_amplification", "flush"), 1);
  EXPECT_DOUBLE_EQ(outcome.report.at("user_bytes").get<double>(), 128 << 20);
}

TEST(Simulation, AnUnfinishedMemtableIsFlushedAtTheEnd) {
  for (const char* mode : {"expected", "exact"}) {
    const Outcome outcome = Simulate({{"entries", "5"}, {"mode", mode}});
    EXPECT_EQ(outcome.report.at("operations"), 5);
    EXPECT_EQ(outcome.report.at("flushes"), 1);
    EXPECT_EQ(outcome.report.at("user_bytes"), 5 * 128);
    EXPECT_EQ(outcome.report.at("live_bytes"), 5 * 128);
  }
}

TEST(Simulation, WritesTheTreeOverTimeAndEveryJob) {
  const Outcome outcome = Simulate({{"entries", "100000"},
                                    {"sample", "50000"},
                                    {"engine.compaction", "tiered"},
                                    {"engine.size_ratio", "4"},
                                    {"engine.memtable_bytes", "1 MiB"}});
  EXPECT_THAT(outcome.csv, testing::StartsWith("entries,level,runs,tables,bytes\n"));
  EXPECT_THAT(outcome.csv, HasSubstr("\n100000,"));
  const uint64_t jobs = outcome.report.at("jobs").get<uint64_t>() +
                        outcome.report.at("flushes").get<uint64_t>() +
                        outcome.report.at("trivial_moves").get<uint64_t>();
  EXPECT_EQ(outcome.jobs.size(), jobs);
  EXPECT_THAT(outcome.jobs.front(), HasSubstr("flush -> L0 [000000000000000,"));
  EXPECT_THAT(outcome.jobs, testing::Contains(HasSubstr("run count: L0 [")));
  const std::string summary = SimulationSummary(outcome.report);
  EXPECT_THAT(summary, HasSubstr("\n  in all "));
  EXPECT_THAT(summary, HasSubstr("tree at the end\n  L0 "));
}

TEST(Simulation, StopsWhenItIsTold) {
  SimulationSettings settings;
  const std::atomic<bool> stop = true;
  auto simulation = Simulation::Make(settings, Options());
  ASSERT_TRUE(simulation.ok());
  SimulationHooks hooks;
  hooks.stop = &stop;
  ASSERT_TRUE((*simulation)->Run(hooks).ok());
  EXPECT_EQ((*simulation)->Report().at("operations"), 0);
}

}  // namespace
}  // namespace varve::harness
