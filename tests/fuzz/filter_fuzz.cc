// Any bytes as a filter: asking is safe; and a filter built over any hashes denies none of them.
//
// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "engine/parts.h"
#include "engine/util/hash.h"
#include "tests/fuzz/fuzzers.h"

namespace varve::fuzz {

std::string FuzzFilter(std::string_view input) {
  if (input.empty()) return "";
  const double bits_per_key = static_cast<unsigned char>(input[0]) / 4.0;
  const std::string bytes(input.substr(1));
  std::vector<uint64_t> hashes = {HashKey(bytes)};
  for (size_t at = 0; at + 8 <= bytes.size(); at += 8) {
    std::memcpy(&hashes.emplace_back(), bytes.data() + at, 8);
  }
  for (const FilterPart& part : FilterParts()) {
    const auto policy = part.make();
    if (policy == nullptr) continue;
    for (const uint64_t hash : hashes) {
      policy->Prefetch(hash, bytes);
      (void)policy->MayContain(hash, bytes);
    }
    const std::string filter = policy->Build(hashes, bits_per_key);
    if (filter.empty()) continue;
    for (const uint64_t hash : hashes) {
      if (!policy->MayContain(hash, filter)) return std::string(part.name) + " denies a member";
    }
  }
  return "";
}

}  // namespace varve::fuzz
