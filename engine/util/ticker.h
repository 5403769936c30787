// Ticker: calls a function at regular times on a thread of its own.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

namespace varve {

class Ticker {
 public:
  // Calls `tick` every `interval_ms` until the ticker dies, which waits for a call that runs.
  Ticker(uint64_t interval_ms, std::function<void()> tick)
      : tick_(std::move(tick)), thread_([this, interval_ms] { Run(interval_ms); }) {}

  ~Ticker() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    stopped_.notify_all();
    thread_.join();
  }

 private:
  void Run(uint64_t interval_ms) {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!stopped_.wait_for(lock, std::chrono::milliseconds(interval_ms),
                              [this] { return stopping_; })) {
      lock.unlock();
      tick_();
      lock.lock();
    }
  }

  const std::function<void()> tick_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace varve
