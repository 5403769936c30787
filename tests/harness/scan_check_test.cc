// Scans are judged: what is missing, stale, foreign, dead or out of order is a wrong answer.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/scan_check.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/harness/oracle_testing.h"
#include "workloads/keys.h"

namespace varve::harness {
namespace {

using Entry = std::pair<std::string, std::string>;
using Entries = std::vector<Entry>;

workloads::Workload Scans(const std::string& key_order) {
  workloads::Workload workload;
  workload.records = 300;
  workload.operations = 2000;
  workload.key_order = key_order;
  workload.update_proportion = 1;
  workload.delete_proportion = 1;
  workload.delete_range_proportion = key_order == "ordered" ? 0.2 : 0;
  workload.insert_proportion = 0.2;
  workload.expire_proportion = 0.2;
  workload.scan_proportion = 2;
  workload.scan_reverse_proportion = 2;
  workload.scan_length_max = 12;
  workload.value_bytes = 40;
  return workload;
}

// Runs the workload against a store whose scans are changed by `lie`, and returns the first wrong
// answer.
std::string FirstWrong(const std::string& key_order, const std::function<void(Entries*)>& lie,
                       int clients = 1) {
  LyingStore store;
  const auto changed = [&lie](bool forward) {
    return [&lie, forward](std::string_view start, uint64_t count, const Store::Visit& visit,
                           Store* truth) -> Result<uint64_t> {
      Entries entries;
      const Store::Visit keep = [&entries](std::string_view key, std::string_view value) {
        entries.emplace_back(key, value);
      };
      const auto visited =
          forward ? truth->Scan(start, count, keep) : truth->ScanReverse(start, count, keep);
      if (!visited.ok()) return visited;
      lie(&entries);
      for (const auto& [key, value] : entries) visit(key, value);
      return entries.size();
    };
  };
  Bench bench(Scans(key_order), &store);
  EXPECT_TRUE(bench.Load().ok());
  store.scan = changed(true);
  store.scan_reverse = changed(false);
  // With several clients, others see what is put before the put returns.
  store.put = [clients](std::string_view key, std::string_view value, Store* truth) {
    const Status status = truth->Put(key, value);
    if (clients > 1) std::this_thread::sleep_for(std::chrono::microseconds(50));
    return status;
  };
  EXPECT_TRUE(bench.Run(clients, 7).ok());
  if (bench.oracle().wrong_answers() == 0) {
    EXPECT_GT(bench.oracle().checked(), 1000u);
  }
  return bench.oracle().first_wrong_answer();
}

TEST(ScanCheck, RightAnswersPass) {
  for (const char* order : {"ordered", "hashed"}) {
    for (const int clients : {1, 4}) {
      EXPECT_EQ(FirstWrong(
                    order, [](Entries*) {}, clients),
                "")
          << order;
    }
  }
}

TEST(ScanCheck, AnEntryThatIsLeftOutIsMissed) {
  const auto leave_out = [](size_t at) {
    return [at](Entries* entries) {
      if (entries->size() > at) entries->erase(entries->begin() + static_cast<ptrdiff_t>(at));
    };
  };
  for (const size_t at : {0u, 1u, 11u}) {
    const std::string wrong = FirstWrong("ordered", leave_out(at));
    EXPECT_NE(wrong.find("next in a scan"), std::string::npos) << at << ": " << wrong;
  }
}

TEST(ScanCheck, AStaleVersionIsWrong) {
  std::map<std::string, std::string> first;
  const auto lie = [&first](Entries* entries) {
    for (auto& [key, value] : *entries) value = first.emplace(key, value).first->second;
  };
  for (const char* order : {"ordered", "hashed"}) {
    first.clear();
    const std::string wrong = FirstWrong(order, lie);
    EXPECT_NE(wrong.find("in a scan, got version"), std::string::npos) << wrong;
  }
}

TEST(ScanCheck, ADeadEntryIsWrong) {
  Entries seen;
  const auto lie = [&](Entries* entries) {
    // What was there once comes back at the end of a scan that would have found nothing.
    if (entries->empty()) return;
    if (seen.size() < 200) seen.push_back(entries->back());
    for (const Entry& old : seen) {
      if (old.first > entries->front().first && entries->size() == 1) entries->push_back(old);
      if (entries->size() > 1) return;
    }
  };
  EXPECT_NE(FirstWrong("hashed", lie), "");
}

TEST(ScanCheck, AValueOfAnotherKeyIsWrongWithAnyNumberOfClients) {
  const auto lie = [](Entries* entries) {
    if (entries->size() > 1) std::swap((*entries)[0].second, (*entries)[1].second);
  };
  for (const char* order : {"ordered", "hashed"}) {
    for (const int clients : {1, 4}) {
      const std::string wrong = FirstWrong(order, lie, clients);
      EXPECT_NE(wrong.find("a value that was written to it"), std::string::npos) << wrong;
    }
  }
}

TEST(ScanCheck, DisorderAndTooManyEntriesAreWrong) {
  const auto swap_two = [](Entries* entries) {
    if (entries->size() > 2) std::swap((*entries)[1], (*entries)[2]);
  };
  EXPECT_NE(FirstWrong("hashed", swap_two).find("next in a scan"), std::string::npos);
  const auto repeat = [](Entries* entries) {
    if (!entries->empty()) entries->resize(13, entries->front());
  };
  EXPECT_NE(FirstWrong("hashed", repeat).find("entries at most"), std::string::npos);
}

}  // namespace
}  // namespace varve::harness
