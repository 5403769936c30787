// Events as lines of JSON.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/event_log.h"

#include <nlohmann/json.hpp>

#include "engine/util/clock.h"

namespace varve::harness {
namespace {

using Json = nlohmann::ordered_json;

// Results hold any text; what is not UTF-8 is replaced.
std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// On the scale of the results. What began before time 0 (at open) begins at 0.
uint64_t TimeOf(uint64_t time_ns, uint64_t origin_ns) {
  return time_ns > origin_ns ? time_ns - origin_ns : 0;
}

void Describe(const JobEvent& event, uint64_t origin_ns, Json* json) {
  std::string kind = event.trivial_move ? "move" : "compaction";
  if (event.flush) kind = "flush";
  (*json)["event"] = kind;
  (*json)["start_ns"] = TimeOf(event.start_ns, origin_ns);
  (*json)["end_ns"] = TimeOf(event.end_ns, origin_ns);
  (*json)["job"] = event.job;
  (*json)["reason"] = CompactionReasonName(event.reason);
  if (event.input_level >= 0) (*json)["input_level"] = event.input_level;
  (*json)["output_level"] = event.output_level;
  (*json)["input_tables"] = event.input_tables;
  (*json)["output_tables"] = event.output_tables;
  (*json)["input_bytes"] = event.input_bytes;
  (*json)["overlap_bytes"] = event.overlap_bytes;
  (*json)["bytes_read"] = event.bytes_read;
  (*json)["output_bytes"] = event.output_bytes;
  (*json)["entries_read"] = event.entries_read;
  (*json)["entries_dropped"] = event.entries_dropped;
  (*json)["tombstones_dropped"] = event.tombstones_dropped;
  if (!event.status.ok()) (*json)["message"] = event.status.ToString();
}

void Describe(const StallEvent& event, uint64_t origin_ns, Json* json) {
  (*json)["event"] = "stall";
  (*json)["start_ns"] = TimeOf(event.start_ns, origin_ns);
  (*json)["end_ns"] = TimeOf(event.end_ns, origin_ns);
  (*json)["cause"] = StallCauseName(event.cause);
  (*json)["stopped"] = event.stopped;
}

}  // namespace

void EventLog::OnError(const Status& status) { Keep(ErrorEvent{status, RealClock()->NowNs()}); }

void EventLog::SetPhase(const std::string& name) {
  const std::lock_guard lock(mutex_);
  phase_ = name;
}

void EventLog::Keep(std::variant<JobEvent, StallEvent, ErrorEvent> what) {
  const std::lock_guard lock(mutex_);
  if (events_.size() >= events_max_) {
    ++dropped_;
    return;
  }
  events_.push_back({phase_, std::move(what)});
}

std::string EventLog::Line(const Event& event, uint64_t origin_ns) {
  Json json;
  json["phase"] = event.phase;
  if (const auto* job = std::get_if<JobEvent>(&event.what)) {
    Describe(*job, origin_ns, &json);
  } else if (const auto* stall = std::get_if<StallEvent>(&event.what)) {
    Describe(*stall, origin_ns, &json);
  } else if (const auto* error = std::get_if<ErrorEvent>(&event.what)) {
    json["event"] = "error";
    json["start_ns"] = TimeOf(error->time_ns, origin_ns);
    json["end_ns"] = TimeOf(error->time_ns, origin_ns);
    json["message"] = error->status.ToString();
  }
  return Dump(json) + "\n";
}

std::string EventLog::TakeLines(uint64_t origin_ns) {
  std::vector<Event> events;
  {
    const std::lock_guard lock(mutex_);
    events.swap(events_);
  }
  std::string lines;
  for (const Event& event : events) lines += Line(event, origin_ns);
  return lines;
}

uint64_t EventLog::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

}  // namespace varve::harness
