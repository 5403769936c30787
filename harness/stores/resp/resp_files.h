// What the store `resp` looks for in files: a server's data, a password, a process.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/status.h"
#include "harness/stores/resp/resp_terms.h"

namespace varve::harness {

// Whether a server of this configuration would read the data that is in `directory`: it reads a
// log or a snapshot, as `appendonly` says, and starts empty if it finds only the other.
Status CheckRespFiles(const std::string& directory, std::string_view configuration);

// Syncs the append-only file of a server in `directory`.
Status SyncRespFiles(const std::string& directory);

// The first line of the file; "" if `path` is.
Result<std::string> ReadPassword(const std::string& path);

// The process of a server that is reached over TCP at `host` and tells `info` of itself, if that is
// this machine and a process of that number is called so; else 0.
int64_t LocalProcess(std::string_view host, const RespFacts& info);

// "redis 7.0.15", "unknown".
std::string ServerVersion(const RespFacts& info);

}  // namespace varve::harness
