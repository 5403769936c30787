// What it costs to know when the next operation is due.
//
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <limits>

#include "harness/pacing.h"

namespace varve::harness {
namespace {

constexpr double kForEver = std::numeric_limits<double>::infinity();

ArrivalPlan Steps(std::vector<RateStep> steps, bool poisson) {
  ArrivalPlan plan;
  plan.kind = ArrivalPlan::Kind::kSteps;
  plan.steps = std::move(steps);
  plan.poisson = poisson;
  return plan;
}

ArrivalPlan Sine() {
  ArrivalPlan plan;
  plan.kind = ArrivalPlan::Kind::kSine;
  plan.sine = {1000, 800, 60, 0};
  return plan;
}

void NextArrival(benchmark::State& state, const ArrivalPlan& plan) {
  Pacing pacing(plan, 0, 4);
  for (auto _ : state) benchmark::DoNotOptimize(pacing.NextArrival());
}

BENCHMARK_CAPTURE(NextArrival, constant, Steps({{1000, kForEver}}, false))->Name("pacing/constant");
BENCHMARK_CAPTURE(NextArrival, poisson, Steps({{1000, kForEver}}, true))->Name("pacing/poisson");
BENCHMARK_CAPTURE(NextArrival, bursts, Steps({{1000, 10}, {8000, 10}}, false))
    ->Name("pacing/bursts");
BENCHMARK_CAPTURE(NextArrival, sine, Sine())->Name("pacing/sine");

}  // namespace
}  // namespace varve::harness
