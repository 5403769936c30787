// XorCopy: a copy in which every 8 bytes are exclusive-or'd with a pattern.
//
// Bound by stores: a kilobyte takes 12 ns on the reference class with vectors of 32 bytes, and 18
// ns with the 16 bytes that every x86-64 has. Which of the two there are is found out once.
//
// Called by values.cc.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace varve::workloads {

inline constexpr size_t kXorCopyBlock = 64;

// Copies in whole blocks: reads and writes up to kXorCopyBlock - 1 bytes more than `bytes`.
void XorCopy(char* to, const char* from, size_t bytes, uint64_t pattern);

}  // namespace varve::workloads
