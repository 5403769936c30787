// The loop of a torture.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/torture/cycles.h"

#include <fmt/format.h>

#include "engine/util/clock.h"
#include "engine/util/hash.h"

namespace varve::harness {
namespace {

std::string CommandOf(std::string_view kind, const TortureOptions& options, uint64_t number) {
  return fmt::format("./varve torture {} --seed {} --first-cycle {} --cycles 1", kind, options.seed,
                     number);
}

}  // namespace

uint64_t CycleSeed(const TortureOptions& options, uint64_t number) {
  return Mix64(options.seed, number);
}

void AddCount(TortureReport* report, std::string_view name, uint64_t count) {
  for (auto& [known, sum] : report->counts) {
    if (known != name) continue;
    sum += count;
    return;
  }
  report->counts.emplace_back(name, count);
}

TortureReport RunCycles(std::string_view kind, const TortureOptions& options,
                        const std::function<std::string(uint64_t, TortureReport*)>& cycle) {
  TortureReport report;
  const uint64_t start_ns = RealClock()->NowNs();
  const auto is_over = [&] {
    if (options.stop != nullptr && options.stop->load()) return true;
    if (options.cycles != 0 && report.cycles >= options.cycles) return true;
    if (options.seconds <= 0) return options.cycles == 0;
    const uint64_t passed_ns = RealClock()->NowNs() - start_ns;
    return static_cast<double>(passed_ns) * 1e-9 >= options.seconds;
  };
  while (!is_over()) {
    const uint64_t number = options.first_cycle + report.cycles;
    const std::string wrong = cycle(number, &report);
    if (!wrong.empty()) {
      report.failure = wrong;
      if (!kind.empty()) report.failure += "; repeat with: " + CommandOf(kind, options, number);
      report.failed_cycle = number;
      return report;
    }
    ++report.cycles;
    if (options.progress) options.progress(report.cycles);
  }
  return report;
}

}  // namespace varve::harness
