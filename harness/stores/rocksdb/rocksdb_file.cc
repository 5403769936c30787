// Sections and lines of a file of options.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/rocksdb/rocksdb_file.h"

#include <fmt/format.h>
#include <rocksdb/utilities/options_util.h>

#include <fstream>

namespace varve::harness {
namespace {

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == text.npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// Up to the first # that is not escaped.
std::string_view WithoutComment(std::string_view line) {
  for (size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '#' && (at == 0 || line[at - 1] != '\\')) return line.substr(0, at);
  }
  return line;
}

// Places that would be outside of the trial's directory.
bool IsPath(std::string_view name) { return name == "wal_dir" || name == "db_log_dir"; }

void AddLine(std::string_view section, std::string_view name, std::string_view text,
             RocksDbFile* file) {
  RocksDbFile::Line line;
  line.name = name;
  line.text = text;
  if (section == "[DBOptions]") {
    if (IsPath(name)) {
      if (!text.empty()) file->caveats.push_back(fmt::format("{} of the file is left out", name));
      return;
    }
  } else if (section.starts_with("[CFOptions ")) {
    line.place = RocksDbPlace::kFamily;
    // The section of the table's options says the rest.
    if (name == "table_factory" && text == "BlockBasedTable") return;
  } else if (section.starts_with("[TableOptions/BlockBasedTable ")) {
    line.place = RocksDbPlace::kTable;
  } else {
    return;
  }
  file->lines.push_back(std::move(line));
}

}  // namespace

Result<RocksDbFile> ReadRocksDbFile(const std::string& path) {
  std::ifstream in(path);
  if (!in) return Status::NotFound(fmt::format("{} cannot be read", path));
  rocksdb::ConfigOptions config;
  config.ignore_unsupported_options = false;
  rocksdb::DBOptions database;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  const rocksdb::Status status = rocksdb::LoadOptionsFromFile(config, path, &database, &families);
  if (!status.ok()) {
    return Status::InvalidArgument(
        fmt::format("RocksDB does not take {}: {}", path, status.ToString()));
  }
  if (families.size() != 1) {
    return Status::InvalidArgument(
        fmt::format("{} is of {} column families: there can be one", path, families.size()));
  }
  RocksDbFile file;
  std::string section;
  for (std::string line; std::getline(in, line);) {
    const std::string_view text = Trimmed(WithoutComment(line));
    if (text.starts_with('[')) section = text;
    const size_t equals = text.find('=');
    if (text.empty() || text.starts_with('[') || equals == text.npos) continue;
    AddLine(section, Trimmed(text.substr(0, equals)), Trimmed(text.substr(equals + 1)), &file);
  }
  return file;
}

}  // namespace varve::harness
