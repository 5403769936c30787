// What an open RocksDB says that it uses, beside what was asked for.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/db.h>

#include "harness/stores/rocksdb/rocksdb_setup.h"
#include "harness/stores/terms.h"

namespace varve::harness {

// Settings read back, terms under our names and everything under RocksDB's, and caveats.
TermsUsed RocksDbUsed(rocksdb::DB* db, const RocksDbSetup& setup);

}  // namespace varve::harness
