// Greedy rows.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/torture/pairwise.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "engine/util/random.h"

namespace varve::harness {
namespace {

// The pairs that no row has yet. Values of all factors are numbered through.
class Pairs {
 public:
  Pairs(const std::vector<int>& value_counts, const Completable& completable)
      : counts_(value_counts) {
    for (const int count : counts_) {
      first_.push_back(values_);
      values_ += static_cast<size_t>(count);
    }
    left_.assign(values_ * values_, false);
    PairwiseRow row(counts_.size(), kUnset);
    for (size_t a = 0; a < counts_.size(); ++a) {
      for (size_t b = a + 1; b < counts_.size(); ++b) AddPairs(a, b, completable, &row);
    }
  }

  // A pair that is left, in a row where all else is unset; false if there is none.
  bool Take(Random* random, PairwiseRow* row) const {
    const size_t start = random->Uniform(static_cast<uint32_t>(left_.size()));
    for (size_t i = 0; i < left_.size(); ++i) {
      const size_t pair = (start + i) % left_.size();
      if (!left_[pair]) continue;
      row->assign(counts_.size(), kUnset);
      SetValue(pair / values_, row);
      SetValue(pair % values_, row);
      return true;
    }
    return false;
  }

  // Pairs that are left between this value and the values that the row has.
  size_t Gain(const PairwiseRow& row, size_t factor, int value) const {
    size_t gain = 0;
    for (size_t other = 0; other < row.size(); ++other) {
      if (other == factor || row[other] == kUnset) continue;
      if (left_[Index(factor, value, other, row[other])]) ++gain;
    }
    return gain;
  }

  void Cover(const PairwiseRow& row) {
    for (size_t a = 0; a < row.size(); ++a) {
      for (size_t b = a + 1; b < row.size(); ++b) left_[Index(a, row[a], b, row[b])] = false;
    }
  }

 private:
  void AddPairs(size_t a, size_t b, const Completable& completable, PairwiseRow* row) {
    for (int x = 0; x < counts_[a]; ++x) {
      for (int y = 0; y < counts_[b]; ++y) {
        (*row)[a] = x;
        (*row)[b] = y;
        if (completable(*row)) left_[Index(a, x, b, y)] = true;
      }
    }
    (*row)[a] = (*row)[b] = kUnset;
  }

  size_t Index(size_t a, int x, size_t b, int y) const {
    const size_t i = first_[a] + static_cast<size_t>(x);
    const size_t j = first_[b] + static_cast<size_t>(y);
    return std::min(i, j) * values_ + std::max(i, j);
  }

  void SetValue(size_t number, PairwiseRow* row) const {
    size_t factor = counts_.size() - 1;
    while (first_[factor] > number) --factor;
    (*row)[factor] = static_cast<int>(number - first_[factor]);
  }

  const std::vector<int>& counts_;
  std::vector<size_t> first_;  // the number of the first value of each factor
  size_t values_ = 0;
  std::vector<bool> left_;
};

template <class T>
void Shuffle(std::vector<T>* items, Random* random) {
  for (size_t i = items->size(); i > 1; --i) {
    std::swap((*items)[i - 1], (*items)[random->Uniform(static_cast<uint32_t>(i))]);
  }
}

// Sets the unset factors in random order, each to the value that gains most and is allowed.
void Complete(const std::vector<int>& counts, const Completable& completable, const Pairs* pairs,
              Random* random, PairwiseRow* row) {
  std::vector<size_t> factors(counts.size());
  std::iota(factors.begin(), factors.end(), size_t{0});
  Shuffle(&factors, random);
  for (const size_t factor : factors) {
    if ((*row)[factor] != kUnset) continue;
    std::vector<std::pair<size_t, int>> choices;
    for (int value = 0; value < counts[factor]; ++value) {
      choices.emplace_back(pairs == nullptr ? 0 : pairs->Gain(*row, factor, value), value);
    }
    Shuffle(&choices, random);
    std::stable_sort(choices.begin(), choices.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    for (const auto& [gain, value] : choices) {
      (*row)[factor] = value;
      if (completable(*row)) break;
    }
  }
}

}  // namespace

std::vector<PairwiseRow> PairwiseRows(const std::vector<int>& value_counts,
                                      const Completable& completable, uint64_t seed) {
  Random random(seed);
  Pairs pairs(value_counts, completable);
  std::vector<PairwiseRow> rows;
  for (PairwiseRow row; pairs.Take(&random, &row);) {
    Complete(value_counts, completable, &pairs, &random, &row);
    pairs.Cover(row);
    rows.push_back(row);
  }
  return rows;
}

PairwiseRow RandomRow(const std::vector<int>& value_counts, const Completable& completable,
                      uint64_t seed) {
  Random random(seed);
  PairwiseRow row(value_counts.size(), kUnset);
  Complete(value_counts, completable, nullptr, &random, &row);
  return row;
}

}  // namespace varve::harness
