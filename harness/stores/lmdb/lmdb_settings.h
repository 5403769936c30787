// LMDB's settings: its own by their own names, and what becomes of the terms.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lmdb.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/stores/own_or_term.h"
#include "harness/stores/own_settings.h"

namespace varve::harness {

// What is empty, the terms decide.
struct LmdbSettings {
  uint64_t map_bytes = 0;
  std::optional<bool> nosync;
  bool nometasync = false;
  bool writemap = false;
  bool mapasync = false;
  bool nordahead = false;
  bool nomeminit = false;
  uint64_t maxreaders = 2048;

  template <class Self, class Visitor>
  static void ForEach(Self& self, Visitor&& visit);
};

// All that an environment is opened with.
struct LmdbSetup {
  unsigned flags = 0;
  uint64_t map_bytes = 0;
  unsigned max_readers = 0;
  std::vector<std::string> caveats;
};

Result<LmdbSetup> LmdbSetupOf(const StoreOptions& options);

// What acknowledged writes survive in an environment of these flags: "process" or "power".
//
// A commit hands its pages to the kernel before it returns, whatever the flags: pwrite, or stores
// to a shared mapping. Without flags it also syncs pages, then the root that points to them.
std::string_view LmdbDurability(unsigned flags);

// As it is in an open environment.
std::vector<SettingText> LmdbSettingsUsed(MDB_env* env);

template <class Self, class Visitor>
void LmdbSettings::ForEach(Self& self, Visitor&& visit) {
  constexpr double kMiB = 1 << 20, kTiB = kMiB * kMiB;
  using enum SettingKind;
  visit(Setting{"map_bytes", kBytes, 0, 64 * kTiB, "",
                "mdb_env_set_mapsize: what the database may grow to; 0: all the device has room "
                "for, which takes up addresses, not memory"},
        self.map_bytes);
  visit(Setting{"nosync", kFlag, 0, 0, "", "MDB_NOSYNC: commits sync nothing"}, self.nosync);
  visit(Setting{"nometasync", kFlag, 0, 0, "",
                "MDB_NOMETASYNC: commits sync pages, but not the root that points to them"},
        self.nometasync);
  visit(Setting{"writemap", kFlag, 0, 0, "",
                "MDB_WRITEMAP: pages are written in the mapping, instead of by pwrite"},
        self.writemap);
  visit(Setting{"mapasync", kFlag, 0, 0, "",
                "MDB_MAPASYNC: with writemap, commits ask for a sync and do not wait for it"},
        self.mapasync);
  visit(Setting{"nordahead", kFlag, 0, 0, "", "MDB_NORDAHEAD: the kernel does not read ahead"},
        self.nordahead);
  visit(Setting{"nomeminit", kFlag, 0, 0, "",
                "MDB_NOMEMINIT: what is left of a page is not zeroed before it is written"},
        self.nomeminit);
  visit(Setting{"maxreaders", kCount, 1, 1e6, "",
                "mdb_env_set_maxreaders: threads that may read at once"},
        self.maxreaders);
}

}  // namespace varve::harness
