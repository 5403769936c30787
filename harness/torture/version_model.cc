// The model: a map of versions. Slow and plain, because it must be right by inspection.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "engine/util/hash.h"
#include "harness/torture/subject.h"

namespace varve::harness {
namespace {

constexpr size_t kValueShown = 12;
constexpr uint64_t kEntriesShown = 6;

}  // namespace

std::string DescribeValue(std::string_view value) {
  if (value.size() <= kValueShown) return FormatKey(value);
  return fmt::format("{} bytes {:016x}", value.size(), HashKey(value));
}

std::string DescribeEntry(std::string_view key, std::string_view described_value) {
  return fmt::format("{} = {}", FormatKey(key), described_value);
}

void EntriesText::Add(std::string_view key, std::string_view described_value) {
  ++count_;
  hash_ = Mix64(hash_, Mix64(HashKey(key), HashKey(described_value)));
  if (count_ > kEntriesShown) return;
  if (count_ > 1) shown_ += ", ";
  shown_ += DescribeEntry(key, described_value);
}

std::string EntriesText::Text() const {
  if (count_ <= kEntriesShown) return fmt::format("{{{}}}", shown_);
  return fmt::format("{} entries {:016x}", count_, hash_);
}

std::string VersionModel::Apply(const LoggedOperation& operation) {
  const auto slot = static_cast<size_t>(operation.slot);
  switch (operation.kind) {
    case LoggedKind::kPut:
    case LoggedKind::kDelete:
    case LoggedKind::kDeleteRange:
    case LoggedKind::kBatch:
      return Write(operation.changes);
    case LoggedKind::kGet:
    case LoggedKind::kScan: {
      const std::optional<uint64_t> at = Moment(operation.snapshot);
      if (!at.has_value()) return "nothing";
      return operation.kind == LoggedKind::kGet ? Get(operation, *at) : Scan(operation, *at);
    }
    case LoggedKind::kSnapshot:
      snapshots_[slot] = sequence_;
      return "ok";
    case LoggedKind::kRelease:
      snapshots_[slot].reset();
      return "ok";
    case LoggedKind::kIterator: {
      const std::optional<uint64_t> at = Moment(operation.snapshot);
      if (!at.has_value()) return "nothing";
      cursors_[slot] = Cursor{*at, operation.lower, operation.upper, versions_.end(), false};
      return "ok";
    }
    case LoggedKind::kClose:
      cursors_[slot].reset();
      return "ok";
    case LoggedKind::kFirst:
    case LoggedKind::kLast:
    case LoggedKind::kSeek:
    case LoggedKind::kSeekForPrev:
    case LoggedKind::kNext:
    case LoggedKind::kPrev:
      return Move(operation);
    case LoggedKind::kReopen:
      snapshots_.fill({});
      cursors_.fill({});
      return "ok";
    case LoggedKind::kFlush:
    case LoggedKind::kCompact:
    case LoggedKind::kSettle:
    case LoggedKind::kSync:
    case LoggedKind::kVerify:
      return "ok";
  }
  return "";
}

std::string VersionModel::Write(const std::vector<LoggedChange>& changes) {
  for (const LoggedChange& change : changes) {
    if (change.key.size() > kKeyBytesMax) return "refused";
    const std::string end = change.end.value_or(change.key);
    if (end.size() > kKeyBytesMax || change.key > end) return "refused";
  }
  for (const LoggedChange& change : changes) {
    if (change.end.has_value()) {
      DeleteRange(change.key, *change.end);
      continue;
    }
    const std::string described = change.put ? DescribeValue(MakeValue(change.value)) : "";
    versions_[change.key].push_back({++sequence_, change.put, described});
  }
  return "ok";
}

void VersionModel::DeleteRange(const std::string& begin, const std::string& end) {
  if (begin == end) return;
  ++sequence_;
  for (auto at = versions_.lower_bound(begin); at != versions_.lower_bound(end); ++at) {
    at->second.push_back({sequence_, false, ""});
  }
}

std::optional<uint64_t> VersionModel::Moment(int snapshot) const {
  return snapshot < 0 ? sequence_ : snapshots_[static_cast<size_t>(snapshot)];
}

const VersionModel::Version* VersionModel::Seen(const std::vector<Version>& versions, uint64_t at) {
  const auto newer =
      std::upper_bound(versions.begin(), versions.end(), at,
                       [](uint64_t moment, const Version& v) { return moment < v.sequence; });
  if (newer == versions.begin() || !std::prev(newer)->live) return nullptr;
  return &*std::prev(newer);
}

std::string VersionModel::Get(const LoggedOperation& operation, uint64_t at) const {
  const auto found = versions_.find(operation.key);
  const Version* seen = found == versions_.end() ? nullptr : Seen(found->second, at);
  return seen == nullptr ? "absent" : seen->described;
}

std::string VersionModel::Scan(const LoggedOperation& operation, uint64_t at) const {
  EntriesText text;
  for (auto place = versions_.lower_bound(operation.lower); place != versions_.end(); ++place) {
    if (!operation.upper.empty() && place->first >= operation.upper) break;
    const Version* seen = Seen(place->second, at);
    if (seen != nullptr) text.Add(place->first, seen->described);
  }
  return text.Text();
}

void VersionModel::Forward(Cursor* cursor, Versions::const_iterator place) const {
  while (place != versions_.end() && Seen(place->second, cursor->at) == nullptr) ++place;
  cursor->place = place;
  cursor->valid =
      place != versions_.end() && (cursor->upper.empty() || place->first < cursor->upper);
}

void VersionModel::Backward(Cursor* cursor, Versions::const_iterator past) const {
  cursor->valid = false;
  while (past != versions_.begin() && !cursor->valid) {
    --past;
    if (past->first < cursor->lower) return;
    cursor->place = past;
    cursor->valid = Seen(past->second, cursor->at) != nullptr;
  }
}

std::string VersionModel::Move(const LoggedOperation& operation) {
  std::optional<Cursor>& open = cursors_[static_cast<size_t>(operation.slot)];
  if (!open.has_value()) return "nothing";
  Cursor& cursor = *open;
  const auto end = cursor.upper.empty() ? versions_.end() : versions_.lower_bound(cursor.upper);
  switch (operation.kind) {
    case LoggedKind::kFirst:
      Forward(&cursor, versions_.lower_bound(cursor.lower));
      break;
    case LoggedKind::kLast:
      Backward(&cursor, end);
      break;
    case LoggedKind::kSeek:
      Forward(&cursor, versions_.lower_bound(std::max(operation.key, cursor.lower)));
      break;
    case LoggedKind::kSeekForPrev: {
      const bool beyond = !cursor.upper.empty() && operation.key >= cursor.upper;
      Backward(&cursor, beyond ? end : versions_.upper_bound(operation.key));
      break;
    }
    default:
      if (!cursor.valid) return "nothing";
      if (operation.kind == LoggedKind::kNext) Forward(&cursor, std::next(cursor.place));
      if (operation.kind == LoggedKind::kPrev) Backward(&cursor, cursor.place);
  }
  if (!cursor.valid) return "end";
  return DescribeEntry(cursor.place->first, Seen(cursor.place->second, cursor.at)->described);
}

std::vector<std::string> Answers(Subject& subject, const std::vector<LoggedOperation>& operations) {
  std::vector<std::string> answers;
  answers.reserve(operations.size());
  for (const LoggedOperation& operation : operations) answers.push_back(subject.Apply(operation));
  return answers;
}

std::optional<Difference> FirstDifference(Subject& subject,
                                          const std::vector<LoggedOperation>& operations,
                                          const std::vector<std::string>& expected) {
  for (size_t i = 0; i < operations.size(); ++i) {
    std::string found = subject.Apply(operations[i]);
    if (found != expected[i]) return Difference{i, expected[i], std::move(found)};
  }
  return std::nullopt;
}

}  // namespace varve::harness
