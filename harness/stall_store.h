// StallStore: a store that for a while does not answer, to see who notices.
//
// Every call that is made while the stall lasts returns when it is over; those under way when it
// begins are not held up. The experiment of Luo and Carey (PVLDB 13(4), 2019, §3.1): in a closed
// loop one operation of each client sees the stall, in an open loop all that were due in it.
//
// Thread safe, if the store is. Made by trial_phases.cc for trial.stall_seconds.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/util/clock.h"
#include "harness/store.h"

namespace varve::harness {

class StallStore final : public Store {
 public:
  // `clock` outlives the store.
  StallStore(std::unique_ptr<Store> store, Clock* clock)
      : store_(std::move(store)), clock_(clock) {}

  // From now on the store stalls when the clock shows `begin_ns`, until it shows `end_ns`.
  void Arm(uint64_t begin_ns, uint64_t end_ns);
  void Disarm() { Arm(UINT64_MAX, 0); }
  // Calls that were held up.
  uint64_t held() const { return held_.load(); }

  Status Put(std::string_view key, std::string_view value) override;
  Status Delete(std::string_view key) override;
  Result<bool> Get(std::string_view key, std::string* value) override;
  Result<uint64_t> Scan(std::string_view start, uint64_t count, const Visit& visit) override;
  Result<uint64_t> ScanReverse(std::string_view start, uint64_t count, const Visit& visit) override;
  Status DeleteRange(std::string_view begin, std::string_view end) override;
  Status PutBatch(std::span<const std::pair<std::string_view, std::string_view>> entries) override;
  Status Settle() override { return store_->Settle(); }
  Status Sync() override { return store_->Sync(); }
  StoreState State() const override { return store_->State(); }
  std::vector<SettingText> SettingsUsed() const override { return store_->SettingsUsed(); }
  std::vector<std::string> Caveats() const override { return store_->Caveats(); }

 private:
  void Hold();

  const std::unique_ptr<Store> store_;
  Clock* const clock_;
  std::atomic<uint64_t> begin_ns_{UINT64_MAX};
  std::atomic<uint64_t> end_ns_{0};
  std::atomic<uint64_t> held_{0};
};

}  // namespace varve::harness
