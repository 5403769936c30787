// Where the sources and the program under test are.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace varve {

// `path` in the source tree; "" is its root.
std::string SourcePath(const std::string& path);
// The program that was built together with the tests.
std::string ProgramPath();

}  // namespace varve
