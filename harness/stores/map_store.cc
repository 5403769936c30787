// MapStore: a std::map under a lock. Nothing about it is fast; everything about it is right.
//
// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <mutex>
#include <shared_mutex>

#include "harness/stores/stores.h"

namespace varve::harness {
namespace {

class MapStore final : public Store {
 public:
  Status Put(std::string_view key, std::string_view value) override {
    const std::unique_lock lock(mutex_);
    PutLocked(key, value);
    return {};
  }

  Status Delete(std::string_view key) override {
    const std::unique_lock lock(mutex_);
    const auto found = map_.find(key);
    if (found != map_.end()) map_.erase(found);
    return {};
  }

  Result<bool> Get(std::string_view key, std::string* value) override {
    const std::shared_lock lock(mutex_);
    const auto found = map_.find(key);
    if (found == map_.end()) return false;
    value->assign(found->second);
    return true;
  }

  Result<uint64_t> Scan(std::string_view start, uint64_t count, const Visit& visit) override {
    const std::shared_lock lock(mutex_);
    uint64_t visited = 0;
    for (auto entry = map_.lower_bound(start); entry != map_.end() && visited < count; ++entry) {
      if (visit != nullptr) visit(entry->first, entry->second);
      ++visited;
    }
    return visited;
  }

  Result<uint64_t> ScanReverse(std::string_view start, uint64_t count,
                               const Visit& visit) override {
    const std::shared_lock lock(mutex_);
    uint64_t visited = 0;
    for (auto entry = map_.upper_bound(start); entry != map_.begin() && visited < count;) {
      --entry;
      if (visit != nullptr) visit(entry->first, entry->second);
      ++visited;
    }
    return visited;
  }

  Status DeleteRange(std::string_view begin, std::string_view end) override {
    const std::unique_lock lock(mutex_);
    if (begin < end) map_.erase(map_.lower_bound(begin), map_.lower_bound(end));
    return {};
  }

  Status PutBatch(std::span<const std::pair<std::string_view, std::string_view>> entries) override {
    const std::unique_lock lock(mutex_);
    for (const auto& [key, value] : entries) PutLocked(key, value);
    return {};
  }

  Status Settle() override { return {}; }
  Status Sync() override { return {}; }
  StoreState State() const override { return {}; }
  std::vector<SettingText> SettingsUsed() const override { return {{"durability", "none"}}; }
  std::vector<std::string> Caveats() const override { return {}; }

 private:
  void PutLocked(std::string_view key, std::string_view value) {
    const auto found = map_.find(key);
    if (found != map_.end()) {
      found->second.assign(value);
    } else {
      map_.emplace(key, value);
    }
  }

  std::shared_mutex mutex_;
  std::map<std::string, std::string, std::less<>> map_;  // guarded by mutex_
};

}  // namespace

Result<std::unique_ptr<Store>> OpenMapStore(const StoreOptions&) {
  return std::unique_ptr<Store>(std::make_unique<MapStore>());
}

}  // namespace varve::harness
