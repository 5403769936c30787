// DumpDatabaseFile: a file of a database as text, as far as it can be read.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "engine/io/file_system.h"
#include "engine/status.h"

namespace varve {

// Takes the text, piece by piece.
using DumpSink = std::function<void(std::string_view)>;

struct DumpOptions {
  bool entries = false;  // of a table: every entry too
};

// `path`: a manifest, a log, a table or CURRENT; or the directory of a database, whose manifest is
// then shown. What comes before damage is shown, and the damage returned. A table is checked as
// what the manifest beside it says, or, without one, as what it says itself. Changes nothing.
// REQUIRES: nobody has the database open.
Status DumpDatabaseFile(FileSystem& file_system, const std::string& path,
                        const DumpOptions& options, const DumpSink& sink);

}  // namespace varve
