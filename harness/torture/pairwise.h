// Pairwise: a few rows in which every pair of values of every two factors appears together.
//
// Most failures that depend on settings depend on one or two of them (Kuhn, Wallace and Gallo,
// "Software Fault Interactions and Implications for Software Testing", IEEE TSE 30(6), 2004), so
// that covering all pairs finds them with tens of rows where all combinations are too many to
// count. Rows are made one at a time, each value chosen to cover the most pairs that are left
// (Cohen, Dalal, Fredman and Patton, "The AETG System", IEEE TSE 23(7), 1997, §4).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace varve::harness {

// The index of a value for each factor; kUnset while a row is being made.
using PairwiseRow = std::vector<int>;
inline constexpr int kUnset = -1;

// Can the unset factors of a row be set so that the whole is allowed? Allowed rows only get out.
using Completable = std::function<bool(const PairwiseRow&)>;

// `value_counts[f]`: how many values factor f has, each at least 1. Every pair that is in any
// allowed row is in a row of the answer. A pure function of its arguments.
std::vector<PairwiseRow> PairwiseRows(const std::vector<int>& value_counts,
                                      const Completable& completable, uint64_t seed);

// A random allowed row, with no promise about its distribution.
PairwiseRow RandomRow(const std::vector<int>& value_counts, const Completable& completable,
                      uint64_t seed);

}  // namespace varve::harness
