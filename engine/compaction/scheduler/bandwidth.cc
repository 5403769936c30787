// The budget, and the threads that wait for it.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/scheduler/bandwidth.h"

#include <algorithm>
#include <cassert>

namespace varve {
namespace {

// How long a thread sleeps before it looks again. Closing waits for no longer than this.
constexpr uint64_t kSleepNsMax = 1'000'000;

}  // namespace

void BandwidthBudget::Begin(const ScheduledJob& job, uint64_t now_ns) {
  jobs_.push_back({job, now_ns});
}

void BandwidthBudget::End(uint64_t number) {
  std::erase_if(jobs_, [number](const Job& job) { return job.shown.number == number; });
}

BandwidthBudget::Job& BandwidthBudget::Find(uint64_t number) {
  const auto found = std::find_if(jobs_.begin(), jobs_.end(),
                                  [number](const Job& job) { return job.shown.number == number; });
  assert(found != jobs_.end());
  return *found;
}

uint64_t BandwidthBudget::Chosen(uint64_t now_ns) const {
  std::vector<ScheduledJob> shown;
  for (const Job& job : jobs_) {
    const bool away = job.shown.asked == 0 && now_ns >= job.away_since_ns + kPatienceNs;
    if (!away) shown.push_back(job.shown);
  }
  return shown[scheduler_->Next(shown)].number;
}

uint64_t BandwidthBudget::Take(uint64_t number, uint64_t bytes, uint64_t now_ns) {
  Job& job = Find(number);
  if (job.shown.asked == 0) job.shown.asked = ++requests_;
  if (now_ns < busy_until_ns_) return busy_until_ns_ - now_ns;
  const uint64_t chosen = Chosen(now_ns);
  if (chosen != number) {
    const Job& other = Find(chosen);
    return other.shown.asked != 0 ? kPatienceNs : other.away_since_ns + kPatienceNs - now_ns;
  }
  if (bytes_per_second_ != 0) {
    const uint64_t idle_since_ns = now_ns < kPatienceNs ? 0 : now_ns - kPatienceNs;
    const double length_ns =
        static_cast<double>(bytes) * 1e9 / static_cast<double>(bytes_per_second_);
    busy_until_ns_ = std::max(busy_until_ns_, idle_since_ns) + static_cast<uint64_t>(length_ns);
  }
  job.shown.bytes_left -= std::min(job.shown.bytes_left, bytes);
  job.shown.asked = 0;
  job.shown.served = ++quanta_;
  job.away_since_ns = now_ns;
  return 0;
}

class JobPacer::Pace final : public JobPace {
 public:
  Pace(JobPacer* pacer, uint64_t number) : pacer_(pacer), number_(number) {}
  ~Pace() override { pacer_->End(number_); }
  Status Spend(uint64_t bytes) override { return pacer_->Spend(number_, bytes); }

 private:
  JobPacer* const pacer_;
  const uint64_t number_;
};

JobPacer::JobPacer(const Scheduler* scheduler, uint64_t bytes_per_second, Clock* clock,
                   const std::atomic<bool>* stopping)
    : clock_(clock), stopping_(stopping), budget_(scheduler, bytes_per_second) {}

std::unique_ptr<JobPace> JobPacer::Begin(const ScheduledJob& job) {
  MutexLock lock(mutex_);
  budget_.Begin(job, clock_->NowNs());
  return std::make_unique<Pace>(this, job.number);
}

void JobPacer::End(uint64_t number) {
  MutexLock lock(mutex_);
  budget_.End(number);
}

Status JobPacer::Spend(uint64_t number, uint64_t bytes) {
  while (!stopping_->load(std::memory_order_relaxed)) {
    uint64_t wait_ns = 0;
    {
      MutexLock lock(mutex_);
      wait_ns = budget_.Take(number, bytes, clock_->NowNs());
    }
    if (wait_ns == 0) return {};
    clock_->SleepNs(std::min(wait_ns, kSleepNsMax));
  }
  return Status::Busy("the database is closing");
}

std::unique_ptr<JobPacer> NewJobPacer(const Scheduler* scheduler, uint64_t bytes_per_second,
                                      Clock* clock, const std::atomic<bool>* stopping) {
  if (bytes_per_second == 0 && !scheduler->preempts()) return nullptr;
  return std::make_unique<JobPacer>(scheduler, bytes_per_second, clock, stopping);
}

}  // namespace varve
