// What verify and dump share: the files of a database that is not open.
//
// Nothing here writes: a database that is looked at is afterwards the same, byte for byte.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/io/file_system.h"
#include "engine/status.h"
#include "engine/table/table_reader.h"
#include "engine/tree/manifest.h"
#include "engine/tree/tree.h"

namespace varve::harness {

// The manifest of the database in `directory`. kNotFound if there is no such directory,
// kInvalidArgument if it is not a database.
Result<ManifestState> ReadDatabase(const std::string& directory);

// kBusy if the database is open in some process; otherwise nobody opens it while the lock lives.
Result<std::unique_ptr<FileLock>> LockDatabase(const std::string& directory);

// A table as the manifest describes it.
Result<std::shared_ptr<TableReader>> OpenDatabaseTable(const std::string& directory,
                                                       uint64_t identity, const TableInfo& info);

}  // namespace varve::harness
