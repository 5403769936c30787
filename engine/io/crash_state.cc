// What is left of a simulated disk after power loss.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/io/crash_state.h"

#include <algorithm>
#include <utility>

#include "engine/util/hash.h"
#include "engine/util/random.h"

namespace varve {
namespace {

// How likely what is not durable survives: never and always are as telling as now and then.
class Survival {
 public:
  explicit Survival(uint64_t seed) : random_(seed), mode_(random_.Uniform(4)) {}

  bool Survives() { return mode_ == 0 ? false : mode_ == 1 ? true : random_.OneIn(2); }
  bool Tears() { return mode_ >= 2 && random_.OneIn(4); }
  uint64_t Below(uint64_t bound) { return bound == 0 ? 0 : random_.Next() % bound; }

 private:
  Random random_;
  const uint32_t mode_;
};

}  // namespace

size_t CrashFile::Read(uint64_t offset, size_t bytes, char* buffer) const {
  if (offset >= length_) return 0;
  const auto found = static_cast<size_t>(std::min<uint64_t>(bytes, length_ - offset));
  const size_t stored = offset < bytes_.size() ? bytes_.copy(buffer, found, offset) : 0;
  std::fill(buffer + stored, buffer + found, '\0');
  return found;
}

void CrashFile::Write(uint64_t offset, std::string_view data) {
  if (offset + data.size() > length_) SetLength(offset + data.size());
  if (bytes_.size() < offset) bytes_.resize(offset);
  bytes_.replace(offset, data.size(), data);
  changed_from_ = std::min(changed_from_, offset);
}

void CrashFile::SetLength(uint64_t length) {
  changed_from_ = std::min({changed_from_, length, length_});
  if (bytes_.size() > length) bytes_.resize(length);
  length_ = length;
  length_min_ = std::min(length_min_, length);
  length_max_ = std::max(length_max_, length);
}

void CrashFile::Sync() {
  durable_.resize(std::min<uint64_t>(durable_.size(), changed_from_));
  if (durable_.size() < bytes_.size()) durable_.append(bytes_, durable_.size());
  durable_length_ = length_min_ = length_max_ = changed_from_ = length_;
}

std::string CrashFile::Slice(const std::string& bytes, uint64_t from, uint64_t to) {
  std::string slice = from < bytes.size() ? bytes.substr(from, to - from) : "";
  slice.resize(to - from);
  return slice;
}

CrashFile CrashFile::AfterPowerLoss(uint64_t seed) const {
  Survival survival(seed);
  CrashFile after;
  after.length_ = survival.Survives() ? length_ : durable_length_;
  if (survival.Tears()) after.length_ = length_min_ + survival.Below(length_max_ - length_min_ + 1);
  const uint64_t stored_max = std::max(bytes_.size(), durable_.size());
  const uint64_t stored = std::min<uint64_t>(after.length_, stored_max);
  after.bytes_ = Slice(durable_, 0, std::min(stored, changed_from_ / kSectorBytes * kSectorBytes));
  while (after.bytes_.size() < stored) {
    const uint64_t from = after.bytes_.size();
    const uint64_t to = std::min(from + kSectorBytes, stored);
    std::string first = Slice(survival.Survives() ? bytes_ : durable_, from, to);
    if (survival.Tears()) {
      const std::string rest = Slice(survival.Survives() ? bytes_ : durable_, from, to);
      const uint64_t torn_at = survival.Below(to - from + 1);
      first.replace(torn_at, std::string::npos, rest, torn_at);
    }
    after.bytes_ += first;
  }
  after.Sync();
  return after;
}

void CrashNames::Apply(const Operation& operation, Map* names) {
  if (!operation.from.empty()) names->erase(operation.from);
  if (!operation.to.empty()) (*names)[operation.to] = operation.file;
}

void CrashNames::Change(Operation operation) {
  Apply(operation, &now_);
  pending_.push_back(std::move(operation));
}

void CrashNames::SyncDirectory(const std::string& directory) {
  // A rename between directories drags along what happened to its other name before.
  std::set<std::string> needed;
  const auto is_needed = [&](const std::string& name) {
    return !name.empty() && (DirectoryOf(name) == directory || needed.contains(name));
  };
  std::vector<Operation> synced;  // newest first
  std::vector<Operation> left;
  for (auto operation = pending_.rbegin(); operation != pending_.rend(); ++operation) {
    if (is_needed(operation->from) || is_needed(operation->to)) {
      needed.insert({operation->from, operation->to});
      synced.push_back(std::move(*operation));
    } else {
      left.push_back(std::move(*operation));
    }
  }
  for (auto operation = synced.rbegin(); operation != synced.rend(); ++operation) {
    Apply(*operation, &durable_);
  }
  std::reverse(left.begin(), left.end());
  pending_ = std::move(left);
}

CrashNames CrashNames::AfterPowerLoss(uint64_t seed) const {
  Survival survival(seed);
  CrashNames after;
  after.now_ = durable_;
  std::set<std::string> ended;  // names whose next operation did not happen
  for (const Operation& operation : pending_) {
    const bool possible = !ended.contains(operation.from) && !ended.contains(operation.to);
    if (possible && survival.Survives()) {
      Apply(operation, &after.now_);
      continue;
    }
    if (!operation.from.empty()) ended.insert(operation.from);
    if (!operation.to.empty()) ended.insert(operation.to);
  }
  after.durable_ = after.now_;
  return after;
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return "";
  return path.substr(0, std::max<size_t>(slash, 1));
}

CrashState CrashState::AfterPowerLoss(uint64_t seed) const {
  CrashState after;
  after.names = names.AfterPowerLoss(SplitMix64(seed));
  for (const auto& [name, file] : after.names.now()) {
    after.files[file] = files.at(file).AfterPowerLoss(Mix64(seed, file));
  }
  after.directories = directories;
  after.next_file = next_file;
  return after;
}

}  // namespace varve
