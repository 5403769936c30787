// From lines to a trace. See trace_import.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/trace_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>
#include <queue>
#include <utility>

#include "workloads/text.h"

namespace varve::workloads {
namespace {

constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();

// Lines of a file, of bounded length.
class LineReader {
 public:
  explicit LineReader(std::FILE* file) : file_(file), buffer_(new char[kBufferBytes]) {}

  // False at the end. The view is valid until the next call. "\n" or "\r\n" ends a line.
  Result<bool> Next(std::string_view* line) {
    for (;;) {
      const void* found = std::memchr(buffer_.get() + begin_, '\n', end_ - begin_);
      if (found != nullptr) {
        const auto end = static_cast<size_t>(static_cast<const char*>(found) - buffer_.get());
        *line = Take(end, end + 1);
        return true;
      }
      if (end_ - begin_ == kBufferBytes) {
        return Status::InvalidArgument(
            fmt::format("the line is longer than {} bytes", kBufferBytes));
      }
      const Result<bool> more = Fill();
      if (!more.ok()) return more;
      if (*more) continue;
      if (begin_ == end_) return false;
      *line = Take(end_, end_);
      return true;
    }
  }

 private:
  // A key of 64 KiB in hexadecimal has room.
  static constexpr size_t kBufferBytes = 256 << 10;

  std::string_view Take(size_t end, size_t next) {
    std::string_view line(buffer_.get() + begin_, end - begin_);
    begin_ = next;
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  Result<bool> Fill() {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    const size_t read = std::fread(buffer_.get() + end_, 1, kBufferBytes - end_, file_);
    end_ += read;
    if (read == 0 && std::ferror(file_) != 0) return Status::IoError(std::strerror(errno));
    return read > 0;
  }

  std::FILE* const file_;
  const std::unique_ptr<char[]> buffer_;
  size_t begin_ = 0;  // of what is not taken yet
  size_t end_ = 0;
};

// Which record goes away when. At most one live entry a record, and those that a shorter time to
// live has overtaken.
class Expiries {
 public:
  // `at` is kNever, or later than what Pop has been given.
  void Set(uint64_t record, uint64_t at) {
    if (times_.size() <= record) times_.resize(record + 1);
    times_[record].expires = at;
    if (at < times_[record].queued) Push(record, at);
  }
  // The next record that has gone away by `now`, and when; false if there is none.
  bool Pop(uint64_t now, uint64_t* record, uint64_t* at) {
    while (!queue_.empty() && queue_.top().first <= now) {
      std::tie(*at, *record) = queue_.top();
      queue_.pop();
      Times& times = times_[*record];
      if (times.queued != *at) continue;
      times.queued = kNever;
      if (times.expires == *at) {
        times.expires = kNever;
        return true;
      }
      if (times.expires != kNever) Push(*record, times.expires);
    }
    return false;
  }

 private:
  struct Times {
    uint64_t expires = kNever;
    uint64_t queued = kNever;  // the entry of queue_ that counts
  };
  using Entry = std::pair<uint64_t, uint64_t>;  // time, record

  void Push(uint64_t record, uint64_t at) {
    times_[record].queued = at;
    queue_.push({at, record});
  }

  std::vector<Times> times_;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue_;
};

class Importer {
 public:
  Importer(const TraceInput& input, const TraceFormat& format, const TraceImportOptions& options,
           TraceWriter* writer)
      : input_(input), format_(format), options_(options), writer_(writer) {}

  Result<TraceImportReport> Run() {
    constexpr uint64_t kTellEvery = 1'000'000;
    LineReader reader(input_.file);
    TraceLine line;
    std::string_view text;
    for (;;) {
      const Result<bool> read = reader.Next(&text);
      if (read.ok() && !*read) break;
      ++report_.lines;
      Status status = read.ok() ? format_.parse(text, options_, &line) : read.status();
      if (status.ok()) status = Take(&line);
      if (!status.ok()) return status.Annotate(fmt::format("{}:{}", input_.name, report_.lines));
      if (report_.lines % kTellEvery == 0 && input_.progress) input_.progress(report_.lines);
    }
    if (Status status = WriteMoment(); !status.ok()) return status;
    LoadTheUntold();
    return std::move(report_);
  }

 private:
  Status Take(TraceLine* line) {
    if (!Wanted(*line)) return {};
    if (Status status = CheckColumnFamily(*line); !status.ok()) return status;
    if (!line->remark.empty()) Note(line->remark);
    if (Status status = Advance(line); !status.ok()) return status;
    const uint64_t known = writer_->records();
    const uint64_t record = writer_->Record(line->key);
    NoteValue(*line, record, record == known);
    if (line->time_to_live.has_value() || line->kind == OperationKind::kDelete) {
      SetExpiry(*line, record);
    }
    return Push({line->time, line->kind, record, line->argument});
  }

  // Whether the request is taken; why not is noted.
  bool Wanted(const TraceLine& line) {
    const bool other = options_.column_family.has_value() && line.column_family.has_value() &&
                       *line.column_family != *options_.column_family;
    const bool too_large = PutsValue(line.kind) && line.argument > kTraceValueBytesMax;
    if (other) {
      Note("requests of other column families left out");
    } else if (!line.left_out.empty()) {
      Note(line.left_out);
    } else if (line.key.size() > kTraceKeyBytesMax) {
      Note(fmt::format("requests left out: their keys are over {} bytes", kTraceKeyBytesMax));
    } else if (too_large) {
      Note(fmt::format("requests left out: their values are over {} bytes", kTraceValueBytesMax));
    } else {
      return true;
    }
    return false;
  }

  // A column family is a key space of its own; a trace has one.
  Status CheckColumnFamily(const TraceLine& line) {
    if (!line.column_family.has_value()) return {};
    if (!column_family_.has_value()) column_family_ = line.column_family;
    if (*line.column_family == *column_family_) return {};
    return Status::InvalidArgument(
        fmt::format("a request of column family {}, after some of {}: choose one of them",
                    *line.column_family, *column_family_));
  }

  // Time does not go back, and what has expired until now is deleted first.
  Status Advance(TraceLine* line) {
    if (!start_.has_value()) start_ = now_ = line->time;
    if (line->time < now_) {
      Note("requests earlier than the one before, given its time");
      line->time = now_;
    }
    if ((line->time - *start_) / (kNever / 4 / format_.unit_ns) > 0) {
      return Status::InvalidArgument(
          fmt::format("the time {} is too far from the first, {}", line->time, *start_));
    }
    uint64_t record = 0, at = 0;
    while (expiries_.Pop(line->time, &record, &at)) {
      Note("deletes put in where a time to live was over");
      if (Status status = Push({at, OperationKind::kDelete, record, 0}); !status.ok()) {
        return status;
      }
    }
    now_ = line->time;
    return {};
  }

  // What the request tells of the value that the record has at the start.
  void NoteValue(const TraceLine& line, uint64_t record, bool is_new) {
    if (untold_.size() <= record) untold_.resize(record + 1, false);
    if (is_new && line.finds_value) {
      if (!line.found_bytes.has_value()) {
        untold_[record] = true;
      } else if (*line.found_bytes <= kTraceValueBytesMax) {
        writer_->SetAtStart(record, *line.found_bytes);
      } else {
        Note(fmt::format("records not there at the start: values over {} bytes",
                         kTraceValueBytesMax));
      }
    }
    if (!PutsValue(line.kind)) return;
    ++puts_;
    put_bytes_ += line.argument;
    if (untold_[record]) writer_->SetAtStart(record, line.argument);
    untold_[record] = false;
  }

  void SetExpiry(const TraceLine& line, uint64_t record) {
    const uint64_t lives = line.time_to_live.value_or(0);
    if (!options_.expire) {
      if (lives > 0) Note("writes with a time to live, which is not replayed");
      return;
    }
    expiries_.Set(record, lives == 0 || lives >= kNever - line.time ? kNever : line.time + lives);
  }

  // Operations wait until the next moment begins: then it is known how many share theirs.
  Status Push(const TraceOperation& operation) {
    constexpr size_t kWaitingMax = 1 << 24;
    if (!moment_.empty() && moment_.front().at_ns != operation.at_ns) {
      if (Status status = WriteMoment(); !status.ok()) return status;
    }
    if (moment_.size() == kWaitingMax) {
      return Status::InvalidArgument(
          fmt::format("more than {} requests have the same time", kWaitingMax));
    }
    moment_.push_back(operation);
    return {};
  }

  // The operations of one moment, evenly over it.
  Status WriteMoment() {
    uint64_t i = 0;
    for (TraceOperation& operation : moment_) {
      const uint64_t since = (operation.at_ns - *start_) * format_.unit_ns;
      operation.at_ns = since + format_.unit_ns * i++ / moment_.size();
      if (Status status = writer_->Add(operation); !status.ok()) return status;
    }
    moment_.clear();
    return {};
  }

  // Values of records that are read and never written.
  void LoadTheUntold() {
    constexpr uint64_t kUsualBytes = 100;
    const uint64_t mean = puts_ == 0 ? kUsualBytes : (put_bytes_ + puts_ / 2) / puts_;
    const uint64_t bytes = options_.load_bytes.value_or(mean);
    const std::string note =
        fmt::format("records of untold size that are there at the start, given {} bytes", bytes);
    for (uint64_t record = 0; record < untold_.size(); ++record) {
      if (!untold_[record]) continue;
      Note(note);
      writer_->SetAtStart(record, bytes);
    }
  }

  void Note(std::string_view text) {
    auto note = std::find_if(report_.notes.begin(), report_.notes.end(),
                             [text](const auto& known) { return known.text == text; });
    if (note == report_.notes.end()) {
      report_.notes.push_back({std::string(text), 0, report_.lines});
      note = report_.notes.end() - 1;
    }
    ++note->count;
  }

  const TraceInput& input_;
  const TraceFormat& format_;
  const TraceImportOptions& options_;
  TraceWriter* const writer_;
  TraceImportReport report_;
  std::optional<uint64_t> start_;  // time of the first request, in units
  uint64_t now_ = 0;
  std::optional<uint64_t> column_family_;
  std::vector<TraceOperation> moment_;  // not written yet; their time is in units since ever
  std::vector<bool> untold_;  // by record: is there at the start, and its size is not known yet
  uint64_t puts_ = 0;
  uint64_t put_bytes_ = 0;
  Expiries expiries_;
};

}  // namespace

Result<TraceImportReport> ImportTrace(const TraceInput& input, const TraceFormat& format,
                                      const TraceImportOptions& options, TraceWriter* writer) {
  if (options.load_bytes.value_or(0) > kTraceValueBytesMax) {
    return Status::InvalidArgument(
        fmt::format("a value in a trace has {} bytes at most", kTraceValueBytesMax));
  }
  if (options.scan_length == 0 || options.scan_length > kTraceScanLengthMax) {
    return Status::InvalidArgument(
        fmt::format("a scan in a trace has 1 to {} entries", kTraceScanLengthMax));
  }
  return Importer(input, format, options, writer).Run();
}

}  // namespace varve::workloads
