// Settings into options, and scans by iterators.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/engine_store.h"

#include "engine/db.h"

namespace varve::harness {
namespace {

template <void (Iterator::*kStep)()>
Result<uint64_t> VisitBy(Iterator& iterator, uint64_t count, const Store::Visit& visit) {
  uint64_t visited = 0;
  for (; visited < count && iterator.Valid(); ++visited) {
    if (visit != nullptr) visit(iterator.key(), iterator.value());
    if (visited + 1 < count) (iterator.*kStep)();
  }
  if (Status status = iterator.status(); !status.ok()) return status;
  return visited;
}

}  // namespace

Result<Options> EngineOptionsOf(std::span<const SettingText> settings) {
  Options options;
  for (const SettingText& setting : settings) {
    if (Status s = SetOption(&options, setting.name, setting.text); !s.ok()) return s;
  }
  return options;
}

Result<uint64_t> VisitEntries(Iterator& iterator, uint64_t count, const Store::Visit& visit) {
  return VisitBy<&Iterator::Next>(iterator, count, visit);
}

Result<uint64_t> VisitEntriesBackwards(Iterator& iterator, uint64_t count,
                                       const Store::Visit& visit) {
  return VisitBy<&Iterator::Prev>(iterator, count, visit);
}

}  // namespace varve::harness
