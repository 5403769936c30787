// Interrupt: SIGINT, SIGTERM and SIGHUP as a flag that loops look at.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

namespace varve::harness {

// From now on the signals are counted instead of killing the process. May be called again.
void CatchInterrupts();

// Whether one came, and how many did.
const std::atomic<bool>& Interrupted();
int InterruptCount();

}  // namespace varve::harness
