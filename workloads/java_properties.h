// The text format of java.util.Properties.
//
// Called by ycsb_properties.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/status.h"

namespace varve::workloads {

// One property of a file.
struct JavaProperty {
  std::string name;
  std::string value;
  int line = 0;  // where it begins, from 1
};

// The properties of a text, in order, as Properties.load reads them: '#' and '!' comments; '=', ':'
// or white space after the name; lines continued by a backslash; escapes (\t \n \r \f \uXXXX, and a
// backslash before any other character is dropped). White space at the end of a value is dropped
// (Java keeps it, and YCSB then fails on the number). The error begins with the line number and
// ": ". Any bytes are safe.
Result<std::vector<JavaProperty>> ParseJavaProperties(std::string_view text);

}  // namespace varve::workloads
