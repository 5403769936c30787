// Micro-benchmark of the log: one Append of 140 bytes, which is about one Put of 16 + 100 bytes, by
// the way in which the log reaches the kernel. The loops without a log show what the file costs.
//
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "engine/io/file_system.h"
#include "engine/wal/wal_writer.h"

namespace varve {
namespace {

constexpr size_t kRecordBytes = 140;
// A log is replaced when it is this long, as the engine does it when a memtable is full.
constexpr uint64_t kLogBytes = 64 << 20;
constexpr uint64_t kPreallocateBytes = 16 << 20;

// A directory under TMPDIR, or else the current one; removed afterwards.
class BenchDirectory {
 public:
  BenchDirectory() {
    const char* parent = ::getenv("TMPDIR");
    path_ = std::string(parent == nullptr ? "." : parent) + "/wal_bench_XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  ~BenchDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  BenchDirectory(const BenchDirectory&) = delete;
  BenchDirectory& operator=(const BenchDirectory&) = delete;

  // Null if the file cannot be made.
  std::unique_ptr<WritableFile> NewFile(WriteMode mode) const {
    auto file = PosixFileSystem()->NewWritableFile(path_ + "/log", {mode, kPreallocateBytes});
    return file.ok() ? std::move(*file) : nullptr;
  }

 private:
  std::string path_;
};

void AppendToFile(benchmark::State& state, WriteMode mode) {
  const BenchDirectory directory;
  const std::string record(kRecordBytes, 'r');
  auto file = directory.NewFile(mode);
  for (auto _ : state) {
    if (file == nullptr || !file->Append({IoKind::kWal}, record).ok()) {
      state.SkipWithError("append failed");
      return;
    }
    if (file->length() >= kLogBytes) file = directory.NewFile(mode);
  }
}

void AppendToLog(benchmark::State& state, WriteMode mode, bool sync) {
  const BenchDirectory directory;
  const std::string record(kRecordBytes, 'r');
  uint64_t number = 1;
  auto log = std::make_unique<WalWriter>(directory.NewFile(mode), number);
  for (auto _ : state) {
    if (!log->Append(record).ok() || (sync && !log->Sync().ok())) {
      state.SkipWithError("append failed");
      return;
    }
    if (log->bytes() < kLogBytes) continue;
    log = std::make_unique<WalWriter>(directory.NewFile(mode), ++number);
  }
}

BENCHMARK_CAPTURE(AppendToFile, buffered, WriteMode::kBuffered);
BENCHMARK_CAPTURE(AppendToFile, mapped, WriteMode::kMapped);
BENCHMARK_CAPTURE(AppendToLog, buffered, WriteMode::kBuffered, false);
BENCHMARK_CAPTURE(AppendToLog, mapped, WriteMode::kMapped, false);
BENCHMARK_CAPTURE(AppendToLog, buffered_synced, WriteMode::kBuffered, true)->UseRealTime();
BENCHMARK_CAPTURE(AppendToLog, mapped_synced, WriteMode::kMapped, true)->UseRealTime();

}  // namespace
}  // namespace varve
