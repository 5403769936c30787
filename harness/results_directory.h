// ResultsDirectory: where an experiment's results are, and whether it goes on in an old one.
//
// Made so that a crash at any moment leaves either a directory that can be gone on with or one
// that nobody will ever look at: manifest.json is written last and atomically, and a directory
// without it is none. The journal in it is locked while the experiment runs.
//
// Called by runner.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "engine/status.h"
#include "harness/experiment.h"
#include "harness/journal.h"
#include "harness/plan.h"

namespace varve::harness {

// Which directory to use.
struct ResultsChoice {
  std::string root;             // new directories are made here
  std::string resume = "auto";  // "auto": the newest unfinished one, "never", or a directory
  std::string program;          // identity of the program: one table never mixes two builds
};

class ResultsDirectory {
 public:
  // Opens the directory of `choice` for exactly the trials of `plan`, or makes one.
  // kInvalidArgument if choice.resume is a directory of another experiment, kBusy if it is in use.
  static Result<ResultsDirectory> Open(const Experiment& experiment, const Plan& plan,
                                       const ResultsChoice& choice);

  const std::string& path() const { return path_; }
  bool resumed() const { return resumed_; }
  Journal& journal() { return *journal_; }

  std::string TrialDirectory(const TrialSpec& spec) const;
  // What the trial found, or null if it is not finished.
  nlohmann::json ReadResult(const TrialSpec& spec) const;
  std::vector<nlohmann::json> ReadResults(const Plan& plan) const;
  // Writes summary.csv from all results.
  Status WriteSummary(const Plan& plan) const;

 private:
  static Result<ResultsDirectory> OpenExisting(const std::string& path);
  static Result<ResultsDirectory> Make(const Experiment& experiment, const Plan& plan,
                                       const ResultsChoice& choice);
  Status WriteExperiment(const Experiment& experiment) const;

  std::string path_;
  bool resumed_ = false;
  std::unique_ptr<Journal> journal_;
};

// Of the program at `path`: a hash of its bytes.
Result<std::string> ProgramIdentity(const std::string& path);

}  // namespace varve::harness
