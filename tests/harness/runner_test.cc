// Experiments carried out by the real program: interrupted, killed, failing, resumed.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <thread>

#include "harness/child_process.h"
#include "harness/files.h"
#include "harness/journal.h"
#include "tests/paths.h"

namespace varve::harness {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

using Table = std::map<std::string, std::map<std::string, std::string>>;  // by trial and column

// Fields that hold no comma in these tests.
Table ReadTable(const std::string& path) {
  Table table;
  std::ifstream file(path);
  std::vector<std::string> names;
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> fields;
    std::istringstream stream(line);
    for (std::string field; std::getline(stream, field, ',');) fields.push_back(field);
    if (names.empty()) {
      names = fields;
      continue;
    }
    for (size_t i = 0; i < fields.size() && i < names.size(); ++i) {
      table[fields[0]][names[i]] = fields[i];
    }
  }
  return table;
}

// What does not depend on how fast the machine is.
Table WithoutTimes(Table table) {
  static const std::set<std::string> kKept = {"trial",    "variant",    "repetition", "store",
                                              "workload", "operations", "verified"};
  for (auto& [trial, row] : table) {
    std::erase_if(row, [](const auto& field) {
      return kKept.count(field.first) == 0 && field.first.find('.') == std::string::npos;
    });
  }
  return table;
}

class RunnerTest : public testing::Test {
 protected:
  RunnerTest()
      : directory_(testing::TempDir() + "/runner_test_" + std::to_string(::getpid())),
        experiment_(directory_ + "/test.toml") {
    fs::remove_all(directory_);
    fs::create_directories(directory_);
    setenv("VARVE_HOME", SourcePath("").c_str(), 1);
    unsetenv("VARVE_PYTHON");
  }
  ~RunnerTest() override { fs::remove_all(directory_); }

  void Write(const std::string& text) { std::ofstream(experiment_) << text; }

  std::vector<std::string> Command(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {ProgramPath(), "run", experiment_, "--results",
                                          directory_ + "/results"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  // Runs the program to its end; what it said is in said_ and printed_.
  int Run(const std::vector<std::string>& arguments) {
    const std::string errors = directory_ + "/stderr";
    auto child = ChildProcess::Start(arguments, errors);
    EXPECT_TRUE(child.ok()) << child.status().message();
    printed_.clear();
    const ExitState state =
        (*child)->Wait([this](const std::string& line) { printed_ += line + "\n"; }, [] {});
    said_ = *ReadTextFile(errors);
    return state.signal != 0 ? -state.signal : state.status;
  }

  // Runs it until `trials` have ended, then sends `signal`.
  int RunAndSignal(const std::vector<std::string>& arguments, size_t trials, int signal) {
    auto child = ChildProcess::Start(arguments, directory_ + "/stderr");
    EXPECT_TRUE(child.ok()) << child.status().message();
    bool sent = false;
    const auto tick = [&] {
      if (sent || Ended() < trials) return;
      (*child)->Signal(signal);
      sent = true;
    };
    const ExitState state = (*child)->Wait([](const std::string&) {}, tick);
    said_ = *ReadTextFile(directory_ + "/stderr");
    EXPECT_TRUE(sent) << "it was over too soon: " << said_;
    return state.signal != 0 ? -state.signal : state.status;
  }

  std::vector<std::string> ResultsDirectories() const {
    std::vector<std::string> paths;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(directory_ + "/results", error)) {
      // Killed at the very beginning, it leaves a directory that is none yet.
      if (fs::exists(entry.path() / "manifest.json")) paths.push_back(entry.path().string());
    }
    return paths;
  }
  size_t Ended() const {
    size_t ended = 0;
    for (const std::string& path : ResultsDirectories()) {
      ended += ReadJournal(path + "/journal.jsonl").seconds.size();
    }
    return ended;
  }
  std::string Only() const {
    const auto paths = ResultsDirectories();
    EXPECT_EQ(paths.size(), 1u);
    return paths.empty() ? "" : paths[0];
  }

  const std::string directory_;
  const std::string experiment_;
  std::string said_;
  std::string printed_;
};

constexpr char kSmall[] = R"(title = "small"
[trial]
store = "map"
workload = "ycsb_a"
records = 2000
operations = 4000
repetitions = 2
[sweep]
"trial.workload" = ["ycsb_a", "ycsb_c"]
)";

TEST_F(RunnerTest, LeavesEverythingThatTheDocumentationPromises) {
  Write(kSmall);
  ASSERT_EQ(Run(Command()), 0) << said_;
  const std::string results = Only();
  EXPECT_EQ(printed_, results + "\n");
  const Table table = ReadTable(results + "/summary.csv");
  EXPECT_EQ(table.size(), 4u);
  for (const auto& [trial, row] : table) {
    EXPECT_EQ(row.at("operations"), "4000");
    EXPECT_EQ(row.at("verified"), "true");
    EXPECT_EQ(row.at("store"), "map");
    for (const char* file : {"trial.json", "result.json", "samples.csv"}) {
      EXPECT_TRUE(fs::exists(results + "/trials/" + trial + "/" + file)) << file;
    }
    EXPECT_FALSE(fs::exists(results + "/trials/" + trial + "/error.txt"));
  }
  EXPECT_FALSE(fs::exists(results + "/data")) << "the databases were left behind";
  const auto manifest = nlohmann::json::parse(*ReadTextFile(results + "/manifest.json"));
  EXPECT_EQ(manifest["plan"].size(), 4u);
  EXPECT_EQ(manifest["experiment"], "test");
  EXPECT_TRUE(ReadJournal(results + "/journal.jsonl").done);
}

TEST_F(RunnerTest, TheResolvedExperimentAsksForTheSameTrials) {
  Write(kSmall);
  ASSERT_EQ(Run(Command()), 0) << said_;
  const std::string results = Only();
  ASSERT_EQ(Run({ProgramPath(), "run", results + "/experiment.toml", "--resume", results}), 0)
      << said_;
  EXPECT_THAT(said_, HasSubstr("finished before: 4 trials"));
  EXPECT_THAT(said_, Not(HasSubstr("repetition "))) << "a finished trial ran again";
}

TEST_F(RunnerTest, AFinishedExperimentBeginsAnewNextTime) {
  Write(kSmall);
  ASSERT_EQ(Run(Command({"--repetitions", "1"})), 0) << said_;
  ASSERT_EQ(Run(Command({"--repetitions", "1"})), 0) << said_;
  EXPECT_EQ(ResultsDirectories().size(), 2u);
}

TEST_F(RunnerTest, KilledAtAnyMomentItGoesOnToTheSameTable) {
  Write(kSmall);
  ASSERT_EQ(Run(Command()), 0) << said_;
  const Table whole = WithoutTimes(ReadTable(Only() + "/summary.csv"));
  fs::remove_all(directory_ + "/results");

  for (const size_t trials : {0u, 1u, 2u}) {
    EXPECT_EQ(RunAndSignal(Command(), trials, SIGKILL), -SIGKILL);
  }
  ASSERT_EQ(Run(Command()), 0) << said_;
  EXPECT_THAT(said_, HasSubstr("goes on: "));
  EXPECT_EQ(WithoutTimes(ReadTable(Only() + "/summary.csv")), whole);
  EXPECT_FALSE(fs::exists(Only() + "/data"));
}

TEST_F(RunnerTest, InterruptedItStopsCleanlyAndGoesOn) {
  // Trials that would take minutes: only an interruption ends the first.
  Write(
      "title = \"long\"\n[trial]\nstore = \"null\"\nworkload = \"ycsb_c\"\nrecords = 100\n"
      "seconds = 300\nrepetitions = 2\n");
  const auto begin = std::chrono::steady_clock::now();
  auto child = ChildProcess::Start(Command(), directory_ + "/stderr");
  ASSERT_TRUE(child.ok());
  bool sent = false;
  const auto tick = [&] {
    const bool running = !ResultsDirectories().empty() && fs::exists(Only() + "/trials");
    const auto age = std::chrono::steady_clock::now() - begin;
    if (sent || !running || age < std::chrono::seconds(1)) return;
    (*child)->Signal(SIGINT);
    sent = true;
  };
  const ExitState state = (*child)->Wait([](const std::string&) {}, tick);
  EXPECT_EQ(state.status, 130) << state.ToString();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(100));
  EXPECT_THAT(*ReadTextFile(directory_ + "/stderr"),
              HasSubstr("interrupted; the same command goes on with the 2 trials that are left"));
  const std::string results = Only();
  EXPECT_TRUE(fs::is_empty(results + "/trials")) << "half a trial was left";
  EXPECT_FALSE(fs::exists(results + "/data"));
  EXPECT_THAT(*ReadTextFile(results + "/journal.jsonl"), HasSubstr("\"interrupted\""));
  EXPECT_FALSE(ReadJournal(results + "/journal.jsonl").done);
}

TEST_F(RunnerTest, ATrialThatFailsIsKeptAndTheOthersGoOn) {
  // The parent of the data directory is a file for one of the stores only: null needs none.
  Write(
      "title = \"half\"\n[trial]\nworkload = \"ycsb_c\"\nrecords = 100\noperations = 100\n"
      "[[variant]]\nname = \"broken\"\n\"trial.store\" = \"varve\"\n"
      "\"engine.create_if_missing\" = false\n"
      "[[variant]]\nname = \"good\"\n\"trial.store\" = \"map\"\n");
  EXPECT_EQ(Run(Command()), 1);
  EXPECT_THAT(said_, HasSubstr("1 of 2 trials failed"));
  EXPECT_THAT(said_, HasSubstr("the first: broken: "));
  const std::string results = Only();
  EXPECT_EQ(ReadTable(results + "/summary.csv").size(), 1u);
  EXPECT_TRUE(ReadJournal(results + "/journal.jsonl").done);
  size_t errors = 0;
  for (const auto& entry : fs::directory_iterator(results + "/trials")) {
    const std::string path = entry.path().string() + "/error.txt";
    if (!fs::exists(path)) continue;
    ++errors;
    EXPECT_THAT(*ReadTextFile(path), HasSubstr("exit status 1"));
  }
  EXPECT_EQ(errors, 1u);
}

TEST_F(RunnerTest, OneExperimentIsRunOnlyOnceAtATime) {
  Write(kSmall);
  ASSERT_EQ(Run(Command({"--repetitions", "1"})), 0) << said_;
  const std::string results = Only();
  const auto journal = Journal::Open(results + "/journal.jsonl");
  ASSERT_TRUE(journal.ok());
  EXPECT_EQ(Run(Command({"--repetitions", "1", "--resume", results})), 1);
  EXPECT_THAT(said_, HasSubstr("is in use: another process runs this experiment"));
}

TEST_F(RunnerTest, ADirectoryOfOtherTrialsIsNotGoneOnWith) {
  Write(kSmall);
  ASSERT_EQ(Run(Command({"--repetitions", "1"})), 0) << said_;
  EXPECT_EQ(Run(Command({"--repetitions", "2", "--resume", Only()})), 1);
  EXPECT_THAT(said_, HasSubstr("holds other trials than"));
  EXPECT_EQ(Run(Command({"--resume", directory_})), 1);
  EXPECT_THAT(said_, HasSubstr("holds no results of an experiment"));
}

TEST_F(RunnerTest, DatabasesCanBeMadeElsewhere) {
  Write(kSmall);
  const std::string data = directory_ + "/elsewhere";
  ASSERT_EQ(Run(Command({"--repetitions", "1", "--data", data})), 0) << said_;
  EXPECT_TRUE(fs::is_empty(data)) << "databases were left behind";
}

}  // namespace
}  // namespace varve::harness
