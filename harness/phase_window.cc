// Looking up phases.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/phase_window.h"

#include <algorithm>
#include <array>

namespace varve::harness {

const PhaseRecord* FindPhase(const PhaseRecords& phases, std::string_view name) {
  for (const auto& phase : phases) {
    if (phase->name == name) return phase.get();
  }
  return nullptr;
}

PhaseWindow WindowOf(const PhaseRecords& phases, std::string_view first, std::string_view last) {
  constexpr std::array<std::string_view, 5> kOrder = {"load", "settle", "warmup", "measure",
                                                      "drain"};
  const auto position = [&kOrder](std::string_view name) {
    return std::find(kOrder.begin(), kOrder.end(), name);
  };
  PhaseWindow window;
  for (const auto& phase : phases) {
    const auto place = position(phase->name);
    if (place < position(first) || place > position(last)) continue;
    if (window.begin == nullptr) window.begin = phase.get();
    window.end = phase.get();
    window.user_bytes_written += phase->counts.user_bytes_written;
    window.bytes_returned += phase->counts.bytes_returned;
  }
  return window;
}

}  // namespace varve::harness
