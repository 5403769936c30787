// Asking every file what it is.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/repair_sources.h"

#include <algorithm>
#include <memory>

#include "engine/wal/wal_format.h"
#include "engine/wal/wal_salvage.h"

namespace varve {
namespace {

constexpr IoCause kCause{IoKind::kVerify};

// What can be read of the file; errors mean that it does not say.
void AskFile(FileSystem& file_system, const std::string& path, RepairSource* source) {
  const auto file = file_system.OpenFile(path);
  if (!file.ok()) return;
  const Result<TableIdentity> table = ReadTableIdentity(**file);
  if (table.ok()) source->table = *table;
  const Result<uint64_t> length = (*file)->Length();
  if (!length.ok()) return;
  std::string start(std::min<uint64_t>(*length, kWalHeaderBytes + kWalStartPayloadBytes), '\0');
  if (!(*file)->Read(kCause, 0, start.size(), start.data()).ok()) return;
  source->wal = WalNumberOf(start);
}

}  // namespace

std::string LostDirectory(const std::string& directory) { return directory + "/lost"; }

Result<RepairSources> RepairSources::Find(FileSystem& file_system, const std::string& directory) {
  RepairSources sources;
  const auto names = file_system.List(directory);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    const std::optional<FileName> parsed = ParseFileName(name);
    if (!parsed.has_value()) continue;
    sources.number_max = std::max(sources.number_max, parsed->number);
    if (parsed->type == FileType::kLock || parsed->type == FileType::kTemporary) continue;
    RepairSource& source = sources.files.emplace_back();
    source.name = name;
    source.parsed = *parsed;
    AskFile(file_system, directory + "/" + name, &source);
  }
  const auto lost = file_system.List(LostDirectory(directory));
  if (!lost.ok()) return sources;
  for (const std::string& name : *lost) {
    const std::optional<FileName> parsed = ParseFileName(name);
    if (!parsed.has_value()) continue;
    sources.number_max = std::max(sources.number_max, parsed->number);
    RepairSource& source = sources.lost.emplace_back();
    source.name = name;
    source.parsed = *parsed;
    AskFile(file_system, LostDirectory(directory) + "/" + name, &source);
  }
  return sources;
}

}  // namespace varve
