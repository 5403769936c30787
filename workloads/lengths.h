// Lengths: how long a value, a scan or a deleted range is.
//
// A length is drawn from the random numbers that the caller gives, and is a pure function of them.
//
//   constant   always the longest
//   uniform    every length alike
//   zipfian    YCSB's zipfian: the shortest is the most frequent
//   normal     the bell curve, rounded to whole numbers; what is outside of [min, max] is drawn
//              again (normal.h says which mean that leaves)
//   pareto     min plus the whole part of a draw x from the generalised Pareto distribution
//              F(x) = 1 - (1 + shape x / scale)^(-1 / shape), exponential if shape is 0, cut off so
//              that no length is above max. The cut is made by drawing from the inverse of what is
//              left, so that the shape of the rest stays (db_bench takes the rest of a division
//              instead). With min = 1 this is the ceiling of x, as in db_bench.
//   histogram  lengths with weights, from a file
//
// A histogram file has a line "LENGTH WEIGHT" or "FROM-TO WEIGHT" (every length of the range alike)
// for each bin; what follows a # is a comment. As the text of a property it is one word:
// "LENGTH:WEIGHT,FROM-TO:WEIGHT,…". A file of YCSB's HistogramGenerator ("BlockSize<TAB>n", then
// "index<TAB>count" for the indices from 0 on) is read, too, with all that the original does: index
// i stands for (i + 1) n; the last index stands for no more than the one before; and one unit of
// count belongs to the first that ought to be the last's.
//
// Called by values and streams, and for the checks of a workload.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/status.h"
#include "workloads/alias_table.h"
#include "workloads/choosers/ycsb_zipfian.h"
#include "workloads/workload.h"

namespace varve::workloads {

// What can be said of lengths by properties.
struct LengthShape {
  // Names of the properties, for errors: <stem>_min, <stem>_mean, …, and two that may differ.
  std::string_view stem;
  std::string_view max_name;
  std::string_view histogram_name;

  std::string_view distribution;
  uint64_t least = 0;              // that makes sense at all
  uint64_t min = 0, max = 0;       // inclusive
  double mean = 0, deviation = 0;  // normal: before the cut
  double scale = 0, shape = 0;     // pareto
  std::string_view histogram;      // histogram: its bins as text, or kNoHistogram
};

// Of the value as a whole. Each field draws the length of OfField(shape, fields).
LengthShape ValueLengths(const Workload& workload);
LengthShape ScanLengths(const Workload& workload);
LengthShape DeleteRangeLengths(const Workload& workload);

// A field's share of everything but the histogram, which is one of fields.
LengthShape OfField(const LengthShape& shape, uint64_t fields);

// Why lengths of this shape cannot be drawn for so many fields.
Status CheckLengths(const LengthShape& shape, uint64_t fields = 1);

struct LengthBin {
  uint64_t from = 0, to = 0;  // inclusive
  double weight = 0;
};

// The text of a property that is a histogram, when there is none.
inline constexpr std::string_view kNoHistogram = "none";

// The bins of a property's text: if it begins with a digit, the bins themselves, else the path of
// a file that has them.
// Errors begin with "file:line:". At most 4,096 bins with lengths of at most 1 GiB.
Result<std::vector<LengthBin>> ReadHistogram(std::string_view text);
Result<std::vector<LengthBin>> ReadHistogramFile(const std::string& path);

// Whether the text is the path of a file.
bool IsHistogramFile(std::string_view text);

// The bins as ReadHistogram reads them back.
std::string FormatHistogram(const std::vector<LengthBin>& bins);

// Thread-safe: immutable once made.
class Lengths {
 public:
  // REQUIRES: CheckLengths(shape) is OK.
  explicit Lengths(const LengthShape& shape);

  // Whether there is only one.
  bool constant() const { return std::holds_alternative<Constant>(draws_); }

  // In [shape.min, shape.max].
  uint64_t Draw(Random* random) const;

 private:
  struct Constant {
    uint64_t length;
    uint64_t Draw(Random*) const { return length; }
  };
  struct Uniform {
    uint64_t min, lengths;
    uint64_t Draw(Random* random) const { return min + random->Below(lengths); }
  };
  struct Zipfian {
    uint64_t min;
    YcsbZipfSampler sampler;
    uint64_t Draw(Random* random) const { return min + sampler.Rank(random); }
  };
  struct Normal {
    double mean, deviation, low, high;
    uint64_t Draw(Random* random) const;
  };
  struct Pareto {
    uint64_t min, max;
    double scale, shape;
    double below_end;  // F(max + 1 - min): the probability that is left by the cut
    uint64_t Draw(Random* random) const;
  };
  struct Histogram {
    std::vector<LengthBin> bins;
    AliasTable table;
    uint64_t Draw(Random* random) const;
  };
  using Draws = std::variant<Constant, Uniform, Zipfian, Normal, Pareto, Histogram>;

  static Draws Make(const LengthShape& shape);
  static Pareto MakePareto(const LengthShape& shape);

  const Draws draws_;
};

}  // namespace varve::workloads
