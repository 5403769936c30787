// Any text as settings, "name value" a line: what is taken is written so that it reads back the
// same.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/options.h"
#include "tests/fuzz/fuzzers.h"

namespace varve::fuzz {
namespace {

std::string AllTexts(const Options& options) {
  std::string all;
  for (const SettingText& setting : OptionTexts(options)) {
    all += setting.name + " " + setting.text + "\n";
  }
  return all;
}

}  // namespace

std::string FuzzOptions(std::string_view input) {
  // An unknown name is compared with all that there are.
  constexpr size_t kInputBytesMax = 2 << 10;
  if (input.size() > kInputBytesMax) return "";
  Options options;
  for (std::string_view rest = input; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const size_t space = std::min(line.find(' '), line.size());
    const std::string_view text = line.substr(std::min(space + 1, line.size()));
    const Status set = SetOption(&options, line.substr(0, space), text);
    if (!set.ok() && set.message().empty()) return "refused without a reason";
    const Result<uint64_t> bytes = ParseBytes(text);
    if (bytes.ok() && *ParseBytes(FormatBytes(*bytes)) != *bytes) return "bytes read differently";
  }
  (void)CheckOptions(options);
  Options again;
  for (const SettingText& setting : OptionTexts(options)) {
    const Status set = SetOption(&again, setting.name, setting.text);
    if (!set.ok()) return "its own text is refused: " + set.ToString();
  }
  return AllTexts(again) == AllTexts(options) ? "" : "options read back differently";
}

}  // namespace varve::fuzz
