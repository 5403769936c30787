// The words for stall causes.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/events.h"

namespace varve {

std::string_view StallCauseName(StallCause cause) {
  switch (cause) {
    case StallCause::kNone:
      return "none";
    case StallCause::kMemtables:
      return "memtables";
    case StallCause::kLevel0Runs:
      return "level0_runs";
    case StallCause::kPendingBytes:
      return "pending_bytes";
  }
  return "unknown";
}

}  // namespace varve
