// The terms of a trial as a server's configuration, and what a server's configuration means.
//
// Durability, by what the server does before it answers a write (flushAppendOnlyFile in its aof.c):
// with appendonly it hands the log to the kernel, and with appendfsync always syncs it, once for
// all clients it has read from; with everysec it may put off even the former for two seconds, while
// another thread syncs.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/stores/resp/resp_settings.h"
#include "harness/stores/terms.h"

namespace varve::harness {

// What a server tells of itself: the lines of INFO, or of CONFIG GET.
using RespFacts = std::map<std::string, std::string, std::less<>>;
// "" if it is not told.
std::string_view FactOf(const RespFacts& facts, std::string_view name);
// 0 if it is not told, or no whole number.
uint64_t CountOf(const RespFacts& facts, std::string_view name);
// Of the text of INFO.
RespFacts ParseInfo(std::string_view text);

// The lines of the configuration of a server that is started for the trial; no terms: null.
std::string RespConfiguration(const RespSettings& settings, const Terms* terms);

// none, process or power.
std::string_view RespDurability(const RespFacts& config);

// What of the terms (null: none) a server of this configuration was not given. `known`: its process
// is.
std::vector<std::string> RespCaveats(const RespSettings& settings, const Terms* terms,
                                     const RespFacts& config, bool known);

}  // namespace varve::harness
