// Makes the checksums of damaged files right, so that a fuzzer comes past them.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace varve::fuzz {

// Each goes through the file by its length fields, as far as they lead.
void SealLog(uint64_t number, std::string* file);
void SealManifest(uint64_t number, std::string* file);
void SealTable(uint64_t checksum_context, std::string* file);
void SealTrace(std::string* file);

}  // namespace varve::fuzz
