// Salvage: what can still be read of a table that is damaged, and what cannot.
//
// A table is taken apart where its index leads, or, without an index, by looking for blocks: the
// checksum of a block depends on its offset, so that whatever passes is a block in its place.
// Called by verify and repair, never on the way of a read.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/io/file_system.h"
#include "engine/iterator/iterator.h"
#include "engine/range_tombstones.h"
#include "engine/status.h"
#include "engine/tree/tree.h"

namespace varve {

// Which table of which database. Its checksums depend on both.
struct TableIdentity {
  uint64_t identity = 0;
  uint64_t number = 0;

  uint64_t ChecksumContext() const;
  bool operator==(const TableIdentity&) const = default;
};

// What a table says of itself, if its checksums bear that out. kCorruption if not.
Result<TableIdentity> ReadTableIdentity(const RandomAccessFile& file);

// Keys from low to high, both inclusive.
struct KeyRange {
  std::string low;
  std::string high;
  bool to_end = false;  // no upper bound; `high` is not looked at

  static KeyRange Everything() { return {"", "", true}; }
  bool Holds(std::string_view key) const { return key >= low && (to_end || key <= high); }
};

struct TableDamage {
  uint64_t offset = 0;
  std::string what;
};

// A data block that is intact.
struct IntactBlock {
  uint64_t offset = 0;
  uint64_t bytes = 0;  // with its trailer
};

struct TableExamination {
  std::vector<TableDamage> damage;  // empty: all of the table is intact
  std::vector<KeyRange> lost;       // where the entries that cannot be read may have been
  std::vector<IntactBlock> blocks;  // in key order; those of an intact table, too
  RangeTombstones tombstones;       // empty as well if they are lost
  // Counted over these blocks and tombstones; number and file_bytes are filled in. Entries 0: none.
  TableInfo found;

  bool intact() const { return damage.empty(); }
};

// Reads all of a table. `expected`: what the manifest says of it, or nullptr. An I/O error of a
// part is damage of that part. Memory: the whole file, if its index is damaged; else a block.
TableExamination ExamineTable(const RandomAccessFile& file, const TableIdentity& identity,
                              const TableInfo* expected);

// The entries of these blocks, forward only: Seek, SeekToLast and Prev are not supported.
std::unique_ptr<EntryIterator> NewSalvageIterator(std::shared_ptr<const RandomAccessFile> file,
                                                  const TableIdentity& identity,
                                                  std::vector<IntactBlock> blocks);

}  // namespace varve
