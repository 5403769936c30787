// Ledger: the cells, their sums, and the decorator that fills them.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/io/ledger.h"

#include <cassert>
#include <functional>
#include <utility>

#include "engine/io/forwarding_file_system.h"
#include "engine/util/clock.h"

namespace varve {

IoCounts& IoCounts::operator+=(const IoCounts& other) {
  bytes_read += other.bytes_read;
  bytes_written += other.bytes_written;
  reads += other.reads;
  writes += other.writes;
  syncs += other.syncs;
  sync_ns += other.sync_ns;
  return *this;
}

IoCounts IoCounts::operator-(const IoCounts& other) const {
  return {bytes_read - other.bytes_read, bytes_written - other.bytes_written,
          reads - other.reads,           writes - other.writes,
          syncs - other.syncs,           sync_ns - other.sync_ns};
}

IoCounts LedgerSnapshot::OfKindAndLevel(IoKind kind, int level) const {
  IoCounts sum;
  for (const IoCounts& counts :
       cells.at(static_cast<size_t>(kind)).at(static_cast<size_t>(level))) {
    sum += counts;
  }
  return sum;
}

IoCounts LedgerSnapshot::OfKind(IoKind kind) const {
  IoCounts sum;
  for (int level = 0; level < kLevelsMax; ++level) sum += OfKindAndLevel(kind, level);
  return sum;
}

IoCounts LedgerSnapshot::Total() const {
  IoCounts sum;
  for (int kind = 0; kind < kIoKindCount; ++kind) sum += OfKind(static_cast<IoKind>(kind));
  return sum;
}

LedgerSnapshot LedgerSnapshot::operator-(const LedgerSnapshot& earlier) const {
  LedgerSnapshot difference;
  for (size_t kind = 0; kind < kIoKindCount; ++kind) {
    for (size_t level = 0; level < kLevelsMax; ++level) {
      for (size_t reason = 0; reason < kIoReasonsMax; ++reason) {
        difference.cells[kind][level][reason] =
            cells[kind][level][reason] - earlier.cells[kind][level][reason];
      }
    }
  }
  difference.bytes_written_ahead = bytes_written_ahead - earlier.bytes_written_ahead;
  return difference;
}

Ledger::Cell& Ledger::At(IoCause cause) {
  assert(static_cast<int>(cause.kind) < kIoKindCount);
  assert(cause.level < kLevelsMax && cause.reason < kIoReasonsMax);
  return cells_[static_cast<size_t>(cause.kind)][cause.level][cause.reason];
}

void Ledger::AddRead(IoCause cause, uint64_t bytes) {
  Cell& cell = At(cause);
  cell.bytes_read.fetch_add(bytes, std::memory_order_relaxed);
  cell.reads.fetch_add(1, std::memory_order_relaxed);
}

void Ledger::AddWrite(IoCause cause, uint64_t bytes) {
  Cell& cell = At(cause);
  cell.bytes_written.fetch_add(bytes, std::memory_order_relaxed);
  cell.writes.fetch_add(1, std::memory_order_relaxed);
}

void Ledger::AddSync(IoCause cause, uint64_t nanoseconds) {
  Cell& cell = At(cause);
  cell.syncs.fetch_add(1, std::memory_order_relaxed);
  cell.sync_ns.fetch_add(nanoseconds, std::memory_order_relaxed);
}

LedgerSnapshot Ledger::Snapshot() const {
  LedgerSnapshot snapshot;
  for (size_t kind = 0; kind < kIoKindCount; ++kind) {
    for (size_t level = 0; level < kLevelsMax; ++level) {
      for (size_t reason = 0; reason < kIoReasonsMax; ++reason) {
        const Cell& cell = cells_[kind][level][reason];
        IoCounts& counts = snapshot.cells[kind][level][reason];
        counts.bytes_read = cell.bytes_read.load(std::memory_order_relaxed);
        counts.bytes_written = cell.bytes_written.load(std::memory_order_relaxed);
        counts.reads = cell.reads.load(std::memory_order_relaxed);
        counts.writes = cell.writes.load(std::memory_order_relaxed);
        counts.syncs = cell.syncs.load(std::memory_order_relaxed);
        counts.sync_ns = cell.sync_ns.load(std::memory_order_relaxed);
      }
    }
  }
  return snapshot;
}

namespace {

// Calls `sync` and enters it with the time it took, unless it fails.
Status TimedSync(Ledger* ledger, IoCause cause, const std::function<Status()>& sync) {
  const uint64_t start_ns = RealClock()->NowNs();
  Status status = sync();
  if (status.ok()) ledger->AddSync(cause, RealClock()->NowNs() - start_ns);
  return status;
}

class LedgerWritableFile final : public WritableFile {
 public:
  LedgerWritableFile(std::unique_ptr<WritableFile> below, Ledger* ledger)
      : below_(std::move(below)), ledger_(ledger) {}

  Status Append(IoCause cause, std::string_view data) override {
    Status status = below_->Append(cause, data);
    if (status.ok()) ledger_->AddWrite(cause, data.size());
    return status;
  }
  Status Sync(IoCause cause) override {
    return TimedSync(ledger_, cause, [&] { return below_->Sync(cause); });
  }
  Status Truncate(uint64_t length) override { return below_->Truncate(length); }
  Status Close() override { return below_->Close(); }
  uint64_t length() const override { return below_->length(); }

 private:
  const std::unique_ptr<WritableFile> below_;
  Ledger* const ledger_;
};

class LedgerRandomAccessFile final : public RandomAccessFile {
 public:
  LedgerRandomAccessFile(std::unique_ptr<RandomAccessFile> below, Ledger* ledger)
      : below_(std::move(below)), ledger_(ledger) {}

  Status Read(IoCause cause, uint64_t offset, size_t bytes, char* buffer) const override {
    Status status = below_->Read(cause, offset, bytes, buffer);
    if (status.ok()) ledger_->AddRead(cause, bytes);
    return status;
  }
  Result<uint64_t> Length() const override { return below_->Length(); }

 private:
  const std::unique_ptr<RandomAccessFile> below_;
  Ledger* const ledger_;
};

class LedgerFileSystem final : public ForwardingFileSystem {
 public:
  LedgerFileSystem(FileSystem* below, Ledger* ledger)
      : ForwardingFileSystem(below), ledger_(ledger) {}

  Result<std::unique_ptr<WritableFile>> NewWritableFile(const std::string& path,
                                                        const WriteOptions& options) override {
    auto file = below().NewWritableFile(path, options);
    if (!file.ok()) return file.status();
    return std::unique_ptr<WritableFile>(
        std::make_unique<LedgerWritableFile>(std::move(*file), ledger_));
  }
  Result<std::unique_ptr<RandomAccessFile>> OpenFile(const std::string& path) override {
    auto file = below().OpenFile(path);
    if (!file.ok()) return file.status();
    return std::unique_ptr<RandomAccessFile>(
        std::make_unique<LedgerRandomAccessFile>(std::move(*file), ledger_));
  }
  Status SyncDirectory(IoCause cause, const std::string& path) override {
    return TimedSync(ledger_, cause, [&] { return below().SyncDirectory(cause, path); });
  }

 private:
  Ledger* const ledger_;
};

}  // namespace

std::unique_ptr<FileSystem> NewLedgerFileSystem(FileSystem* below, Ledger* ledger) {
  return std::make_unique<LedgerFileSystem>(below, ledger);
}

}  // namespace varve
