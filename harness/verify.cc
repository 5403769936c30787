// Verification by one scan and many gets.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "engine/util/clock.h"
#include "workloads/keys.h"
#include "workloads/values.h"

namespace varve::harness {
namespace {

using workloads::ValueName;
using workloads::ValueSource;

constexpr uint64_t kScanPiece = 4096;  // entries between two looks at interruption
constexpr uint64_t kFewGets = 64;      // by which the time of the others is known

std::string Expectation(const Oracle::Expected& expected, uint64_t record) {
  if (!expected.present) return "nothing";
  return fmt::format("version {} of record {}", expected.version, record);
}

class Verifier {
 public:
  Verifier(Store* store, const workloads::WorkloadState& workload, Oracle* oracle,
           const VerifyOptions& options)
      : store_(store), workload_(workload), oracle_(oracle), options_(options) {}

  Status Run() {
    const Status scanned = ScanAll();
    // A store without scans is asked for every record instead; what it holds besides stays unseen.
    if (scanned.code() == Status::Code::kNotSupported) return GetRecords(UINT64_MAX);
    if (!scanned.ok() || stopped_) return scanned;
    // A scan that visits too few entries cannot say which are missing, and short values do not say
    // whose they are: then every record is asked for.
    const bool complete = certain_ && !short_values_ && visited_ == oracle_->live_records();
    const Result<uint64_t> gets_max = complete ? GetsMax() : UINT64_MAX;
    if (!gets_max.ok()) return gets_max.status();
    if (Status status = GetRecords(*gets_max); !status.ok() || stopped_) return status;
    if (visited_ == oracle_->live_records() || !certain_) return {};
    if (oracle_->wrong_answers() == 0) {
      oracle_->ReportWrong("", fmt::format("{} live keys in all", oracle_->live_records()),
                           fmt::format("{} in a scan of everything", visited_));
    }
    return {};
  }

 private:
  Status ScanAll() {
    std::string next;
    const Store::Visit visit = [this](std::string_view key, std::string_view value) {
      CheckEntry(key, value);
    };
    for (;;) {
      const uint64_t before = visited_;
      const Result<uint64_t> count = store_->Scan(next, kScanPiece, visit);
      if (!count.ok()) return count.status().Annotate("scan of everything");
      if (*count != visited_ - before) {
        oracle_->ReportWrong(next, fmt::format("{} visits of a scan", *count),
                             fmt::format("{}", visited_ - before));
      }
      if (visited_ - before < kScanPiece) return {};
      next = last_key_ + '\0';
      const auto live = static_cast<double>(std::max<uint64_t>(1, oracle_->live_records()));
      if (!GoOn(0.5 * std::min(1.0, static_cast<double>(visited_) / live))) return {};
    }
  }

  void CheckEntry(std::string_view key, std::string_view value) {
    if (visited_++ > 0 && key <= last_key_) {
      oracle_->ReportWrong(key, "a key above " + Printable(last_key_), "it again or a smaller one");
    }
    last_key_.assign(key);
    const auto name = ValueSource::Identify(value);
    if (!name.has_value()) {
      short_values_ = true;
      return;
    }
    const bool known = name->record < oracle_->records_end();
    if (!known || workload_.keys().Key(name->record, &key_buffer_) != key) {
      oracle_->ReportWrong(key, "a value that was written to it", Printable(value));
      return;
    }
    CheckValue(name->record, key, true, value);
  }

  void CheckValue(uint64_t record, std::string_view key, bool found, std::string_view value) {
    const Oracle::Expected expected = oracle_->Expect(record);
    uint64_t version = expected.version;
    if (!expected.certain) {
      certain_ = false;
      const auto name = ValueSource::Identify(value);
      if (!found || !name.has_value()) return;
      version = name->version;
    } else if (found != expected.present) {
      const std::string got = found ? "\"" + Printable(value) + "\"" : "nothing";
      oracle_->ReportWrong(key, Expectation(expected, record), got);
      return;
    }
    if (!found || workload_.values().Verify(value, record, version)) return;
    const auto name = ValueSource::Identify(value);
    std::string got = fmt::format("{} bytes \"{}\"", value.size(), Printable(value));
    if (name.has_value() && name->record == record) {
      got = name->version == version ? "that, but with other bytes"
                                     : fmt::format("version {}", name->version);
    }
    oracle_->ReportWrong(key, Expectation(expected, record), got);
  }

  // How many gets to make, by what a few take whose answers are not looked at.
  Result<uint64_t> GetsMax() {
    const uint64_t records = oracle_->records_end();
    const uint64_t begin_ns = RealClock()->NowNs();
    std::string value;
    for (uint64_t i = 0; i < kFewGets; ++i) {
      const std::string_view key = workload_.keys().Key(i * records / kFewGets, &key_buffer_);
      if (const Result<bool> found = store_->Get(key, &value); !found.ok()) return found.status();
    }
    const auto few_ns = static_cast<double>(RealClock()->NowNs() - begin_ns);
    const double gets_in_time = kFewGets * options_.gets_seconds * 1e9 / std::max(few_ns, 1.0);
    if (gets_in_time >= static_cast<double>(options_.gets_max)) return options_.gets_max;
    return std::max(static_cast<uint64_t>(gets_in_time), kFewGets);
  }

  Status GetRecords(uint64_t gets_max) {
    constexpr uint64_t kLookEvery = 64;
    const uint64_t records = oracle_->records_end();
    const uint64_t step = std::max<uint64_t>(1, records / gets_max);
    uint64_t gets = 0;
    std::string value;
    for (uint64_t record = 0; record < records; record += step) {
      const std::string_view key = workload_.keys().Key(record, &key_buffer_);
      const Result<bool> found = store_->Get(key, &value);
      if (!found.ok()) {
        return found.status().Annotate(fmt::format("get of key \"{}\"", Printable(key)));
      }
      CheckValue(record, key, *found, value);
      if (gets++ % kLookEvery != 0) continue;
      const double share = static_cast<double>(record) / static_cast<double>(records);
      if (!GoOn(0.5 + 0.5 * share)) return {};
    }
    return {};
  }

  bool GoOn(double share) {
    stopped_ = options_.go_on != nullptr && !options_.go_on(share);
    return !stopped_;
  }

  Store* const store_;
  const workloads::WorkloadState& workload_;
  Oracle* const oracle_;
  const VerifyOptions& options_;
  uint64_t visited_ = 0;
  std::string last_key_;
  std::string key_buffer_;
  bool short_values_ = false;
  bool certain_ = true;  // no uncertain record was met
  bool stopped_ = false;
};

}  // namespace

Status VerifyStore(Store* store, const workloads::WorkloadState& workload, Oracle* oracle,
                   const VerifyOptions& options) {
  return Verifier(store, workload, oracle, options).Run();
}

}  // namespace varve::harness
