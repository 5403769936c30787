// Manifest: the durable history of the tree, as a log of edits. Format: engine/FORMAT.md.
//
// Order of an installation: new tables synced, directory synced -> edit appended -> manifest
// synced -> version published -> obsolete files deleted. Order of a manifest switch: new file
// synced -> directory synced -> CURRENT replaced by rename -> directory synced.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/io/file_system.h"
#include "engine/status.h"
#include "engine/tree/current_file.h"
#include "engine/tree/sequence_times.h"
#include "engine/tree/tree.h"

namespace varve {

// One atomic change of the tree and of what recovery needs besides it.
struct TreeEdit {
  struct AddedTable {
    int level = 0;
    uint64_t run = 0;  // joins the run with this id, or makes it, as the newest of its level
    TablePtr table;
  };
  struct MovedCursor {
    int level = 0;
    std::string cursor;
  };
  std::vector<uint64_t> removed_tables;
  std::vector<AddedTable> added_tables;
  std::vector<MovedCursor> cursors;
  // These only grow: of several edits, the largest counts.
  std::optional<uint64_t> oldest_wal;           // logs below this number are not needed any more
  std::optional<uint64_t> next_number;          // every file number and run id in use is below it
  std::optional<SequenceNumber> last_sequence;  // every sequence number in a table is at most it
  std::vector<SequenceTimes::Sample> times;     // for ages in seconds

  void EncodeTo(std::string* to) const;
  // kCorruption for bytes that EncodeTo did not write; kNotSupported if a newer version wrote them
  // and they must be understood.
  static Result<TreeEdit> Decode(std::string_view bytes);
};

// The tree after `edit`. kCorruption if the edit does not fit the tree (a removed table that is
// not there, overlapping tables in a run): nothing is ever installed that breaks Tree's invariants.
Result<Tree> ApplyEdit(const Tree& tree, const TreeEdit& edit);

// What the manifest says at open.
struct ManifestState {
  uint64_t identity = 0;  // random, of this database; mixed into checksum contexts
  Tree tree;
  uint64_t oldest_wal = 0;
  uint64_t next_number = 1;
  SequenceNumber last_sequence = 0;
  SequenceTimes times;
  uint64_t manifest_number = 0;
  uint64_t manifest_bytes = 0;  // read: how much of the file counts
  // What a clean close noted, if there was one. Of a log that is still needed it holds on.
  std::optional<CleanClose> closed;
};

// One caller at a time.
class Manifest {
 public:
  // kNotFound if there is no CURRENT in `directory` (kCorruption if there are tables or logs all
  // the same: a database gets its first manifest before anything else). Never append to a manifest
  // that was read: its tail may be torn. Make a new one.
  static Result<ManifestState> Read(FileSystem& file_system, const std::string& directory);
  // The same of the manifest with this number, whether or not it is the current one.
  static Result<ManifestState> ReadNumber(FileSystem& file_system, const std::string& directory,
                                          uint64_t number);

  // Writes a new manifest file `manifest-<state.manifest_number>` that holds `state` whole, and
  // makes it current as the opening comment says. kInvalidArgument if `state` breaks Tree's
  // invariants or uses a number that is not below next_number, its own included. After another
  // error either manifest may be the current one.
  static Result<std::unique_ptr<Manifest>> Create(FileSystem& file_system,
                                                  const std::string& directory,
                                                  const ManifestState& state);
  ~Manifest();

  // Appends and syncs. kInvalidArgument, and nothing happened, if a table that is added breaks the
  // promises of next_number or last_sequence, or could not be read back. kNoSpace, and nothing
  // happened: it may be tried again. After another error, kIndeterminate, it is unknown whether the
  // edit will survive: the manifest must be given up, and refuses further edits.
  Status Append(const TreeEdit& edit);

  // Notes in CURRENT that the database is closed, and that its newest log is `wal` and has
  // `wal_bytes`: from then on a log or a manifest with less is told from one that a crash has cut.
  // No call may follow. An error means that nothing was noted. REQUIRES: that log is synced; the
  // file system that was given to Create still lives.
  Status Close(uint64_t wal, uint64_t wal_bytes);

  uint64_t bytes() const;

 private:
  struct Rep;
  explicit Manifest(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

}  // namespace varve
