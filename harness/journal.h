// Journal: what happened in an experiment, one JSON object a line (docs/results.md).
//
// The file is locked while it is open, so that two processes never carry out one experiment. A
// line is written by one call and synced; a torn last line is ignored when it is read back.
// Whether a trial is finished is not asked of the journal but of its result.json.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "engine/status.h"

namespace varve::harness {

// One caller at a time.
class Journal {
 public:
  // Opens or makes the file. kBusy if another process has it open.
  static Result<std::unique_ptr<Journal>> Open(const std::string& path);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Appends `event` with the time and the fields of `details`, an object.
  Status Append(const std::string& event, const nlohmann::json& details);

 private:
  Journal(int file, std::string path) : file_(file), path_(std::move(path)) {}
  const int file_;
  const std::string path_;
};

// What is to be learnt from a journal when an experiment goes on.
struct JournalSummary {
  bool done = false;                      // the experiment ended by itself
  std::map<std::string, double> seconds;  // that each ended trial took, by its id
};
// An absent file is an empty journal; lines that are not ours are passed over.
JournalSummary ReadJournal(const std::string& path);

// The present in ISO 8601, UTC: "2026-01-31T12:00:00Z".
std::string TimeText();

}  // namespace varve::harness
