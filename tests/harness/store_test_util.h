// What tests of the harness share: a small workload, a store that lies, and a fresh directory.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "harness/store.h"
#include "workloads/workload.h"

namespace varve::harness {

// Half reads, half of everything else, over few records, so that each is written often. Keys are
// ordered, so that ranges can be deleted and the answers of scans are known.
inline workloads::Workload MixedWorkload(uint64_t records = 200, uint64_t operations = 5000) {
  workloads::Workload workload;
  workload.name = "mixed";
  workload.records = records;
  workload.operations = operations;
  workload.read_proportion = 4;
  workload.update_proportion = 2;
  workload.read_modify_write_proportion = 1;
  workload.insert_proportion = 1;
  workload.delete_proportion = 1;
  workload.read_absent_proportion = 1;
  workload.scan_proportion = 0.2;
  workload.scan_reverse_proportion = 0.2;
  workload.scan_length_max = 10;
  workload.key_order = "ordered";
  workload.delete_range_proportion = 0.1;
  workload.delete_range_length_max = 10;
  workload.value_bytes = 40;
  return workload;
}

inline std::unique_ptr<Store> MakeMapStore() { return FindStoreKind("map")->Open({}).value(); }

// A correct store, except for what a test makes it do.
class LyingStore final : public Store {
 public:
  explicit LyingStore(std::unique_ptr<Store> truth = MakeMapStore()) : truth_(std::move(truth)) {}

  // Each may be set: called instead of the truth; returns what it does not want to handle to it.
  std::function<Status(std::string_view key, std::string_view value, Store* truth)> put;
  std::function<Status(std::string_view key, Store* truth)> erase;
  std::function<Result<bool>(std::string_view key, std::string* value, Store* truth)> get;
  std::function<Result<uint64_t>(std::string_view start, uint64_t count, const Visit&, Store*)>
      scan, scan_reverse;
  std::function<Status(std::string_view begin, std::string_view end, Store* truth)> erase_range;

  Status Put(std::string_view key, std::string_view value) override {
    return put ? put(key, value, truth_.get()) : truth_->Put(key, value);
  }
  Status Delete(std::string_view key) override {
    return erase ? erase(key, truth_.get()) : truth_->Delete(key);
  }
  Result<bool> Get(std::string_view key, std::string* value) override {
    return get ? get(key, value, truth_.get()) : truth_->Get(key, value);
  }
  Result<uint64_t> Scan(std::string_view start, uint64_t count, const Visit& visit) override {
    return scan ? scan(start, count, visit, truth_.get()) : truth_->Scan(start, count, visit);
  }
  Result<uint64_t> ScanReverse(std::string_view start, uint64_t count,
                               const Visit& visit) override {
    return scan_reverse ? scan_reverse(start, count, visit, truth_.get())
                        : truth_->ScanReverse(start, count, visit);
  }
  Status DeleteRange(std::string_view begin, std::string_view end) override {
    return erase_range ? erase_range(begin, end, truth_.get()) : truth_->DeleteRange(begin, end);
  }
  Status PutBatch(std::span<const std::pair<std::string_view, std::string_view>> entries) override {
    return truth_->PutBatch(entries);
  }
  Status Settle() override { return {}; }
  Status Sync() override { return {}; }
  StoreState State() const override { return {}; }
  std::vector<SettingText> SettingsUsed() const override { return {}; }
  std::vector<std::string> Caveats() const override { return {}; }

 private:
  const std::unique_ptr<Store> truth_;
};

// A directory that is empty, and goes away with this.
class FreshDirectory {
 public:
  FreshDirectory() {
    static std::atomic<int> made{0};
    path_ = testing::TempDir() + "/varve_harness_" + std::to_string(getpid()) + "_" +
            std::to_string(made++);
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~FreshDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace varve::harness
