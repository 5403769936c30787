// Operation logs as text, in both directions.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/torture/operation_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "engine/util/random.h"

namespace varve::harness {
namespace {

// In the order of LoggedKind.
constexpr std::array<std::string_view, kLoggedKindCount> kNames = {
    "put",     "delete",   "delete_range", "batch", "get",   "snapshot",
    "release", "iterator", "first",        "last",  "seek",  "seek_for_prev",
    "next",    "prev",     "close",        "scan",  "flush", "compact",
    "settle",  "sync",     "verify",       "reopen"};

// A byte that is there this often in a row is written once.
constexpr size_t kRepeatedMin = 12;
// No text makes more memory than this of one key or value.
constexpr uint64_t kKeyTextBytesMax = 1 << 20;
constexpr uint64_t kValueTextBytesMax = 64 << 20;

bool IsPlain(char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\\'; }

std::string FormatChange(const LoggedChange& change) {
  if (change.end.has_value()) {
    return fmt::format("delete_range {} {}", FormatKey(change.key), FormatKey(*change.end));
  }
  if (!change.put) return "delete " + FormatKey(change.key);
  return fmt::format("put {} {}:{}", FormatKey(change.key), change.value.bytes, change.value.seed);
}

std::string FormatRange(const LoggedOperation& operation) {
  std::string text;
  if (operation.snapshot >= 0) text += fmt::format(" at {}", operation.snapshot);
  if (!operation.lower.empty()) text += " from " + FormatKey(operation.lower);
  if (!operation.upper.empty()) text += " to " + FormatKey(operation.upper);
  return text;
}

// The words of one line, taken one after the other. After an error nothing more is taken, and
// error() says what was wrong first.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}

  bool AtEnd() const { return rest_.empty() || !error_.empty(); }
  const std::string& error() const { return error_; }
  void Fail(std::string error) {
    if (error_.empty()) error_ = std::move(error);
  }

  std::string_view Word() {
    if (AtEnd()) {
      Fail("the line ends too early");
      return {};
    }
    const size_t end = std::min(rest_.find(' '), rest_.size());
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return word;
  }

  // Takes the word if it is next.
  bool Take(std::string_view word) {
    Words ahead = *this;
    if (AtEnd() || ahead.Word() != word) return false;
    *this = ahead;
    return true;
  }

  uint64_t Number(uint64_t max) { return NumberIn(Word(), 10, max); }
  int Slot() { return static_cast<int>(Number(kSlots - 1)); }

  std::string Key() {
    std::string_view word = Word();
    if (!error_.empty()) return {};
    if (word.size() < 2 || word.front() != '"' || word.back() != '"') {
      Fail(fmt::format("{} is not a key in quotes", word));
      return {};
    }
    return Unescape(word.substr(1, word.size() - 2));
  }

  ValueSpec Value() {
    const std::string_view word = Word();
    const size_t colon = word.find(':');
    if (!error_.empty() || colon == std::string_view::npos) {
      Fail(fmt::format("{} is not a value such as 100:7", word));
      return {};
    }
    ValueSpec spec;
    spec.bytes = static_cast<uint32_t>(NumberIn(word.substr(0, colon), 10, kValueTextBytesMax));
    spec.seed = static_cast<uint32_t>(NumberIn(word.substr(colon + 1), 10, UINT32_MAX));
    return spec;
  }

  SettingText Setting() {
    const std::string_view word = Word();
    const size_t equals = word.find('=');
    if (!error_.empty() || equals == std::string_view::npos) {
      Fail(fmt::format("{} is not a setting such as size_ratio=4", word));
      return {};
    }
    SettingText setting{std::string(word.substr(0, equals)), std::string(word.substr(equals + 1))};
    Options options;
    const Status status = SetOption(&options, setting.name, setting.text);
    if (!status.ok()) Fail(std::string(status.message()));
    return setting;
  }

 private:
  uint64_t NumberIn(std::string_view text, int base, uint64_t max) {
    uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number, base);
    if (error == std::errc() && rest == end && number <= max) return number;
    Fail(fmt::format("\"{}\" is not a number up to {}", text, max));
    return 0;
  }

  std::string Unescape(std::string_view text) {
    std::string key;
    while (!text.empty() && error_.empty()) {
      if (text.front() != '\\') {
        key += text.front();
        text.remove_prefix(1);
        continue;
      }
      text = UnescapeOne(text, &key);
      if (key.size() > kKeyTextBytesMax) Fail("a key of more than 1 MiB");
    }
    return key;
  }

  // Appends what the escape at the front of `text` stands for; returns what follows.
  std::string_view UnescapeOne(std::string_view text, std::string* key) {
    const bool repeated = text.starts_with("\\r");
    const size_t end = repeated ? text.find(';') : size_t{4};
    const bool whole = end != std::string_view::npos && end <= text.size() && end >= 4;
    if (!whole || (!repeated && !text.starts_with("\\x")) || (repeated && text[4] != '*')) {
      Fail("an escape that is neither \\xNN nor \\rNN*COUNT;");
      return {};
    }
    const char byte = static_cast<char>(NumberIn(text.substr(2, 2), 16, 255));
    const uint64_t count =
        repeated ? NumberIn(text.substr(5, end - 5), 10, kKeyTextBytesMax) : uint64_t{1};
    key->append(count, byte);
    return text.substr(repeated ? end + 1 : end);
  }

  std::string_view rest_;
  std::string error_;
};

LoggedChange ParseChange(Words* words, std::string_view name) {
  LoggedChange change;
  change.put = name == "put";
  const bool range = name == "delete_range";
  if (!change.put && !range && name != "delete") words->Fail(fmt::format("{} is no change", name));
  change.key = words->Key();
  if (range) change.end = words->Key();
  if (change.put) change.value = words->Value();
  return change;
}

void ParseRange(Words* words, LoggedOperation* operation) {
  if (words->Take("at")) operation->snapshot = words->Slot();
  if (words->Take("from")) operation->lower = words->Key();
  if (words->Take("to")) operation->upper = words->Key();
}

LoggedOperation ParseOperation(Words* words) {
  const std::string_view name = words->Word();
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  LoggedOperation operation;
  if (found == kNames.end()) {
    words->Fail(fmt::format("{} is no operation", name));
    return operation;
  }
  operation.kind = static_cast<LoggedKind>(found - kNames.begin());
  switch (operation.kind) {
    case LoggedKind::kPut:
    case LoggedKind::kDelete:
    case LoggedKind::kDeleteRange:
      operation.changes.push_back(ParseChange(words, name));
      break;
    case LoggedKind::kBatch:
      while (!words->AtEnd()) operation.changes.push_back(ParseChange(words, words->Word()));
      break;
    case LoggedKind::kGet:
      operation.key = words->Key();
      ParseRange(words, &operation);
      break;
    case LoggedKind::kIterator:
      operation.slot = words->Slot();
      ParseRange(words, &operation);
      break;
    case LoggedKind::kScan:
      ParseRange(words, &operation);
      break;
    case LoggedKind::kSeek:
    case LoggedKind::kSeekForPrev:
      operation.slot = words->Slot();
      operation.key = words->Key();
      break;
    case LoggedKind::kReopen:
      while (!words->AtEnd()) operation.settings.push_back(words->Setting());
      break;
    case LoggedKind::kFlush:
    case LoggedKind::kCompact:
    case LoggedKind::kSettle:
    case LoggedKind::kSync:
    case LoggedKind::kVerify:
      break;
    default:
      operation.slot = words->Slot();
  }
  return operation;
}

}  // namespace

std::string MakeValue(const ValueSpec& spec) {
  std::string value(spec.bytes, '\0');
  Random random(spec.seed);
  uint64_t word = 0;
  for (size_t i = 0; i < value.size(); ++i) {
    if (i % 8 == 0) word = random.Next();
    const char noise = static_cast<char>(word >> (i % 8 * 8));
    value[i] = spec.seed % 2 == 0 ? noise : static_cast<char>('a' + (spec.seed + i / 64) % 26);
  }
  return value;
}

std::string FormatKey(std::string_view key) {
  std::string text = "\"";
  for (size_t i = 0; i < key.size();) {
    const auto byte = static_cast<unsigned char>(key[i]);
    const size_t count = std::min(key.find_first_not_of(key[i], i), key.size()) - i;
    if (count >= kRepeatedMin) {
      text += fmt::format("\\r{:02x}*{};", byte, count);
      i += count;
      continue;
    }
    text += IsPlain(key[i]) ? std::string(1, key[i]) : fmt::format("\\x{:02x}", byte);
    ++i;
  }
  return text + "\"";
}

std::string FormatOperation(const LoggedOperation& operation) {
  const std::string name(kNames[static_cast<size_t>(operation.kind)]);
  switch (operation.kind) {
    case LoggedKind::kPut:
    case LoggedKind::kDelete:
    case LoggedKind::kDeleteRange:
      return FormatChange(operation.changes.front());
    case LoggedKind::kBatch: {
      std::string text = name;
      for (const LoggedChange& change : operation.changes) text += " " + FormatChange(change);
      return text;
    }
    case LoggedKind::kGet:
      return name + " " + FormatKey(operation.key) + FormatRange(operation);
    case LoggedKind::kIterator:
      return fmt::format("{} {}{}", name, operation.slot, FormatRange(operation));
    case LoggedKind::kScan:
      return name + FormatRange(operation);
    case LoggedKind::kSeek:
    case LoggedKind::kSeekForPrev:
      return fmt::format("{} {} {}", name, operation.slot, FormatKey(operation.key));
    case LoggedKind::kReopen:
      return name + FormatSettings(operation.settings);
    case LoggedKind::kFlush:
    case LoggedKind::kCompact:
    case LoggedKind::kSettle:
    case LoggedKind::kSync:
    case LoggedKind::kVerify:
      return name;
    default:
      return fmt::format("{} {}", name, operation.slot);
  }
}

std::string FormatLog(const OperationLog& log) {
  std::string text;
  for (const SettingText& setting : log.settings) text += "set" + FormatSettings({setting}) + "\n";
  for (const LoggedOperation& operation : log.operations) text += FormatOperation(operation) + "\n";
  return text;
}

Result<OperationLog> ParseLog(std::string_view text) {
  OperationLog log;
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    Words words(line);
    if (words.Take("set")) {
      log.settings.push_back(words.Setting());
    } else {
      log.operations.push_back(ParseOperation(&words));
    }
    if (!words.AtEnd()) words.Fail(fmt::format("{} is one word too many", words.Word()));
    if (words.error().empty()) continue;
    return Status::InvalidArgument(fmt::format("line {}: {}", number, words.error()));
  }
  return log;
}

std::vector<SettingText> ChangedSettings(const Options& options) {
  const std::vector<SettingText> defaults = OptionTexts(Options());
  const std::vector<SettingText> texts = OptionTexts(options);
  std::vector<SettingText> changed;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].text == defaults[i].text) continue;
    SettingText setting = texts[i];
    std::erase(setting.text, ' ');
    changed.push_back(std::move(setting));
  }
  return changed;
}

std::string FormatSettings(const std::vector<SettingText>& settings) {
  std::string text;
  for (const SettingText& setting : settings) text += " " + setting.name + "=" + setting.text;
  return text;
}

Status ApplySettings(const std::vector<SettingText>& settings, Options* options) {
  for (const SettingText& setting : settings) {
    if (Status s = SetOption(options, setting.name, setting.text); !s.ok()) return s;
  }
  return {};
}

}  // namespace varve::harness
