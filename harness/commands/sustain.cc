// sustain: Luo and Carey's two phases, or a search for the highest rate that meets objectives.
//
// Every phase and every probe is a trial of its own with a fresh database, carried out by the same
// runner as an experiment. Their results lie in one directory, with sustain.json.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/sustain.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/setting_text.h"
#include "harness/commands/arguments.h"
#include "harness/commands/command.h"
#include "harness/commands/trial_arguments.h"
#include "harness/experiment.h"
#include "harness/files.h"
#include "harness/home.h"
#include "harness/interrupt.h"
#include "harness/plan.h"
#include "harness/progress.h"
#include "harness/rate_search.h"
#include "harness/runner.h"

namespace varve::harness {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Syntax SustainSyntax() {
  Syntax syntax(
      {"sustain", "sustain [options]",
       "Which rate can a store keep? First a closed loop, whose throughput is the highest\n"
       "that it can be made to take; then an open loop at 95 % of that, which shows whether\n"
       "it can be kept: responses, from when operations were due, and debt must not grow.\n"
       "With --objective, instead of the second: a search for the highest rate at which\n"
       "responses keep to it, too, to within --precision and confirmed by a repetition.\n"
       "Each is a trial with a fresh database of its own, of 60 seconds after a warm-up of\n"
       "10 unless --seconds and --trial.warmup_seconds say otherwise. A write-heavy store\n"
       "needs minutes to show what it owes. The scheduler greedy is replaced by fair in the\n"
       "closed loop, where it would let in more than can be merged.\n",
       "  varve sustain --workload ycsb_a --records 1000000 --seconds 300\n"
       "  varve sustain --workload ycsb_b --objective 'p99 <= 5 ms' --clients 4\n"
       "  varve sustain --objective 'read p99 <= 1 ms' --objective 'update p999 <= 50 ms'\n",
       "0 the rate is kept, or one was found; 1 not so, or failed; 2 wrong command line; 130 "
       "interrupted"});
  AddTrialArguments(&syntax);
  auto add = syntax.options.add_options();
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  add("share", text("X"), "of the maximum, for the open loop [0.01 to 2]; usually 0.95");
  add("objective", po::value<std::vector<std::string>>()->value_name("TEXT"),
      "what responses must keep to, as in \"p99 <= 5 ms\" or \"read max <= 1 s\"; may be repeated");
  add("precision", text("X"),
      "of the search: how far the rate that passes may be below one that fails [0.01 to 1]; "
      "usually 0.05");
  add("confirmations", text("N"), "how often the answer must pass again [0 to 100]; usually 1");
  add("probes", text("N"), "trials of the search, at most [1 to 1000]; usually 40");
  add("json", "print sustain.json instead of the summary");
  add("results", text("DIR"), "where the results directory is made; usually `results`");
  add("data", text("DIR"),
      "where databases are made and removed; usually in the results directory");
  AddSettings(&syntax);
  return syntax;
}

// Reads option `name` if it was given.
template <class Value>
Status ReadOption(const po::variables_map& values, const std::string& name, SettingKind kind,
                  double min, double max, Value* value) {
  const std::string text = TextOr(values, name);
  if (text.empty()) return Status();
  return ParseSetting(Setting{name, kind, min, max, "", ""}, text, value).Annotate("--" + name);
}

Status ReadSettings(const po::variables_map& values, SustainSettings* settings) {
  using enum SettingKind;
  Status status = ReadOption(values, "share", kNumber, 0.01, 2, &settings->share);
  if (status.ok()) {
    status = ReadOption(values, "precision", kNumber, 0.01, 1, &settings->precision);
  }
  if (status.ok()) {
    status = ReadOption(values, "confirmations", kCount, 0, 100, &settings->confirmations);
  }
  if (status.ok()) status = ReadOption(values, "probes", kCount, 1, 1000, &settings->probes_max);
  if (!status.ok() || values.count("objective") == 0) return status;
  if (values.count("share") != 0) {
    return Status::InvalidArgument("--share is of the open loop that --objective replaces");
  }
  for (const std::string& text : values["objective"].as<std::vector<std::string>>()) {
    const Result<Objective> objective = ParseObjective(text);
    if (!objective.ok()) return objective.status();
    settings->objectives.push_back(*objective);
  }
  return status;
}

class Sustain {
 public:
  Sustain(TrialSpec base, SustainSettings settings, std::string directory, std::string data)
      : base_(std::move(base)),
        settings_(std::move(settings)),
        directory_(std::move(directory)),
        data_(std::move(data)),
        search_({1, settings_.precision, settings_.confirmations, settings_.probes_max}) {
    base_.experiment = "sustain";
    report_ = {{"schema", 1}, {"store", base_.trial.store}, {"workload", base_.trial.workload}};
  }

  // kIndeterminate: interrupted.
  Status Run() {
    if (Status status = Maximum(); !status.ok()) return status;
    return settings_.objectives.empty() ? Running() : Search();
  }

  // Whether there is a rate that can be kept.
  bool kept() const { return kept_; }
  const std::string& text() const { return text_; }
  const Json& report() const { return report_; }

 private:
  // The result of one trial.
  Result<nlohmann::json> RunOne(const std::string& name, const TrialSpec& spec) {
    Experiment experiment;
    experiment.name = name;
    experiment.title = fmt::format("{}: {} under {}", name, spec.trial.store,
                                   fs::path(spec.trial.workload).stem().string());
    experiment.base = spec;
    experiment.base.title = experiment.title;
    const Result<Plan> plan = MakePlan(experiment, WorkloadsDirectory());
    if (!plan.ok()) return plan.status();
    const RunOptions options = {ProgramPath(), directory_, data_, "never"};
    const Result<RunOutcome> outcome = RunExperiment(experiment, *plan, options);
    if (!outcome.ok()) return outcome.status();
    if (outcome->interrupted) return Status::Indeterminate("interrupted");
    if (outcome->finished == 0) return Status::IoError(outcome->first_failure);
    const std::string path =
        fmt::format("{}/trials/{}/result.json", outcome->directory, plan->trials.at(0).Id());
    const Result<std::string> text = ReadTextFile(path);
    if (!text.ok()) return text.status();
    last_directory_ = outcome->directory;
    nlohmann::json result = nlohmann::json::parse(*text);
    if (!result.contains("not_supported")) return result;
    return Status::NotSupported(result["not_supported"].get<std::string>());
  }

  Status Maximum() {
    bool fair = false;
    const Result<nlohmann::json> result = RunOne("maximum", MaximumTrial(base_, &fair));
    if (!result.ok()) return result.status();
    maximum_ = result->value("throughput_ops_per_second", 0.0);
    report_["maximum"] = {{"ops_per_second", maximum_}, {"directory", last_directory_}};
    const char* scheduler = fair ? ", scheduler fair" : "";
    Say(fmt::format("closed loop{}: {:.0f} operations/s", scheduler, maximum_));
    if (!result->value("verified", true)) return Status::Corruption("the store gave wrong answers");
    if (maximum_ > 0) return {};
    return Status::IoError("no operation ended in the closed loop");
  }

  Status Running() {
    const double rate = settings_.share * maximum_;
    const Result<nlohmann::json> result =
        RunOne("running", OpenLoopTrial(base_, rate, base_.trial.seed));
    if (!result.ok()) return result.status();
    const std::vector<std::string> reasons = Shortcomings(*result, {});
    kept_ = reasons.empty();
    report_["running"] = ProbeJson(rate, reasons, *result);
    Say(fmt::format("open loop at {:.0f}/s: {}", rate, ResponseText(*result)));
    Say(kept_ ? std::string("it can be kept: neither responses nor debt grew")
              : fmt::format("it cannot be kept: {}", fmt::join(reasons, "; ")));
    return {};
  }

  Status Search() {
    RateSearch::Limits limits = {maximum_ / 2, settings_.precision, settings_.confirmations,
                                 settings_.probes_max};
    search_ = RateSearch(limits);
    report_["objectives"] = Json::array();
    for (const Objective& one : settings_.objectives) report_["objectives"].push_back(one.text);
    report_["probes"] = Json::array();
    Status status;
    while (const std::optional<double> rate = search_.Next()) {
      status = Probe(*rate);
      if (!status.ok()) break;
    }
    Conclude();
    return status;
  }

  Status Probe(double rate) {
    const uint64_t seed = base_.trial.seed + search_.TriesOf(rate);
    const Result<nlohmann::json> result = RunOne("probe", OpenLoopTrial(base_, rate, seed));
    if (!result.ok()) return result.status();
    const std::vector<std::string> reasons = Shortcomings(*result, settings_.objectives);
    search_.Report(rate, reasons.empty());
    report_["probes"].push_back(ProbeJson(rate, reasons, *result));
    Say(fmt::format("{:>10.10g}/s {}  {}{}", rate, reasons.empty() ? "pass" : "FAIL",
                    ResponseText(*result),
                    reasons.empty() ? "" : fmt::format("  ({})", fmt::join(reasons, "; "))));
    return {};
  }

  void Conclude() {
    const double pass = search_.highest_pass();
    const double fail = search_.lowest_fail();
    kept_ = search_.confirmed();
    report_["confirmed"] = kept_;
    if (pass > 0) report_["highest_pass_ops_per_second"] = pass;
    if (fail > 0) report_["lowest_fail_ops_per_second"] = fail;
    if (pass == 0) {
      Say(fail > 0 ? fmt::format("no rate meets it: {:.10g}/s is too high", fail) : "no answer");
      return;
    }
    Say(fmt::format("highest rate that meets it: {:.10g}/s{}{}", pass,
                    fail > 0 ? fmt::format("; {:.10g}/s does not", fail) : "",
                    kept_ ? "" : "; the search did not come to its end"));
  }

  Json ProbeJson(double rate, const std::vector<std::string>& reasons,
                 const nlohmann::json& result) const {
    Json json = {{"rate_ops_per_second", rate},
                 {"passed", reasons.empty()},
                 {"reasons", reasons},
                 {"throughput_ops_per_second", result.value("throughput_ops_per_second", 0.0)},
                 {"directory", last_directory_}};
    for (const char* name : {"response", "trend"}) {
      if (result.contains(name)) json[name] = Json::parse(result[name].dump());
    }
    return json;
  }

  static std::string ResponseText(const nlohmann::json& result) {
    const nlohmann::json all =
        result.value("response", nlohmann::json::object()).value("all", nlohmann::json::object());
    std::string text = "response";
    for (const char* name : {"p50", "p99", "p999", "max"}) {
      text +=
          fmt::format(" {} {}{}", name, NanosecondsText(all.value(name + std::string("_ns"), 0.0)),
                      std::string_view(name) == "max" ? "" : ",");
    }
    return text;
  }

  // Now on standard error, at the end on standard output.
  void Say(const std::string& line) {
    fmt::print(stderr, "{}\n", line);
    text_ += line + "\n";
  }

  TrialSpec base_;
  const SustainSettings settings_;
  const std::string directory_;
  const std::string data_;
  RateSearch search_;
  double maximum_ = 0;
  bool kept_ = false;
  std::string last_directory_;
  std::string text_;
  Json report_;
};

int Conclude(const Sustain& sustain, const Status& ended, const std::string& directory,
             bool as_json) {
  const bool interrupted = InterruptCount() > 0;
  Json report = sustain.report();
  if (interrupted) report["interrupted"] = true;
  const std::string json = report.dump(1) + "\n";
  const Status written = WriteFileAtomically(directory + "/sustain.json", json);
  if (as_json) {
    fmt::print("{}", json);
  } else {
    fmt::print("{}results: {}\n", sustain.text(), directory);
  }
  std::fflush(stdout);
  if (interrupted) {
    fmt::print(stderr, "varve: interrupted; what was found so far is in {}\n", directory);
    return kExitInterrupted;
  }
  if (!ended.ok()) return Fail(ended);
  if (!written.ok()) return Fail(written);
  return sustain.kept() ? kExitOk : kExitFailed;
}

std::vector<SettingText> NamesAndTexts(const std::vector<workloads::YcsbTrialSetting>& settings) {
  std::vector<SettingText> texts;
  for (const auto& setting : settings) texts.push_back({setting.name, setting.text});
  return texts;
}

}  // namespace

int SustainCommand(const Arguments& arguments) {
  int exit_status = kExitOk;
  const auto values = ParseArguments(SustainSyntax(), arguments, &exit_status);
  if (!values) return exit_status;
  const Result<YcsbOptions> given = TrialArguments(*values);
  if (!given.ok()) return FailUsage("sustain", given.status().message());
  SustainSettings settings;
  TrialSpec base;
  Status status = ReadSettings(*values, &settings);
  if (status.ok()) status = SetTrial(given->settings, &base);
  if (status.ok()) status = PrepareSustain(NamesAndTexts(given->settings), &base);
  // All that can be refused is, before anything is run.
  if (status.ok())
    status = CheckTrial(OpenLoopTrial(base, 1, base.trial.seed), WorkloadsDirectory());
  if (!status.ok()) return FailUsage("sustain", status.message());

  const std::string results = TextOr(*values, "results");
  const Result<std::string> directory =
      MakeTimedDirectory(results.empty() ? ResultsDirectoryPath() : results, "sustain");
  if (!directory.ok()) return Fail(directory.status());
  CatchInterrupts();
  Sustain sustain(base, settings, *directory, TextOr(*values, "data"));
  const Status ended = sustain.Run();
  return Conclude(sustain, ended, *directory, values->count("json") != 0);
}

}  // namespace varve::harness
