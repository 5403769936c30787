// Makes, finds and describes results directories.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/results_directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/util/hash.h"
#include "harness/files.h"
#include "harness/machine.h"
#include "harness/summary_csv.h"

namespace varve::harness {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json ReadJson(const std::string& path) {
  const Result<std::string> text = ReadTextFile(path);
  if (!text.ok()) return nullptr;
  json value = json::parse(*text, nullptr, false);
  return value.is_discarded() ? json() : value;
}

std::string StringAt(const json& object, const char* key) {
  const bool there = object.is_object() && object.contains(key) && object[key].is_string();
  return there ? object[key].get<std::string>() : std::string();
}

json PlanJson(const Plan& plan) {
  json trials = json::array();
  for (const size_t index : plan.order) {
    const TrialSpec& spec = plan.trials[index];
    json point = json::object();
    for (const SettingText& setting : spec.point) {
      point[setting.name] = TrialSettingJson(setting.name, setting.text);
    }
    trials.push_back({{"trial", spec.Id()},
                      {"variant", spec.variant},
                      {"point", point},
                      {"repetition", spec.repetition},
                      {"seed", spec.seed}});
  }
  return trials;
}

// Takes the tenth of a second in which the machine is looked at.
std::string ManifestText(const Experiment& experiment, const Plan& plan,
                         const ResultsChoice& choice) {
  const json manifest = {{"schema", 1},
                         {"experiment", experiment.name},
                         {"title", experiment.title},
                         {"created", TimeText()},
                         {"plan_hash", plan.Hash()},
                         {"program", choice.program},
                         {"machine", MachineJson(choice.root)},
                         {"build", BuildJson()},
                         {"plan", PlanJson(plan)}};
  return manifest.dump(1) + "\n";
}

// Directories of the experiment called `name`, newest first.
std::vector<std::string> DirectoriesOf(const std::string& name, const std::string& root) {
  std::vector<std::string> paths;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(root, error)) {
    const std::string stem = entry.path().filename().string();
    if (stem.starts_with(name + "-")) paths.push_back(entry.path().string());
  }
  std::sort(paths.rbegin(), paths.rend());
  return paths;
}

bool CanGoOn(const std::string& path, const Plan& plan, const std::string& program) {
  const json manifest = ReadJson(path + "/manifest.json");
  return StringAt(manifest, "plan_hash") == plan.Hash() &&
         StringAt(manifest, "program") == program && !ReadJournal(path + "/journal.jsonl").done;
}

}  // namespace

Result<std::string> ProgramIdentity(const std::string& path) {
  const Result<std::string> bytes = ReadTextFile(path);
  if (!bytes.ok()) return bytes.status();
  return fmt::format("{:016x}", HashKey(*bytes));
}

Result<ResultsDirectory> ResultsDirectory::OpenExisting(const std::string& path) {
  Result<std::unique_ptr<Journal>> journal = Journal::Open(path + "/journal.jsonl");
  if (!journal.ok()) return journal.status();
  ResultsDirectory directory;
  directory.path_ = path;
  directory.resumed_ = true;
  directory.journal_ = std::move(journal).value();
  return directory;
}

Result<ResultsDirectory> ResultsDirectory::Make(const Experiment& experiment, const Plan& plan,
                                                const ResultsChoice& choice) {
  const std::string manifest = ManifestText(experiment, plan, choice);
  const Result<std::string> made = MakeTimedDirectory(choice.root, experiment.name);
  if (!made.ok()) return made.status();
  const std::string& path = *made;
  Result<ResultsDirectory> directory = OpenExisting(path);
  if (!directory.ok()) return directory;
  directory->resumed_ = false;
  Status status = directory->WriteExperiment(experiment);
  if (status.ok()) status = WriteFileAtomically(path + "/manifest.json", manifest);
  if (!status.ok()) return status;
  return directory;
}

Status ResultsDirectory::WriteExperiment(const Experiment& experiment) const {
  return WriteFileAtomically(path_ + "/experiment.toml", ExperimentToToml(experiment));
}

Result<ResultsDirectory> ResultsDirectory::Open(const Experiment& experiment, const Plan& plan,
                                                const ResultsChoice& choice) {
  Result<ResultsDirectory> directory = Status::NotFound("no directory to go on with");
  if (choice.resume == "auto") {
    for (const std::string& path : DirectoriesOf(experiment.name, choice.root)) {
      if (!CanGoOn(path, plan, choice.program)) continue;
      directory = OpenExisting(path);
      if (directory.ok()) break;
    }
  } else if (choice.resume != "never") {
    const json manifest = ReadJson(choice.resume + "/manifest.json");
    if (StringAt(manifest, "plan_hash") != plan.Hash()) {
      const std::string other = StringAt(manifest, "experiment");
      return Status::InvalidArgument(
          other.empty()
              ? fmt::format("{} holds no results of an experiment", choice.resume)
              : fmt::format("{} holds other trials than {} asks for now: its settings or its "
                            "workloads have changed",
                            choice.resume, experiment.source));
    }
    directory = OpenExisting(choice.resume);
    if (!directory.ok()) return directory;
  }
  if (!directory.ok()) return Make(experiment, plan, choice);
  // The trials are the same, but the figures may be others now.
  const Status written = directory->WriteExperiment(experiment);
  if (!written.ok()) return written;
  return directory;
}

std::string ResultsDirectory::TrialDirectory(const TrialSpec& spec) const {
  return fmt::format("{}/trials/{}", path_, spec.Id());
}

json ResultsDirectory::ReadResult(const TrialSpec& spec) const {
  return ReadJson(TrialDirectory(spec) + "/result.json");
}

std::vector<json> ResultsDirectory::ReadResults(const Plan& plan) const {
  std::vector<json> results;
  for (const TrialSpec& spec : plan.trials) results.push_back(ReadResult(spec));
  return results;
}

Status ResultsDirectory::WriteSummary(const Plan& plan) const {
  return WriteFileAtomically(path_ + "/summary.csv", SummaryCsv(plan, ReadResults(plan)));
}

}  // namespace varve::harness
