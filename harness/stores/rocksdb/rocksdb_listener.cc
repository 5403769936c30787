// Callbacks of RocksDB. They run in its background threads, and in a writer's for stalls; none of
// them runs for each operation.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/rocksdb/rocksdb_listener.h"

namespace varve::harness {
namespace {

class RocksDbListener final : public rocksdb::EventListener {
 public:
  explicit RocksDbListener(RocksDbRecord* record) : record_(record) {}

  const char* Name() const override { return "varve"; }
  void OnTableFileCreated(const rocksdb::TableFileCreationInfo& info) override {
    record_->TableMade(info);
  }
  void OnTableFileDeleted(const rocksdb::TableFileDeletionInfo& info) override {
    record_->TableGone(info.file_path);
  }
  void OnBlobFileCreated(const rocksdb::BlobFileCreationInfo& info) override {
    record_->BlobFileMade(info);
  }
  void OnFlushBegin(rocksdb::DB*, const rocksdb::FlushJobInfo& info) override {
    record_->FlushBegan(info);
  }
  void OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo& info) override {
    record_->FlushEnded(info);
  }
  void OnCompactionBegin(rocksdb::DB*, const rocksdb::CompactionJobInfo& info) override {
    record_->CompactionBegan(info);
  }
  void OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo& info) override {
    record_->CompactionEnded(info);
  }
  void OnStallConditionsChanged(const rocksdb::WriteStallInfo& info) override {
    record_->StallChanged(info);
  }
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
    record_->Failed(*status);
  }

 private:
  RocksDbRecord* const record_;
};

}  // namespace

std::unique_ptr<rocksdb::EventListener> NewRocksDbListener(RocksDbRecord* record) {
  return std::make_unique<RocksDbListener>(record);
}

}  // namespace varve::harness
