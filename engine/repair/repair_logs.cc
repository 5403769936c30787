// Salvaging logs, and writing them into tables.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/repair_logs.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "engine/parts.h"
#include "engine/read_state.h"
#include "engine/write_batch_bytes.h"

namespace varve {
namespace {

constexpr IoCause kCause{IoKind::kVerify};

// Calls visit(entry) for each operation. False if the payload is not that of a batch.
template <class Visit>
bool ForEachOperation(std::string_view payload, Visit visit) {
  Result<BatchReader> batch = BatchReader::OfPayload(payload);
  if (!batch.ok()) return false;
  Entry entry;
  Result<bool> more = batch->Next(&entry);
  for (; more.ok() && *more; more = batch->Next(&entry)) visit(entry);
  return more.ok();
}

bool IsBatch(std::string_view payload) {
  return ForEachOperation(payload, [](const Entry&) {});
}

std::string WalName(uint64_t number) { return WalFileName("", number).substr(1); }

// Gathers entries in a memtable, and writes it into tables when it is full.
class TableMaker {
 public:
  TableMaker(const TableFactory& factory, const Options& options, NewNumber new_number)
      : factory_(factory), options_(options), new_number_(std::move(new_number)) {}

  Status Add(std::string_view payload) {
    if (memtable_ != nullptr && memtable_->bytes() >= options_.memtable_bytes) {
      if (Status s = Flush(); !s.ok()) return s;
    }
    if (memtable_ == nullptr) {
      memtable_ = std::make_unique<LoggedMemTable>();
      memtable_->table =
          FindPart(MemTableParts(), options_.memtable)->make(MemTableOptionsOf(options_));
    }
    ForEachOperation(payload, [this](const Entry& entry) { memtable_->Add(entry); });
    return {};
  }

  Status Flush() {
    if (memtable_ == nullptr || memtable_->entries() == 0) return {};
    memtable_->Seal();
    std::vector<RangeTombstone> ranges;
    memtable_->ranges.AppendTo(&ranges);
    auto tables = WriteTables(factory_, new_number_, memtable_->table->NewIterator(),
                              RangeTombstones(ranges));
    if (!tables.ok()) return tables.status();
    runs_.push_back(std::move(*tables));
    memtable_.reset();
    return {};
  }

  std::vector<std::vector<TablePtr>>& runs() { return runs_; }

 private:
  const TableFactory& factory_;
  const Options& options_;
  const NewNumber new_number_;
  std::unique_ptr<LoggedMemTable> memtable_;
  std::vector<std::vector<TablePtr>> runs_;
};

}  // namespace

RepairLogs::RepairLogs(FileSystem& file_system, std::string directory, const RepairSources& sources,
                       uint64_t oldest, bool with_lost)
    : files_(file_system), directory_(std::move(directory)), oldest_(oldest) {
  // A file that says which log it is counts before one that only has the name.
  for (const bool told : {true, false}) {
    for (const RepairSource& source : sources.files) {
      if (source.MayBeWal() && source.wal.has_value() == told) AddLog(source, false);
    }
    for (const RepairSource& source : sources.lost) {
      if (with_lost && source.MayBeWal() && source.wal.has_value() == told) AddLog(source, true);
    }
  }
  std::sort(logs_.begin(), logs_.end(),
            [](const Log& a, const Log& b) { return a.number < b.number; });
}

void RepairLogs::AddLog(const RepairSource& source, bool set_aside) {
  const uint64_t number = source.wal_number();
  const bool known = std::any_of(logs_.begin(), logs_.end(),
                                 [number](const Log& log) { return log.number == number; });
  if (known || number < oldest_) return;
  Log log;
  log.number = number;
  log.name = source.name;
  log.set_aside = set_aside;
  log.in_place = source.InPlace() && !set_aside;
  log.path = (set_aside ? LostDirectory(directory_) : directory_) + "/" + source.name;
  logs_.push_back(std::move(log));
}

void RepairLogs::Lose(const std::string& name, uint64_t bytes, std::string what) {
  lost_bytes_ += bytes;
  losses_.push_back({name, KeyRange::Everything(), std::move(what)});
}

void RepairLogs::Examine(const CleanClose& closed, bool knows_close) {
  for (Log& log : logs_) ExamineOne(&log);
  for (const Log& log : logs_) {
    const WalRemains& remains = log.remains;
    for (const WalGap& gap : remains.gaps) {
      // The end of the newest log may be what a crash has left: nothing was acknowledged there.
      const bool is_tail = &log == &logs_.back() && gap.end == remains.end;
      const bool noted = closed.wal == log.number && gap.begin < closed.wal_bytes;
      if (is_tail && !noted && knows_close) continue;
      Lose(log.name, gap.end - gap.begin,
           fmt::format("bytes {} to {} hold no record that can be read", gap.begin, gap.end));
    }
  }
  CheckChain(closed);
}

void RepairLogs::ExamineOne(Log* log) {
  const Result<std::string> bytes = ReadWholeFile(files_, kCause, log->path);
  log->status = bytes.status();
  if (!bytes.ok()) {
    Lose(log->name, 0, std::string(bytes.status().message()));
    return;
  }
  uint64_t entries = 0;
  log->remains = SalvageWal(*bytes, log->number, IsBatch);
  for (const std::string_view payload : log->remains.payloads) {
    ForEachOperation(payload, [&](const Entry& entry) {
      ++entries;
      last_sequence_ = std::max(last_sequence_, SequenceOf(entry.tag));
    });
  }
  actions_.push_back(fmt::format("{}: {} records with {} entries go into new tables", log->name,
                                 log->remains.payloads.size(), entries));
  log->remains.payloads.clear();
}

uint64_t RepairLogs::EndOf(uint64_t number) const {
  for (const Log& log : logs_) {
    if (log.number == number) return log.remains.end;
  }
  return 0;
}

void RepairLogs::CheckChain(const CleanClose& closed) {
  for (const Log& log : logs_) {
    const WalPosition& previous = log.remains.previous;
    const uint64_t end = EndOf(previous.number);
    if (previous.number < oldest_ || end >= previous.bytes) continue;
    Lose(WalName(previous.number), previous.bytes - end,
         fmt::format("it had {} bytes, of which {} are there", previous.bytes, end));
  }
  const bool needed = closed.wal >= oldest_ && closed.wal != 0;
  const uint64_t end = EndOf(closed.wal);
  if (needed && end < closed.wal_bytes) {
    Lose(WalName(closed.wal), closed.wal_bytes - end,
         fmt::format("it had {} bytes when it was closed, of which {} are there", closed.wal_bytes,
                     end));
  }
}

std::vector<std::string> RepairLogs::Damaged() const {
  std::vector<std::string> names;
  for (const Log& log : logs_) {
    const bool damaged = !log.in_place || !log.status.ok() || !log.remains.gaps.empty();
    if (damaged && !log.set_aside) names.push_back(log.name);
  }
  return names;
}

Result<std::vector<std::vector<TablePtr>>> RepairLogs::Replay(const TableFactory& factory,
                                                              const Options& options,
                                                              const NewNumber& new_number) const {
  TableMaker maker(factory, options, new_number);
  SequenceNumber last = 0;
  for (const Log& log : logs_) {
    if (!log.status.ok()) continue;
    const Result<std::string> bytes = ReadWholeFile(files_, kCause, log.path);
    if (!bytes.ok()) return bytes.status();
    for (const std::string_view payload : SalvageWal(*bytes, log.number, IsBatch).payloads) {
      // No number is given twice: what repeats one is not of this database's history.
      const Result<BatchReader> batch = BatchReader::OfPayload(payload);
      if (batch->next_sequence() <= last) continue;
      if (Status s = maker.Add(payload); !s.ok()) return s;
      ForEachOperation(payload, [&last](const Entry& entry) { last = SequenceOf(entry.tag); });
    }
  }
  if (Status s = maker.Flush(); !s.ok()) return s;
  return std::move(maker.runs());
}

}  // namespace varve
