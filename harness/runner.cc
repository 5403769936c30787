// Runs the trials of a plan as child processes.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/runner.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/util/hash.h"
#include "harness/child_process.h"
#include "harness/files.h"
#include "harness/interrupt.h"
#include "harness/progress.h"
#include "harness/results_directory.h"

namespace varve::harness {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

double Now() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

Status MakeEmptyDirectory(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (!error) fs::create_directories(path, error);
  if (!error) return Status();
  return Status::IoError(fmt::format("cannot make {}: {}", path, error.message()));
}

void RemoveTree(const std::string& path) {
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

TrialProgress ParseProgress(const std::string& line) {
  TrialProgress progress;
  const json parsed = json::parse(line, nullptr, false);
  if (!parsed.is_object()) return progress;
  progress.phase = parsed.value("phase", "");
  progress.fraction = parsed.value("fraction", 0.0);
  progress.operations_per_second = parsed.value("operations_per_second", 0.0);
  progress.tree = parsed.value("tree", "");
  return progress;
}

std::string TrialsText(size_t count) {
  return fmt::format("{} {}", count, count == 1 ? "trial" : "trials");
}

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

// Where the databases of one results directory are made: a place of its own, whose whole content
// may be removed.
std::string DataDirectory(const std::string& results, const std::string& root) {
  if (root.empty()) return results + "/data";
  std::error_code ignored;
  const std::string absolute = fs::absolute(results, ignored).lexically_normal().string();
  return fmt::format("{}/{}-{:016x}", root, fs::path(absolute).filename().string(),
                     HashKey(absolute));
}

bool GaveWrongAnswers(const TrialSpec& spec, const json& result) {
  return spec.trial.verify && !result.value("verified", true);
}

class Runner {
 public:
  Runner(const Plan& plan, const RunOptions& options, ResultsDirectory results)
      : plan_(plan),
        options_(options),
        results_(std::move(results)),
        data_(DataDirectory(results_.path(), options.data_root)),
        estimate_(plan) {}

  Result<RunOutcome> Run(const std::string& title, const std::string& program);

 private:
  void CountFinished();
  Status RunTrial(size_t index, ProgressDisplay* display);
  Result<ExitState> RunProcess(const TrialSpec& spec, const std::string& directory,
                               ProgressDisplay* display);
  Status Ended(size_t index, double seconds, const json& result, ProgressDisplay* display);
  Status Failed(size_t index, const ExitState& state, ProgressDisplay* display);
  Status Interrupt(const TrialSpec& spec);
  void AddFailure(size_t index, const std::string& why);
  Status Finish();

  const Plan& plan_;
  const RunOptions& options_;
  ResultsDirectory results_;
  const std::string data_;
  TimeEstimate estimate_;
  std::vector<bool> finished_;
  RunOutcome outcome_;
};

void Runner::AddFailure(size_t index, const std::string& why) {
  if (outcome_.failed++ > 0) return;
  outcome_.first_failure = fmt::format("{}: {}", plan_.labels[plan_.point_of_trial[index]], why);
}

void Runner::CountFinished() {
  const JournalSummary past = ReadJournal(results_.path() + "/journal.jsonl");
  double usual = 0;
  for (const auto& [id, seconds] : past.seconds) {
    usual += seconds / static_cast<double>(past.seconds.size());
  }
  for (size_t i = 0; i < plan_.trials.size(); ++i) {
    const json result = results_.ReadResult(plan_.trials[i]);
    finished_.push_back(result.is_object());
    if (!finished_[i]) continue;
    ++outcome_.finished;
    if (GaveWrongAnswers(plan_.trials[i], result)) AddFailure(i, "the store gave wrong answers");
    const auto seconds = past.seconds.find(plan_.trials[i].Id());
    estimate_.TrialEnded(i, seconds == past.seconds.end() ? usual : seconds->second);
  }
}

// The child runs; its progress is shown, and signals are handed on.
Result<ExitState> Runner::RunProcess(const TrialSpec& spec, const std::string& directory,
                                     ProgressDisplay* display) {
  const std::string data = data_ + "/" + spec.Id();
  const Status made = MakeEmptyDirectory(data);
  if (!made.ok()) return made;
  Result<std::unique_ptr<ChildProcess>> child =
      ChildProcess::Start({options_.program, "trial", directory + "/trial.json", "--results",
                           directory, "--data", data, "--parent", fmt::format("{}", ::getpid())},
                          directory + "/error.txt");
  if (!child.ok()) return child.status();
  int signals_sent = 0;
  const double begin = Now();
  const auto show = [&](const std::string& line) {
    std::optional<double> left = estimate_.SecondsLeft();
    if (left) left = std::max(*left - (Now() - begin), 1.0);
    display->Update(ParseProgress(line), left);
  };
  const auto hand_on_signals = [&] {
    if (InterruptCount() <= signals_sent) return;
    (*child)->Signal(signals_sent == 0 ? SIGTERM : SIGKILL);
    ++signals_sent;
  };
  const ExitState state = (*child)->Wait(show, hand_on_signals);
  RemoveTree(data);
  return state;
}

Status Runner::Ended(size_t index, double seconds, const json& result, ProgressDisplay* display) {
  const TrialSpec& spec = plan_.trials[index];
  RemoveTree(results_.TrialDirectory(spec) + "/error.txt");
  estimate_.TrialEnded(index, seconds);
  ++outcome_.finished;
  const double throughput = result.value("throughput_ops_per_second", 0.0);
  std::string text = fmt::format("{}/s, {}", CountText(throughput), DurationText(seconds));
  if (result.contains("not_supported")) {
    text = "not supported: " + result.value("not_supported", "");
  }
  if (GaveWrongAnswers(spec, result)) {
    text += ", WRONG ANSWERS";
    AddFailure(index, "the store gave wrong answers");
  }
  display->End(text, estimate_.SecondsLeft());
  return results_.journal().Append("end", {{"trial", spec.Id()}, {"seconds", seconds}});
}

Status Runner::Failed(size_t index, const ExitState& state, ProgressDisplay* display) {
  const TrialSpec& spec = plan_.trials[index];
  const std::string path = results_.TrialDirectory(spec) + "/error.txt";
  const Result<std::string> said = ReadTextFile(path);
  std::string text = said.ok() ? *said : "";
  if (text.empty()) text = fmt::format("the trial ended without a word: {}\n", state.ToString());
  const Status kept = WriteFileAtomically(path, text + state.ToString() + "\n");
  if (!kept.ok()) return kept;
  AddFailure(index, FirstLine(text));
  estimate_.TrialGivenUp(index);
  display->End("FAILED: " + FirstLine(text), estimate_.SecondsLeft());
  return results_.journal().Append(
      "failed", {{"trial", spec.Id()}, {"error", FirstLine(text)}, {"exit", state.ToString()}});
}

// What there is of the trial goes: it will be run again as a whole.
Status Runner::Interrupt(const TrialSpec& spec) {
  RemoveTree(results_.TrialDirectory(spec));
  outcome_.interrupted = true;
  return results_.journal().Append("interrupted", {{"trial", spec.Id()}});
}

Status Runner::RunTrial(size_t index, ProgressDisplay* display) {
  const TrialSpec& spec = plan_.trials[index];
  const std::string directory = results_.TrialDirectory(spec);
  Status status = MakeEmptyDirectory(directory);
  if (!status.ok()) return status;
  status = WriteFileAtomically(directory + "/trial.json", spec.ToJson().dump(1) + "\n");
  if (!status.ok()) return status;
  status = results_.journal().Append("begin", {{"trial", spec.Id()}});
  if (!status.ok()) return status;

  display->Begin(
      fmt::format("{}, repetition {}", plan_.labels[plan_.point_of_trial[index]], spec.repetition));
  const double begin = Now();
  const Result<ExitState> state = RunProcess(spec, directory, display);
  if (!state.ok()) return state.status();
  const json result = results_.ReadResult(spec);
  if (state->ok() && result.is_object()) return Ended(index, Now() - begin, result, display);
  if (InterruptCount() > 0) return Interrupt(spec);
  return Failed(index, *state, display);
}

Status Runner::Finish() {
  std::error_code ignored;
  fs::remove(data_, ignored);  // only if empty
  Status status = results_.WriteSummary(plan_);
  if (status.ok() && !outcome_.interrupted) {
    status = results_.journal().Append(
        "done", {{"finished", outcome_.finished}, {"failed", outcome_.failed}});
  }
  return status;
}

Result<RunOutcome> Runner::Run(const std::string& title, const std::string& program) {
  outcome_.directory = results_.path();
  outcome_.trials = plan_.trials.size();
  RemoveTree(data_);  // of a trial that was killed
  CountFinished();
  Status status =
      results_.journal().Append("run", {{"program", program}, {"resumed", results_.resumed()}});
  if (!status.ok()) return status;

  ProgressDisplay display(outcome_.trials, outcome_.finished);
  display.Say(
      fmt::format("{}\n{}, results in {}", title, TrialsText(outcome_.trials), outcome_.directory));
  if (outcome_.finished > 0) {
    display.Say(fmt::format("goes on: finished before: {}", TrialsText(outcome_.finished)));
  }
  const double begin = Now();
  for (const size_t index : plan_.order) {
    if (finished_[index]) continue;
    outcome_.interrupted = outcome_.interrupted || InterruptCount() > 0;
    if (outcome_.interrupted) break;
    status = RunTrial(index, &display);
    if (!status.ok()) return status;
  }
  status = Finish();
  if (!status.ok()) return status;
  display.Say(fmt::format("{} of {} finished, in {}", outcome_.finished,
                          TrialsText(outcome_.trials), DurationText(Now() - begin)));
  return outcome_;
}

}  // namespace

Result<RunOutcome> RunExperiment(const Experiment& experiment, const Plan& plan,
                                 const RunOptions& options) {
  Result<std::string> program = ProgramIdentity(options.program);
  if (!program.ok()) return program.status();
  Result<ResultsDirectory> results =
      ResultsDirectory::Open(experiment, plan, {options.results_root, options.resume, *program});
  if (!results.ok()) return results.status();
  return Runner(plan, options, std::move(results).value()).Run(experiment.title, *program);
}

}  // namespace varve::harness
