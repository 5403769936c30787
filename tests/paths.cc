// The only file that is compiled with absolute paths, so that a compiler cache serves every clone.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/paths.h"

namespace varve {

std::string SourcePath(const std::string& path) {
  const std::string root = VARVE_SOURCE_DIR;
  return path.empty() ? root : root + "/" + path;
}

std::string ProgramPath() { return VARVE_PROGRAM; }

}  // namespace varve
