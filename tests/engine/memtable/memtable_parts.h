// The memtables that the tests of this folder run on: all that there are.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "engine/parts.h"

namespace varve {

inline std::vector<MemTablePart> MemTablesUnderTest() {
  const auto parts = MemTableParts();
  return {parts.begin(), parts.end()};
}

inline void PrintTo(const MemTablePart& part, std::ostream* to) { *to << part.name; }

inline std::string MemTableName(const testing::TestParamInfo<MemTablePart>& info) {
  return std::string(info.param.name);
}

}  // namespace varve
