// FilterPolicy: the interface of a set-membership filter over the keys of one table.
//
// A filter may say yes wrongly, never no wrongly. It sees 64-bit hashes of keys (HashKey in
// engine/util/hash.h), never keys. How many bits each table gets is not decided here.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace varve {

// Stateless and thread safe.
class FilterPolicy {
 public:
  virtual ~FilterPolicy() = default;

  // Stored in each table; a table is read with the policy of the name that it carries. A new
  // encoding is a new name.
  virtual std::string_view name() const = 0;

  // The bytes of a filter over `hashes` (duplicates allowed) at about `bits_per_key`; a kind with
  // fixed bits takes those, unless it is asked for 0. Empty bytes mean "no filter".
  virtual std::string Build(std::span<const uint64_t> hashes, double bits_per_key) const = 0;

  // May the set hold a key with this hash? Any bytes are legal: damage must answer true.
  virtual bool MayContain(uint64_t hash, std::string_view filter) const = 0;

  // Asks the processor for the memory that MayContain will look at first.
  virtual void Prefetch(uint64_t /*hash*/, std::string_view /*filter*/) const {}

  // Not 0: the bits per key that this kind takes, for large sets, whatever it is asked for.
  virtual double fixed_bits_per_key() const { return 0; }
  // What a large filter takes that is asked for `bits_per_key`.
  double BitsPerKey(double bits_per_key) const {
    const double fixed = fixed_bits_per_key();
    return fixed > 0 && bits_per_key > 0 ? fixed : bits_per_key;
  }

  // The false-positive rate that theory expects at `bits_per_key`, for reports.
  virtual double ExpectedFalsePositiveRate(double bits_per_key) const = 0;
};

// The policy of this name, or nullptr: how a reader finds the one that a table names. A table whose
// filter is of no known policy is read without it. In engine/parts.cc, beside the table of kinds.
const FilterPolicy* FilterPolicyOfName(std::string_view name);

}  // namespace varve
