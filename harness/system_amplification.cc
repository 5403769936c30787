// Differences of the operating system's counters over windows of phases, and quotients of them.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/system_amplification.h"

#include <nlohmann/json.hpp>

namespace varve::harness {
namespace {

using Json = nlohmann::ordered_json;

void SetQuotient(std::string_view name, uint64_t dividend, uint64_t divisor, Json* json) {
  if (divisor == 0) return;
  (*json)[name] = static_cast<double>(dividend) / static_cast<double>(divisor);
}

bool HasIo(const PhaseWindow& window) {
  return window.end != nullptr && window.begin->process_before.has_io &&
         window.end->process_after.has_io;
}

// Bytes of one of the counters in a window; of those of writing, without the harness's own.
uint64_t Written(const PhaseWindow& window, uint64_t ProcessStats::*counter) {
  const uint64_t all = window.end->process_after.*counter - window.begin->process_before.*counter;
  const uint64_t own = window.end->harness_bytes_after - window.begin->harness_bytes_before;
  return all > own ? all - own : 0;
}
uint64_t Read(const PhaseWindow& window, uint64_t ProcessStats::*counter) {
  return window.end->process_after.*counter - window.begin->process_before.*counter;
}

void AddWritten(const PhaseRecords& phases, Json* json) {
  const auto add = [&](std::string_view name, std::string_view first, std::string_view last) {
    const PhaseWindow window = WindowOf(phases, first, last);
    if (!HasIo(window)) return;
    SetQuotient(name, Written(window, &ProcessStats::write_bytes), window.user_bytes_written, json);
  };
  add("system_write_amplification", "measure", "measure");
  add("system_write_amplification_load", "load", "settle");
  add("system_write_amplification_with_debt", "measure", "drain");
  add("system_write_amplification_total", "load", "drain");
  const PhaseWindow measure = WindowOf(phases, "measure", "measure");
  if (!HasIo(measure)) return;
  SetQuotient("system_write_call_amplification", Written(measure, &ProcessStats::wchar),
              measure.user_bytes_written, json);
}

void AddRead(const PhaseRecords& phases, Json* json) {
  const PhaseWindow measure = WindowOf(phases, "measure", "measure");
  if (!HasIo(measure)) return;
  SetQuotient("system_bytes_read_per_byte_returned", Read(measure, &ProcessStats::read_bytes),
              measure.bytes_returned, json);
  SetQuotient("system_read_call_bytes_per_byte_returned", Read(measure, &ProcessStats::rchar),
              measure.bytes_returned, json);
}

void AddSpace(const PhaseRecords& phases, const SampleSummary& measured, Json* json) {
  const auto add = [&](std::string_view name, std::string_view phase_name) {
    const PhaseRecord* phase = FindPhase(phases, phase_name);
    if (phase == nullptr || phase->disk_bytes == 0) return;
    SetQuotient(name, phase->disk_bytes, phase->live_bytes, json);
  };
  add("system_space_amplification", "measure");
  add("system_space_amplification_settled", "drain");
  const double peak = measured.system_space_amplification_peak;
  if (peak > 0) (*json)["system_space_amplification_peak"] = peak;
}

}  // namespace

void AddSystemAmplification(const PhaseRecords& phases, const SampleSummary& measured, Json* json) {
  AddWritten(phases, json);
  AddRead(phases, json);
  AddSpace(phases, measured, json);
}

}  // namespace varve::harness
