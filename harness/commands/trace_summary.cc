// One pass over the operations of a trace, and one over its keys. See trace_summary.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/commands/trace_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <numeric>
#include <vector>

#include "harness/histogram.h"
#include "harness/oracle.h"
#include "harness/progress.h"
#include "workloads/operation.h"

namespace varve::harness {
namespace {

using workloads::OperationKind;
using workloads::Trace;
using workloads::TraceOperation;

constexpr uint64_t kParts = 10;

std::string Percent(uint64_t part, uint64_t whole) {
  const double share =
      static_cast<double>(part) / static_cast<double>(std::max<uint64_t>(1, whole));
  return fmt::format("{:.1f} %", 100 * share);
}

double Seconds(uint64_t ns) { return static_cast<double>(ns) / 1e9; }

class Summary {
 public:
  explicit Summary(const Trace& trace)
      : trace_(trace), accesses_(trace.records()), value_bytes_(trace.records()) {}

  std::string Text() {
    ReadKeys();
    ReadOperations();
    return Head() + Kinds() + Sizes() + Popularity() + "\n" + parts_;
  }

 private:
  struct Part {
    uint64_t first = 0;  // operation
    uint64_t keys = 0;
    uint64_t new_keys = 0;
    uint64_t bytes = 0;
  };

  void ReadKeys() {
    for (uint64_t record = 0; record < trace_.records(); ++record) {
      key_bytes_->Record(trace_.Key(record).size());
      const auto at_start = trace_.BytesAtStart(record);
      if (!at_start.has_value()) continue;
      start_bytes_->Record(*at_start);
      value_bytes_[record] = static_cast<uint32_t>(*at_start);
    }
  }

  void ReadOperations() {
    parts_ = fmt::format("{:>14}{:>12}{:>14}{:>14}{:>16}\n", "from operation", "second",
                         "keys in use", "new ones", "their bytes");
    std::vector<uint64_t> part_of(trace_.records(), kParts);  // in which it was last accessed
    for (uint64_t part = 0; part < kParts; ++part) {
      Part tally;
      tally.first = trace_.operations() * part / kParts;
      const uint64_t end = trace_.operations() * (part + 1) / kParts;
      for (uint64_t i = tally.first; i < end; ++i)
        Count(trace_.OperationAt(i), part, &part_of, &tally);
      if (tally.first == end) continue;
      parts_ += fmt::format("{:>14}{:>12.3f}{:>14}{:>14}{:>16}\n", tally.first,
                            Seconds(trace_.OperationAt(tally.first).at_ns), tally.keys,
                            tally.new_keys, tally.bytes);
    }
  }

  void Count(const TraceOperation& operation, uint64_t part, std::vector<uint64_t>* part_of,
             Part* tally) {
    ++kinds_[static_cast<size_t>(operation.kind)];
    if (workloads::PutsValue(operation.kind)) {
      put_bytes_->Record(operation.argument);
      value_bytes_[operation.record] = static_cast<uint32_t>(operation.argument);
    }
    if (workloads::Scans(operation.kind)) scan_lengths_->Record(operation.argument);
    ++accesses_[operation.record];
    uint64_t& last = (*part_of)[operation.record];
    if (last == part) return;
    ++tally->keys;
    tally->new_keys += last == kParts ? 1 : 0;
    tally->bytes += trace_.Key(operation.record).size() + value_bytes_[operation.record];
    last = part;
  }

  std::string Head() const {
    const double seconds = Seconds(trace_.duration_ns());
    const auto operations = static_cast<double>(trace_.operations());
    return fmt::format(
        "trace       {}, {} bytes\nfrom        {}\noperations  {} over {:.3f} s{}\n"
        "keys        {}, of which {} are there at the start\n",
        trace_.path(), trace_.file_bytes(), trace_.source(), trace_.operations(), seconds,
        seconds > 0 ? fmt::format(" ({} a second)", CountText(operations / seconds)) : "",
        trace_.records(), trace_.loaded());
  }

  std::string Kinds() const {
    std::string text = "\n";
    for (size_t kind = 0; kind < kinds_.size(); ++kind) {
      if (kinds_[kind] == 0) continue;
      text += fmt::format("{:18}{:>14}{:>10}\n", OperationName(static_cast<OperationKind>(kind)),
                          kinds_[kind], Percent(kinds_[kind], trace_.operations()));
    }
    return text;
  }

  std::string Sizes() const {
    std::string text =
        fmt::format("\n{:18}{:>9}{:>9}{:>9}{:>9}{:>9}\n", "", "min", "mean", "p50", "p99", "max");
    const auto add = [&text](std::string_view name, const Histogram& sizes) {
      if (sizes.count() == 0) return;
      text +=
          fmt::format("{:18}{:>9}{:>9.1f}{:>9}{:>9}{:>9}\n", name, sizes.min_ns(), sizes.mean_ns(),
                      sizes.PercentileNs(50), sizes.PercentileNs(99), sizes.max_ns());
    };
    add("bytes of keys", *key_bytes_);
    add("of values put", *put_bytes_);
    add("at the start", *start_bytes_);
    add("entries of scans", *scan_lengths_);
    return text;
  }

  // Of all operations, the share that goes to the hottest keys.
  std::string Popularity() {
    std::sort(accesses_.begin(), accesses_.end(), std::greater<>());
    const auto hottest = [this](uint64_t keys) {
      const auto end = accesses_.begin() + static_cast<std::ptrdiff_t>(keys);
      return Percent(std::accumulate(accesses_.begin(), end, uint64_t{0}), trace_.operations());
    };
    const uint64_t keys = trace_.records();
    if (keys == 0) return "";
    const auto once = std::count(accesses_.begin(), accesses_.end(), 1U);
    return fmt::format(
        "\nshare of the operations: hottest key {}, hottest 1 % of the keys {}, hottest 10 % {}\n"
        "keys with one operation: {}\n",
        hottest(1), hottest((keys + 99) / 100), hottest((keys + 9) / 10),
        Percent(static_cast<uint64_t>(once), keys));
  }

  const Trace& trace_;
  std::vector<uint32_t> accesses_;     // by record
  std::vector<uint32_t> value_bytes_;  // the last ones, by record
  std::array<uint64_t, workloads::kOperationKinds> kinds_ = {};
  std::string parts_;
  const std::unique_ptr<Histogram> key_bytes_ = std::make_unique<Histogram>();
  const std::unique_ptr<Histogram> put_bytes_ = std::make_unique<Histogram>();
  const std::unique_ptr<Histogram> start_bytes_ = std::make_unique<Histogram>();
  const std::unique_ptr<Histogram> scan_lengths_ = std::make_unique<Histogram>();
};

}  // namespace

std::string TraceSummary(const Trace& trace) { return Summary(trace).Text(); }

std::string TraceOperationLine(const Trace& trace, uint64_t i) {
  const TraceOperation operation = trace.OperationAt(i);
  std::string line =
      fmt::format("{} {:.9f} {} \"{}\"", i, Seconds(operation.at_ns), OperationName(operation.kind),
                  Printable(trace.Key(operation.record)));
  if (operation.kind == OperationKind::kDeleteRange) {
    const std::string_view end = trace.Key(operation.record + operation.argument);
    return line + fmt::format(" \"{}\"", Printable(end));
  }
  const bool sized = workloads::PutsValue(operation.kind) || workloads::Scans(operation.kind);
  return sized ? line + fmt::format(" {}", operation.argument) : line;
}

}  // namespace varve::harness
