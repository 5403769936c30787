// Judging samples.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/windows_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "harness/series.h"

namespace varve::harness {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kNsPerSecond = 1e9;
// A queue that grows by more than this share of the time that passes.
constexpr double kResponseGrowthMax = 0.001;
// Debt that grows by more than this share of what clients wrote.
constexpr double kDebtGrowthMax = 0.01;
// Of the clients' time: beyond it the generator shows in what operations wait for.
constexpr double kGeneratorShareMax = 0.2;
// Shares of an injected stall from which on an operation counts as affected, and as held by it from
// its beginning to its end.
constexpr double kStallNoticed = 0.005;
constexpr double kStallWhole = 0.98;

std::vector<double> SeriesOf(const SampleSummary& summary, bool with_operations_only,
                             const std::function<double(const SampleWindow&)>& of) {
  std::vector<double> series;
  for (const SampleWindow& window : summary.windows) {
    if (window.operations > 0 || !with_operations_only) series.push_back(of(window));
  }
  return series;
}

// What grew from the first third of measure to the last. Of an open loop only.
struct Trend {
  std::vector<double> response_ns;
  std::vector<double> debt_bytes;
  bool known = false;
  bool response_grows = false;
  bool debt_grows = false;
};

Trend TrendOf(const TrialOutcome& outcome, const PhaseRecord& measure) {
  Trend trend;
  const SampleSummary& summary = *outcome.measured;
  if (summary.paced == nullptr) return trend;
  trend.response_ns = SeriesOf(summary, true, [](const SampleWindow& w) { return w.mean_ns; });
  trend.known = ThirdsOf(trend.response_ns).has_value();
  trend.response_grows =
      Grows(trend.response_ns, kResponseGrowthMax * measure.seconds() * kNsPerSecond);
  if (!measure.after.has_counters) return trend;
  trend.debt_bytes =
      SeriesOf(summary, false, [](const SampleWindow& w) { return w.pending_compaction_bytes; });
  const auto written = static_cast<double>(measure.counts.user_bytes_written);
  trend.debt_grows = Grows(trend.debt_bytes, kDebtGrowthMax * written);
  return trend;
}

bool LeftTooMuch(const TrialOutcome& outcome, const PhaseRecord& measure) {
  const uint64_t unserved = measure.counts.unserved;
  const auto due = static_cast<double>(measure.counts.total() + unserved);
  return unserved > outcome.clients && static_cast<double>(unserved) > kUnservedShareMax * due;
}

void AddTrend(const TrialOutcome& outcome, const PhaseRecord& measure, Json* json) {
  const Trend trend = TrendOf(outcome, measure);
  if (!trend.known) return;
  const Thirds response = *ThirdsOf(trend.response_ns);
  Json& out = (*json)["trend"];
  out["response_first_third_ns"] = response.first;
  out["response_last_third_ns"] = response.last;
  out["response_grows"] = trend.response_grows;
  if (const auto debt = ThirdsOf(trend.debt_bytes)) {
    out["pending_compaction_bytes_first_third"] = debt->first;
    out["pending_compaction_bytes_last_third"] = debt->last;
    out["pending_compaction_bytes_grow"] = trend.debt_grows;
  }
  (*json)["sustained"] =
      !trend.response_grows && !trend.debt_grows && !LeftTooMuch(outcome, measure);
}

void AddWorstWindows(const SampleSummary& summary, Json* json) {
  if (summary.throughputs.empty()) return;
  (*json)["throughput_worst_window_ops_per_second"] =
      *std::min_element(summary.throughputs.begin(), summary.throughputs.end());
  if (summary.windows.empty()) return;
  const auto slowest = std::min_element(
      summary.windows.begin(), summary.windows.end(),
      [](const SampleWindow& a, const SampleWindow& b) { return a.throughput < b.throughput; });
  const auto worst = std::max_element(
      summary.windows.begin(), summary.windows.end(),
      [](const SampleWindow& a, const SampleWindow& b) { return a.p99_ns < b.p99_ns; });
  double below = 0, sum = 0;
  for (const double throughput : summary.throughputs) sum += throughput;
  const double half = sum / static_cast<double>(summary.throughputs.size()) / 2;
  for (const double throughput : summary.throughputs) below += throughput < half ? 1 : 0;
  (*json)["p99_worst_window_ns"] = worst->p99_ns;
  (*json)["share_of_windows_below_half"] = below / static_cast<double>(summary.throughputs.size());
  Json& windows = (*json)["worst_windows"];
  windows["throughput"]["start_seconds"] = slowest->start_seconds;
  if (slowest->operations > 0) windows["throughput"]["p99_ns"] = slowest->p99_ns;
  windows["p99"] = {{"start_seconds", worst->start_seconds},
                    {"throughput_ops_per_second", worst->throughput}};
}

void AddInterval(const TrialOutcome& outcome, Json* json) {
  if (outcome.measured->paced != nullptr) return;
  const auto interval = IntervalOfMean(outcome.measured->throughputs);
  if (!interval || interval->mean <= 0) return;
  (*json)["throughput_interval"] = {{"low_ops_per_second", interval->low},
                                    {"high_ops_per_second", interval->high},
                                    {"width", interval->width()},
                                    {"samples", outcome.measured->throughputs.size()},
                                    {"effective_samples", interval->effective_samples}};
}

void AddStall(const TrialOutcome& outcome, Json* json) {
  const InjectedStall& stall = outcome.stall;
  if (stall.seconds <= 0) return;
  const SampleSummary& measured = *outcome.measured;
  const Histogram latency = MergedOperations(measured.latency);
  const Histogram times =
      measured.paced == nullptr ? latency : MergedOperations(measured.paced->response);
  const double stall_ns = stall.seconds * kNsPerSecond;
  const Histogram::Tail noticed = times.TailFrom(static_cast<uint64_t>(kStallNoticed * stall_ns));
  const Histogram::Tail whole = latency.TailFrom(static_cast<uint64_t>(kStallWhole * stall_ns));
  (*json)["injected_stall"] = {{"at_seconds", stall.at_seconds},
                               {"seconds", stall.seconds},
                               {"calls_held", stall.calls_held},
                               {"operations_affected", noticed.count},
                               {"operations_affected_mean_ns", noticed.mean_ns},
                               {"calls_of_its_length", whole.count},
                               {"p99_ns", times.PercentileNs(99)}};
}

// The share of its clients' time that the store had them.
double StoreShare(const TrialOutcome& outcome, const PhaseRecord& measure) {
  const auto busy_ns = static_cast<double>(MergedOperations(outcome.measured->latency).sum_ns());
  return busy_ns / (static_cast<double>(outcome.clients) * measure.seconds() * kNsPerSecond);
}

void AddGeneratorCaveat(const TrialOutcome& outcome, const PhaseRecord& measure,
                        std::vector<std::string>* caveats) {
  const double generator = GeneratorShare(outcome, measure);
  if (outcome.measured->paced == nullptr || generator <= kGeneratorShareMax) return;
  const double store = StoreShare(outcome, measure);
  const bool late = LeftTooMuch(outcome, measure) || TrendOf(outcome, measure).response_grows;
  if (late && generator > store) {
    caveats->push_back(
        fmt::format("the generator was the bottleneck, not the store: of its clients' time it took "
                    "{:.0f} %, the store {:.0f} %",
                    100 * generator, 100 * store));
    return;
  }
  caveats->push_back(
      fmt::format("the generator took {:.0f} % of its clients' time, the store {:.0f} %: "
                  "operations also waited for the generator; give it more clients",
                  100 * generator, 100 * store));
}

}  // namespace

double GeneratorShare(const TrialOutcome& outcome, const PhaseRecord& measure) {
  if (measure.seconds() <= 0) return 0;
  return outcome.null_ns_per_operation * static_cast<double>(measure.counts.total()) /
         (static_cast<double>(outcome.clients) * measure.seconds() * kNsPerSecond);
}

void AddWindows(const TrialOutcome& outcome, const PhaseRecord& measure, Json* json) {
  AddWorstWindows(*outcome.measured, json);
  AddInterval(outcome, json);
  AddTrend(outcome, measure, json);
  AddStall(outcome, json);
}

std::vector<std::string> WindowCaveats(const TrialOutcome& outcome, const PhaseRecord& measure) {
  std::vector<std::string> caveats;
  if (measure.seconds() > 0) AddGeneratorCaveat(outcome, measure, &caveats);
  const Trend trend = TrendOf(outcome, measure);
  if (trend.response_grows) {
    const Thirds thirds = *ThirdsOf(trend.response_ns);
    caveats.push_back(
        fmt::format("the queue grew: the mean response was {:.3g} ms in the first third and "
                    "{:.3g} ms in the last; the rate cannot be kept",
                    thirds.first / 1e6, thirds.last / 1e6));
  }
  if (trend.debt_grows) {
    caveats.push_back("the debt grew: compactions did not keep up with the rate");
  }
  if (outcome.interval_width > 0 && !outcome.interval_reached) {
    const auto interval = IntervalOfMean(outcome.measured->throughputs);
    const std::string reached = interval && interval->mean > 0
                                    ? fmt::format("{:.2g}", interval->width())
                                    : "not even known";
    caveats.push_back(
        fmt::format("the interval of the throughput did not become as narrow as {:.2g} of the "
                    "mean: it is {}",
                    outcome.interval_width, reached));
  }
  if (outcome.stall.seconds > 0) {
    caveats.push_back(fmt::format("a stall of {} s was injected; it held up {} calls",
                                  outcome.stall.seconds, outcome.stall.calls_held));
  }
  return caveats;
}

}  // namespace varve::harness
