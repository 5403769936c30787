// A tree as text and back: for tests, dumps and simulations.
//
// One line a run, newest first; a line for the cursor of a level that has one:
//
//   L0 run 9: 14:[c,x] 4M
//   L0 run 8: 13:[a,m] 2M, 12:[n,z] 2M
//   L1 run 5: 7*:[a,f] 64M, 8:[g,z] 64M @20-90 (3 of 50 tombstones since 31)
//   L1 cursor f
//
// A table is number:[smallest key,largest key] bytes, then its sequence numbers, and how many of
// its entries are tombstones, the oldest with which number; each only if it is known. "*" marks a
// table: what that means is for the reader to say (in tests of planners: a running job holds it).
// Bytes may end in K, M, G for binary units, and are written so where that is exact. In keys,
// "\xNN" stands for a byte that is not printable and for ',', ']', '\' and the space.
//
// Sums of bytes and the number of entries without tombstones are not kept.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "engine/status.h"
#include "engine/tree/tree.h"

namespace varve {

struct ParsedTree {
  Tree tree;
  std::set<uint64_t> marked;  // numbers of the tables with a "*"
};

// Ends in a newline, unless the tree is empty.
std::string TreeToText(const Tree& tree, const std::set<uint64_t>& marked = {});

// Empty lines and lines that start with "#" are skipped. kInvalidArgument that names the line if
// the text is not a tree, or one that breaks Tree's invariants.
Result<ParsedTree> TreeFromText(std::string_view text);

// A key, or any bytes, in the spelling above.
std::string KeyToText(std::string_view key);

// "64M", "1000": the shortest exact spelling.
std::string BytesToText(uint64_t bytes);

}  // namespace varve
