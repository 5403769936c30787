// Checks of a database at rest.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/torture/database_check.h"

#include <fmt/format.h>

#include <memory>
#include <set>

#include "engine/tree/file_names.h"

namespace varve::harness {
namespace {

// What is wrong with the files of the directory: exactly those that `tables` names, one manifest,
// and one log if there are logs at all.
std::string CheckFiles(FileSystem& files, const std::string& directory, std::set<uint64_t> tables,
                       size_t logs_expected) {
  const auto names = files.List(directory);
  if (!names.ok()) return names.status().ToString();
  size_t logs = 0;
  size_t manifests = 0;
  for (const std::string& name : *names) {
    const std::optional<FileName> file = ParseFileName(name);
    if (!file.has_value() || file->type == FileType::kTemporary) return name + " is left over";
    if (file->type == FileType::kWal) ++logs;
    if (file->type == FileType::kManifest) ++manifests;
    if (file->type == FileType::kTable && tables.erase(file->number) == 0) {
      return name + " is in no run";
    }
  }
  if (!tables.empty()) return fmt::format("table {} is missing", *tables.begin());
  if (manifests != 1) return fmt::format("there are {} manifests", manifests);
  if (logs == logs_expected) return "";
  return fmt::format("there are {} logs, not {}", logs, logs_expected);
}

}  // namespace

std::string ReadContents(Db& db, std::map<std::string, std::string>* contents) {
  contents->clear();
  const std::unique_ptr<Iterator> iterator = db.NewIterator();
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    const std::string key(iterator->key());
    if (!contents->empty() && contents->rbegin()->first >= key) return key + " is out of order";
    contents->emplace_hint(contents->end(), key, iterator->value());
  }
  return iterator->status().ok() ? "" : iterator->status().ToString();
}

std::string CheckDatabase(FileSystem& files, const std::string& directory, Db& db) {
  if (Status s = db.Verify(); !s.ok()) return "verify: " + s.ToString();
  const SequenceNumber last = db.GetSnapshot()->sequence();
  std::set<uint64_t> tables;
  for (const Level& level : db.tree().levels) {
    for (const Run& run : level.runs) {
      for (const TablePtr& table : run.tables) {
        tables.insert(table->number);
        if (table->sequence_max <= last) continue;
        return fmt::format("table {} holds sequence number {}, but the last one is {}",
                           table->number, table->sequence_max, last);
      }
    }
  }
  return CheckFiles(files, directory, std::move(tables), db.options().durability == "none" ? 0 : 1);
}

}  // namespace varve::harness
