// Checking a whole table, and showing it as text. Internal to engine/table; called by TableReader
// for `varve verify` and `varve dump`.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "engine/status.h"
#include "engine/table/table_file.h"

namespace varve {

// As TableReader::Verify and TableReader::DumpText.
Status VerifyTable(const TableFile& table);
std::string DumpTable(const TableFile& table, bool with_entries);

}  // namespace varve
