// The open functions of the stores, for the table in harness/stores.cc.
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

}  // namespace varve::harness
