// Movements: which table of a saturated level is moved first.
//
// A movement scores the tables of a run; the lowest score goes first, and the first table among
// equals. Several movements make an ordered list: the next one decides among the equals of the one
// before. To add one: a function here, a row in engine/parts.cc.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "engine/compaction/planner.h"
#include "engine/tree/tree.h"

namespace varve {

struct Strategy;

// A view of a run whose tables are to be scored.
struct MovementInput {
  const Strategy& strategy;
  const PlannerInput& planner;
  int level = 0;
  const Run& run;
  const Run* parent = nullptr;       // what a table would be merged with; nullptr: with nothing
  const Run* grandparent = nullptr;  // and what that would be
};
// Fills in a score for each table of input.run.
using Movement = void (*)(const MovementInput& input, std::vector<double>* scores);

// After the table that was moved last, going round (LevelDB).
void RoundRobin(const MovementInput& input, std::vector<double>* scores);
// Fewest bytes of the next level per byte moved (RocksDB's minimal overlapping ratio; LO+1).
void LeastOverlap(const MovementInput& input, std::vector<double>* scores);
// Fewest bytes of the level after the next per byte moved (LO+2).
void LeastOverlapGrandparent(const MovementInput& input, std::vector<double>* scores);
// The table with the oldest entry: its range has waited longest to go down (RocksDB's
// kOldestSmallestSeqFirst).
void OldestFirst(const MovementInput& input, std::vector<double>* scores);
// The table that was read least often.
void ColdestFirst(const MovementInput& input, std::vector<double>* scores);
// The largest share of tombstones.
void MostTombstones(const MovementInput& input, std::vector<double>* scores);
// Tables that hold a tombstone of the age that the level allows, the oldest first; the others
// equal.
void ExpiredTombstones(const MovementInput& input, std::vector<double>* scores);
// The most bytes.
void LargestFirst(const MovementInput& input, std::vector<double>* scores);
// By a hash of what is in the table: any, but equal trees give equal plans.
void RandomTable(const MovementInput& input, std::vector<double>* scores);

}  // namespace varve
