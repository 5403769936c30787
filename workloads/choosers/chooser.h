// Chooser: which record an operation is for.
//
// A choice is a pure function of the random numbers of the operation, its index, and the newest
// record that exists. A chooser may return a record that does not exist yet (one that is expected
// to be inserted): the stream then asks again, as YCSB does.
//
// To add one: a header here, and a row in choosers.cc.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "workloads/random.h"

namespace varve::workloads {

struct ChooserInput {
  Random random;        // of this operation, for keys
  uint64_t index = 0;   // of this operation in the stream
  uint64_t newest = 0;  // this record and all before it exist
};

// Used by one thread: each client has its own.
class Chooser {
 public:
  virtual ~Chooser() = default;

  // A record number. Takes as many numbers of input->random as it needs.
  virtual uint64_t Next(ChooserInput* input) = 0;
};

}  // namespace varve::workloads
