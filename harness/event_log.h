// EventLog: listens to the engine and writes events.jsonl (docs/results.md).
//
// Events are kept in memory, up to a bound, and written between phases: listening does no I/O while
// something is measured.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "engine/events.h"

namespace varve::harness {

// Thread safe.
class EventLog final : public EventListener {
 public:
  // Keeps so many events between two calls of TakeLines.
  explicit EventLog(size_t events_max = 1 << 20) : events_max_(events_max) {}

  void OnJobEnd(const JobEvent& event) override { Keep(event); }
  void OnStallEnd(const StallEvent& event) override { Keep(event); }
  void OnError(const Status& status) override;

  // Events that end from now on belong to this phase.
  void SetPhase(const std::string& name);

  // One JSON object a line for all events so far, in the order in which they ended; they are
  // forgotten. `origin_ns`: the moment of RealClock that is time 0 of the results.
  std::string TakeLines(uint64_t origin_ns);

  // Events that were not kept because there were too many.
  uint64_t dropped() const;

 private:
  struct ErrorEvent {
    Status status;
    uint64_t time_ns = 0;
  };
  struct Event {
    std::string phase;
    std::variant<JobEvent, StallEvent, ErrorEvent> what;
  };
  void Keep(std::variant<JobEvent, StallEvent, ErrorEvent> what);
  static std::string Line(const Event& event, uint64_t origin_ns);

  const size_t events_max_;
  mutable std::mutex mutex_;
  std::string phase_;  // guarded by mutex_, as is what follows
  std::vector<Event> events_;
  uint64_t dropped_ = 0;
};

}  // namespace varve::harness
