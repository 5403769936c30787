// Any bytes as a log: what is read is what was written, the end stays the end, and salvage finds
// what recovery finds, and more.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>

#include "engine/io/memory_file_system.h"
#include "engine/wal/wal_reader.h"
#include "engine/wal/wal_salvage.h"
#include "engine/wal/wal_writer.h"
#include "tests/fuzz/fuzzers.h"
#include "tests/fuzz/sealing.h"

namespace varve::fuzz {
namespace {

constexpr uint64_t kNumber = 7;
const std::string kPath = "log";

struct Log {
  std::vector<std::string> records;
  Status status;
  bool torn = false;
  uint64_t good_bytes = 0;
  WalPosition previous;
  bool end_stays = false;
};

Log Read(FileSystem& files) {
  Log log;
  auto reader = WalReader::Open(files, kPath, kNumber);
  log.status = reader.status();
  if (!reader.ok()) return log;
  std::string_view payload;
  Result<bool> more = (*reader)->Next(&payload);
  for (; more.ok() && *more; more = (*reader)->Next(&payload)) log.records.emplace_back(payload);
  log.status = more.status();
  const Result<bool> again = (*reader)->Next(&payload);
  log.end_stays = again.status().code() == log.status.code() && !(again.ok() && *again);
  log.torn = (*reader)->torn();
  log.good_bytes = (*reader)->good_bytes();
  log.previous = (*reader)->previous();
  return log;
}

Log ReadBytes(std::string_view bytes) {
  const auto files = NewMemoryFileSystem();
  auto file = files->NewWritableFile(kPath, {});
  if (Status s = (*file)->Append({}, bytes); !s.ok()) return {};
  return Read(*files);
}

Log Rewritten(const Log& log) {
  const auto files = NewMemoryFileSystem();
  WalWriter writer(files->NewWritableFile(kPath, {}).value(), kNumber, log.previous);
  for (const std::string& record : log.records) {
    if (Status s = writer.Append(record); !s.ok()) return {};
  }
  if (Status s = writer.Close(); !s.ok()) return {};
  return Read(*files);
}

}  // namespace

std::string FuzzLog(std::string_view input) {
  if (input.empty()) return "";
  std::string bytes(input.substr(1));
  if (input[0] == kSealed) SealLog(kNumber, &bytes);
  const Log log = ReadBytes(bytes);
  if (!log.end_stays) return "the end did not stay the end";
  if (log.good_bytes > bytes.size()) return "more is good than there is";
  if (!log.status.ok() && log.status.code() == Status::Code::kIoError) return "an I/O error";
  const WalRemains remains = SalvageWal(bytes, kNumber, [](std::string_view) { return true; });
  if (remains.payloads.size() < log.records.size() ||
      !std::equal(log.records.begin(), log.records.end(), remains.payloads.begin())) {
    return "salvage does not find what the reader finds";
  }
  if (remains.end > bytes.size()) return "salvage ends behind the end";
  const Log good = ReadBytes(std::string_view(bytes).substr(0, log.good_bytes));
  if (good.records != log.records || good.torn || !good.status.ok()) {
    return "the good part is not good by itself";
  }
  const Log again = Rewritten(log);
  if (again.records != log.records || again.torn) return "written again, it reads differently";
  if (!log.records.empty() && again.previous != log.previous) return "it lost the log before it";
  return "";
}

}  // namespace varve::fuzz
