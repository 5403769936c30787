// What a result must tell of the machine and the build it was measured with.
//
// Nothing here names a host, a user, or a path.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace varve::harness {

// "machine" of result.json. `data_directory` exists: its file system is described. Fields that
// cannot be found out are left out. Takes 0.1 s, in which it looks how busy the machine is.
nlohmann::json MachineJson(const std::string& data_directory);

// "build" of result.json. Commit and dirty state are those of the environment variables
// VARVE_COMMIT and VARVE_DIRTY ("0" or "1"), which the front door sets; else "unknown".
nlohmann::json BuildJson();

// Reasons to doubt a measurement on this machine and with this build, as sentences.
std::vector<std::string> MachineCaveats(const nlohmann::json& machine, const nlohmann::json& build);

// Bytes of memory that may be used: that of the machine, or less if a control group limits it.
uint64_t MemoryLimitBytes();

// Drops every word that holds a slash, among words separated by `separator`.
std::string WithoutPaths(std::string_view text, char separator);

}  // namespace varve::harness
