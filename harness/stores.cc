// The table of stores. To add one: write harness/stores/x_store.cc, declare its open function in
// harness/stores/stores.h, add its row here. One that is made of a library is in a folder of its
// own, harness/stores/x/x_store.cc, has a StoreLibrary instead of the function, and a line in
// harness/stores/peers.cmake besides, which defines whether the library was found.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/stores.h"

#include <fmt/format.h>

#include "engine/setting_text.h"

namespace varve::harness {
namespace {

// A library that was not found is not named in what is compiled: its condition is a constant.
constexpr StoreKind kStoreKinds[] = {
    {"varve", "the engine of this repository", OpenVarveStore, true},
    {"memtable", "a bare memtable, as engine.memtable_… says: no log, no tables, never flushed",
     OpenMemTableStore},
    {"map", "std::map in memory; the reference that the others are tested against", OpenMapStore},
    {"null", "does nothing: what remains is the cost of the harness", OpenNullStore},
    {"rocksdb", "RocksDB: LSM-tree", nullptr, false, "librocksdb-dev",
     VARVE_ROCKSDB ? &kRocksDbLibrary : nullptr},
    {"leveldb", "LevelDB: LSM-tree", nullptr, false, "libleveldb-dev",
     VARVE_LEVELDB ? &kLevelDbLibrary : nullptr},
    {"lmdb", "LMDB: copy-on-write B+ tree in mapped memory", nullptr, false, "liblmdb-dev",
     VARVE_LMDB ? &kLmdbLibrary : nullptr},
    {"wiredtiger", "WiredTiger: B-tree, or LSM-tree (wiredtiger.type = lsm)", nullptr, false,
     "libwiredtiger-dev", VARVE_WIREDTIGER ? &kWiredTigerLibrary : nullptr},
    {"sqlite", "SQLite: B-tree, one table of keys and values", nullptr, false, "libsqlite3-dev",
     VARVE_SQLITE ? &kSqliteLibrary : nullptr},
    {"resp", "Redis, or another server that speaks its protocol", nullptr, false, "libhiredis-dev",
     VARVE_RESP ? &kRespLibrary : nullptr},
};

}  // namespace

std::span<const StoreKind> StoreKinds() { return kStoreKinds; }

const StoreKind* FindStoreKind(std::string_view name) {
  for (const StoreKind& kind : kStoreKinds) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

Status CheckStoreKind(std::string_view name) {
  const StoreKind* kind = FindStoreKind(name);
  if (kind == nullptr) {
    std::vector<std::string> names;
    for (const StoreKind& known : kStoreKinds) names.emplace_back(known.name);
    return Status::InvalidArgument(UnknownName("store", name, names));
  }
  if (kind->built()) return {};
  return Status::NotSupported(
      fmt::format("store {0} was not built, because its library was not there: `./varve setup "
                  "--peers` installs it ({1}) and builds anew",
                  name, kind->package));
}

Status CheckOwnSetting(const StoreKind& kind, const SettingText& setting) {
  if (Status status = CheckStoreKind(kind.name); !status.ok()) return status;
  std::vector<std::string> names;
  if (kind.library != nullptr) {
    for (OwnSetting& own : kind.library->own_settings()) names.push_back(std::move(own.name));
  }
  for (const std::string& name : names) {
    if (name == setting.name) return kind.library->check({&setting, 1});
  }
  return Status::InvalidArgument(
      UnknownName(fmt::format("setting of {}", kind.name), setting.name, names));
}

}  // namespace varve::harness
