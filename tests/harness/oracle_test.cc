// The oracle: exact live bytes, and every kind of lie is caught, while reading or at the end.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/oracle.h"

#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "harness/client.h"
#include "harness/verify.h"
#include "tests/harness/oracle_testing.h"
#include "tests/harness/store_test_util.h"
#include "workloads/keys.h"
#include "workloads/values.h"

namespace varve::harness {
namespace {

using workloads::Operation;
using workloads::OperationKind;
using workloads::StreamOptions;
using workloads::Workload;
using workloads::WorkloadState;

TEST(Oracle, LiveBytesAreThoseOfTheStoreToTheByte) {
  for (const std::string distribution : {"constant", "uniform"}) {
    Workload workload = MixedWorkload();
    workload.value_distribution = distribution;
    LyingStore store;
    Bench bench(workload, &store);
    ASSERT_TRUE(bench.Load().ok());
    EXPECT_EQ(bench.oracle().live_bytes(), ContentsOf(&store).bytes);
    EXPECT_EQ(bench.oracle().live_records(), 200u);
    ASSERT_TRUE(bench.Run(1, 5).ok());
    EXPECT_EQ(bench.oracle().live_bytes(), ContentsOf(&store).bytes) << distribution;
    EXPECT_EQ(bench.oracle().live_records(), ContentsOf(&store).records);
  }
}

TEST(Oracle, AnHonestStorePassesAndEveryReadIsChecked) {
  LyingStore store;
  Bench bench(MixedWorkload(), &store);
  ASSERT_TRUE(bench.Load().ok());
  ASSERT_TRUE(bench.Run(1, 5).ok());
  ASSERT_TRUE(bench.Verify().ok());
  EXPECT_EQ(bench.oracle().wrong_answers(), 0u) << bench.oracle().first_wrong_answer();
  EXPECT_GT(bench.oracle().checked(), 2000u);
  EXPECT_EQ(bench.oracle().unchecked(), 0u);
}

TEST(Oracle, AnHonestStorePassesWithManyClients) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    LyingStore store;
    Workload workload = MixedWorkload(20, 20000);
    workload.insert_proportion = 0.1;
    Bench bench(workload, &store);
    ASSERT_TRUE(bench.Load().ok());
    ASSERT_TRUE(bench.Run(4, seed).ok());
    ASSERT_TRUE(bench.Verify().ok());
    EXPECT_EQ(bench.oracle().wrong_answers(), 0u) << bench.oracle().first_wrong_answer();
    EXPECT_GT(bench.oracle().checked(), bench.oracle().unchecked());
    EXPECT_EQ(bench.oracle().live_records(), ContentsOf(&store).records);
  }
}

// A way to lie, and whether reads of the run see it (or only the verification does).
struct Lie {
  std::string name;
  std::function<void(LyingStore*)> teach;
  bool seen_while_reading = true;
};

std::vector<Lie> Lies() {
  using View = std::string_view;
  const auto every = [](int n) { return [n, count = 0]() mutable { return ++count % n == 0; }; };
  return {
      {"LosesSomePuts",
       [every](LyingStore* store) {
         store->put = [lose = every(50)](View key, View value, Store* truth) mutable {
           return lose() ? Status() : truth->Put(key, value);
         };
       }},
      {"DropsDeletes",
       [](LyingStore* store) { store->erase = [](View, Store*) { return Status(); }; }},
      {"ForgetsAKeyNowAndThen",
       [every](LyingStore* store) {
         store->get = [lie = every(40)](View key, std::string* value,
                                        Store* truth) mutable -> Result<bool> {
           if (lie()) return false;
           return truth->Get(key, value);
         };
       }},
      {"AnswersWithTheValueOfTheKeyAskedBefore",
       [](LyingStore* store) {
         store->get = [last = std::string()](View key, std::string* value,
                                             Store* truth) mutable -> Result<bool> {
           const bool found = truth->Get(key, value).value();
           if (found) value->swap(last);
           return found;
         };
       }},
      {"FindsWhatNeverWas",
       [](LyingStore* store) {
         store->get = [](View key, std::string* value, Store* truth) -> Result<bool> {
           if (!truth->Get(key, value).value()) *value = "conjured out of nothing at all";
           return true;
         };
       }},
      {"AnswersWithTheFirstVersion",
       [](LyingStore* store) {
         auto first = std::make_shared<std::map<std::string, std::string>>();
         store->get = [first](View key, std::string* value, Store* truth) -> Result<bool> {
           if (!truth->Get(key, value).value()) return false;
           *value = first->try_emplace(std::string(key), *value).first->second;
           return true;
         };
       }},
      {"ScansPastOneKey",
       [](LyingStore* store) {
         store->scan = [](View start, uint64_t count, const Store::Visit& visit,
                          Store* truth) -> Result<uint64_t> {
           uint64_t seen = 0;
           const auto visited = truth->Scan(start, count, [&](View key, View value) {
             if (!start.empty() || ++seen != 7) visit(key, value);
           });
           return *visited - (start.empty() && *visited >= 7 ? 1 : 0);
         };
       },
       false},
      {"FlipsABitOfAValueBehindItsName",
       [](LyingStore* store) {
         store->put = [](View key, View value, Store* truth) {
           std::string damaged(value);
           damaged.back() = static_cast<char>(damaged.back() ^ 1);
           return truth->Put(key, damaged);
         };
       },
       false},
  };
}

class OracleCatches : public testing::TestWithParam<Lie> {};

TEST_P(OracleCatches, AStoreThatLies) {
  LyingStore store;
  Bench bench(MixedWorkload(), &store);
  ASSERT_TRUE(bench.Load().ok());
  GetParam().teach(&store);
  ASSERT_TRUE(bench.Run(1, 5).ok());
  EXPECT_EQ(bench.oracle().wrong_answers() > 0, GetParam().seen_while_reading);
  ASSERT_TRUE(bench.Verify().ok());
  EXPECT_GT(bench.oracle().wrong_answers(), 0u);
  EXPECT_NE(bench.oracle().first_wrong_answer().find("expected"), std::string::npos)
      << bench.oracle().first_wrong_answer();
}

INSTANTIATE_TEST_SUITE_P(Lies, OracleCatches, testing::ValuesIn(Lies()),
                         [](const auto& row) { return row.param.name; });

TEST(Oracle, CatchesLostWritesOfManyClientsAtTheEnd) {
  LyingStore store;
  Bench bench(MixedWorkload(2000, 4000), &store);
  ASSERT_TRUE(bench.Load().ok());
  std::mutex mutex;
  int puts = 0;
  store.put = [&](std::string_view key, std::string_view value, Store* truth) {
    const std::lock_guard lock(mutex);
    return ++puts % 10 == 0 ? Status() : truth->Put(key, value);
  };
  ASSERT_TRUE(bench.Run(3, 1).ok());
  ASSERT_TRUE(bench.Verify().ok());
  EXPECT_GT(bench.oracle().wrong_answers(), 0u);
}

TEST(Oracle, VerifiesValuesThatAreTooShortToNameTheirRecord) {
  Workload workload = MixedWorkload();
  workload.value_bytes = 6;
  LyingStore honest;
  Bench bench(workload, &honest);
  ASSERT_TRUE(bench.Load().ok());
  ASSERT_TRUE(bench.Run(1, 5).ok());
  ASSERT_TRUE(bench.Verify().ok());
  EXPECT_EQ(bench.oracle().wrong_answers(), 0u) << bench.oracle().first_wrong_answer();

  LyingStore liar;
  Bench caught(workload, &liar);
  ASSERT_TRUE(caught.Load().ok());
  ASSERT_TRUE(caught.Run(1, 5).ok());
  std::string key;
  // Some record that is live.
  uint64_t record = 0;
  while (!caught.oracle().Expect(record).present) ++record;
  ASSERT_TRUE(liar.Put(caught.state().keys().Key(record, &key), "wrong!").ok());
  ASSERT_TRUE(caught.Verify().ok());
  EXPECT_EQ(caught.oracle().wrong_answers(), 1u) << caught.oracle().first_wrong_answer();
}

TEST(Oracle, AKeyThatNobodyWroteIsFoundByVerification) {
  LyingStore store;
  Bench bench(MixedWorkload(), &store);
  ASSERT_TRUE(bench.Load().ok());
  std::string value;
  ASSERT_TRUE(store.Put("a stranger", bench.state().values().Make(3, 0, &value)).ok());
  ASSERT_TRUE(bench.Verify().ok());
  EXPECT_NE(bench.oracle().first_wrong_answer().find("a stranger"), std::string::npos)
      << bench.oracle().first_wrong_answer();
}

TEST(Oracle, AMissingKeyIsNamedEvenIfOnlyFewGetsAreMade) {
  LyingStore store;
  Bench bench(MixedWorkload(), &store);
  ASSERT_TRUE(bench.Load().ok());
  std::string key;
  ASSERT_TRUE(store.Delete(bench.state().keys().Key(77, &key)).ok());
  VerifyOptions options;
  options.gets_max = 1;
  ASSERT_TRUE(bench.Verify(options).ok());
  EXPECT_NE(bench.oracle().first_wrong_answer().find("record 77"), std::string::npos)
      << bench.oracle().first_wrong_answer();
}

TEST(Oracle, AStoreWithSlowGetsIsAskedForFewRecordsUnlessOneIsMissing) {
  constexpr uint64_t kRecords = 1000;
  LyingStore store;
  uint64_t gets = 0;
  store.get = [&gets](std::string_view key, std::string* value, Store* truth) {
    ++gets;
    return truth->Get(key, value);
  };
  Bench bench(MixedWorkload(kRecords), &store);
  ASSERT_TRUE(bench.Load().ok());
  VerifyOptions options;
  options.gets_seconds = 0;
  ASSERT_TRUE(bench.Verify(options).ok());
  EXPECT_GT(gets, 2u);
  EXPECT_LT(gets, kRecords / 2);
  gets = 0;
  ASSERT_TRUE(bench.Verify().ok());
  EXPECT_GE(gets, kRecords);
  EXPECT_EQ(bench.oracle().wrong_answers(), 0u);
  gets = 0;
  std::string key;
  ASSERT_TRUE(store.Delete(bench.state().keys().Key(77, &key)).ok());
  ASSERT_TRUE(bench.Verify(options).ok());
  EXPECT_EQ(gets, kRecords);
  EXPECT_EQ(bench.oracle().wrong_answers(), 1u);
}

TEST(Oracle, AFailureWhileVerifyingIsAStatusAndNotAWrongAnswer) {
  LyingStore store;
  Bench bench(MixedWorkload(), &store);
  ASSERT_TRUE(bench.Load().ok());
  store.scan = [](auto, auto, const auto&, auto) { return Status::Corruption("bad block"); };
  EXPECT_EQ(bench.Verify().code(), Status::Code::kCorruption);
  EXPECT_EQ(bench.oracle().wrong_answers(), 0u);
}

// Two clients, step by step.
class OverlappingClients : public testing::Test {
 protected:
  OverlappingClients() : state_(workload_), oracle_(&state_, 100, true) { oracle_.SetClients(2); }

  Operation Make(OperationKind kind, uint64_t version) {
    Operation operation;
    operation.kind = kind;
    operation.record = 3;
    operation.version = version;
    operation.key = "key";
    if (workloads::PutsValue(kind)) operation.value = Value(version);
    return operation;
  }
  std::string_view Value(uint64_t version) {
    return state_.values().Make(3, version, &buffers_[version]);
  }
  void Put(uint64_t version) {
    const Operation put = Make(OperationKind::kUpdate, version);
    oracle_.End(0, put, oracle_.Begin(put), false, {});
  }
  // Whether a read that begins and ends now may answer with this version (or with nothing).
  uint64_t WrongAfterRead(std::optional<uint64_t> version) {
    const Operation read = Make(OperationKind::kRead, 0);
    const uint64_t before = oracle_.Begin(read);
    oracle_.End(1, read, before, version.has_value(), version ? Value(*version) : "");
    return oracle_.wrong_answers();
  }

  Workload workload_ = MixedWorkload();
  WorkloadState state_;
  Oracle oracle_;
  std::map<uint64_t, std::string> buffers_;
};

TEST_F(OverlappingClients, AfterAnAcknowledgedWriteNothingOlderMayBeRead) {
  Put(10);
  EXPECT_EQ(WrongAfterRead(10), 0u);
  Put(20);
  EXPECT_EQ(WrongAfterRead(20), 0u);
  EXPECT_EQ(WrongAfterRead(10), 1u);
  EXPECT_EQ(WrongAfterRead(std::nullopt), 2u);
}

TEST_F(OverlappingClients, ARunningWriteMayBeSeenOrNot) {
  Put(10);
  const Operation put = Make(OperationKind::kUpdate, 20);
  const uint64_t before = oracle_.Begin(put);
  EXPECT_EQ(WrongAfterRead(10), 0u);
  EXPECT_EQ(WrongAfterRead(20), 0u);
  oracle_.End(0, put, before, false, {});
  EXPECT_EQ(WrongAfterRead(20), 0u);
  EXPECT_EQ(WrongAfterRead(10), 1u);
}

TEST_F(OverlappingClients, OfOverlappingWritesEitherMayBeTheLastUntilTheNextOne) {
  Put(10);
  const Operation one = Make(OperationKind::kUpdate, 20);
  const Operation two = Make(OperationKind::kUpdate, 30);
  const uint64_t before_one = oracle_.Begin(one);
  const uint64_t before_two = oracle_.Begin(two);
  oracle_.End(0, two, before_two, false, {});
  oracle_.End(1, one, before_one, false, {});
  EXPECT_FALSE(oracle_.Expect(3).certain);
  EXPECT_EQ(WrongAfterRead(20), 0u);
  EXPECT_EQ(WrongAfterRead(30), 0u);
  Put(40);
  EXPECT_TRUE(oracle_.Expect(3).certain);
  EXPECT_EQ(WrongAfterRead(40), 0u);
  EXPECT_EQ(WrongAfterRead(30), 1u);
}

TEST_F(OverlappingClients, AReadThatSpansAWriteMaySeeEitherSide) {
  Put(10);
  const Operation read = Make(OperationKind::kRead, 0);
  const uint64_t before = oracle_.Begin(read);
  Put(20);
  oracle_.End(1, read, before, true, Value(10));
  oracle_.End(1, read, before, true, Value(20));
  EXPECT_EQ(oracle_.wrong_answers(), 0u);
  EXPECT_EQ(oracle_.unchecked(), 0u);
}

TEST_F(OverlappingClients, AValueOfAnotherRecordNeverPasses) {
  Put(10);
  const Operation put = Make(OperationKind::kUpdate, 20);
  oracle_.Begin(put);  // it runs: versions of record 3 are not certain
  const Operation read = Make(OperationKind::kRead, 0);
  std::string other;
  oracle_.End(1, read, oracle_.Begin(read), true, state_.values().Make(4, 20, &other));
  EXPECT_EQ(oracle_.wrong_answers(), 1u);
}

TEST_F(OverlappingClients, AReadModifyWriteIsNotConfusedByItsOwnWrite) {
  Put(10);
  const Operation rmw = Make(OperationKind::kReadModifyWrite, 20);
  uint64_t before = oracle_.Begin(rmw);
  oracle_.End(0, rmw, before, true, Value(10));
  EXPECT_EQ(oracle_.wrong_answers(), 0u);
  EXPECT_EQ(oracle_.unchecked(), 0u);
  const Operation next = Make(OperationKind::kReadModifyWrite, 30);
  before = oracle_.Begin(next);
  oracle_.End(0, next, before, true, Value(10));
  EXPECT_EQ(oracle_.wrong_answers(), 1u) << "version 20 was acknowledged";
  EXPECT_EQ(oracle_.unchecked(), 0u);
}

TEST_F(OverlappingClients, ADeletedKeyMustNotBeFound) {
  Put(10);
  const Operation erase = Make(OperationKind::kDelete, 20);
  oracle_.End(0, erase, oracle_.Begin(erase), false, {});
  EXPECT_EQ(oracle_.live_bytes(), 0u);
  EXPECT_EQ(oracle_.live_records(), 0u);
  EXPECT_EQ(WrongAfterRead(std::nullopt), 0u);
  EXPECT_EQ(WrongAfterRead(10), 1u);
}

TEST(Printable, ShowsAnyBytesAndNotTooMany) {
  EXPECT_EQ(Printable("abc"), "abc");
  EXPECT_EQ(Printable(std::string_view("\0\n\xff\\", 4)), "\\x00\\x0a\\xff\\x5c");
  EXPECT_NE(Printable(std::string(1000, 'a')).find("1000 bytes"), std::string::npos);
}

}  // namespace
}  // namespace varve::harness
