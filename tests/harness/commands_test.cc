// The built program: exit statuses and sentences, for every command and most ways to get it wrong.
//
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/db.h"
#include "engine/parts.h"
#include "engine/tree/file_names.h"
#include "harness/child_process.h"
#include "harness/commands/command.h"
#include "harness/files.h"
#include "harness/trial_spec.h"
#include "tests/paths.h"

namespace varve::harness {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class CommandsTest : public testing::Test {
 protected:
  CommandsTest() : directory_(testing::TempDir() + "/commands_test_" + std::to_string(::getpid())) {
    fs::remove_all(directory_);
    fs::create_directories(directory_);
    setenv("VARVE_HOME", SourcePath("").c_str(), 1);
    unsetenv("VARVE_PYTHON");
  }
  ~CommandsTest() override { fs::remove_all(directory_); }

  // The exit status; standard output is in out_, standard error in error_.
  int Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), ProgramPath());
    auto child = ChildProcess::Start(arguments, directory_ + "/stderr");
    EXPECT_TRUE(child.ok()) << child.status().message();
    out_.clear();
    const ExitState state =
        (*child)->Wait([this](const std::string& line) { out_ += line + "\n"; }, [] {});
    error_ = *ReadTextFile(directory_ + "/stderr");
    return state.signal != 0 ? -state.signal : state.status;
  }

  // A database with a table, and entries in its log.
  std::string MakeDatabase() {
    const std::string path = directory_ + "/db";
    Options options;
    options.background = "inline";
    auto db = Db::Open(options, {}, path);
    EXPECT_TRUE(db.ok()) << db.status().message();
    for (int i = 0; i < 1000; ++i) {
      EXPECT_TRUE((*db)->Put("key " + std::to_string(i), "value").ok());
    }
    EXPECT_TRUE((*db)->Flush().ok());
    EXPECT_TRUE((*db)->Put("late", std::string(1000, 'x')).ok());
    EXPECT_TRUE((*db)->Delete("key 7").ok());
    return path;
  }

  std::string FileOf(const std::string& database, FileType type) {
    std::string found;
    for (const auto& entry : fs::directory_iterator(database)) {
      const auto name = ParseFileName(entry.path().filename().string());
      if (name && name->type == type) found = entry.path().string();
    }
    EXPECT_FALSE(found.empty());
    return found;
  }

  const std::string directory_;
  std::string out_;
  std::string error_;
};

TEST_F(CommandsTest, EveryCommandHasAPageWithItsUsageAndExitStatus) {
  EXPECT_EQ(Run({"help"}), 0);
  const std::string overview = out_;
  for (const Command& command : Commands()) {
    const std::string name(command.name);
    EXPECT_EQ(Run({"help", name}), 0) << name << error_;
    EXPECT_THAT(out_, HasSubstr("Usage: varve " + name));
    EXPECT_THAT(out_, HasSubstr("Exit status: "));
    if (!command.internal) {
      EXPECT_THAT(overview, HasSubstr("\n  " + name + " "));
    }
    const std::string page = out_;
    EXPECT_EQ(Run({name, "--help"}), 0) << name;
    if (name != "help") {
      EXPECT_EQ(out_, page);
    }
  }
  EXPECT_EQ(Run({}), 0);
  EXPECT_EQ(out_, overview);
}

TEST_F(CommandsTest, HelpNamesEverySetting) {
  EXPECT_EQ(Run({"bench", "--help"}), 0);
  for (const std::string& name : TrialSettingNames()) {
    EXPECT_THAT(out_, HasSubstr("--" + name + " "));
  }
}

struct WrongCommandLine {
  std::vector<std::string> arguments;
  const char* sentence;
};

TEST_F(CommandsTest, AWrongCommandLineIsOneSentenceAndStatusTwo) {
  const WrongCommandLine cases[] = {
      {{"rnu"}, "varve: unknown command \"rnu\", did you mean \"run\"?"},
      {{"zzzzzzz"}, "varve: unknown command \"zzzzzzz\"\n"},
      {{"help", "benhc"}, "varve: unknown command \"benhc\", did you mean \"bench\"?"},
      {{"list", "memtabl"}, "varve: unknown table \"memtabl\", did you mean \"memtable\"?"},
      {{"list", "a", "b"}, "varve: there is an argument too many"},
      {{"bench", "--engine.memtabel", "x"},
       "varve: unknown option \"--engine.memtabel\", did you mean \"--engine.memtable\"?"},
      {{"bench", "--memtable", "x"},
       "varve: unknown option \"--memtable\", did you mean \"--engine.memtable\"?"},
      {{"bench", "--engine.memtable", "skipist"},
       "varve: engine.memtable: unknown memtable \"skipist\", did you mean \"skiplist\"?"},
      {{"bench", "--engine.size_ratio", "1"},
       "varve: engine.size_ratio: \"1\" is less than the smallest value, 2"},
      {{"bench", "--store", "varv"}, "varve: unknown store \"varv\", did you mean \"varve\"?"},
      {{"bench", "--engine.level0_slowdown_runs", "99"},
       "varve: engine: level0_slowdown_runs = 99 must not exceed level0_stop_runs"},
      {{"bench", "--seed"}, "varve: the required argument for option '--seed' is missing"},
      {{"bench", "-p", "recordcount"}, "varve: -p takes NAME=VALUE, not \"recordcount\""},
      {{"bench", "-P", "/no/such"}, "varve: there is no file /no/such"},
      {{"bench", "-p", "recordcount=1", "--workload", "ycsb_a"},
       "varve: --workload and YCSB's -P and -p both say what the workload is"},
      {{"bench", "--format", "ycsb", "--json"}, "varve: --json and --format ycsb: which one?"},
      {{"bench", "--format", "ycbs"}, "varve: unknown format \"ycbs\", did you mean \"ycsb\"?"},
      {{"run"}, "varve: which experiment?"},
      {{"run", "quikstart"},
       "varve: unknown experiment \"quikstart\", did you mean \"quickstart\"?"},
      {{"run", "no/such.toml"}, "varve: there is no file no/such.toml"},
      {{"run", "smoke", "--set", "engine.memtable"},
       "varve: --set takes NAME=VALUE, not \"engine.memtable\""},
      {{"run", "smoke", "--set", "engine.memtabel=x"},
       "varve: unknown setting \"engine.memtabel\", did you mean \"engine.memtable\"?"},
      {{"run", "smoke", "--engine.compaction", "tiered"},
       "varve: engine.compaction cannot be set for the whole experiment"},
      {{"simulate", "--entires", "5"}, "varve: unknown option \"--entires\", did you mean"},
      {{"simulate", "--entries", "-5"}, "varve: entries: \"-5\" is not a whole number"},
      {{"simulate", "--engine.compaction", "tierd"},
       "varve: engine.compaction: unknown compaction \"tierd\", did you mean \"tiered\"?"},
      {{"simulate", "--engine.level0_slowdown_runs", "99"},
       "varve: engine: level0_slowdown_runs = 99 must not exceed level0_stop_runs"},
      {{"simulate", "--deletes", "0.1"}, "varve: deletes need keys that come again"},
      {{"verify"}, "varve: which directory?"},
      {{"dump"}, "varve: which file?"},
      {{"repair"}, "varve: which directory?"},
      {{"report"}, "varve: report belongs to the script ./varve at the root"},
  };
  for (const WrongCommandLine& c : cases) {
    EXPECT_EQ(Run(c.arguments), 2) << c.sentence << "\n" << error_;
    EXPECT_THAT(error_, testing::StartsWith(c.sentence));
    EXPECT_EQ(out_, "");
  }
}

TEST_F(CommandsTest, WhatDoesNotWorkIsOneSentenceAndStatusOne) {
  std::ofstream(directory_ + "/bad.toml") << "title = \"t\"\n[engine]\nmemtabel = \"x\"\n";
  std::ofstream(directory_ + "/notes.txt") << "x";
  const WrongCommandLine cases[] = {
      {{"check", "quikstart"}, "did you mean \"quickstart\"?"},
      {{"check", directory_ + "/none.toml"}, "there is no file "},
      {{"check", directory_ + "/bad.toml"}, "bad.toml:3: unknown setting \"engine.memtabel\""},
      {{"run", directory_ + "/bad.toml"}, "bad.toml:3: unknown setting \"engine.memtabel\""},
      {{"verify", directory_ + "/none"}, "there is no directory "},
      {{"verify", directory_}, " is not a database: it has no CURRENT file"},
      {{"verify", directory_ + "/notes.txt"}, "/notes.txt is not a directory"},
      {{"repair", directory_}, " is not a database: it has no CURRENT file"},
      {{"dump", directory_ + "/none"}, "there is no file "},
      {{"dump", directory_ + "/notes.txt"}, " has not the name of a file of a database"},
      {{"dump", directory_}, " is not a database: it has no CURRENT file"},
      {{"trial", directory_ + "/notes.txt", "--results", "x", "--data", "y"}, " is not JSON"},
  };
  for (const WrongCommandLine& c : cases) {
    EXPECT_EQ(Run(c.arguments), 1) << c.sentence << "\n" << error_;
    EXPECT_THAT(error_, HasSubstr(c.sentence));
  }
}

TEST_F(CommandsTest, ListShowsEveryTableAndEveryPart) {
  EXPECT_EQ(Run({"list"}), 0);
  for (const PartTable& table : PartTables()) {
    EXPECT_THAT(out_, HasSubstr(std::string(table.name) + ": "));
    for (const NamedPart& part : table.parts) {
      EXPECT_THAT(out_, HasSubstr("\n  " + std::string(part.name) + " "));
    }
  }
  for (const char* name : {"stores:", "workloads:", "experiments:", "figures:", "ycsb_a",
                           "quickstart", "write_amplification"}) {
    EXPECT_THAT(out_, HasSubstr(name));
  }
  EXPECT_EQ(Run({"list", "memtable"}), 0);
  EXPECT_THAT(out_, HasSubstr("skiplist"));
  EXPECT_THAT(out_, Not(HasSubstr("leveled")));
  EXPECT_EQ(Run({"list", "settings"}), 0);
  for (const std::string& name : TrialSettingNames()) EXPECT_THAT(out_, HasSubstr(name));
}

TEST_F(CommandsTest, CheckTellsWhatIsPopularOnlyWhereRecordsAreChosen) {
  ASSERT_EQ(Run({"check", "ycsb_c"}), 0);
  EXPECT_THAT(out_, HasSubstr("the hottest record gets 3.8 % of the choices"));
  const std::string trace = directory_ + "/a.trace";
  ASSERT_EQ(Run({"trace", "import", "--format", "rocksdb",
                 SourcePath("tests/data/trace/rocksdb.txt"), "-o", trace}),
            0);
  ASSERT_EQ(Run({"check", trace}), 0);
  EXPECT_EQ(out_, "ok  workload a: a trace of rocksdb rocksdb.txt\n");
}

TEST_F(CommandsTest, CheckAcceptsAllThatComesWithVarve) {
  EXPECT_EQ(Run({"check"}), 0) << error_;
  EXPECT_THAT(out_, HasSubstr("ok  experiment quickstart: 27 trials"));
  EXPECT_THAT(out_, HasSubstr("ok  workload ycsb_a"));
  EXPECT_THAT(out_, Not(HasSubstr("hottest")));
  EXPECT_EQ(Run({"check", "smoke", "--engine.memtable", "vector"}), 0) << error_;
  EXPECT_EQ(Run({"check", "read_random", "fill_random"}), 0) << error_;
  EXPECT_THAT(out_, HasSubstr("0.1 % of the records 0.1 %, 1 % 1 %, 10 % 10 %\n"));
}

TEST_F(CommandsTest, BenchPrintsASummaryOrJson) {
  const std::vector<std::string> arguments = {
      "bench",        "--store", "map",       "--workload",           "ycsb_a", "--records", "1000",
      "--operations", "2000",    "--results", directory_ + "/results"};
  EXPECT_EQ(Run(arguments), 0) << error_;
  EXPECT_THAT(out_, HasSubstr("throughput: "));
  EXPECT_THAT(out_, HasSubstr("p99 "));
  EXPECT_THAT(out_, HasSubstr("verified"));
  EXPECT_THAT(out_, HasSubstr("results: " + directory_ + "/results/bench-"));
  std::vector<std::string> as_json = arguments;
  as_json.push_back("--json");
  EXPECT_EQ(Run(as_json), 0) << error_;
  const auto result = nlohmann::json::parse(out_, nullptr, false);
  ASSERT_TRUE(result.is_object()) << out_;
  EXPECT_EQ(result["operations"]["total"], 2000);
  EXPECT_EQ(result["trial"]["experiment"], "bench");
}

TEST_F(CommandsTest, BenchTakesYcsbPropertyFiles) {
  const std::string file = SourcePath("workloads/ycsb/workloadb");
  EXPECT_EQ(Run({"bench", "--store", "map", "-P", file, "-p", "recordcount=500", "-p",
                 "operationcount=600", "--json", "--results", directory_ + "/results"}),
            0)
      << error_;
  const auto result = nlohmann::json::parse(out_, nullptr, false);
  ASSERT_TRUE(result.is_object()) << out_;
  EXPECT_EQ(result["operations"]["total"], 600);
  EXPECT_EQ(result["trial"]["workload"]["read_proportion"], 0.95);
  EXPECT_EQ(Run({"bench", "-P", file, "-p", "recordcout=5"}), 2);
  EXPECT_THAT(error_, HasSubstr("did you mean \"recordcount\"?"));
}

TEST_F(CommandsTest, BenchDoesWhatYcsbsPropertiesSayOfTheTrial) {
  // Neither file is a run of its own: only the second says how many operations there are.
  const std::string second = directory_ + "/second";
  std::ofstream(second) << "operationcount=300\nthreadcount=2\ntable=other\n";
  EXPECT_EQ(Run({"bench", "--store", "map", "-P", SourcePath("workloads/ycsb/workloadd"), "-P",
                 second, "-p", "recordcount=500", "-target", "30000", "-s", "--json", "--results",
                 directory_ + "/results"}),
            0)
      << error_;
  EXPECT_THAT(error_, HasSubstr("varve: note: " + second + ":3: table: no part of a key"));
  const auto result = nlohmann::json::parse(out_, nullptr, false);
  ASSERT_TRUE(result.is_object()) << out_;
  EXPECT_EQ(result["operations"]["total"], 300);
  EXPECT_EQ(result["trial"]["trial"]["clients"], 2);
  EXPECT_EQ(result["trial"]["trial"]["arrivals"], "constant");
  EXPECT_EQ(result["trial"]["trial"]["rate_ops_per_second"], 30000);
  EXPECT_TRUE(result.contains("response"));
  EXPECT_EQ(Run({"bench", "-P", second, "-threads", "0"}), 2);
  EXPECT_THAT(error_, HasSubstr("-p: threadcount: trial.clients: "));
  EXPECT_EQ(Run({"bench", "--workload", second}), 2);
  EXPECT_THAT(error_, HasSubstr("only `varve bench -P` honours it"));
  EXPECT_EQ(Run({"check", second}), 0) << error_;
}

TEST_F(CommandsTest, BenchPrintsWhatYcsbPrints) {
  std::vector<std::string> arguments = {"bench",
                                        "--store",
                                        "map",
                                        "-P",
                                        SourcePath("workloads/ycsb/workloadf"),
                                        "-p",
                                        "recordcount=100",
                                        "-p",
                                        "operationcount=1000",
                                        "--results",
                                        directory_ + "/results"};
  const auto with = [&arguments](std::initializer_list<std::string> more) {
    std::vector<std::string> all = arguments;
    all.insert(all.end(), more);
    return all;
  };
  EXPECT_EQ(Run(with({"--format", "ycsb"})), 0) << error_;
  EXPECT_TRUE(out_.starts_with("[OVERALL], RunTime(ms), ")) << out_;
  EXPECT_THAT(out_, HasSubstr("\n[READ], Operations, 1000\n"));
  EXPECT_THAT(out_, HasSubstr("\n[READ], 95thPercentileLatency(us), "));
  EXPECT_EQ(Run(with({"--format", "ycsb_json_array"})), 0) << error_;
  EXPECT_TRUE(nlohmann::json::parse(out_, nullptr, false).is_array()) << out_;
  const std::string file = directory_ + "/out";
  EXPECT_EQ(Run(with({"-load", "-p", "exportfile=" + file})), 0) << error_;
  EXPECT_THAT(out_, Not(HasSubstr("[OVERALL]")));
  EXPECT_THAT(*ReadTextFile(file), HasSubstr("\n[INSERT], Operations, 100\n"));
  EXPECT_EQ(Run(with({"--format", "json", "-p", "exportfile=" + file})), 0);
  EXPECT_THAT(error_, HasSubstr("change only --format ycsb"));
}

TEST_F(CommandsTest, SimulatePrintsASummaryOrJsonAndWritesFiles) {
  const std::vector<std::string> arguments = {
      "simulate", "--entries", "1e6", "--engine.compaction", "tiered", "--engine.memtable_bytes",
      "1 MiB"};
  EXPECT_EQ(Run(arguments), 0) << error_;
  EXPECT_EQ(error_, "");
  EXPECT_THAT(out_, HasSubstr("write amplification\n"));
  EXPECT_THAT(out_, HasSubstr("tree at the end\n"));
  std::vector<std::string> with_files = arguments;
  for (const std::string& more :
       {std::string("--json"), std::string("--csv"), directory_ + "/tree.csv",
        std::string("--plans"), directory_ + "/plans.txt"}) {
    with_files.push_back(more);
  }
  EXPECT_EQ(Run(with_files), 0) << error_;
  const auto report = nlohmann::json::parse(out_, nullptr, false);
  ASSERT_TRUE(report.is_object()) << out_;
  EXPECT_EQ(report["operations"], 1'000'000);
  EXPECT_EQ(report["simulation"]["entries"], 1'000'000);
  EXPECT_EQ(report["engine"]["compaction"], "tiered");
  EXPECT_THAT(*ReadTextFile(directory_ + "/tree.csv"), HasSubstr("\n1000000,"));
  EXPECT_THAT(*ReadTextFile(directory_ + "/plans.txt"), HasSubstr(" run count: L0 ["));
  EXPECT_EQ(Run({"simulate", "--plans", directory_ + "/none/plans.txt"}), 1);
  EXPECT_THAT(error_, HasSubstr("cannot write"));
}

TEST_F(CommandsTest, VerifySaysThatADatabaseIsIntactAndChangesNothing) {
  const std::string database = MakeDatabase();
  const std::string wal = FileOf(database, FileType::kWal);
  const std::string before = *ReadTextFile(wal);
  EXPECT_EQ(Run({"verify", database}), 0) << error_;
  EXPECT_THAT(out_, HasSubstr("1 tables ("));
  EXPECT_THAT(out_, HasSubstr("(2 entries): intact"));
  EXPECT_EQ(*ReadTextFile(wal), before);
}

TEST_F(CommandsTest, VerifyNamesEveryDamage) {
  const std::string database = MakeDatabase();
  const std::string table = FileOf(database, FileType::kTable);
  std::string bytes = *ReadTextFile(table);
  bytes[100] = static_cast<char>(bytes[100] ^ 1);
  std::ofstream(table, std::ios::binary) << bytes;
  EXPECT_EQ(Run({"verify", database}), 1);
  EXPECT_THAT(error_, HasSubstr("varve: corruption: "));
  EXPECT_THAT(out_, HasSubstr("1 DAMAGED"));
  fs::remove(table);
  EXPECT_EQ(Run({"verify", database}), 1);
  EXPECT_THAT(error_, HasSubstr(fs::path(table).filename().string()));
}

TEST_F(CommandsTest, RepairBringsBackWhatIsIntactAndSaysWhatIsLost) {
  const std::string database = MakeDatabase();
  EXPECT_EQ(Run({"repair", database}), 0) << error_;
  EXPECT_THAT(out_, HasSubstr(": nothing to do"));
  const std::string table = FileOf(database, FileType::kTable);
  std::string bytes = *ReadTextFile(table);
  bytes[100] = static_cast<char>(bytes[100] ^ 1);
  std::ofstream(table, std::ios::binary) << bytes;
  EXPECT_EQ(Run({"repair", database, "--dry-run"}), 0) << error_;
  EXPECT_THAT(out_, HasSubstr("would be done: "));
  EXPECT_EQ(Run({"verify", database}), 1) << "a dry run changes nothing";
  EXPECT_EQ(Run({"repair", database}), 0) << error_;
  EXPECT_THAT(out_, HasSubstr("lost: " + fs::path(table).filename().string()));
  EXPECT_THAT(out_, HasSubstr("repaired, but for what is lost"));
  EXPECT_TRUE(fs::exists(database + "/lost/" + fs::path(table).filename().string()));
  EXPECT_EQ(Run({"verify", database}), 0) << error_;
  EXPECT_THAT(out_, HasSubstr(": intact"));
}

TEST_F(CommandsTest, DumpShowsEveryKindOfFile) {
  const std::string database = MakeDatabase();
  EXPECT_EQ(Run({"dump", database}), 0) << error_;
  EXPECT_THAT(out_, HasSubstr("L0 run "));
  EXPECT_EQ(Run({"dump", FileOf(database, FileType::kManifest)}), 0) << error_;
  EXPECT_THAT(out_, HasSubstr("identity "));
  EXPECT_EQ(Run({"dump", FileOf(database, FileType::kWal)}), 0) << error_;
  EXPECT_THAT(out_, HasSubstr(" put late xxx"));
  EXPECT_THAT(out_, HasSubstr("(1000 bytes)"));
  EXPECT_THAT(out_, HasSubstr(" delete key\\x207"));
  EXPECT_EQ(Run({"dump", FileOf(database, FileType::kTable)}), 0) << error_;
  const size_t short_form = out_.size();
  EXPECT_EQ(Run({"dump", FileOf(database, FileType::kTable), "--entries"}), 0) << error_;
  EXPECT_GT(out_.size(), short_form);
  EXPECT_THAT(out_, HasSubstr("999"));
}

TEST_F(CommandsTest, ADatabaseThatIsOpenIsLeftAlone) {
  const std::string database = MakeDatabase();
  Options options;
  options.background = "inline";
  const auto db = Db::Open(options, {}, database);
  ASSERT_TRUE(db.ok()) << db.status().message();
  EXPECT_EQ(Run({"verify", database}), 1);
  EXPECT_THAT(error_, HasSubstr(database + " is open in another process"));
  EXPECT_EQ(Run({"dump", database}), 1);
  EXPECT_THAT(error_, HasSubstr(database + " is open in another process"));
}

TEST_F(CommandsTest, SustainTellsMaximumAndProbes) {
  // Nothing takes at most 1 ns, so the search goes down until it has no probes left.
  const int status = Run({"sustain", "--store", "null", "--workload", "ycsb_c", "--records", "100",
                          "--seconds", "0.2", "--trial.warmup_seconds", "0.01", "--objective",
                          "max <= 1 ns", "--probes", "2", "--json", "--results", directory_});
  EXPECT_EQ(status, 1) << error_;
  const auto report = nlohmann::json::parse(out_);
  EXPECT_GT(report["maximum"]["ops_per_second"], 0);
  EXPECT_EQ(report["objectives"], nlohmann::json({"max <= 1 ns"}));
  ASSERT_EQ(report["probes"].size(), 2u);
  EXPECT_EQ(report["confirmed"], false);
  EXPECT_FALSE(report.contains("highest_pass_ops_per_second"));
  EXPECT_LT(report["probes"][1]["rate_ops_per_second"], report["probes"][0]["rate_ops_per_second"]);
  EXPECT_THAT(report["probes"][0]["reasons"].back().get<std::string>(), HasSubstr("it was"));
  EXPECT_TRUE(fs::exists(report["probes"][0]["directory"].get<std::string>() + "/summary.csv"));
}

TEST_F(CommandsTest, SustainRunsTwoPhasesWithoutAnObjective) {
  // Whether the rate is kept depends on who else uses the machine.
  const int status = Run({"sustain", "--store", "null", "--workload", "ycsb_c", "--records", "100",
                          "--seconds", "0.2", "--share", "0.01", "--results", directory_});
  EXPECT_TRUE(status == 0 || status == 1) << error_;
  EXPECT_THAT(out_, HasSubstr("closed loop: "));
  EXPECT_THAT(out_, HasSubstr("open loop at "));
  EXPECT_THAT(out_, HasSubstr(status == 0 ? "it can be kept" : "it cannot be kept"));
}

TEST_F(CommandsTest, SustainRefusesWhatMakesNoSense) {
  const std::vector<std::pair<std::vector<std::string>, const char*>> cases = {
      {{"--objective", "p98 <= 1 ms"}, "unknown percentile"},
      {{"--share", "3"}, "--share"},
      {{"--share", "0.5", "--objective", "p99 <= 1 ms"}, "that --objective replaces"},
      {{"--trial.arrivals", "constant"}, "trial.arrivals cannot be set"},
      {{"--operations", "5"}, "trial.operations cannot be set"},
      {{"--store", "nul"}, "did you mean \"null\"?"},
      {{"--objectiv", "x"}, "did you mean \"--objective\"?"},
  };
  for (const auto& [arguments, says] : cases) {
    std::vector<std::string> all = {"sustain", "--results", directory_};
    all.insert(all.end(), arguments.begin(), arguments.end());
    EXPECT_EQ(Run(all), 2) << says;
    EXPECT_THAT(error_, HasSubstr(says));
  }
}

}  // namespace
}  // namespace varve::harness
