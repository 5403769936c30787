// Judging of scans. See scan_check.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/scan_check.h"

#include <fmt/format.h>

#include "workloads/keys.h"

namespace varve::harness {
namespace {

using workloads::Operation;
using workloads::OperationKind;

constexpr std::string_view kEnd = "the end of the scan";

class ScanCheck {
 public:
  ScanCheck(const Operation& operation, const ScanAnswer& answer, int client, Oracle* oracle)
      : operation_(operation),
        answer_(answer),
        forward_(operation.kind == OperationKind::kScan),
        client_(client),
        oracle_(oracle),
        keys_(oracle->workload().keys()) {}

  void Run() {
    if (answer_.entries() > operation_.scan_length) {
      Wrong(operation_.key, fmt::format("{} entries at most", operation_.scan_length),
            fmt::format("{}", answer_.entries()));
      return;
    }
    const bool complete = oracle_->exclusive() && keys_.sorts_by_record();
    bool right = true;
    for (size_t i = 0; i < answer_.entries() && right; ++i) {
      right = InOrder(i) && (complete ? IsNext(i) : IsLive(i));
    }
    if (right && complete && answer_.entries() < operation_.scan_length) NothingIsMissing();
  }

 private:
  bool Wrong(std::string_view key, std::string_view expected, std::string_view got) {
    oracle_->ReportWrong(key, expected, got);
    return false;
  }

  bool InOrder(size_t i) {
    const std::string_view key = answer_.key(i);
    const std::string_view before = i == 0 ? operation_.key : answer_.key(i - 1);
    const bool ordered = forward_ ? before < key : key < before;
    if (ordered || (i == 0 && key == before)) return true;
    return Wrong(before, fmt::format("a {} key next in a scan", forward_ ? "larger" : "smaller"),
                 Printable(key));
  }

  void Advance() { cursor_ += forward_ ? 1 : ~uint64_t{0}; }  // below 0 is above the end

  // The next live record from cursor_ on, in the direction of the scan; nothing at the end.
  std::optional<uint64_t> NextLive() {
    const uint64_t end = oracle_->records_end();
    if (!started_) cursor_ = operation_.record;
    started_ = true;
    for (; cursor_ < end; Advance()) {
      if (oracle_->Expect(cursor_).present) return cursor_;
    }
    return std::nullopt;
  }

  bool IsNext(size_t i) {
    const std::optional<uint64_t> next = NextLive();
    if (!next.has_value()) return Wrong(answer_.key(i - (i > 0 ? 1 : 0)), kEnd, Entry(i));
    std::string buffer;
    const std::string_view expected = keys_.Key(*next, &buffer);
    if (expected != answer_.key(i)) {
      return Wrong(expected, fmt::format("record {} next in a scan", *next), Entry(i));
    }
    Advance();
    return IsLive(i);
  }

  bool IsLive(size_t i) {
    const auto& name = answer_.name(i);
    if (!name.has_value()) {
      oracle_->Tally(client_, 0, 1);
      return true;
    }
    std::string buffer;
    const Oracle::Expected expected = oracle_->Expect(name->record);
    // An insert that is under way may be seen; asked in this order, none is missed.
    const bool known =
        expected.present || !expected.certain || name->record < oracle_->records_end();
    if (!known || keys_.Key(name->record, &buffer) != answer_.key(i)) {
      return Wrong(answer_.key(i), "a value that was written to it", Entry(i));
    }
    const bool same = expected.present && expected.version == name->version;
    oracle_->Tally(client_, same ? 1 : 0, same ? 0 : 1);
    if (same || !oracle_->exclusive()) return true;
    const std::string wanted = expected.present ? fmt::format("version {} of record {} in a scan",
                                                              expected.version, name->record)
                                                : "no entry in a scan";
    return Wrong(answer_.key(i), wanted, Entry(i));
  }

  void NothingIsMissing() {
    const std::optional<uint64_t> next = NextLive();
    if (!next.has_value()) return;
    std::string buffer;
    Wrong(keys_.Key(*next, &buffer), fmt::format("record {} next in a scan", *next), kEnd);
  }

  std::string Entry(size_t i) const {
    const std::string key = Printable(answer_.key(i));
    const auto& name = answer_.name(i);
    if (!name.has_value()) return fmt::format("key \"{}\"", key);
    return fmt::format("version {} of record {} at key \"{}\"", name->version, name->record, key);
  }

  const Operation& operation_;
  const ScanAnswer& answer_;
  const bool forward_;
  const int client_;
  Oracle* const oracle_;
  const workloads::KeySpace& keys_;
  bool started_ = false;
  uint64_t cursor_ = 0;
};

}  // namespace

void CheckScan(const Operation& operation, const ScanAnswer& answer, int client, Oracle* oracle) {
  ScanCheck(operation, answer, client, oracle).Run();
}

}  // namespace varve::harness
