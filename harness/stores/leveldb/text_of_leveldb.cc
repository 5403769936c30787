// Lines of words and numbers.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/leveldb/text_of_leveldb.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace varve::harness {
namespace {

// LevelDB's; it has no way to set it.
constexpr size_t kLevels = 7;

// The part of `*text` before the first `end`, which with it is taken away; all if there is none.
std::string_view TakeUntil(char end, std::string_view* text) {
  const size_t at = text->find(end);
  const std::string_view taken = text->substr(0, at);
  text->remove_prefix(at == std::string_view::npos ? text->size() : at + 1);
  return taken;
}

// False if `text` is not a whole number, and nothing else.
bool ReadWhole(std::string_view text, uint64_t* value) {
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, *value);
  return error == std::errc() && stopped == end;
}

bool ReadRow(std::string_view line, LevelDbLevel* row) {
  std::array<uint64_t, 6> numbers{};
  size_t read = 0;
  while (!line.empty()) {
    const std::string_view word = TakeUntil(' ', &line);
    if (word.empty()) continue;
    if (read == numbers.size() || !ReadWhole(word, &numbers[read])) return false;
    ++read;
  }
  if (read < numbers.size() || numbers[0] >= kLevels) return false;
  *row = {numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]};
  return true;
}

// "--- level 2 ---"; of a level that there is not, kLevels.
bool ReadHeading(std::string_view line, size_t* level) {
  constexpr std::string_view kBegin = "--- level ";
  if (!line.starts_with(kBegin)) return false;
  line.remove_prefix(kBegin.size());
  uint64_t read = 0;
  const bool is_level = ReadWhole(TakeUntil(' ', &line), &read) && read < kLevels;
  *level = is_level ? read : kLevels;
  return true;
}

// " 17:2097152['a' @ 5 : 1 .. 'b' @ 6 : 1]"; keys are escaped, and hold no end of line.
bool ReadTable(std::string_view line, uint64_t* bytes) {
  if (!line.starts_with(' ')) return false;
  line.remove_prefix(1);
  uint64_t number = 0;
  return ReadWhole(TakeUntil(':', &line), &number) && ReadWhole(TakeUntil('[', &line), bytes);
}

// The tables of level 0 overlap, those of each other level do not.
void CountRuns(std::vector<LevelShape>* levels) {
  for (LevelShape& level : *levels) {
    level.runs = &level == levels->data() ? level.tables : std::min<uint64_t>(level.tables, 1);
  }
}

}  // namespace

std::vector<LevelDbLevel> ParseLevelDbStats(std::string_view text) {
  std::vector<LevelDbLevel> rows;
  while (!text.empty()) {
    LevelDbLevel row;
    if (ReadRow(TakeUntil('\n', &text), &row)) rows.push_back(row);
  }
  return rows;
}

std::vector<LevelShape> ParseLevelDbTables(std::string_view text) {
  std::vector<LevelShape> levels(kLevels);
  size_t level = kLevels;
  while (!text.empty()) {
    const std::string_view line = TakeUntil('\n', &text);
    uint64_t bytes = 0;
    if (ReadHeading(line, &level) || level == kLevels || !ReadTable(line, &bytes)) continue;
    ++levels[level].tables;
    levels[level].bytes += bytes;
  }
  CountRuns(&levels);
  return levels;
}

std::vector<LevelShape> RoundedLevelDbLevels(const std::vector<LevelDbLevel>& rows) {
  std::vector<LevelShape> levels(kLevels);
  for (const LevelDbLevel& row : rows) {
    levels[row.level].tables = row.files;
    levels[row.level].bytes = row.size_mb << 20;
  }
  CountRuns(&levels);
  return levels;
}

}  // namespace varve::harness
