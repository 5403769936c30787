// bench: one trial (or its repetitions), straight from the command line.
//
// It is an experiment of one point, carried out by the same runner, so that its numbers are those
// that an experiment would give.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/setting_text.h"
#include "harness/commands/arguments.h"
#include "harness/commands/bench_summary.h"
#include "harness/commands/command.h"
#include "harness/commands/trial_arguments.h"
#include "harness/experiment.h"
#include "harness/files.h"
#include "harness/home.h"
#include "harness/interrupt.h"
#include "harness/plan.h"
#include "harness/runner.h"
#include "harness/ycsb_output.h"

namespace varve::harness {
namespace {

namespace fs = std::filesystem;

// What can be printed. An exporter of YCSB's, if the name says which one.
struct Format {
  std::string_view name;
  std::string_view exporter;
};
constexpr Format kFormats[] = {{"summary", ""},
                               {"json", ""},
                               {"ycsb", ""},
                               {"ycsb_json", "JSONMeasurementsExporter"},
                               {"ycsb_json_array", "JSONArrayMeasurementsExporter"}};

std::vector<std::string> FormatNames() {
  std::vector<std::string> names;
  for (const Format& format : kFormats) names.emplace_back(format.name);
  return names;
}

Syntax BenchSyntax() {
  Syntax syntax(
      {"bench", "bench [options]",
       "Loads a store, runs a workload against it, and prints what came out. Every setting\n"
       "can be given; the files of results are those of an experiment.\n"
       "\n"
       "-P and -p take YCSB's property files as they are, and its own flags -threads N,\n"
       "-target N, -load, -t, -s and -l LABEL stand for the same properties as there.\n",
       "  varve bench --workload ycsb_a --engine.memtable skiplist\n"
       "  varve bench --store null --workload fill_random --operations 10000000\n"
       "  varve bench -P workloads/ycsb/workloada -p recordcount=1000000\n"
       "  varve bench -P workloads/ycsb/workloadf -threads 4 --format ycsb\n",
       "0 done, 1 failed or wrong answers, 2 wrong command line, 130 interrupted"});
  AddTrialArguments(&syntax);
  auto add = syntax.options.add_options();
  add("format", po::value<std::string>()->value_name("X"),
      fmt::format("what is printed [{}]; usually summary, or what YCSB's properties ask for",
                  fmt::join(FormatNames(), ", "))
          .c_str());
  add("json", "as --format json: result.json");
  add("results", po::value<std::string>()->value_name("DIR"),
      "where the results directory is made; usually `results`");
  add("data", po::value<std::string>()->value_name("DIR"),
      "where the database is made and removed; usually in the results directory");
  AddSettings(&syntax);
  return syntax;
}

// What is printed: one of FormatNames(); *report follows if the name says how YCSB prints.
Result<std::string> FormatOf(const po::variables_map& values, workloads::YcsbReport* report) {
  std::string name = TextOr(values, "format");
  if (values.count("json") != 0) {
    if (!name.empty() && name != "json") {
      return Status::InvalidArgument(fmt::format("--json and --format {}: which one?", name));
    }
    name = "json";
  }
  if (name.empty()) return std::string(report->asked ? "ycsb" : "summary");
  const auto* format = std::find_if(std::begin(kFormats), std::end(kFormats),
                                    [&](const Format& row) { return row.name == name; });
  if (format == std::end(kFormats)) {
    return Status::InvalidArgument(UnknownName("format", name, FormatNames()));
  }
  if (!format->exporter.empty()) report->exporter = format->exporter;
  return name;
}

Result<std::string> Printed(const std::string& directory, std::string_view format,
                            const workloads::YcsbReport& report) {
  const Result<std::string> text = ReadTextFile(directory + "/result.json");
  if (!text.ok()) return text;
  const nlohmann::json result = nlohmann::json::parse(*text);
  if (result.contains("not_supported")) {
    return Status::NotSupported(result["not_supported"].get<std::string>());
  }
  if (format == "json") return text;
  if (format == "summary") return BenchSummary(result);
  const Result<std::string> hlog = ReadTextFile(directory + "/latency.hlog");
  return hlog.ok() ? YcsbOutput(result, *hlog, report) : hlog;
}

// Prints each repetition that there is.
int Conclude(const Plan& plan, const RunOutcome& outcome, const std::string& format,
             const workloads::YcsbReport& report) {
  std::string all;
  for (const TrialSpec& spec : plan.trials) {
    const std::string directory = fmt::format("{}/trials/{}", outcome.directory, spec.Id());
    if (!fs::exists(directory + "/result.json")) continue;
    const Result<std::string> text = Printed(directory, format, report);
    if (!text.ok()) return Fail(text.status().Annotate(directory));
    all += *text;
  }
  const bool to_file = format.starts_with("ycsb") && !report.file.empty();
  if (to_file) {
    const Status written = WriteFileAtomically(report.file, all);
    if (!written.ok()) return Fail(written.Annotate("exportfile"));
  } else {
    fmt::print("{}", all);
  }
  if (to_file || format == "summary") fmt::print("results: {}\n", outcome.directory);
  if (outcome.interrupted) return kExitInterrupted;
  if (outcome.failed == 0) return kExitOk;
  return Fail(Status::InvalidArgument(outcome.first_failure));
}

}  // namespace

int BenchCommand(const Arguments& arguments) {
  int exit_status = kExitOk;
  const auto values = ParseArguments(BenchSyntax(), WithoutYcsbFlags(arguments), &exit_status);
  if (!values) return exit_status;
  Result<YcsbOptions> ycsb = TrialArguments(*values);
  if (!ycsb.ok()) return FailUsage("bench", ycsb.status().message());
  const Result<std::string> format = FormatOf(*values, &ycsb->report);
  if (!format.ok()) return FailUsage("bench", format.status().message());
  Experiment experiment;
  experiment.name = "bench";
  experiment.base.experiment = "bench";
  const Status set = SetTrial(ycsb->settings, &experiment.base);
  if (!set.ok()) return FailUsage("bench", set.message());
  if (ycsb->report.asked && !format->starts_with("ycsb")) {
    ycsb->notes.emplace_back(
        "properties of YCSB's exporter and measurements change only --format ycsb");
  }
  for (const std::string& note : ycsb->notes) fmt::print(stderr, "varve: note: {}\n", note);
  experiment.title = fmt::format("{} under {}", experiment.base.trial.store,
                                 fs::path(experiment.base.trial.workload).stem().string());
  experiment.base.title = experiment.title;
  const Result<Plan> plan = MakePlan(experiment, WorkloadsDirectory());
  if (!plan.ok()) return FailUsage("bench", plan.status().message());

  const std::string results = TextOr(*values, "results");
  const RunOptions options = {ProgramPath(), results.empty() ? ResultsDirectoryPath() : results,
                              TextOr(*values, "data"), "never"};
  CatchInterrupts();
  const Result<RunOutcome> outcome = RunExperiment(experiment, *plan, options);
  if (!outcome.ok()) return Fail(outcome.status());
  return Conclude(*plan, *outcome, *format, ycsb->report);
}

}  // namespace varve::harness
