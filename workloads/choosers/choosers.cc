// The rows. See choosers.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/choosers/choosers.h"

#include <algorithm>
#include <cassert>

#include "workloads/choosers/exponential.h"
#include "workloads/choosers/hotspot.h"
#include "workloads/choosers/latest.h"
#include "workloads/choosers/normal.h"
#include "workloads/choosers/pareto.h"
#include "workloads/choosers/sequential.h"
#include "workloads/choosers/uniform.h"
#include "workloads/choosers/ycsb_scrambled.h"
#include "workloads/choosers/ycsb_zipfian.h"
#include "workloads/choosers/zipfian.h"

namespace varve::workloads {
namespace {

using ChooserPointer = std::unique_ptr<Chooser>;

uint64_t LoadedAndExpected(const Workload& w) { return w.loaded() + ExpectedInserts(w); }

constexpr ChooserRow kRows[] = {
    {"uniform", "every loaded record alike",
     [](const Workload& w) -> ChooserPointer {
       return std::make_unique<UniformChooser>(w.insert_start, w.loaded());
     }},
    {"sequential", "the loaded records in order, again and again",
     [](const Workload& w) -> ChooserPointer {
       return std::make_unique<SequentialChooser>(w.insert_start, w.loaded());
     }},
    {"zipfian", "exactly Zipf's distribution; the oldest record is the most popular",
     [](const Workload& w) -> ChooserPointer {
       return std::make_unique<ZipfianChooser>(w.insert_start, LoadedAndExpected(w),
                                               w.zipfian_constant);
     }},
    {"zipfian_scrambled", "exactly Zipf's distribution; popularity has nothing to do with age",
     [](const Workload& w) -> ChooserPointer {
       return std::make_unique<ZipfianScrambledChooser>(w.insert_start, LoadedAndExpected(w),
                                                        w.zipfian_constant);
     }},
    {"ycsb_zipfian", "YCSB's ZipfianGenerator; the oldest record is the most popular",
     [](const Workload& w) -> ChooserPointer {
       return std::make_unique<YcsbZipfianChooser>(w.insert_start, w.loaded());
     }},
    {"ycsb_scrambled", "YCSB's ScrambledZipfianGenerator: requestdistribution=zipfian",
     [](const Workload& w) -> ChooserPointer {
       return std::make_unique<YcsbScrambledChooser>(w.insert_start, LoadedAndExpected(w));
     }},
    {"latest", "YCSB's SkewedLatestGenerator: the newest record is the most popular",
     [](const Workload& w) -> ChooserPointer {
       return std::make_unique<LatestChooser>(w.records - 1);
     }},
    {"hotspot", "YCSB's HotspotIntegerGenerator: most operations go to a few records",
     [](const Workload& w) -> ChooserPointer {
       return std::make_unique<HotspotChooser>(w.insert_start, w.loaded(), w.hotspot_data_fraction,
                                               w.hotspot_operation_fraction);
     }},
    {"exponential", "YCSB's ExponentialGenerator: popularity falls exponentially with age",
     [](const Workload& w) -> ChooserPointer {
       return std::make_unique<ExponentialChooser>(
           w.exponential_percentile, static_cast<double>(w.records) * w.exponential_fraction);
     }},
    {"normal", "popularity is a bell curve over the record numbers",
     [](const Workload& w) -> ChooserPointer {
       return std::make_unique<NormalChooser>(w.insert_start, w.loaded(), w.normal_mean,
                                              w.normal_deviation);
     }},
    {"pareto", "the 80/20 rule, at every scale; the oldest record is the most popular",
     [](const Workload& w) -> ChooserPointer {
       return std::make_unique<ParetoChooser>(w.insert_start, w.loaded(), w.pareto_fraction);
     }},
    {"mixgraph", "that of RocksDB's mixgraph: hot key ranges, and a power law in each",
     [](const Workload& w) -> ChooserPointer {
       return std::make_unique<MixgraphChooser>(w.insert_start, w.loaded(), MixgraphShapeOf(w));
     }},
};

}  // namespace

std::span<const ChooserRow> ChooserTable() { return kRows; }

ChooserPointer MakeChooser(const Workload& workload) {
  const auto row = std::find_if(std::begin(kRows), std::end(kRows), [&](const ChooserRow& r) {
    return r.name == workload.key_chooser;
  });
  assert(row != std::end(kRows));
  return row->make(workload);
}

MixgraphShape MixgraphShapeOf(const Workload& w) {
  return {.keyrange_num = w.mixgraph_keyrange_num,
          .keyrange_a = w.mixgraph_keyrange_dist_a,
          .keyrange_b = w.mixgraph_keyrange_dist_b,
          .keyrange_c = w.mixgraph_keyrange_dist_c,
          .keyrange_d = w.mixgraph_keyrange_dist_d,
          .key_a = w.mixgraph_key_dist_a,
          .key_b = w.mixgraph_key_dist_b};
}

uint64_t ExpectedInserts(const Workload& workload) {
  if (workload.inserts_expected.has_value()) return *workload.inserts_expected;
  constexpr double kFudge = 2;
  constexpr double kMost = 2147483647;  // YCSB computes it as a Java int
  const double inserts =
      static_cast<double>(workload.operations) * workload.insert_proportion * kFudge;
  return static_cast<uint64_t>(std::min(inserts, kMost));
}

}  // namespace varve::workloads
