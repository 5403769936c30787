// Waiting, progress and interruption.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/attend.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace varve::harness {
namespace {

constexpr auto kPollInterval = std::chrono::milliseconds(50);
constexpr auto kProgressInterval = std::chrono::seconds(1);
constexpr auto kGrace = std::chrono::milliseconds(700);

// How the work ended. Belongs to both threads: whoever is last lets it go.
class Outcome {
 public:
  void Set(Status status) {
    const std::lock_guard lock(mutex_);
    status_ = std::move(status);
    done_ = true;
    ended_.notify_all();
  }
  // Whether there is one, after waiting for it this long.
  bool WaitFor(std::chrono::milliseconds wait) {
    std::unique_lock lock(mutex_);
    return ended_.wait_for(lock, wait, [this] { return done_; });
  }
  Status status() {
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool done_ = false;  // guarded by mutex_, as is what follows
  Status status_;
};

// Until the work is done or interrupted.
void TellProgress(const TrialContext& context, TrialControl* control, Outcome* outcome) {
  auto told = std::chrono::steady_clock::now();
  while (!outcome->WaitFor(kPollInterval)) {
    if (context.interrupted != nullptr && context.interrupted->load()) {
      control->Interrupt();
      return;
    }
    const auto now = std::chrono::steady_clock::now();
    if (now - told < kProgressInterval || context.progress == nullptr) continue;
    told = now;
    context.progress(control->progress());
  }
}

}  // namespace

Status Attend(const TrialContext& context, const std::shared_ptr<TrialControl>& control,
              std::function<Status()> work) {
  const auto outcome = std::make_shared<Outcome>();
  std::thread thread([control, outcome, run = std::move(work)]() mutable {
    Status status = run();
    run = nullptr;  // what it owns goes away before anybody is told
    outcome->Set(std::move(status));
  });
  TellProgress(context, control.get(), outcome.get());
  if (!outcome->WaitFor(kGrace)) {
    thread.detach();
    return Status::Indeterminate("interrupted, and the store had not ended what it was doing");
  }
  thread.join();
  return outcome->status();
}

}  // namespace varve::harness
