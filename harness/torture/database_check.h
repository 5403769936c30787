// What must be true of any database that is open and at rest, whatever happened before.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "engine/db.h"

namespace varve::harness {

// All that an iterator sees. "": it is in *contents; else what is wrong.
std::string ReadContents(Db& db, std::map<std::string, std::string>* contents);

// What is wrong with the database in `directory`, or "": damage that Verify finds (I11), a tree out
// of order (I5), a sequence number in a table that was not given out yet (I3), a file that nothing
// refers to or that is missing. REQUIRES: no job runs, and no iterator lives.
std::string CheckDatabase(FileSystem& files, const std::string& directory, Db& db);

}  // namespace varve::harness
