// simulate: the history of a tree without data, straight from the command line.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/util/clock.h"
#include "harness/commands/arguments.h"
#include "harness/commands/command.h"
#include "harness/files.h"
#include "harness/interrupt.h"
#include "harness/progress.h"
#include "harness/simulation.h"
#include "harness/simulation_report.h"

namespace varve::harness {
namespace {

Syntax SimulateSyntax() {
  Syntax syntax(
      {"simulate", "simulate [options]",
       "Drives the engine's own compaction planner through a history of writes, without data:\n"
       "a billion entries in seconds. Prints write and space amplification, runs, jobs, and the\n"
       "tree. docs/simulate.md says what is modelled and what is not.\n",
       "  varve simulate --entries 1e9 --engine.compaction lazy_leveled\n"
       "  varve simulate --entries 1e8 --overwrite 0.9 --engine.size_ratio 4 --csv tree.csv\n"
       "  varve simulate --mode exact --entries 1e6 --plans jobs.txt\n",
       "0 done, 1 failed, 2 wrong command line, 130 interrupted"});
  auto add = syntax.options.add_options();
  add("json", "print the numbers as JSON instead of the summary");
  add("csv", po::value<std::string>()->value_name("FILE"), "write the tree over time");
  add("plans", po::value<std::string>()->value_name("FILE"),
      "write every job: operations so far, reason, and the tables that go in and come out");
  AddSimulationSettings(&syntax);
  AddEngineSettings(&syntax);
  return syntax;
}

Status ReadSettings(const po::variables_map& values, SimulationSettings* settings,
                    Options* options) {
  std::vector<std::string> names;
  SimulationSettings::ForEach(
      *settings, [&](const Setting& setting, const auto&) { names.emplace_back(setting.name); });
  for (const std::string& name : names) {
    if (values.count(name) == 0) continue;
    const Status set = SetSimulationSetting(settings, name, TextOr(values, name));
    if (!set.ok()) return set;
  }
  for (const Setting& setting : OptionSettings()) {
    const std::string name = "engine." + std::string(setting.name);
    if (values.count(name) == 0) continue;
    const Status set = SetOption(options, setting.name, TextOr(values, name));
    if (!set.ok()) return Status::InvalidArgument("engine." + std::string(set.message()));
  }
  return CheckSimulation(*settings, *options);
}

// One line that is kept up to date, on a terminal only.
class EntryLine {
 public:
  explicit EntryLine(uint64_t entries) : entries_(static_cast<double>(entries)) {}
  ~EntryLine() {
    if (terminal_) fmt::print(stderr, "\r\x1b[K");
  }
  EntryLine(const EntryLine&) = delete;
  EntryLine& operator=(const EntryLine&) = delete;

  void Show(uint64_t operations) {
    if (!terminal_) return;
    const double now = static_cast<double>(RealClock()->NowNs() - begin_ns_) / 1e9;
    if (now < shown_ + 0.2) return;
    shown_ = now;
    const double part = static_cast<double>(operations) / entries_;
    fmt::print(stderr, "\r\x1b[K{} of {} entries, {} left", CountText(part * entries_),
               CountText(entries_), DurationText(now / part - now));
    std::fflush(stderr);
  }

 private:
  const double entries_;
  const uint64_t begin_ns_ = RealClock()->NowNs();
  const bool terminal_ = isatty(STDERR_FILENO) == 1;
  double shown_ = 0;
};

// The file of --plans, line by line. Does nothing without a path.
class PlansFile {
 public:
  explicit PlansFile(const std::string& path) : path_(path) {
    if (path.empty()) return;
    file_.reset(std::fopen(path.c_str(), "w"));
    if (file_ == nullptr) status_ = ErrnoStatus("cannot write", path);
  }

  bool wanted() const { return !path_.empty(); }
  void Add(const std::string& line) {
    if (!status_.ok()) return;
    const bool written =
        std::fputs(line.c_str(), file_.get()) >= 0 && std::fputc('\n', file_.get()) != EOF;
    if (!written) status_ = ErrnoStatus("cannot write", path_);
  }
  Status Close() {
    if (file_ != nullptr && std::fclose(file_.release()) != 0 && status_.ok()) {
      status_ = ErrnoStatus("cannot write", path_);
    }
    return status_;
  }
  const Status& status() const { return status_; }

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  const std::string path_;
  std::unique_ptr<std::FILE, Closer> file_;
  Status status_;
};

// Runs it; what fails is a file or a planner that does not come to an end.
Status RunWithFiles(Simulation* simulation, const po::variables_map& values, uint64_t entries) {
  PlansFile plans(TextOr(values, "plans"));
  if (!plans.status().ok()) return plans.status();
  EntryLine line(entries);
  SimulationHooks hooks;
  hooks.stop = &Interrupted();
  hooks.progress = [&line](uint64_t operations) { line.Show(operations); };
  if (plans.wanted()) hooks.on_job = [&plans](const std::string& text) { plans.Add(text); };
  if (Status s = simulation->Run(hooks); !s.ok()) return s;
  if (Status s = plans.Close(); !s.ok()) return s;
  const std::string csv = TextOr(values, "csv");
  return csv.empty() ? Status() : WriteFileAtomically(csv, simulation->Csv());
}

}  // namespace

int SimulateCommand(const Arguments& arguments) {
  int exit_status = kExitOk;
  const auto values = ParseArguments(SimulateSyntax(), arguments, &exit_status);
  if (!values) return exit_status;
  SimulationSettings settings;
  Options options;
  const Status read = ReadSettings(*values, &settings, &options);
  if (!read.ok()) return FailUsage("simulate", read.message());
  CatchInterrupts();
  const Result<std::unique_ptr<Simulation>> simulation = Simulation::Make(settings, options);
  if (!simulation.ok()) return Fail(simulation.status());
  const Status run = RunWithFiles(simulation->get(), *values, settings.entries);
  if (!run.ok()) return Fail(run);
  const nlohmann::json report = (*simulation)->Report();
  if (values->count("json") != 0) {
    fmt::print("{}\n", report.dump(2));
  } else {
    fmt::print("{}", SimulationSummary(report));
  }
  // What was printed is of the operations so far.
  return Interrupted().load() ? kExitInterrupted : kExitOk;
}

}  // namespace varve::harness
