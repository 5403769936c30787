// The listener that RocksDB calls: passes everything on to a RocksDbRecord.
//
// It is a file of its own because it must be compiled as the library was: a release build of
// RocksDB comes without type information, which a class that derives from its classes would ask
// for.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/listener.h>

#include <memory>

#include "harness/stores/rocksdb/rocksdb_record.h"

namespace varve::harness {

// `record` outlives the database.
std::unique_ptr<rocksdb::EventListener> NewRocksDbListener(RocksDbRecord* record);

}  // namespace varve::harness
