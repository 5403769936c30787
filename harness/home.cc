// Finds the directories that come with the program.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/home.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace varve::harness {
namespace fs = std::filesystem;

std::string ProgramPath() {
  std::error_code error;
  const fs::path path = fs::read_symlink("/proc/self/exe", error);
  return error ? std::string() : path.string();
}

std::string HomeDirectory() {
  const char* home = std::getenv("VARVE_HOME");
  if (home != nullptr && *home != '\0') return home;
  std::error_code error;
  const fs::path program = ProgramPath();
  for (fs::path above = program.parent_path(); above.has_relative_path();
       above = above.parent_path()) {
    const bool both = fs::is_directory(above / "experiments", error) &&
                      fs::is_directory(above / "workloads", error);
    if (both) return above.string();
  }
  return ".";
}

std::string WorkloadsDirectory() { return HomeDirectory() + "/workloads"; }
std::string ExperimentsDirectory() { return HomeDirectory() + "/experiments"; }
std::string FiguresDirectory() { return HomeDirectory() + "/analysis/figures"; }
std::string CriteriaDirectory() { return HomeDirectory() + "/analysis/criteria"; }
std::string ResultsDirectoryPath() { return HomeDirectory() + "/results"; }

}  // namespace varve::harness
