// RepairSources: which file of a directory holds what, by its bytes and not by its name. A part of
// repair.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/io/file_system.h"
#include "engine/status.h"
#include "engine/table/table_salvage.h"
#include "engine/tree/file_names.h"

namespace varve {

// Where repair puts files that it does not leave in place.
std::string LostDirectory(const std::string& directory);

struct RepairSource {
  std::string name;  // without the directory
  FileName parsed;
  std::optional<TableIdentity> table;  // what it says it is
  std::optional<uint64_t> wal;

  bool MayBeTable() const {
    return table.has_value() || (parsed.type == FileType::kTable && !wal.has_value());
  }
  bool MayBeWal() const {
    return wal.has_value() || (parsed.type == FileType::kWal && !table.has_value());
  }
  uint64_t table_number() const { return table.has_value() ? table->number : parsed.number; }
  uint64_t wal_number() const { return wal.value_or(parsed.number); }
  // It is what its name says.
  bool InPlace() const {
    if (table.has_value()) return parsed.type == FileType::kTable && table->number == parsed.number;
    if (wal.has_value()) return parsed.type == FileType::kWal && *wal == parsed.number;
    return true;
  }
};

struct RepairSources {
  std::vector<RepairSource> files;  // of the database's directory
  // Files that an interrupted repair has set aside: name and number are known, no more.
  std::vector<RepairSource> lost;
  uint64_t number_max = 0;  // of all names

  static Result<RepairSources> Find(FileSystem& file_system, const std::string& directory);
};

}  // namespace varve
