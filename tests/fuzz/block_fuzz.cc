// Any bytes as a data block: steps end, and the entries that a walk shows, built into a block
// again, are found there by walks in both directions and by seeks.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/table/block.h"
#include "engine/util/prefix.h"
#include "tests/engine/table/table_testing.h"
#include "tests/fuzz/fuzzers.h"

namespace varve::fuzz {
namespace {

using table_testing::OwnedEntry;

constexpr size_t kInputBytesMax = 8 << 10;

std::vector<OwnedEntry> Walk(BlockCursor* cursor, bool forward, BlockState* state) {
  std::vector<OwnedEntry> entries;
  *state = forward ? cursor->SeekToFirst() : cursor->SeekToLast();
  while (*state == BlockState::kEntry) {
    entries.push_back(table_testing::Own(cursor->entry()));
    *state = forward ? cursor->Next() : cursor->Prev();
  }
  return entries;
}

std::string Built(const std::vector<OwnedEntry>& entries, uint64_t restart_interval) {
  BlockBuilder builder(restart_interval);
  std::string block;
  std::string last;
  for (const OwnedEntry& entry : entries) {
    builder.Add(entry.view(), CommonPrefixBytes(last, entry.key), 0, &block);
    last = entry.key;
  }
  builder.Finish(&block);
  return block;
}

std::string CheckBuilt(const std::string& block, const std::vector<OwnedEntry>& entries) {
  BlockCursor cursor;
  if (!cursor.Reset(block)) return "a block that was built is refused";
  BlockState state;
  if (Walk(&cursor, true, &state) != entries || state != BlockState::kEnd) return "forward";
  std::vector<OwnedEntry> backward = Walk(&cursor, false, &state);
  std::reverse(backward.begin(), backward.end());
  if (backward != entries || state != BlockState::kEnd) return "backward";
  for (const OwnedEntry& entry : entries) {
    const bool found = cursor.Seek(entry.key, entry.tag) == BlockState::kEntry &&
                       table_testing::Own(cursor.entry()) == entry;
    if (!found) return "a seek missed an entry";
  }
  return "";
}

}  // namespace

std::string FuzzBlock(std::string_view input) {
  if (input.empty() || input.size() > kInputBytesMax) return "";
  const auto restart_interval = static_cast<unsigned char>(input[0]);
  const std::string bytes(input.substr(1));
  BlockCursor cursor;
  if (!cursor.Reset(bytes)) return "";
  BlockState state;
  std::vector<OwnedEntry> entries = Walk(&cursor, true, &state);
  Walk(&cursor, false, &state);
  for (const OwnedEntry& entry : entries) {
    for (state = cursor.Seek(entry.key, entry.tag); state == BlockState::kEntry;) {
      state = cursor.Prev();
      if (entries.size() > 50) break;
    }
  }
  table_testing::SortEntries(&entries);
  if (entries.empty()) return "";
  return CheckBuilt(Built(entries, restart_interval), entries);
}

}  // namespace varve::fuzz
