// Text-driven tests: a file of commands, their input, and what they must answer. The form is that
// of Pebble's "datadriven" tests.
//
//   # A comment: why the case is there.
//   command name=value name=value
//   input, any number of lines
//   ----
//   the expected answer, up to an empty line
//
// With VARVE_REWRITE=1 in the environment, the expected answers in the file are replaced by the
// real ones; the difference is then for a reviewer to read.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>

namespace varve {

struct TextCommand {
  std::string name;
  std::map<std::string, std::string> arguments;
  std::string input;  // each line ends in a newline
  int line = 0;       // of the command, from 1
};

// Runs every command of `path` (relative to the source directory) and compares the answers with
// the file as GoogleTest expectations. An answer has no empty lines; a missing newline at its end
// does not matter.
void RunTextTest(const std::string& path,
                 const std::function<std::string(const TextCommand&)>& run);

}  // namespace varve
