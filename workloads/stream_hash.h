// StreamHash: a sum of hashes of operations, in which their order plays no role.
//
// Two streams that do the same operations to the same records, whose keys and values are made
// alike, have the same hash, however the operations were shared out among clients.
//
// Called by streams.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "workloads/operation.h"
#include "workloads/random.h"
#include "workloads/workload.h"

namespace varve::workloads {

class StreamHash {
 public:
  explicit StreamHash(const Workload& workload) {
    const std::vector<PropertyText> usual = PropertyTexts(Workload());
    const std::vector<PropertyText> texts = PropertyTexts(workload);
    for (size_t i = 0; i < texts.size(); i++) {
      const PropertyText& property = texts[i];
      // What is as usual plays no role, so that new properties leave the hashes of old workloads.
      if (!MakesBytes(property.name) || property.text == usual[i].text) continue;
      for (const char c : property.name + "=" + property.text + ";") {
        shape_ = Mix(shape_ ^ static_cast<unsigned char>(c));
      }
    }
  }

  void Add(const Operation& op) {
    if (op.kind != OperationKind::kInsert) {
      sum_ += Mix(Combine(op.kind, op.record, op.version) + op.scan_length * kScanLengthFactor);
      return;
    }
    // Which insert takes which record depends on the order of clients: each has its own hash.
    sum_ += Mix(Combine(op.kind, op.record, 0)) + Mix(Combine(op.kind, 0, ~op.version));
  }
  uint64_t sum() const { return sum_; }

 private:
  static constexpr uint64_t kScanLengthFactor = 0xd6e8feb86659fd93;

  // Whether the property has a part in what the bytes of keys and values are.
  static bool MakesBytes(std::string_view name) {
    return name.starts_with("key_") || name.starts_with("value_") || name == "zero_padding" ||
           name == "fields";
  }
  uint64_t Combine(OperationKind kind, uint64_t record, uint64_t version) const {
    return shape_ + static_cast<uint64_t>(kind) * 0x9e3779b97f4a7c15 + record * 0xc13fa9a902a6328f +
           version * 0x91e10da5c79e7b1d;
  }

  uint64_t shape_ = 0;
  uint64_t sum_ = 0;
};

}  // namespace varve::workloads
