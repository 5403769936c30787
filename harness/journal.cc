// Appends to and reads journals.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/journal.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/files.h"

namespace varve::harness {
namespace {

using nlohmann::json;

// After a crash the file may end within a line: what is appended must begin on its own.
Status EndTornLine(int file, const std::string& path) {
  const off_t length = ::lseek(file, 0, SEEK_END);
  if (length < 0) return ErrnoStatus("read", path);
  char last = '\n';
  if (length > 0 && ::pread(file, &last, 1, length - 1) != 1) return ErrnoStatus("read", path);
  if (last == '\n') return Status();
  return ::write(file, "\n", 1) == 1 ? Status() : ErrnoStatus("write", path);
}

}  // namespace

std::string TimeText() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

Result<std::unique_ptr<Journal>> Journal::Open(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) return ErrnoStatus("write", path);
  std::unique_ptr<Journal> journal(new Journal(file, path));
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return Status::Busy(fmt::format("{} is in use: another process runs this experiment", path));
    }
    return ErrnoStatus("lock", path);
  }
  const Status ended = EndTornLine(file, path);
  if (!ended.ok()) return ended;
  return journal;
}

Journal::~Journal() { ::close(file_); }

Status Journal::Append(const std::string& event, const json& details) {
  json line = {{"time", TimeText()}, {"event", event}};
  line.update(details);
  const std::string text = line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  const ssize_t written = ::write(file_, text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size())) return ErrnoStatus("write", path_);
  return ::fdatasync(file_) == 0 ? Status() : ErrnoStatus("sync", path_);
}

JournalSummary ReadJournal(const std::string& path) {
  JournalSummary summary;
  const Result<std::string> text = ReadTextFile(path);
  if (!text.ok()) return summary;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    const json entry = json::parse(line, nullptr, false);
    if (!entry.is_object() || !entry.contains("event")) continue;
    const json& event = entry["event"];
    if (event == "done") summary.done = true;
    if (event == "run") summary.done = false;
    const bool timed = event == "end" && entry.contains("trial") && entry["trial"].is_string() &&
                       entry.contains("seconds") && entry["seconds"].is_number();
    if (timed) summary.seconds[entry["trial"].get<std::string>()] = entry["seconds"];
  }
  return summary;
}

}  // namespace varve::harness
