// The table of pragmas, and their values as text.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/sqlite/sqlite_pragmas.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "engine/options.h"
#include "engine/setting_text.h"

namespace varve::harness {
namespace {

constexpr double kIntMax = 2147483647;
constexpr auto kWords = SqlitePragma::kWords;
constexpr auto kNumber = SqlitePragma::kNumber;

// What changes the work that a key and a value cost. The first three are fixed by the first table,
// or by how the database is first read.
const std::vector<SqlitePragma> kPragmas = {
    {"page_size",
     "bytes of a page; of a new database",
     "4096",
     kWords,
     {"512", "1024", "2048", "4096", "8192", "16384", "32768", "65536"}},
    {"auto_vacuum",
     "give free pages back to the file system; of a new database",
     "none",
     kWords,
     {"none", "full", "incremental"}},
    {"locking_mode",
     "exclusive: keep the file locked; needs connections = one",
     "normal",
     kWords,
     {"normal", "exclusive"}},
    {"journal_mode",
     "log of undo (delete to memory), of redo (wal), or none (off)",
     "wal",
     kWords,
     {"delete", "truncate", "persist", "memory", "wal", "off"}},
    {"synchronous",
     "what is synced: nothing, at checkpoints, at each commit, directories too",
     "",
     kWords,
     {"off", "normal", "full", "extra"}},
    {"cache_size",
     "pages of the cache of each connection; negative: KiB",
     "",
     kNumber,
     {},
     -kIntMax,
     kIntMax},
    {"cell_size_check", "check the cells of each page that is read", "off", kWords, {"off", "on"}},
    {"mmap_size",
     "bytes of the file that are read through a mapping",
     "0",
     SqlitePragma::kBytes,
     {},
     0,
     kIntMax},
    {"wal_autocheckpoint",
     "pages in the log from which a commit makes a checkpoint; 0: none",
     "",
     kNumber,
     {},
     0,
     kIntMax},
    {"journal_size_limit",
     "bytes that a log is cut to when it is empty; -1: not cut",
     "-1",
     kNumber,
     {},
     -1,
     1e18},
    {"secure_delete", "write zeros over what was deleted", "off", kWords, {"off", "on", "fast"}},
    {"temp_store", "where temporary tables are", "default", kWords, {"default", "file", "memory"}},
    {"max_page_count", "pages that the file may have", "1073741823", kNumber, {}, 1, 4294967294},
    {"busy_timeout",
     "milliseconds to wait for somebody else's lock",
     "10000",
     kNumber,
     {},
     0,
     kIntMax},
    {"fullfsync", "F_FULLFSYNC, where there is one", "off", kWords, {"off", "on"}},
    {"checkpoint_fullfsync",
     "F_FULLFSYNC at checkpoints, where there is one",
     "off",
     kWords,
     {"off", "on"}},
};

std::vector<SqlitePragma> PragmasOfLibrary() {
  std::vector<SqlitePragma> there;
  const auto connection = SqliteConnection::Open(":memory:");
  if (!connection.ok()) return there;
  for (const SqlitePragma& pragma : kPragmas) {
    const auto found =
        (*connection)
            ->Ask(
                fmt::format("SELECT name FROM pragma_pragma_list WHERE name = '{}'", pragma.name));
    if (found.ok() && found->has_value()) there.push_back(pragma);
  }
  return there;
}

}  // namespace

const std::vector<SqlitePragma>& SqlitePragmas() {
  static const std::vector<SqlitePragma> pragmas = PragmasOfLibrary();
  return pragmas;
}

const SqlitePragma* FindSqlitePragma(std::string_view name) {
  for (const SqlitePragma& pragma : SqlitePragmas()) {
    if (pragma.name == name) return &pragma;
  }
  return nullptr;
}

Result<std::string> PragmaText(const SqlitePragma& pragma, std::string_view text) {
  if (pragma.kind == SqlitePragma::kWords) {
    if (std::ranges::find(pragma.words, text) != pragma.words.end()) return std::string(text);
    return Status::InvalidArgument(
        fmt::format("{}: \"{}\" is none of {}", pragma.name, text, fmt::join(pragma.words, ", ")));
  }
  int64_t number = 0;
  if (pragma.kind == SqlitePragma::kBytes) {
    const Result<uint64_t> bytes = ParseBytes(text);
    if (!bytes.ok()) return bytes.status().Annotate(pragma.name);
    number = static_cast<int64_t>(std::min<uint64_t>(*bytes, INT64_MAX));
  } else if (const auto [end, error] =
                 std::from_chars(text.data(), text.data() + text.size(), number);
             error != std::errc() || end != text.data() + text.size()) {
    return Status::InvalidArgument(
        fmt::format("{}: \"{}\" is not a whole number", pragma.name, text));
  }
  const auto value = static_cast<double>(number);
  if (value >= pragma.min && value <= pragma.max) return fmt::format("{}", number);
  return Status::InvalidArgument(fmt::format("{}: \"{}\" is not between {:.0f} and {:.0f}",
                                             pragma.name, text, pragma.min, pragma.max));
}

Result<std::string> ReadPragma(SqliteConnection& connection, const SqlitePragma& pragma) {
  const auto answer = connection.Ask(fmt::format("PRAGMA {}", pragma.name));
  if (!answer.ok()) return answer.status();
  std::string text = answer->value_or("");
  for (size_t i = 0; i < pragma.words.size(); ++i) {
    // A page size is a number that is a word; others are said by their place.
    const bool by_place = pragma.words[i].front() >= 'a' && text == fmt::format("{}", i);
    if (text == pragma.words[i] || by_place) return std::string(pragma.words[i]);
  }
  return text;
}

Status SetPragma(SqliteConnection& connection, const SqlitePragma& pragma,
                 const std::string& text) {
  Status status = connection.Execute(fmt::format("PRAGMA {} = {}", pragma.name, text));
  if (!status.ok()) return status;
  const Result<std::string> is = ReadPragma(connection, pragma);
  if (!is.ok()) return is.status();
  if (*is == text) return {};
  return Status::InvalidArgument(
      fmt::format("sqlite.{} = {} did not take: it is {}", pragma.name, text, *is));
}

}  // namespace varve::harness
