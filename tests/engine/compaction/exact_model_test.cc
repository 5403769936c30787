// The simulator in exact mode is the engine in inline mode: for random operations under random
// settings both carry out the same jobs, with the same tables, to the byte.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/simulator/exact_model.h"

#include <gtest/gtest.h>

#include "engine/compaction/simulator/simulated_values.h"
#include "engine/compaction/simulator/tree_simulator.h"
#include "engine/compaction/strategies.h"
#include "engine/db.h"
#include "engine/io/memory_file_system.h"
#include "engine/parts.h"
#include "engine/strategy_of.h"
#include "tests/sanitizers.h"

namespace varve {
namespace {

// What happens to a store, whichever it is.
struct Operation {
  enum class Kind : uint8_t { kPut, kDelete, kFlush, kCompact };
  Kind kind = Kind::kPut;
  std::string key;
  std::string_view value;
};

class JobTexts final : public EventListener {
 public:
  void OnJobEnd(const JobEvent& event) override {
    EXPECT_TRUE(event.status.ok()) << event.status.ToString();
    EXPECT_TRUE(event.flush || event.plan != nullptr);
    jobs.push_back(JobToText(event.plan, event.outputs));
  }
  std::vector<std::string> jobs;
};

std::vector<std::string> EngineJobs(const Options& options,
                                    const std::vector<Operation>& operations) {
  const auto files = NewMemoryFileSystem();
  JobTexts listener;
  Environment environment;
  environment.file_system = files.get();
  environment.listener = &listener;
  auto db = Db::Open(options, environment, "/db");
  EXPECT_TRUE(db.ok()) << db.status().ToString();
  if (!db.ok()) return {};
  for (const Operation& operation : operations) {
    Status status;
    switch (operation.kind) {
      case Operation::Kind::kPut:
        status = (*db)->Put(operation.key, operation.value);
        break;
      case Operation::Kind::kDelete:
        status = (*db)->Delete(operation.key);
        break;
      case Operation::Kind::kFlush:
        status = (*db)->Flush();
        break;
      case Operation::Kind::kCompact:
        status = (*db)->Compact();
        break;
    }
    EXPECT_TRUE(status.ok()) << status.ToString();
  }
  return listener.jobs;
}

class Simulation {
 public:
  explicit Simulation(const Options& options)
      : model_(options),
        simulator_(NewStrategyPlanner(*StrategyOf(options)), &model_, options.compaction_threads) {
    simulator_.set_on_job([this](const SimulatedJob& job, const Tree&) {
      jobs_.push_back(JobToText(job.plan, *job.outputs));
    });
  }

  std::vector<std::string> Run(const std::vector<Operation>& operations) {
    for (const Operation& operation : operations) Apply(operation);
    return jobs_;
  }

 private:
  void Apply(const Operation& operation) {
    const bool flushes =
        operation.kind == Operation::Kind::kFlush || operation.kind == Operation::Kind::kCompact;
    if (flushes ? !model_.MemTableIsEmpty() : model_.MemTableIsFull()) {
      ASSERT_TRUE(simulator_.Flush().ok());
      ASSERT_TRUE(simulator_.Settle().ok());
    }
    if (operation.kind == Operation::Kind::kPut) model_.Put(operation.key, operation.value);
    if (operation.kind == Operation::Kind::kDelete) model_.Delete(operation.key);
    if (operation.kind == Operation::Kind::kCompact) {
      ASSERT_TRUE(simulator_.CompactAll().ok());
    }
  }

  ExactModel model_;
  TreeSimulator simulator_;
  std::vector<std::string> jobs_;
};

std::string OneOf(std::string_view table, Random* random) {
  for (const PartTable& one : PartTables()) {
    if (one.name != table) continue;
    return std::string(one.parts[random->Uniform(static_cast<uint32_t>(one.parts.size()))].name);
  }
  ADD_FAILURE() << "no table " << table;
  return "";
}

Options RandomOptions(std::string_view compaction, Random* random) {
  Options options;
  options.background = "inline";
  options.durability = "none";
  options.create_if_missing = true;
  options.compaction = compaction;
  options.memtable = OneOf("memtable", random);
  options.memtable_bytes = uint64_t{4096} << random->Uniform(4);
  options.filter = OneOf("filter", random);
  options.compression = OneOf("compression", random);
  options.block_bytes = uint64_t{256} << random->Uniform(5);
  options.table_bytes = uint64_t{4096} << random->Uniform(5);
  options.size_ratio = 2 + random->Uniform(6);
  options.level0_runs = 1 + random->Uniform(5);
  if (random->OneIn(2)) options.level1_bytes = uint64_t{8192} << random->Uniform(4);
  options.trivial_moves = !random->OneIn(3);
  options.compaction_threads = 1 + random->Uniform(3);
  if (random->OneIn(4)) options.memtable_entries_max = 20 + random->Uniform(100);
  do {
    options.granularity = OneOf("granularity", random);
    options.movement = OneOf("movement", random);
    options.merge_mode = OneOf("merge_mode", random);
    options.level_sizes = OneOf("level_sizes", random);
    options.flush_merges = random->OneIn(3);
    options.filter_allocation = OneOf("filter_allocation", random);
  } while (!CheckOptions(options).ok());
  return options;
}

std::vector<Operation> RandomOperations(const ValuePool& values, uint64_t count, Random* random) {
  const uint32_t keys = 1U << (4 + random->Uniform(11));
  const uint32_t deletes = random->Uniform(40);
  const bool sequential = random->OneIn(4);
  const bool interrupted = random->OneIn(2);
  std::vector<Operation> operations;
  for (uint64_t i = 0; i < count; ++i) {
    Operation operation;
    const uint32_t dice = random->Uniform(100);
    const uint64_t number = sequential ? i % keys : random->Uniform(keys);
    operation.key = PaddedKey(number, 4 + number % 12);
    operation.value = values.Value(i).substr(0, random->Uniform(200));
    if (dice < deletes) operation.kind = Operation::Kind::kDelete;
    if (interrupted && random->OneIn(1000)) operation.kind = Operation::Kind::kFlush;
    if (interrupted && random->OneIn(5000)) operation.kind = Operation::Kind::kCompact;
    operations.push_back(std::move(operation));
  }
  return operations;
}

std::string Described(const Options& options) {
  std::string text;
  for (const SettingText& setting : OptionTexts(options)) {
    text += " " + setting.name + "=" + setting.text;
  }
  return text;
}

// Runs that are never merged make each step slower.
uint64_t Scale(const Options& options) { return options.compaction == "fifo" ? 10 : 1; }

class ExactModelTest : public testing::TestWithParam<std::string_view> {};

TEST_P(ExactModelTest, DoesTheJobsOfTheEngine) {
  const ValuePool values(200);
  uint64_t merges = 0;
  for (uint64_t seed = 1; seed <= ScaledCycles(24); ++seed) {
    Random random(seed);
    const Options options = RandomOptions(GetParam(), &random);
    SCOPED_TRACE("seed " + std::to_string(seed) + ":" + Described(options));
    const std::vector<Operation> operations =
        RandomOperations(values, 6000 / Scale(options), &random);
    const std::vector<std::string> engine = EngineJobs(options, operations);
    const std::vector<std::string> simulated = Simulation(options).Run(operations);
    for (size_t i = 0; i < std::max(engine.size(), simulated.size()); ++i) {
      ASSERT_LT(i, engine.size()) << simulated[i];
      ASSERT_LT(i, simulated.size()) << engine[i];
      ASSERT_EQ(engine[i], simulated[i]) << "job " << i;
      if (!engine[i].starts_with("flush")) ++merges;
    }
  }
  const uint64_t least = kSanitizerSlowdown == 1 ? 100 : 0;
  EXPECT_TRUE(merges > least || GetParam() == "fifo") << "nothing was compared";
}

std::vector<std::string_view> Strategies() {
  std::vector<std::string_view> names;
  for (const CompactionPart& part : CompactionParts()) names.push_back(part.name);
  return names;
}

std::string NameOf(const testing::TestParamInfo<std::string_view>& row) {
  return std::string(row.param);
}

INSTANTIATE_TEST_SUITE_P(Every, ExactModelTest, testing::ValuesIn(Strategies()), NameOf);

TEST(ExactModelTest, CountsWhatIsLiveAndHowManyRunsAGetAsks) {
  Options options;
  options.background = "inline";
  options.trivial_moves = false;
  ExactModel model(options);
  options.compaction = "tiered";
  TreeSimulator simulator(NewStrategyPlanner(*StrategyOf(options)), &model);
  for (const char* key : {"a", "b", "c", "d"}) model.Put(key, "12345");
  ASSERT_TRUE(simulator.Flush().ok());
  model.Delete("b");
  model.Put("c", "1");
  ASSERT_TRUE(simulator.Flush().ok());
  EXPECT_EQ(model.operations(), 6U);
  EXPECT_EQ(model.user_bytes(), 4 * 6 + 1 + 2);
  EXPECT_EQ(model.live_bytes(), 6 + 2 + 6);
  const RunsPerGet cost = model.GetCost(simulator.tree());
  EXPECT_DOUBLE_EQ(cost.absent, (1 + 2 + 2 + 1) / 4.0);
  // a and d are in the older run alone; c is found in the newer one.
  EXPECT_DOUBLE_EQ(cost.found, 1);
}

}  // namespace
}  // namespace varve
