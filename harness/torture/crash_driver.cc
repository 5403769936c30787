// Steps of a workload on a file system that crashes.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/torture/crash_driver.h"

#include <fmt/format.h>

#include <cassert>
#include <utility>

#include "engine/io/faulty_file_system.h"
#include "harness/torture/database_check.h"

namespace varve::harness {
namespace {

constexpr uint32_t kKeys = 24;
constexpr uint32_t kKeysOfRangeMax = 8;
constexpr size_t kSmallBytesMax = 60;
constexpr size_t kLargeBytesMax = 2500;
constexpr const char* kDirectory = "/db";

std::string KeyOf(uint32_t number) { return fmt::format("key{:02}", number); }

}  // namespace

// The file system that crashes, below one that may have no space for tables, and the database.
struct CrashDriver::Disk {
  explicit Disk(CrashableFileSystem* crashable) : below(crashable), files(crashable) {
    files.SetRule([this](const FileCallInfo& info) -> Fault {
      const bool manifest = info.path.find("/manifest-") != std::string_view::npos;
      if (info.call == FileCall::kCreate && manifest && db != nullptr) ++switches;
      const bool refused = full && info.call == FileCall::kCreate && info.path.ends_with(".table");
      return refused ? Fault{Status::NoSpace("no space for tables")} : Fault{};
    });
  }
  bool cut() const { return below->cut(); }
  // Is `status` what must be expected of this disk?
  bool Excuses(const Status& status) const {
    return full && status.code() == Status::Code::kNoSpace;
  }

  CrashableFileSystem* const below;
  FaultyFileSystem files;
  bool full = false;
  uint64_t switches = 0;  // manifests begun while the database was open
  std::unique_ptr<Db> db;
};

CrashDriver::CrashDriver(const Options& options, uint64_t seed)
    : options_(options), random_(seed), history_(options.durability) {
  assert(options.background == "inline");
}

std::string CrashDriver::RandomKey() { return KeyOf(random_.Uniform(kKeys)); }

// No two values are equal, so that the contents tell which writes are there.
CrashOperation CrashDriver::Put(size_t bytes_max) {
  std::string value = fmt::format("value{} ", ++values_);
  const auto letter = static_cast<char>('a' + random_.Uniform(26));
  value.append(random_.Uniform(static_cast<uint32_t>(bytes_max)), letter);
  return {RandomKey(), std::move(value)};
}

CrashOperation CrashDriver::DeleteRange() {
  const uint32_t first = random_.Uniform(kKeys);
  const uint32_t keys = random_.Uniform(kKeysOfRangeMax);
  std::string end = KeyOf(first + keys);
  end += random_.OneIn(2) ? std::string("\xff") : std::string(1, '\0');
  return {KeyOf(first), {}, std::move(end)};
}

CrashBatch CrashDriver::BatchOf(char step) {
  if (step == 'p') return {Put(kSmallBytesMax)};
  if (step == 'P') return {Put(kLargeBytesMax)};
  if (step == 'd') return {{RandomKey(), {}}};
  if (step == 'e') return {DeleteRange()};
  CrashBatch batch;
  const uint32_t size = 2 + random_.Uniform(5);
  for (uint32_t i = 0; i < size; ++i) {
    if (random_.OneIn(3)) {
      batch.push_back({RandomKey(), {}});
    } else if (random_.OneIn(8)) {
      batch.push_back(DeleteRange());
    } else {
      batch.push_back(Put(random_.OneIn(4) ? kLargeBytesMax : kSmallBytesMax));
    }
  }
  return batch;
}

std::string CrashDriver::Open(Disk* disk) {
  disk->full = false;
  Environment environment;
  environment.file_system = &disk->files;
  auto opened = Db::Open(options_, environment, kDirectory);
  // Even an open that succeeds may have done so without power: its background work may have failed.
  if (disk->cut()) return "";
  if (!opened.ok()) return "open: " + opened.status().ToString();
  disk->db = std::move(opened).value();
  Db& db = *disk->db;
  CrashContents found;
  if (std::string wrong = ReadContents(db, &found); !wrong.empty()) return wrong;
  const SequenceNumber last = db.GetSnapshot()->sequence();
  if (std::string wrong = history_.Recover(found, last); !wrong.empty()) return wrong;
  ++recoveries_;
  if (std::string wrong = CheckDatabase(disk->files, kDirectory, db); !wrong.empty()) return wrong;
  return LookAtEverything(disk);
}

std::string CrashDriver::Work(CrashableFileSystem* files, std::string_view steps) {
  Disk disk(files);
  std::string wrong = Open(&disk);
  for (const char step : steps) {
    if (!wrong.empty() || disk.cut()) break;
    wrong = Take(&disk, step);
    if (!wrong.empty()) wrong = fmt::format("step {}: {}", step, wrong);
  }
  switches_ += disk.switches;
  return wrong;
}

std::string CrashDriver::Take(Disk* disk, char step) {
  Status status;
  switch (step) {
    case 'g':
      return LookAtEverything(disk);
    case 'n':
      disk->full = !disk->full;
      return "";
    case 'r':
      disk->db.reset();
      if (disk->cut()) return "";
      // What was acknowledged survives a close as it does the death of the process.
      history_.Crash(CrashKind::kProcessDeath);
      return Open(disk);
    case 'f':
      status = disk->db->Flush();
      break;
    case 'c':
      status = disk->db->Compact();
      break;
    case 't':
      status = disk->db->Settle();
      break;
    case 's':
      status = disk->db->Sync();
      break;
    default:
      return Write(disk, BatchOf(step));
  }
  if (disk->cut() || disk->Excuses(status)) return "";
  if (!status.ok()) return status.ToString();
  history_.Persist();
  return "";
}

std::string CrashDriver::Write(Disk* disk, CrashBatch batch) {
  const WriteBatch write = ToWriteBatch(batch);
  Db& db = *disk->db;
  const SequenceNumber before = db.GetSnapshot()->sequence();
  const auto operations = static_cast<SequenceNumber>(batch.size());
  history_.Begin(std::move(batch));
  const Status status = db.Write(write);
  if (disk->cut()) return "";
  if (disk->Excuses(status)) {
    history_.Refuse();
    return "";
  }
  if (!status.ok()) return status.ToString();
  const SequenceNumber last = db.GetSnapshot()->sequence();
  if (last < before + operations) {
    return fmt::format("{} writes took the last sequence number from {} to {}", operations, before,
                       last);
  }
  history_.Acknowledge(last);
  return "";
}

std::string CrashDriver::LookAtEverything(Disk* disk) {
  Db& db = *disk->db;
  CrashContents found;
  std::string wrong = ReadContents(db, &found);
  if (wrong.empty() && found != history_.now()) wrong = "an iterator sees something else";
  for (uint32_t number = 0; number < kKeys && wrong.empty(); ++number) {
    const std::string key = KeyOf(number);
    const auto expected = found.find(key);
    std::string value;
    const Result<bool> there = db.Get(key, &value);
    if (!there.ok()) {
      wrong = there.status().ToString();
    } else if (*there != (expected != found.end()) || (*there && value != expected->second)) {
      wrong = fmt::format("a get of {} and an iterator disagree", key);
    }
  }
  return disk->cut() ? "" : wrong;
}

}  // namespace varve::harness
