// Sampling of a chooser. See skew.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/skew.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "workloads/choosers/choosers.h"

namespace varve::workloads {
namespace {

constexpr uint64_t kDraws = 1 << 20;
constexpr uint64_t kSeed = 1;

// The records of operations [begin, begin + kDraws), sorted.
std::vector<uint64_t> Sample(const Workload& workload, uint64_t begin) {
  const std::unique_ptr<Chooser> chooser = MakeChooser(workload);
  const uint64_t base = Random::StreamBase(kSeed, RandomStream::kKey);
  std::vector<uint64_t> records;
  for (uint64_t i = begin; i < begin + kDraws; i++) {
    ChooserInput input{Random(base, i), i, workload.records - 1};
    uint64_t record = chooser->Next(&input);
    while (record > input.newest) record = chooser->Next(&input);
    records.push_back(record);
  }
  std::sort(records.begin(), records.end());
  return records;
}

struct Popularity {
  uint64_t draws = 0;   // in the first sample
  uint64_t judged = 0;  // in the second
};

// Of each record of the first sample, the hottest first.
std::vector<Popularity> Rank(const std::vector<uint64_t>& first,
                             const std::vector<uint64_t>& second) {
  std::vector<Popularity> ranked;
  auto at = second.begin();
  for (auto it = first.begin(); it != first.end();) {
    const auto end = std::upper_bound(it, first.end(), *it);
    at = std::lower_bound(at, second.end(), *it);
    const auto judged_end = std::upper_bound(at, second.end(), *it);
    ranked.push_back({static_cast<uint64_t>(end - it), static_cast<uint64_t>(judged_end - at)});
    it = end;
    at = judged_end;
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const Popularity& a, const Popularity& b) { return a.draws > b.draws; });
  return ranked;
}

// What the hottest `records` get. Those that were not drawn at first are taken for alike.
double Share(const std::vector<Popularity>& ranked, double records, double all) {
  double left = std::max(1.0, std::floor(records)), share = 0, seen = 0;
  for (const Popularity& popularity : ranked) {
    const double judged = static_cast<double>(popularity.judged) / kDraws;
    seen += judged;
    if (left > 0) share += judged;
    left--;
  }
  const double unseen = all - static_cast<double>(ranked.size());
  return left > 0 && unseen > 0 ? share + (1 - seen) * std::min(1.0, left / unseen) : share;
}

}  // namespace

Skew MeasureSkew(const Workload& workload) {
  const std::vector<Popularity> ranked = Rank(Sample(workload, 0), Sample(workload, kDraws));
  const double all = static_cast<double>(workload.loaded());
  return {.hottest_record = Share(ranked, 1, all),
          .hottest_permille = Share(ranked, all / 1000, all),
          .hottest_percent = Share(ranked, all / 100, all),
          .hottest_tenth = Share(ranked, all / 10, all)};
}

}  // namespace varve::workloads
