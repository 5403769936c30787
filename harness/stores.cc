// The table of stores. To add one: write harness/stores/x_store.cc, declare its open function in
// harness/stores/stores.h, add its row here.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/stores.h"

namespace varve::harness {
namespace {

constexpr StoreKind kStoreKinds[] = {
    {"varve", "the engine of this repository", OpenVarveStore, true},
    {"memtable", "a bare memtable, as engine.memtable_… says: no log, no tables, never flushed",
     OpenMemTableStore},
    {"map", "std::map in memory; the reference that the others are tested against", OpenMapStore},
    {"null", "does nothing: what remains is the cost of the harness", OpenNullStore},
};

}  // namespace

std::span<const StoreKind> StoreKinds() { return kStoreKinds; }

const StoreKind* FindStoreKind(std::string_view name) {
  for (const StoreKind& kind : kStoreKinds) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

}  // namespace varve::harness
