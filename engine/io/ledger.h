// Ledger: bytes, calls and syncs by cause; and the file system decorator that keeps it.
//
// Invariant (engine/README.md): the sum over all causes is what the file system below saw.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "engine/io/file_system.h"

namespace varve {

inline constexpr int kIoReasonsMax = 16;

struct IoCounts {
  uint64_t bytes_read = 0;
  uint64_t bytes_written = 0;
  uint64_t reads = 0;
  uint64_t writes = 0;
  uint64_t syncs = 0;
  uint64_t sync_ns = 0;

  IoCounts& operator+=(const IoCounts& other);
  IoCounts operator-(const IoCounts& other) const;  // REQUIRES: other is an earlier state
  bool operator==(const IoCounts& other) const = default;
};

// A copy of the ledger at one moment: a value.
struct LedgerSnapshot {
  std::array<std::array<std::array<IoCounts, kIoReasonsMax>, kLevelsMax>, kIoKindCount> cells{};
  // FileSystem::bytes_written_ahead: no cause's bytes, and overwritten by them.
  uint64_t bytes_written_ahead = 0;

  IoCounts Total() const;
  IoCounts OfKind(IoKind kind) const;
  IoCounts OfKindAndLevel(IoKind kind, int level) const;
  LedgerSnapshot operator-(const LedgerSnapshot& earlier) const;
};

// Thread safe; relaxed atomics, because an entry costs less than a thousandth of what it counts.
class Ledger {
 public:
  void AddRead(IoCause cause, uint64_t bytes);
  void AddWrite(IoCause cause, uint64_t bytes);
  void AddSync(IoCause cause, uint64_t nanoseconds);
  LedgerSnapshot Snapshot() const;

 private:
  struct Cell {
    std::atomic<uint64_t> bytes_read{0}, bytes_written{0}, reads{0}, writes{0}, syncs{0},
        sync_ns{0};
  };
  Cell& At(IoCause cause);
  std::array<std::array<std::array<Cell, kIoReasonsMax>, kLevelsMax>, kIoKindCount> cells_;
};

// Passes every call to `below` and enters it into `ledger`; both must outlive it.
std::unique_ptr<FileSystem> NewLedgerFileSystem(FileSystem* below, Ledger* ledger);

}  // namespace varve
