// What verify, dump and repair share: a database that is not open.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "engine/io/file_system.h"
#include "engine/status.h"

namespace varve::harness {

// Is there a database in `directory`, be it damaged? kNotFound if there is no such directory,
// kInvalidArgument if it is not one of a database. Changes nothing.
Status FindDatabase(const std::string& directory);

// kBusy if the database is open in some process; otherwise nobody opens it while the lock lives.
Result<std::unique_ptr<FileLock>> LockDatabase(const std::string& directory);

}  // namespace varve::harness
