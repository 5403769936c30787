// Salvage of a manifest: what its intact records say, when some of them are damaged. For repair.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "engine/tree/manifest.h"

namespace varve {

struct ManifestRemains {
  std::optional<uint64_t> identity;
  // What the last intact record that names a table says of it.
  std::map<uint64_t, TablePtr> tables;  // in the tree
  std::set<uint64_t> removed;           // not in the tree any more
  uint64_t oldest_wal = 0;
  uint64_t next_number = 1;
  SequenceNumber last_sequence = 0;

  // Takes over what the records of manifest `number` say. Older manifests first.
  void Add(std::string_view file, uint64_t number);
};

}  // namespace varve
