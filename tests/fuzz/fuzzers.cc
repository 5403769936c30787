// The table of fuzzers.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/fuzzers.h"

namespace varve::fuzz {
namespace {

constexpr Fuzzer kFuzzers[] = {
    {"log", FuzzLog},         {"manifest", FuzzManifest}, {"table", FuzzTable},
    {"block", FuzzBlock},     {"batch", FuzzBatch},       {"filter", FuzzFilter},
    {"options", FuzzOptions}, {"workload", FuzzWorkload}, {"experiment", FuzzExperiment},
    {"ycsb", FuzzYcsb},       {"trace", FuzzTrace},
};

}  // namespace

std::span<const Fuzzer> Fuzzers() { return kFuzzers; }

}  // namespace varve::fuzz
