// The pragmas of SQLite that can be settings of the store, by their own names
// (www.sqlite.org/pragma.html): what they may be, and how they are set and read back.
//
// SQLite takes a value that it does not know for another one, or for none, and says nothing. So
// each is checked here, and read back after it was set.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/stores/sqlite/sqlite_connection.h"

namespace varve::harness {

struct SqlitePragma {
  enum Kind { kWords, kNumber, kBytes };
  std::string_view name;
  std::string_view help;
  std::string_view usual;  // under the terms
  Kind kind;
  // Of kWords: what it may be, in the order of the numbers from 0 on that SQLite may call them by.
  std::vector<std::string_view> words = {};
  double min = 0;  // of kNumber and kBytes
  double max = 0;
};

// Those that the loaded library has, in the order in which they must be set.
const std::vector<SqlitePragma>& SqlitePragmas();
// Null if there is none.
const SqlitePragma* FindSqlitePragma(std::string_view name);

// The value as it is spelt in SQL, or what is wrong with it.
Result<std::string> PragmaText(const SqlitePragma& pragma, std::string_view text);

// What it is now: a word of the pragma, or a number; "" if it cannot be asked.
Result<std::string> ReadPragma(SqliteConnection& connection, const SqlitePragma& pragma);

// Sets it. `text` is as PragmaText gives it. An error if it is something else afterwards.
Status SetPragma(SqliteConnection& connection, const SqlitePragma& pragma, const std::string& text);

}  // namespace varve::harness
