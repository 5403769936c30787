// The distributions.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/torture/operation_generator.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "engine/entry.h"
#include "engine/util/random.h"
#include "harness/torture/configurations.h"

namespace varve::harness {
namespace {

template <class Items>
const auto& PickFrom(const Items& items, Random* random) {
  return items[random->Uniform(static_cast<uint32_t>(items.size()))];
}

std::string RandomBytes(Random* random, uint32_t length_max, std::string_view alphabet) {
  std::string bytes(random->Uniform(length_max + 1), '\0');
  for (char& byte : bytes) {
    byte = alphabet.empty() ? static_cast<char>(random->Uniform(256)) : PickFrom(alphabet, random);
  }
  return bytes;
}

class KeyPool {
 public:
  explicit KeyPool(Random* random) : random_(random) {
    constexpr std::array<uint32_t, 5> kSizes = {4, 12, 60, 200, 600};
    const uint32_t size = PickFrom(kSizes, random);
    const uint32_t styles = 1 + random->Uniform((1 << kStyles) - 1);
    const auto letter = static_cast<char>('p' + random->Uniform(3));
    prefix_ = std::string(1 + random->Uniform(300), letter);
    while (keys_.size() < size) {
      const uint32_t style = random->Uniform(kStyles);
      if ((styles >> style & 1) != 0) keys_.push_back(NewKey(style));
    }
    hot_ = 1 + random->Uniform(8);
    hot_percent_ = 20 * random->Uniform(5);
    sorted_ = keys_;
    std::sort(sorted_.begin(), sorted_.end());
  }

  // For writes.
  std::string Any() {
    const bool hot = random_->Uniform(100) < hot_percent_;
    const size_t limit = hot ? std::min<size_t>(hot_, keys_.size()) : keys_.size();
    return keys_[random_->Uniform(static_cast<uint32_t>(limit))];
  }

  // For deletes of ranges.
  std::pair<std::string, std::string> Range() {
    if (random_->OneIn(6)) {
      std::string begin = Near();
      return {std::move(begin), Near()};
    }
    const auto size = static_cast<uint32_t>(sorted_.size());
    const uint32_t first = random_->Uniform(size);
    const uint32_t width = random_->Uniform(random_->OneIn(12) ? size : 2 + size / 16);
    std::string end = sorted_[std::min(first + width, size - 1)];
    if (random_->OneIn(2)) end += '\0';
    return {sorted_[first], std::move(end)};
  }

  // For reads and bounds: a key of the pool, or one that is near to it and mostly absent.
  std::string Near() {
    std::string key = Any();
    switch (random_->Uniform(8)) {
      case 0:
        return key + '\0';
      case 1:
        return key + '\xff';
      case 2:
        if (!key.empty()) key.pop_back();
        return key;
      case 3:
        if (!key.empty()) ++key.back();
        return key;
      default:
        return key;
    }
  }

 private:
  static constexpr uint32_t kStyles = 7;

  std::string NewKey(uint32_t style) {
    using std::string_literals::operator""s;
    switch (style) {
      case 0:
        return std::to_string(random_->Uniform(1000));
      case 1:
        return prefix_ + std::to_string(random_->Uniform(1000));
      case 2:  // each begins all longer ones; the empty one is the first
        return prefix_.substr(0, random_->Uniform(static_cast<uint32_t>(prefix_.size())));
      case 3:
        return RandomBytes(random_, 6, "\0\xff"s);
      case 4:
        return RandomBytes(random_, 20, {});
      case 5: {
        const std::string end = RandomBytes(random_, 3, "\0\x01"s);
        return "12345678"s.substr(0, 6 + random_->Uniform(3)) + end;
      }
      default:
        return HugeKey();
    }
  }

  std::string HugeKey() {
    constexpr std::array<uint64_t, 4> kLengths = {300, 3000, kKeyBytesMax, kKeyBytesMax + 1};
    if (!random_->OneIn(12)) return RandomBytes(random_, 40, "abc");
    return std::string(PickFrom(kLengths, random_), 'k');
  }

  Random* const random_;
  std::string prefix_;
  std::vector<std::string> keys_;
  std::vector<std::string> sorted_;
  uint32_t hot_ = 0;
  uint32_t hot_percent_ = 0;
};

// How often an operation comes in the mix that all sequences vary.
struct Weight {
  LoggedKind kind;
  uint32_t weight;
};
constexpr Weight kWeights[] = {
    {LoggedKind::kPut, 320},        {LoggedKind::kDelete, 90},      {LoggedKind::kBatch, 90},
    {LoggedKind::kGet, 200},        {LoggedKind::kSnapshot, 20},    {LoggedKind::kRelease, 12},
    {LoggedKind::kIterator, 40},    {LoggedKind::kFirst, 8},        {LoggedKind::kLast, 8},
    {LoggedKind::kSeek, 40},        {LoggedKind::kSeekForPrev, 40}, {LoggedKind::kNext, 40},
    {LoggedKind::kPrev, 40},        {LoggedKind::kClose, 10},       {LoggedKind::kScan, 6},
    {LoggedKind::kFlush, 20},       {LoggedKind::kCompact, 5},      {LoggedKind::kSettle, 6},
    {LoggedKind::kSync, 8},         {LoggedKind::kVerify, 2},       {LoggedKind::kReopen, 10},
    {LoggedKind::kDeleteRange, 30},
};

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed), keys_(&random_) {
    // Left out, rare, as usual, frequent; puts are never left out.
    constexpr std::array<uint32_t, 5> kScales = {0, 1, 4, 4, 16};
    for (const Weight& weight : kWeights) {
      const uint32_t first = weight.kind == LoggedKind::kPut ? 1 : 0;
      const uint32_t scale = kScales[first + random_.Uniform(5 - first)];
      weights_.push_back({weight.kind, weight.weight * scale});
      total_ += weights_.back().weight;
    }
    value_bytes_scale_ = random_.Uniform(3);
  }

  std::vector<LoggedOperation> Run(size_t count) {
    while (operations_.size() < count) Step(RandomKind());
    for (const LoggedKind kind : {LoggedKind::kScan, LoggedKind::kVerify, LoggedKind::kReopen,
                                  LoggedKind::kScan, LoggedKind::kVerify}) {
      operations_.emplace_back().kind = kind;
    }
    return std::move(operations_);
  }

 private:
  LoggedKind RandomKind() {
    uint32_t at = random_.Uniform(total_);
    for (const Weight& weight : weights_) {
      if (at < weight.weight) return weight.kind;
      at -= weight.weight;
    }
    return LoggedKind::kPut;
  }

  void Step(LoggedKind kind) {
    LoggedOperation operation;
    operation.kind = kind;
    operation.slot = static_cast<int>(random_.Uniform(kSlots));
    switch (kind) {
      case LoggedKind::kPut:
      case LoggedKind::kDelete:
        operation.changes.push_back(Change(kind == LoggedKind::kPut));
        break;
      case LoggedKind::kDeleteRange:
        operation.changes.push_back(RangeChange());
        break;
      case LoggedKind::kBatch:
        for (uint32_t left = random_.Uniform(random_.OneIn(10) ? 60 : 8); left > 0; --left) {
          operation.changes.push_back(random_.OneIn(20) ? RangeChange()
                                                        : Change(!random_.OneIn(4)));
        }
        break;
      case LoggedKind::kGet:
        operation.key = keys_.Near();
        SetMoment(&operation);
        break;
      case LoggedKind::kIterator:
      case LoggedKind::kScan:
        SetMoment(&operation);
        if (random_.OneIn(3)) operation.lower = keys_.Near();
        if (random_.OneIn(3)) operation.upper = keys_.Near();
        break;
      case LoggedKind::kSeek:
      case LoggedKind::kSeekForPrev:
        operation.key = keys_.Near();
        break;
      case LoggedKind::kReopen:
        operation.settings = Settings();
        break;
      default:
        break;
    }
    const int slot = operation.slot;
    operations_.push_back(std::move(operation));
    // What an iterator shows is mostly decided after it was placed.
    if (kind == LoggedKind::kIterator) Place(slot);
    if (kind >= LoggedKind::kIterator && kind <= LoggedKind::kSeekForPrev) Walk(slot);
  }

  void Place(int slot) {
    constexpr std::array<LoggedKind, 4> kPlaces = {LoggedKind::kFirst, LoggedKind::kLast,
                                                   LoggedKind::kSeek, LoggedKind::kSeekForPrev};
    LoggedOperation& place = operations_.emplace_back();
    place.kind = PickFrom(kPlaces, &random_);
    place.slot = slot;
    if (place.kind >= LoggedKind::kSeek) place.key = keys_.Near();
  }

  void Walk(int slot) {
    const bool forward = random_.OneIn(2);
    for (uint32_t left = random_.Uniform(12); left > 0; --left) {
      LoggedOperation& move = operations_.emplace_back();
      move.slot = slot;
      move.kind = random_.OneIn(5) != forward ? LoggedKind::kNext : LoggedKind::kPrev;
    }
  }

  void SetMoment(LoggedOperation* operation) {
    if (random_.OneIn(3)) operation->snapshot = static_cast<int>(random_.Uniform(kSlots));
  }

  LoggedChange Change(bool put) {
    LoggedChange change;
    change.put = put;
    change.key = keys_.Any();
    if (put) change.value = {ValueBytes(), next_value_++};
    return change;
  }

  LoggedChange RangeChange() {
    LoggedChange change;
    change.put = false;
    std::tie(change.key, change.end) = keys_.Range();
    return change;
  }

  uint32_t ValueBytes() {
    const uint32_t at = random_.Uniform(1000);
    if (at < 80) return 0;
    if (at < 700) return 1 + random_.Uniform(40);
    if (at < 940) return 60 + random_.Uniform(300);
    if (at < 985 || value_bytes_scale_ == 0) return 300 + random_.Uniform(5000);
    if (at < 999 || value_bytes_scale_ == 1) return 6000 + random_.Uniform(20000);
    return 200000;
  }

  // Nothing, another strategy, or any few settings: often a smaller memtable, so that one log is
  // replayed into many.
  std::vector<SettingText> Settings() {
    static const std::vector<Setting> kAll = OptionSettings();
    std::vector<SettingText> settings;
    const uint32_t count = random_.OneIn(3) ? 0 : 1 + random_.Uniform(4);
    const std::string_view first = random_.OneIn(3) ? "memtable_bytes" : "compaction";
    for (uint32_t i = 0; i < count; ++i) {
      const Setting* setting = &PickFrom(kAll, &random_);
      for (const Setting& other : kAll) {
        if (i == 0 && other.name == first) setting = &other;
      }
      const std::vector<std::string> values = SettingValues(*setting);
      settings.push_back({std::string(setting->name), PickFrom(values, &random_)});
    }
    return settings;
  }

  Random random_;
  KeyPool keys_;
  std::vector<Weight> weights_;
  uint32_t total_ = 0;
  uint32_t value_bytes_scale_ = 0;
  uint32_t next_value_ = 1;
  std::vector<LoggedOperation> operations_;
};

}  // namespace

std::vector<LoggedOperation> GenerateOperations(uint64_t seed, size_t count) {
  return Generator(SplitMix64(seed)).Run(count);
}

}  // namespace varve::harness
