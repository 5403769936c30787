// Names of database files. A name is ours only in the one spelling that we write.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/tree/file_names.h"

#include <fmt/format.h>

#include <charconv>

namespace varve {
namespace {

constexpr std::string_view kManifestPrefix = "manifest-";
constexpr std::string_view kWalSuffix = ".wal";
constexpr std::string_view kTableSuffix = ".table";
constexpr std::string_view kTemporarySuffix = ".tmp";

std::string NumberText(uint64_t number) { return fmt::format("{:06}", number); }

// The number that NumberText wrote as `text`.
std::optional<uint64_t> ParseNumber(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (NumberText(number) != text) return std::nullopt;
  return number;
}

std::optional<FileName> Numbered(FileType type, std::string_view digits) {
  const std::optional<uint64_t> number = ParseNumber(digits);
  if (!number.has_value()) return std::nullopt;
  return FileName{type, *number};
}

}  // namespace

std::string CurrentFileName(const std::string& directory) { return directory + "/CURRENT"; }

std::string LockFileName(const std::string& directory) { return directory + "/LOCK"; }

std::string ManifestFileName(const std::string& directory, uint64_t number) {
  return fmt::format("{}/{}{}", directory, kManifestPrefix, NumberText(number));
}

std::string WalFileName(const std::string& directory, uint64_t number) {
  return fmt::format("{}/{}{}", directory, NumberText(number), kWalSuffix);
}

std::string TableFileName(const std::string& directory, uint64_t number) {
  return fmt::format("{}/{}{}", directory, NumberText(number), kTableSuffix);
}

std::optional<FileName> ParseFileName(std::string_view name) {
  if (name == "CURRENT") return FileName{FileType::kCurrent};
  if (name == "LOCK") return FileName{FileType::kLock};
  if (name.ends_with(kTemporarySuffix)) return FileName{FileType::kTemporary};
  if (name.starts_with(kManifestPrefix)) {
    return Numbered(FileType::kManifest, name.substr(kManifestPrefix.size()));
  }
  if (name.ends_with(kWalSuffix)) {
    return Numbered(FileType::kWal, name.substr(0, name.size() - kWalSuffix.size()));
  }
  if (name.ends_with(kTableSuffix)) {
    return Numbered(FileType::kTable, name.substr(0, name.size() - kTableSuffix.size()));
  }
  return std::nullopt;
}

}  // namespace varve
