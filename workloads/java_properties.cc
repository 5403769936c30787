// Logical lines, then names and values. See java_properties.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/java_properties.h"

#include <fmt/format.h>

#include <charconv>

#include "workloads/text.h"

namespace varve::workloads {
namespace {

constexpr std::string_view kBlank = " \t\f";

// The text line by line; a line ends with \n, \r or \r\n.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  bool Next(std::string_view* line) {
    if (rest_.empty()) return false;
    number_++;
    const size_t end = rest_.find_first_of("\r\n");
    *line = rest_.substr(0, end);
    if (end == std::string_view::npos) {
      rest_ = {};
    } else {
      rest_.remove_prefix(end + (rest_.substr(end, 2) == "\r\n" ? 2 : 1));
    }
    return true;
  }
  int number() const { return number_; }

 private:
  std::string_view rest_;
  int number_ = 0;
};

std::string_view SkipBlanks(std::string_view text) {
  const size_t begin = text.find_first_not_of(kBlank);
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

// Whether the line ends with an odd number of backslashes.
bool IsContinued(std::string_view line) {
  const size_t last = line.find_last_not_of('\\');
  const size_t backslashes = last == std::string_view::npos ? line.size() : line.size() - last - 1;
  return backslashes % 2 == 1;
}

void AppendUtf8(uint32_t code, std::string* out) {
  if (code < 0x80) {
    *out += static_cast<char>(code);
  } else if (code < 0x800) {
    *out += static_cast<char>(0xc0 | (code >> 6));
    *out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    *out += static_cast<char>(0xe0 | (code >> 12));
    *out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    *out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

// The character that the escape at text[at] (behind its backslash) stands for. Moves at behind it.
Status AppendEscape(std::string_view text, size_t* at, std::string* out) {
  constexpr size_t kDigits = 4;
  constexpr std::string_view kFrom = "tnrf";
  constexpr std::string_view kTo = "\t\n\r\f";
  const char c = text[(*at)++];
  if (c != 'u') {
    const size_t known = kFrom.find(c);
    *out += known == std::string_view::npos ? c : kTo[known];
    return {};
  }
  const std::string_view digits = text.substr(*at, kDigits);
  uint32_t code = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, code, 16);
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  if (error != std::errc() || stop != end || digits.size() != kDigits || surrogate) {
    return Status::InvalidArgument("\\u must be followed by 4 hexadecimal digits of a character");
  }
  *at += kDigits;
  AppendUtf8(code, out);
  return {};
}

Status Unescape(std::string_view text, std::string* out) {
  for (size_t at = 0; at < text.size();) {
    if (text[at] != '\\') {
      *out += text[at++];
      continue;
    }
    if (++at == text.size()) break;  // only at the end of the file: nothing to continue with
    if (Status status = AppendEscape(text, &at, out); !status.ok()) return status;
  }
  return {};
}

// Where the name of a logical line ends: before the first '=', ':' or blank without a backslash.
size_t NameEnd(std::string_view line) {
  size_t at = 0;
  while (at < line.size() && std::string_view("=: \t\f").find(line[at]) == std::string_view::npos) {
    at += line[at] == '\\' ? 2 : 1;
  }
  return std::min(at, line.size());
}

Status ParseLogicalLine(std::string_view line, JavaProperty* property) {
  const size_t name_end = NameEnd(line);
  std::string_view value = SkipBlanks(line.substr(name_end));
  if (!value.empty() && (value[0] == '=' || value[0] == ':')) value = SkipBlanks(value.substr(1));
  if (Status status = Unescape(line.substr(0, name_end), &property->name); !status.ok()) {
    return status;
  }
  if (Status status = Unescape(value, &property->value); !status.ok()) return status;
  property->value.resize(property->value.find_last_not_of(" \t\f") + 1);
  return {};
}

}  // namespace

Result<std::vector<JavaProperty>> ParseJavaProperties(std::string_view text) {
  std::vector<JavaProperty> properties;
  Lines lines(text);
  std::string_view line;
  while (lines.Next(&line)) {
    line = SkipBlanks(line);
    if (line.empty() || line[0] == '#' || line[0] == '!') continue;
    JavaProperty property;
    property.line = lines.number();
    std::string logical(line);
    while (IsContinued(logical) && lines.Next(&line)) {
      logical.pop_back();
      logical += SkipBlanks(line);
    }
    if (Status status = ParseLogicalLine(logical, &property); !status.ok()) {
      return status.Annotate(fmt::format("{}", property.line));
    }
    properties.push_back(std::move(property));
  }
  return properties;
}

}  // namespace varve::workloads
