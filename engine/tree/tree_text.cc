// The text notation of trees: a writer, and a parser of one pass over each line.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/tree/tree_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

#include "engine/io/file_system.h"

namespace varve {
namespace {

struct Unit {
  char letter;
  uint64_t bytes;
};
constexpr Unit kUnits[] = {{'G', 1 << 30}, {'M', 1 << 20}, {'K', 1 << 10}};

bool IsPlain(char c) { return c > ' ' && c <= '~' && c != ',' && c != ']' && c != '\\'; }

std::string TableToText(const TableInfo& table, bool marked) {
  std::string text =
      fmt::format("{}{}:[{},{}] {}", table.number, marked ? "*" : "", KeyToText(table.smallest),
                  KeyToText(table.largest), BytesToText(table.file_bytes));
  if (table.sequence_max > 0) {
    text += fmt::format(" @{}-{}", table.sequence_min, table.sequence_max);
  }
  if (table.tombstones == 0) return text;
  text += fmt::format(" ({}", table.tombstones);
  if (table.entries > table.tombstones) text += fmt::format(" of {}", table.entries);
  text += " tombstones";
  if (table.oldest_tombstone > 0) text += fmt::format(" since {}", table.oldest_tombstone);
  return text + ")";
}

// Reads one line from the left. After a failure every later step fails as well.
class LineParser {
 public:
  explicit LineParser(std::string_view line) : rest_(line) {}

  bool ok() const { return ok_; }
  bool AtEnd() const { return ok_ && rest_.empty(); }

  // Takes `text` off the front if it is there.
  bool Accept(std::string_view text) {
    if (!ok_ || !rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  void Expect(std::string_view text) {
    if (!Accept(text)) ok_ = false;
  }

  uint64_t Number() {
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc()) ok_ = false;
    if (ok_) rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return value;
  }

  uint64_t Bytes() {
    const uint64_t value = Number();
    for (const Unit& unit : kUnits) {
      if (!Accept(std::string_view(&unit.letter, 1))) continue;
      if (value > UINT64_MAX / unit.bytes) ok_ = false;
      return value * unit.bytes;
    }
    return value;
  }

  std::string Key() {
    std::string key;
    while (ok_ && !rest_.empty()) {
      if (Accept("\\x")) {
        key.push_back(HexByte());
      } else if (IsPlain(rest_[0])) {
        key.push_back(rest_[0]);
        rest_.remove_prefix(1);
      } else {
        break;
      }
    }
    return key;
  }

 private:
  char HexByte() {
    unsigned value = 0;
    const std::string_view digits = rest_.substr(0, 2);
    const char* const limit = digits.data() + digits.size();
    const auto [end, error] = std::from_chars(digits.data(), limit, value, 16);
    if (error != std::errc() || end != digits.data() + 2) ok_ = false;
    rest_.remove_prefix(digits.size());
    return static_cast<char>(value);
  }

  std::string_view rest_;
  bool ok_ = true;
};

TablePtr ParseTable(LineParser* line, std::set<uint64_t>* marked) {
  auto table = std::make_shared<TableInfo>();
  table->number = line->Number();
  if (line->Accept("*")) marked->insert(table->number);
  line->Expect(":[");
  table->smallest = line->Key();
  line->Expect(",");
  table->largest = line->Key();
  line->Expect("] ");
  table->file_bytes = line->Bytes();
  if (line->Accept(" @")) {
    table->sequence_min = line->Number();
    line->Expect("-");
    table->sequence_max = line->Number();
  }
  if (line->Accept(" (")) {
    table->tombstones = line->Number();
    table->entries = line->Accept(" of ") ? line->Number() : table->tombstones;
    line->Expect(" tombstones");
    if (line->Accept(" since ")) table->oldest_tombstone = line->Number();
    line->Expect(")");
  }
  return table;
}

bool ParseLine(std::string_view text, ParsedTree* to) {
  LineParser line(text);
  line.Expect("L");
  const uint64_t index = line.Number();
  if (!line.ok() || index >= static_cast<uint64_t>(kLevelsMax)) return false;
  if (to->tree.levels.size() <= index) to->tree.levels.resize(index + 1);
  Level& level = to->tree.levels[index];
  if (line.Accept(" cursor ")) {
    level.cursor = line.Key();
    return line.AtEnd();
  }
  Run run;
  line.Expect(" run ");
  run.id = line.Number();
  line.Expect(": ");
  do {
    run.tables.push_back(ParseTable(&line, &to->marked));
  } while (line.Accept(", "));
  level.runs.push_back(std::move(run));
  return line.AtEnd();
}

}  // namespace

std::string KeyToText(std::string_view key) {
  std::string text;
  for (const char c : key) {
    if (IsPlain(c)) {
      text.push_back(c);
    } else {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return text;
}

std::string BytesToText(uint64_t bytes) {
  for (const Unit& unit : kUnits) {
    if (bytes > 0 && bytes % unit.bytes == 0) {
      return fmt::format("{}{}", bytes / unit.bytes, unit.letter);
    }
  }
  return std::to_string(bytes);
}

std::string TreeToText(const Tree& tree, const std::set<uint64_t>& marked) {
  std::string text;
  for (size_t i = 0; i < tree.levels.size(); ++i) {
    for (const Run& run : tree.levels[i].runs) {
      text += fmt::format("L{} run {}:", i, run.id);
      const char* separator = " ";
      for (const TablePtr& table : run.tables) {
        text += separator + TableToText(*table, marked.contains(table->number));
        separator = ", ";
      }
      text += "\n";
    }
    const std::string& cursor = tree.levels[i].cursor;
    if (!cursor.empty()) text += fmt::format("L{} cursor {}\n", i, KeyToText(cursor));
  }
  return text;
}

Result<ParsedTree> TreeFromText(std::string_view text) {
  ParsedTree parsed;
  int number = 0;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    ++number;
    if (line.empty() || line[0] == '#') continue;
    if (!ParseLine(line, &parsed)) {
      return Status::InvalidArgument(
          fmt::format("line {} is not a run of a tree: {}", number, line));
    }
  }
  const std::string wrong = parsed.tree.CheckInvariants();
  if (!wrong.empty()) return Status::InvalidArgument(wrong);
  return parsed;
}

}  // namespace varve
