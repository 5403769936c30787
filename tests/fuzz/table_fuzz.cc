// Any bytes as a table: nothing crashes; and where verify is content, scans in both directions,
// seeks, gets, the dump and salvage all agree.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>

#include "engine/table/table_reader.h"
#include "engine/table/table_salvage.h"
#include "engine/util/hash.h"
#include "tests/engine/table/table_testing.h"
#include "tests/fuzz/fuzzers.h"
#include "tests/fuzz/sealing.h"

namespace varve::fuzz {
namespace {

using table_testing::OwnedEntry;
using table_testing::StringFile;

constexpr TableIdentity kIdentity = {5, 7};
constexpr size_t kInputBytesMax = 16 << 10;

std::string CheckSeeks(const TableReader& table, const std::vector<OwnedEntry>& entries) {
  const auto it = table.NewIterator({});
  for (const OwnedEntry& entry : entries) {
    it->Seek(entry.key, entry.tag);
    if (!it->Valid() || table_testing::Own(it->entry()) != entry) return "a seek missed an entry";
    TableHit hit;
    const Status got = table.Get({}, entry.key, HashKey(entry.key), SequenceOf(entry.tag), &hit);
    if (!got.ok() || !hit.found || hit.value != entry.value) return "a get missed an entry";
  }
  return "";
}

// Of a table that verify is content with.
std::string CheckGood(const TableReader& table, const TableExamination& examination,
                      const std::vector<OwnedEntry>& forward, std::vector<OwnedEntry> backward) {
  std::reverse(backward.begin(), backward.end());
  if (backward != forward) return "backward is not forward reversed";
  const uint64_t ranges = examination.tombstones.count();
  if (forward.size() + ranges != table.entries()) return "it holds other than it says";
  if (!examination.intact()) return "salvage finds damage: " + examination.damage.front().what;
  if (examination.found.entries != table.entries()) return "salvage finds other entries";
  return CheckSeeks(table, forward);
}

}  // namespace

std::string FuzzTable(std::string_view input) {
  if (input.empty() || input.size() > kInputBytesMax) return "";
  std::string bytes(input.substr(1));
  if (input[0] == kSealed) SealTable(kIdentity.ChecksumContext(), &bytes);
  const StringFile file(bytes);
  const TableExamination examination = ExamineTable(file, kIdentity, nullptr);
  const Result<TableIdentity> told = ReadTableIdentity(file);
  if (told.ok() && told->number == 0) return "a table without a number tells what it is";
  const auto salvaged =
      NewSalvageIterator(std::make_shared<StringFile>(bytes), kIdentity, examination.blocks);
  const std::vector<OwnedEntry> saved = table_testing::Drain(salvaged.get());
  const uint64_t ranges = examination.tombstones.count();
  if (!salvaged->status().ok() || saved.size() + ranges != examination.found.entries) {
    return "salvage does not yield what it promised";
  }
  TableReaderOptions options;
  options.number = kIdentity.number;
  options.file_bytes = bytes.size();
  options.checksum_context = kIdentity.ChecksumContext();
  const auto table = table_testing::OpenTable(bytes, options);
  if (!table.ok()) return examination.intact() ? "salvage finds no damage" : "";
  (void)(*table)->DumpText(true);
  const auto it = (*table)->NewIterator({});
  const std::vector<OwnedEntry> forward = table_testing::Drain(it.get());
  const std::vector<OwnedEntry> backward = table_testing::DrainBackward(it.get());
  const bool good = (*table)->Verify().ok();
  if (!good) return examination.intact() ? "salvage finds no damage, verify does" : "";
  return CheckGood(**table, examination, forward, backward);
}

}  // namespace varve::fuzz
