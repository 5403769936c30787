// The engine as a subject: a database that is opened, used, closed and opened again.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "harness/torture/subject.h"

namespace varve::harness {
namespace {

std::string Outcome(const Status& status) {
  if (status.ok()) return "ok";
  return status.code() == Status::Code::kInvalidArgument ? "refused" : status.ToString();
}

std::string Place(const Iterator& iterator) {
  if (!iterator.status().ok()) return iterator.status().ToString();
  if (!iterator.Valid()) return "end";
  return DescribeEntry(iterator.key(), DescribeValue(iterator.value()));
}

class EngineSubject final : public Subject {
 public:
  EngineSubject(const Options& options, const Environment& environment, std::string directory)
      : options_(options), environment_(environment), directory_(std::move(directory)) {
    Options first = options_;
    first.create_if_missing = true;
    Open(first);
  }

  std::string Apply(const LoggedOperation& operation) override {
    if (operation.kind == LoggedKind::kReopen) return Reopen(operation);
    if (db_ == nullptr) return open_status_.ToString();
    const auto slot = static_cast<size_t>(operation.slot);
    switch (operation.kind) {
      case LoggedKind::kPut:
        return Outcome(db_->Put(operation.changes[0].key, MakeValue(operation.changes[0].value)));
      case LoggedKind::kDelete:
        return Outcome(db_->Delete(operation.changes[0].key));
      case LoggedKind::kDeleteRange:
        return Outcome(db_->DeleteRange(operation.changes[0].key, *operation.changes[0].end));
      case LoggedKind::kBatch:
        return Write(operation.changes);
      case LoggedKind::kGet:
        return Get(operation);
      case LoggedKind::kScan:
        return Scan(operation);
      case LoggedKind::kSnapshot:
        snapshots_[slot] = db_->GetSnapshot();
        return "ok";
      case LoggedKind::kRelease:
        snapshots_[slot].reset();
        return "ok";
      case LoggedKind::kIterator:
        if (!AtMoment(operation)) return "nothing";
        iterators_[slot] = db_->NewIterator(Reading(operation));
        return "ok";
      case LoggedKind::kClose:
        iterators_[slot].reset();
        return "ok";
      case LoggedKind::kFlush:
        return Outcome(db_->Flush());
      case LoggedKind::kCompact:
        return Outcome(db_->Compact());
      case LoggedKind::kSettle:
        return Outcome(db_->Settle());
      case LoggedKind::kSync:
        return Outcome(db_->Sync());
      case LoggedKind::kVerify:
        return Verify();
      default:
        return iterators_[slot] == nullptr ? "nothing" : Move(operation, *iterators_[slot]);
    }
  }

 private:
  void Open(const Options& options) {
    auto opened = Db::Open(options, environment_, directory_);
    open_status_ = opened.status();
    if (opened.ok()) db_ = std::move(opened).value();
  }

  std::string Reopen(const LoggedOperation& operation) {
    for (auto& iterator : iterators_) iterator.reset();
    for (auto& snapshot : snapshots_) snapshot.reset();
    if (db_ != nullptr && options_.durability == "none") {
      if (Status s = db_->Flush(); !s.ok()) return s.ToString();
    }
    db_.reset();
    // Settings that cannot be together leave the ones before, so that a sequence has one meaning
    // for each configuration.
    Options changed = options_;
    if (ApplySettings(operation.settings, &changed).ok() && CheckOptions(changed).ok()) {
      options_ = changed;
    }
    Options again = options_;
    again.error_if_exists = false;
    Open(again);
    return Outcome(open_status_);
  }

  std::string Write(const std::vector<LoggedChange>& changes) {
    WriteBatch batch;
    for (const LoggedChange& change : changes) {
      if (change.end.has_value()) {
        batch.DeleteRange(change.key, *change.end);
      } else if (change.put) {
        batch.Put(change.key, MakeValue(change.value));
      } else {
        batch.Delete(change.key);
      }
    }
    return Outcome(db_->Write(batch));
  }

  bool AtMoment(const LoggedOperation& operation) const {
    return operation.snapshot < 0 || snapshots_[static_cast<size_t>(operation.snapshot)] != nullptr;
  }

  ReadOptions Reading(const LoggedOperation& operation) const {
    ReadOptions options;
    if (operation.snapshot >= 0) {
      options.snapshot = snapshots_[static_cast<size_t>(operation.snapshot)].get();
    }
    options.lower_bound = operation.lower;
    options.upper_bound = operation.upper;
    return options;
  }

  std::string Get(const LoggedOperation& operation) {
    if (!AtMoment(operation)) return "nothing";
    std::string value = "from a read before";
    const Result<bool> found = db_->Get(operation.key, &value, Reading(operation));
    if (!found.ok()) return found.status().ToString();
    return *found ? DescribeValue(value) : "absent";
  }

  std::string Scan(const LoggedOperation& operation) {
    if (!AtMoment(operation)) return "nothing";
    const std::unique_ptr<Iterator> iterator = db_->NewIterator(Reading(operation));
    std::vector<std::pair<std::string, std::string>> entries;
    EntriesText text;
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
      entries.emplace_back(iterator->key(), DescribeValue(iterator->value()));
      text.Add(entries.back().first, entries.back().second);
    }
    if (!iterator->status().ok()) return iterator->status().ToString();
    for (iterator->SeekToLast(); iterator->Valid() && !entries.empty(); iterator->Prev()) {
      const auto& [key, described] = entries.back();
      if (iterator->key() != key || DescribeValue(iterator->value()) != described) break;
      entries.pop_back();
    }
    if (!iterator->status().ok()) return iterator->status().ToString();
    if (iterator->Valid()) return "backwards there is " + Place(*iterator);
    if (!entries.empty()) return "backwards there is no " + FormatKey(entries.back().first);
    return text.Text();
  }

  std::string Verify() {
    if (Status s = db_->Verify(); !s.ok()) return s.ToString();
    const std::string wrong = db_->tree().CheckInvariants();
    return wrong.empty() ? "ok" : wrong;
  }

  static std::string Move(const LoggedOperation& operation, Iterator& iterator) {
    switch (operation.kind) {
      case LoggedKind::kFirst:
        iterator.SeekToFirst();
        break;
      case LoggedKind::kLast:
        iterator.SeekToLast();
        break;
      case LoggedKind::kSeek:
        iterator.Seek(operation.key);
        break;
      case LoggedKind::kSeekForPrev:
        iterator.SeekForPrev(operation.key);
        break;
      default:
        if (!iterator.Valid()) return "nothing";
        if (operation.kind == LoggedKind::kNext) iterator.Next();
        if (operation.kind == LoggedKind::kPrev) iterator.Prev();
    }
    return Place(iterator);
  }

  Options options_;
  const Environment environment_;
  const std::string directory_;
  Status open_status_;
  std::unique_ptr<Db> db_;
  // Die before the database.
  std::array<std::unique_ptr<const Snapshot>, kSlots> snapshots_;
  std::array<std::unique_ptr<Iterator>, kSlots> iterators_;
};

}  // namespace

std::unique_ptr<Subject> NewEngineSubject(const Options& options, const Environment& environment,
                                          const std::string& directory) {
  return std::make_unique<EngineSubject>(options, environment, directory);
}

}  // namespace varve::harness
