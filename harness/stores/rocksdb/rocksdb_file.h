// A file of options in RocksDB's own format, line by line, so that what it does not say stays as it
// was.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "engine/status.h"
#include "harness/stores/rocksdb/rocksdb_options.h"

namespace varve::harness {

struct RocksDbFile {
  struct Line {
    RocksDbPlace place = RocksDbPlace::kDatabase;
    std::string name;
    std::string text;  // escaped
  };
  std::vector<Line> lines;
  std::vector<std::string> caveats;  // what of it is left out
};

// kInvalidArgument if RocksDB does not take the file (in its words), or if it is of more than the
// default column family; kNotFound if it is not there.
Result<RocksDbFile> ReadRocksDbFile(const std::string& path);

}  // namespace varve::harness
