// Numbers and names as people write them, and what they probably meant.
//
// Called by the readers of workload files and properties.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/status.h"

namespace varve::workloads {

// "1000000", "1_000_000": a whole number. Errors quote the text.
Result<uint64_t> ParseCount(std::string_view text);

// "100", "1 KiB", "1.5 MB": bytes, in binary and decimal units.
Result<uint64_t> ParseByteCount(std::string_view text);

// "0.95", "1e-3": a finite number.
Result<double> ParseNumber(std::string_view text);

// The shortest text that ParseNumber reads back as the same number.
std::string FormatNumber(double number);

// Without spaces, tabs and line ends on both sides.
std::string_view Trim(std::string_view text);

// "; did you mean \"name\"?" for the name in `names` that is nearest to `name`, or "" if none is
// near.
std::string DidYouMean(std::string_view name, const std::vector<std::string_view>& names);

// "a, b or c".
std::string JoinNames(const std::vector<std::string_view>& names);

}  // namespace varve::workloads
