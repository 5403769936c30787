// Bench: a workload loaded into a store and run by clients, with an oracle that looks on.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "harness/client.h"
#include "harness/oracle.h"
#include "harness/verify.h"
#include "tests/harness/store_test_util.h"

namespace varve::harness {

// Load and run of a workload against a store, with any number of clients.
class Bench {
 public:
  explicit Bench(workloads::Workload workload, Store* store, bool check = true)
      : workload_(std::move(workload)),
        store_(store),
        state_(workload_),
        oracle_(&state_, uint64_t{1} << 20, check) {}

  Status Load() {
    oracle_.SetClients(1);
    const auto stream = NewLoadStream(workload_, {}, &state_);
    return RunClient(stream.get(), 0);
  }
  Status Run(int clients, uint64_t seed) {
    oracle_.SetClients(clients);
    std::vector<Status> statuses(static_cast<size_t>(clients));
    std::vector<std::jthread> threads;
    for (int client = 0; client < clients; ++client) {
      threads.emplace_back([this, client, clients, seed, &statuses] {
        const workloads::StreamOptions options{seed, client, clients, workload_.operations, 0};
        const auto stream = NewRunStream(workload_, options, &state_);
        statuses[static_cast<size_t>(client)] = RunClient(stream.get(), client);
      });
    }
    threads.clear();
    for (const Status& status : statuses) {
      if (!status.ok()) return status;
    }
    return {};
  }
  Status Verify(const VerifyOptions& options = {}) {
    return VerifyStore(store_, state_, &oracle_, options);
  }
  Oracle& oracle() { return oracle_; }
  const workloads::WorkloadState& state() const { return state_; }

 private:
  Status RunClient(workloads::OperationStream* stream, int client) {
    ClientParts parts;
    parts.store = store_;
    parts.stream = stream;
    parts.workload = &state_;
    parts.oracle = &oracle_;
    parts.stop = &stop_;
    parts.client = client;
    return std::make_unique<Client>(parts)->Run({});
  }

  const workloads::Workload workload_;
  Store* const store_;
  workloads::WorkloadState state_;
  Oracle oracle_;
  std::atomic<bool> stop_{false};
};

struct Contents {
  uint64_t bytes = 0;
  uint64_t records = 0;
};
inline Contents ContentsOf(Store* store) {
  Contents contents;
  contents.records = store
                         ->Scan("", UINT64_MAX,
                                [&contents](std::string_view key, std::string_view value) {
                                  contents.bytes += key.size() + value.size();
                                })
                         .value();
  return contents;
}

}  // namespace varve::harness
