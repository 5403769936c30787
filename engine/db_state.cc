// DbState: bringing its fixed half about.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/db_state.h"

#include <fmt/format.h>

#include "engine/strategy_of.h"
#include "engine/table_options.h"
#include "engine/tree/file_names.h"

namespace varve {

void ResolveParts(DbState& state) {
  const Options& options = state.options;
  if (options.durability == "none") state.durability = Durability::kNone;
  if (options.durability == "power") state.durability = Durability::kPower;
  state.memtable_part = FindPart(MemTableParts(), options.memtable);
  state.memtable_options = MemTableOptionsOf(options);
  // One memtable's worth: what is kept, filled and flushed is no more than without it.
  state.memtable_options.pool = std::make_shared<ArenaPool>(options.memtable_bytes);
  state.filter = FindPart(FilterParts(), options.filter)->make();
  state.cache = FindPart(CacheParts(), options.cache)->make(options.cache_bytes);

  state.scheduler = FindPart(SchedulerParts(), options.scheduler)->make();

  const uint64_t open_max = options.open_files_max;
  state.files = std::make_unique<FileHandles>(
      state.file_system.get(), open_max != 0 ? open_max : FileHandles::DefaultOpenMax());

  TableFactory& tables = state.tables;
  tables.file_system = state.file_system.get();
  tables.files = state.files.get();
  tables.directory = state.directory;
  tables.table_bytes = options.table_bytes;
  tables.cache = state.cache.get();
  tables.builder = TableOptionsOf(options, state.filter.get());
}

Status LockDirectory(DbState& state) {
  FileSystem& files = *state.file_system;
  const bool there = files.Exists(CurrentFileName(state.directory));
  if (!there && !state.options.create_if_missing) {
    return Status::NotFound(
        fmt::format("{} is not a database: it has no CURRENT file", state.directory));
  }
  if (Status s = files.CreateDirectory(state.directory); !s.ok()) return s;
  auto lock = files.Lock(LockFileName(state.directory));
  if (!lock.ok()) {
    if (lock.status().code() != Status::Code::kBusy) return lock.status();
    return Status::Busy(fmt::format("{} is open already", state.directory));
  }
  state.lock = std::move(*lock);
  return {};
}

void SetLivingOptions(DbState& state, const Options& options) {
  state.living_options = options;
  state.strategy = *StrategyOf(options);
  state.planner = NewStrategyPlanner(state.strategy);
  state.count_reads.store(state.strategy.counts_reads(), std::memory_order_relaxed);
}

}  // namespace varve
