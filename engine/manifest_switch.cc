// Starting a new manifest: at open, and when the current one has grown.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "engine/db_state.h"
#include "engine/tree/current_file.h"
#include "engine/tree/file_names.h"

namespace varve {

Status StartManifest(DbState& state, ManifestState* manifest) {
  manifest->manifest_number = state.NewNumber();
  manifest->next_number = state.next_number.load();
  auto created = Manifest::Create(*state.file_system, state.directory, *manifest);
  if (!created.ok()) return created.status();
  state.manifest = std::move(*created);
  state.manifest_number = manifest->manifest_number;
  state.manifest_start_bytes = state.manifest->bytes();
  state.manifest_bytes.store(state.manifest->bytes());
  state.oldest_wal = manifest->oldest_wal;
  return {};
}

Status SwitchGrownManifest(DbState& state, const Tree& tree) {
  // A large tree has a large first record: it is not written again for each few edits.
  const uint64_t limit = std::max(state.options.manifest_bytes, 4 * state.manifest_start_bytes);
  if (state.manifest->bytes() < limit) return {};
  ManifestState manifest;
  manifest.identity = state.tables.identity;
  manifest.tree = tree;
  manifest.oldest_wal = state.oldest_wal;
  manifest.last_sequence = state.last_sequence.load();
  {
    MutexLock lock(state.mutex);
    manifest.times = state.times;
  }
  const uint64_t former = state.manifest_number;
  const Status status = StartManifest(state, &manifest);
  if (status.ok()) {
    // What cannot be removed now is removed at the next open.
    static_cast<void>(state.file_system->Remove(ManifestFileName(state.directory, former)).ok());
    return {};
  }
  // As long as CURRENT names the former manifest it can be gone on with.
  const Result<CurrentFile> current = ReadCurrent(*state.file_system, state.directory);
  const bool kept = current.ok() && current->manifest == former;
  return kept && status.code() == Status::Code::kNoSpace ? Status() : status;
}

}  // namespace varve
