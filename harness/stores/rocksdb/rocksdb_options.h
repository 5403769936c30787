// Every option of RocksDB by its own name: what there is, and setting one from text.
//
// The names are those that RocksDB writes itself when it is asked for its options as text, so that
// a newer library brings its new ones along. A field of an option that is a struct is spelt
// "option.field".
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/options.h>
#include <rocksdb/table.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/status.h"

namespace varve::harness {

// Where an option belongs. kStore: not RocksDB's, but a word of ours for several of them.
enum class RocksDbPlace { kStore, kDatabase, kFamily, kTable };

struct RocksDbOption {
  std::string name;
  RocksDbPlace place = RocksDbPlace::kStore;
  std::string usual;  // as RocksDB writes it
};

// What a database with one column family is opened with.
struct RocksDbOptions {
  // Of one option the usual value depends on how its header is compiled: as in a release build.
  RocksDbOptions() { database.info_log_level = rocksdb::INFO_LEVEL; }

  rocksdb::DBOptions database;
  rocksdb::ColumnFamilyOptions family;
  rocksdb::BlockBasedTableOptions table;  // of family.table_factory, unless that was set itself
};

// All options, the store's own first, then by place and name. Made once.
const std::vector<RocksDbOption>& RocksDbOptionTable();
// Null if there is none of that name.
const RocksDbOption* FindRocksDbOption(std::string_view name);

// Options of one place as text, by name, fields of structs as well.
std::map<std::string, std::string> RocksDbTexts(RocksDbPlace place, const RocksDbOptions& options);

// Sets an option of RocksDB by its own parser. Numbers may also be spelt as our own sizes ("64
// MiB"), and must be read by RocksDB as they are meant. REQUIRES: place is not kStore.
Status SetRocksDbOption(const RocksDbOption& option, std::string_view text,
                        RocksDbOptions* options);

// The same with the text as it is, by any name that RocksDB's parser knows. `escaped`: as in a file
// of options, where a backslash stands before what would have a meaning.
Status SetRocksDbText(RocksDbPlace place, const std::string& name, const std::string& text,
                      RocksDbOptions* options, bool escaped = false);

}  // namespace varve::harness
