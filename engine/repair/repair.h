// RepairDatabase: brings back everything of a damaged database that is intact, and says what it
// could not.
//
// What it promises. Afterwards the database opens, VerifyDatabase finds nothing, and
//   - a key that is in no range of `losses` has the value that it had, or is absent if it was;
//   - a key in such a range may show an older value, be absent, or be there although it was
//     deleted; but every value that it shows was once written for this key;
//   - batches are not promised to be whole, nor the state to be a prefix, if anything was lost.
// A good manifest is kept, and with it the shape of the tree. No damaged file is deleted: it goes
// to the directory "lost" in that of the database. If repair is interrupted, it can be run again.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "engine/io/file_system.h"
#include "engine/options.h"
#include "engine/status.h"
#include "engine/table/table_salvage.h"

namespace varve {

struct RepairLoss {
  std::string file;  // without the directory
  KeyRange keys;     // whose newest version may have been lost
  std::string what;
};

struct RepairReport {
  bool rebuilt = false;              // the manifest was lost: the tree was put together anew
  std::vector<std::string> actions;  // what was done; a sentence each
  std::vector<RepairLoss> losses;

  bool nothing_to_do() const { return actions.empty() && losses.empty(); }
  // May the newest version of `key` be lost?
  bool MayHaveLost(std::string_view key) const;
};

enum class RepairMode {
  kRepair,
  kDryRun,  // changes nothing; the report says what would be done
};

// `options`: how new tables are made. kNotFound if the directory cannot be listed,
// kInvalidArgument if nothing in it is of a database, kBusy if the database is open, kCorruption if
// not even its identity is left; then, and after an I/O error, nothing was lost.
Result<RepairReport> RepairDatabase(FileSystem& file_system, const Options& options,
                                    const std::string& directory,
                                    RepairMode mode = RepairMode::kRepair);

}  // namespace varve
