// Reader, runner and rewriter of text-driven tests.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/text_test.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string_view>

#include "tests/paths.h"

namespace varve {
namespace {

constexpr std::string_view kSeparator = "----";

bool IsCommand(const std::string& line) { return !line.empty() && line[0] != '#'; }

TextCommand ParseCommand(const std::string& line, int number) {
  TextCommand command;
  command.line = number;
  std::istringstream words(line);
  words >> command.name;
  for (std::string word; words >> word;) {
    const size_t equals = word.find('=');
    const bool has_value = equals != std::string::npos;
    command.arguments[word.substr(0, equals)] = has_value ? word.substr(equals + 1) : "";
  }
  return command;
}

class TextFile {
 public:
  explicit TextFile(const std::string& path) : path_(path) {}

  void Run(const std::function<std::string(const TextCommand&)>& run) {
    std::ifstream file(path_);
    ASSERT_TRUE(file.is_open()) << "no file " << path_;
    int commands = 0;
    for (std::string line; Next(&file, &line);) {
      rewritten_ += line + "\n";
      if (!IsCommand(line)) continue;
      RunCommand(&file, ParseCommand(line, line_), run);
      ++commands;
    }
    EXPECT_GT(commands, 0) << path_ << " has no command";
    if (std::getenv("VARVE_REWRITE") != nullptr) std::ofstream(path_) << rewritten_;
  }

 private:
  bool Next(std::ifstream* file, std::string* line) {
    ++line_;
    return static_cast<bool>(std::getline(*file, *line));
  }

  void RunCommand(std::ifstream* file, TextCommand command,
                  const std::function<std::string(const TextCommand&)>& run) {
    std::string line;
    bool separated = false;
    while (Next(file, &line)) {
      separated = line == kSeparator;
      if (separated) break;
      command.input += line + "\n";
    }
    EXPECT_TRUE(separated) << path_ << ":" << command.line << ": no line with " << kSeparator;
    std::string expected;
    while (Next(file, &line) && !line.empty()) expected += line + "\n";
    std::string actual = run(command);
    if (!actual.empty() && actual.back() != '\n') actual += "\n";
    rewritten_ += command.input + std::string(kSeparator) + "\n" + actual;
    if (!file->eof()) rewritten_ += "\n";
    if (std::getenv("VARVE_REWRITE") != nullptr) return;
    EXPECT_EQ(actual, expected) << path_ << ":" << command.line << ": " << command.name;
  }

  const std::string path_;
  int line_ = 0;
  std::string rewritten_;
};

}  // namespace

void RunTextTest(const std::string& path,
                 const std::function<std::string(const TextCommand&)>& run) {
  TextFile(SourcePath(path)).Run(run);
}

}  // namespace varve
