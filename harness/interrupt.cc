// Signal handlers that only count.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/interrupt.h"

#include <signal.h>

namespace varve::harness {
namespace {

std::atomic<bool> interrupted{false};
std::atomic<int> count{0};

void Count(int) {
  interrupted.store(true, std::memory_order_relaxed);
  count.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

void CatchInterrupts() {
  struct sigaction action = {};
  action.sa_handler = Count;
  sigemptyset(&action.sa_mask);
  // Without SA_RESTART: a blocked poll returns at once.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
}

const std::atomic<bool>& Interrupted() { return interrupted; }
int InterruptCount() { return count.load(std::memory_order_relaxed); }

}  // namespace varve::harness
