// The filter policies that tables may name.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/filter/filter.h"

#include "engine/filter/bloom_filter.h"

namespace varve {

const FilterPolicy* FilterPolicyOfName(std::string_view name) {
  static const BloomFilterPolicy bloom;
  for (const FilterPolicy* policy : {static_cast<const FilterPolicy*>(&bloom)}) {
    if (policy->name() == name) return policy;
  }
  return nullptr;
}

}  // namespace varve
