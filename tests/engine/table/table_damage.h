// Reading a table that may be damaged, and judging the answers.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "engine/util/hash.h"
#include "tests/engine/table/table_testing.h"

namespace varve::table_testing {

// Corruption that says of which table, and where.
inline bool IsCorruption(const Status& status) {
  return status.code() == Status::Code::kCorruption &&
         status.message().find("table 7") != std::string_view::npos &&
         status.message().find("offset") != std::string_view::npos;
}

// Opens and reads everything. Fails on a wrong answer; returns whether damage was reported.
inline bool ReportsDamage(const std::string& bytes, const TableReaderOptions& options,
                          const std::vector<OwnedEntry>& entries) {
  const auto table = OpenTable(bytes, options);
  if (!table.ok()) {
    EXPECT_TRUE(IsCorruption(table.status())) << table.status().ToString();
    return true;
  }
  bool reported = false;
  for (const OwnedEntry& entry : entries) {
    TableHit hit;
    const Status status =
        (*table)->Get({}, entry.key, HashKey(entry.key), SequenceOf(entry.tag), &hit);
    if (!status.ok()) {
      EXPECT_TRUE(IsCorruption(status)) << status.ToString();
      EXPECT_FALSE(hit.found);
      reported = true;
      continue;
    }
    EXPECT_TRUE(hit.found && hit.tag == entry.tag && hit.value == entry.value) << "a wrong answer";
  }
  for (const bool backward : {false, true}) {
    const auto it = (*table)->NewIterator({});
    std::vector<OwnedEntry> seen = backward ? DrainBackward(it.get()) : Drain(it.get());
    std::vector<OwnedEntry> expected = entries;
    if (backward) std::reverse(expected.begin(), expected.end());
    if (it->status().ok()) {
      EXPECT_EQ(seen, expected) << "a wrong answer";
    } else {
      EXPECT_TRUE(IsCorruption(it->status())) << it->status().ToString();
      expected.resize(seen.size());
      EXPECT_EQ(seen, expected) << "a wrong answer before the error";
      reported = true;
    }
  }
  const Status verified = (*table)->Verify();
  EXPECT_EQ(!verified.ok(), reported) << verified.ToString();
  (void)(*table)->DumpText(true);
  return reported;
}

}  // namespace varve::table_testing
