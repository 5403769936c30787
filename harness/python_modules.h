// What the program knows of the Python side without running it: which modules a directory of
// figures or of checks has, what each is, and what a check takes.
//
// Called where experiments are read, and by the command list.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace varve::harness {

// Names of the modules in a directory, without ".py", sorted; private ones left out.
std::vector<std::string> ListModules(const std::string& directory);

// The first line of a module's docstring; "" if there is none.
std::string DocstringOf(const std::string& path);

// The parameters that a module's `check` takes after the trials, each of which has a type; none if
// there is no such function.
std::vector<std::string> CheckParameters(const std::string& path);

}  // namespace varve::harness
