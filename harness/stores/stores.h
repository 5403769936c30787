// The open functions of our stores and the libraries of the others, for the table in
// harness/stores.cc. peers.cmake defines which of the latter are there: VARVE_ROCKSDB is 1 or 0.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "harness/store.h"

namespace varve::harness {

Result<std::unique_ptr<Store>> OpenNullStore(const StoreOptions& options);
Result<std::unique_ptr<Store>> OpenMapStore(const StoreOptions& options);
Result<std::unique_ptr<Store>> OpenMemTableStore(const StoreOptions& options);
Result<std::unique_ptr<Store>> OpenVarveStore(const StoreOptions& options);

extern const StoreLibrary kRocksDbLibrary;
extern const StoreLibrary kLevelDbLibrary;
extern const StoreLibrary kLmdbLibrary;
extern const StoreLibrary kWiredTigerLibrary;
extern const StoreLibrary kSqliteLibrary;
extern const StoreLibrary kRespLibrary;

}  // namespace varve::harness
