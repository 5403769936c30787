// AuditedDb: a database whose ledger of compactions is checked when it is closed. I9.
//
// Forwards every call. Made by OpenDb (db_test_util.h), so that each test of the engine is one of
// the ledger, too.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "engine/db.h"

namespace varve {

class AuditedDb final : public Db {
 public:
  explicit AuditedDb(std::unique_ptr<Db> db) : db_(std::move(db)) {}
  ~AuditedDb() override { Audit(); }
  AuditedDb(const AuditedDb&) = delete;
  AuditedDb& operator=(const AuditedDb&) = delete;

  Status Put(std::string_view key, std::string_view value) override { return db_->Put(key, value); }
  Status Delete(std::string_view key) override { return db_->Delete(key); }
  Status DeleteRange(std::string_view begin, std::string_view end) override {
    return db_->DeleteRange(begin, end);
  }
  Status Write(const WriteBatch& batch) override { return db_->Write(batch); }
  Result<bool> Get(std::string_view key, std::string* value, const ReadOptions& options) override {
    return db_->Get(key, value, options);
  }
  std::unique_ptr<Iterator> NewIterator(const ReadOptions& options) override {
    return db_->NewIterator(options);
  }
  std::unique_ptr<const Snapshot> GetSnapshot() override { return db_->GetSnapshot(); }
  Status Flush() override { return db_->Flush(); }
  Status Compact() override { return db_->Compact(); }
  Status Settle() override { return db_->Settle(); }
  Status Sync() override { return db_->Sync(); }
  Counters counters() const override { return db_->counters(); }
  LedgerSnapshot ledger() const override { return db_->ledger(); }
  Tree tree() const override { return db_->tree(); }
  uint64_t file_bytes() const override { return db_->file_bytes(); }
  Options options() const override { return db_->options(); }
  Status SetOptions(const std::vector<SettingText>& settings) override {
    return db_->SetOptions(settings);
  }
  Status Verify() override { return db_->Verify(); }

 private:
  static uint64_t JobsEnded(const Counters& counters) {
    uint64_t ended = counters.flushes + counters.jobs_failed;
    for (const CompactionCounters& entry : counters.compactions) ended += entry.jobs;
    return ended;
  }

  // Only while nothing runs is there a moment at which both must agree.
  void Audit() const {
    Counters before = db_->counters();
    const auto ledger = std::make_unique<LedgerSnapshot>(db_->ledger());
    const Counters after = db_->counters();
    const bool quiet = after.jobs_running == 0 && JobsEnded(before) == JobsEnded(after);
    if (!quiet) before.jobs_running = 1;
    EXPECT_EQ(CheckCompactions(before, *ledger), "");
  }

  const std::unique_ptr<Db> db_;
};

}  // namespace varve
