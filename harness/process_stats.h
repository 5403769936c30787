// ProcessStats: what the operating system counts for this process and this machine.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace varve::harness {

// Sums since the process, or the machine, started. What cannot be read stays unset (`has_…` false).
struct ProcessStats {
  double user_seconds = 0;
  double system_seconds = 0;
  uint64_t voluntary_switches = 0;
  uint64_t involuntary_switches = 0;

  bool has_io = false;       // /proc/self/io
  uint64_t read_bytes = 0;   // from storage
  uint64_t write_bytes = 0;  // pages made dirty, of mapped files too, in units of a page
  uint64_t rchar = 0;        // by read(2) and its like
  uint64_t wchar = 0;        // by write(2) and its like

  bool has_cpu = false;      // /proc/stat, all cores
  uint64_t cpu_ticks = 0;    // all
  uint64_t idle_ticks = 0;   // idle, or waiting for storage
  uint64_t steal_ticks = 0;  // that the hypervisor gave to others
};
// Of this process and, if `server` is not 0, of that one, which does a part of the work: its
// processor time and its input and output are added, its context switches are not known.
ProcessStats ReadProcessStats(int64_t server = 0);

// Resident memory that no file is behind: heap and stacks. 0 if it cannot be read. With that of
// `server`, as above; so too for the next.
uint64_t AnonymousBytes(int64_t server = 0);
// The most memory that was ever resident, files in memory included. 0 if it cannot be read.
uint64_t ResidentPeakBytes(int64_t server = 0);

}  // namespace varve::harness
