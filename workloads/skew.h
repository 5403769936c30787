// Skew: how unequal the popularity of the records is in effect, whatever the chooser is called.
//
// Two choosers of one name and parameter may differ a lot: YCSB's zipfian gives the hottest of a
// million records 3.8 % of the operations, Zipf's law with the same constant 6.5 %.
//
// Called by the command `check`.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "workloads/workload.h"

namespace varve::workloads {

// Shares of the operations that choose a record, before drift and expiry.
struct Skew {
  double hottest_record = 0;
  double hottest_permille = 0;  // of the records (at least one of them)
  double hottest_percent = 0;
  double hottest_tenth = 0;
};

// From two samples of a million draws: the records that the first calls hottest are judged by the
// second. A record that is chosen less often than once in a million draws may be taken for another
// one, so that the shares of many cold records come out a little too small, and never too large.
// REQUIRES: CheckWorkload(workload) is OK, and it has loaded records.
Skew MeasureSkew(const Workload& workload);

}  // namespace varve::workloads
