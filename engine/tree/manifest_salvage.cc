// Reading a manifest from seal to seal.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/tree/manifest_salvage.h"

#include <algorithm>

#include "engine/tree/manifest_format.h"

namespace varve {
namespace {

void Take(const TreeEdit& edit, ManifestRemains* remains) {
  for (const uint64_t number : edit.removed_tables) {
    remains->tables.erase(number);
    remains->removed.insert(number);
  }
  for (const TreeEdit::AddedTable& added : edit.added_tables) {
    remains->tables[added.table->number] = added.table;
    remains->removed.erase(added.table->number);
  }
  remains->oldest_wal = std::max(remains->oldest_wal, edit.oldest_wal.value_or(0));
  remains->next_number = std::max(remains->next_number, edit.next_number.value_or(0));
  remains->last_sequence = std::max(remains->last_sequence, edit.last_sequence.value_or(0));
}

}  // namespace

void ManifestRemains::Add(std::string_view file, uint64_t number) {
  size_t offset = 0;
  while (true) {
    const std::optional<std::string_view> payload = ManifestRecordAt(file, number, offset);
    uint64_t told = 0;
    TreeEdit edit;
    if (payload.has_value() && DecodeManifestPayload(*payload, offset == 0, &told, &edit).ok()) {
      if (offset == 0) identity = told;
      Take(edit, this);
      offset += kManifestHeaderBytes + payload->size();
    }
    // Behind a seal begins a record, whatever is before it.
    const std::optional<size_t> seal = NextManifestSeal(file, number, offset);
    if (!seal.has_value()) return;
    offset = *seal + kManifestSealBytes;
  }
}

}  // namespace varve
