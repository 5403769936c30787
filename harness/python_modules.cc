// Looks into Python modules as text.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/python_modules.h"

#include <algorithm>
#include <filesystem>
#include <regex>
#include <system_error>

#include "harness/files.h"

namespace varve::harness {
namespace fs = std::filesystem;

std::vector<std::string> ListModules(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    const std::string name = entry.path().stem().string();
    if (entry.path().extension() == ".py" && !name.starts_with('_')) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string DocstringOf(const std::string& path) {
  const Result<std::string> text = ReadTextFile(path);
  if (!text.ok()) return "";
  const size_t begin = text->find("\"\"\"");
  if (begin == std::string::npos) return "";
  const size_t end = text->find_first_of("\n\"", begin + 3);
  return text->substr(begin + 3, end - begin - 3);
}

std::vector<std::string> CheckParameters(const std::string& path) {
  const Result<std::string> text = ReadTextFile(path);
  const size_t begin = text.ok() ? text->find("\ndef check(") : std::string::npos;
  if (begin == std::string::npos) return {};
  const std::string signature = text->substr(begin, text->find("->", begin) - begin);
  static const std::regex parameter(R"((\w+):)");
  std::vector<std::string> names;
  for (std::sregex_iterator match(signature.begin(), signature.end(), parameter), end; match != end;
       ++match) {
    if ((*match)[1] != "trials") names.push_back((*match)[1]);
  }
  return names;
}

}  // namespace varve::harness
