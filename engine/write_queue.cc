// Leaders and followers.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/write_queue.h"

#include <algorithm>

namespace varve {
namespace {

// A group stops growing here, so that the first writer of a group does not wait for ever.
constexpr uint64_t kGroupBytesMax = 1 << 20;
// A small write is not held up by much more than itself.
constexpr uint64_t kGroupBytesSmall = 128 << 10;

}  // namespace

bool WriteQueue::Enter(Writer* writer) {
  MutexLock lock(mutex_);
  if (!led_) {
    led_ = true;
    FormGroup(writer);
    return true;
  }
  (last_ == nullptr ? first_ : last_->next) = writer;
  last_ = writer;
  while (!writer->done && !writer->leads) writer->wake.Wait(mutex_);
  if (writer->done) return false;
  FormGroup(writer);
  return true;
}

void WriteQueue::FormGroup(Writer* leader) {
  group_.assign(1, leader);
  if (leader->alone) return;
  uint64_t bytes = leader->operations.size();
  const uint64_t bytes_max =
      bytes <= kGroupBytesSmall ? bytes + kGroupBytesSmall : std::max(bytes, kGroupBytesMax);
  while (first_ != nullptr && !first_->alone && bytes + first_->operations.size() <= bytes_max) {
    bytes += first_->operations.size();
    group_.push_back(first_);
    first_ = first_->next;
  }
  if (first_ == nullptr) last_ = nullptr;
}

void WriteQueue::Leave(const Status& status) {
  MutexLock lock(mutex_);
  group_.front()->status = status;
  for (size_t i = 1; i < group_.size(); ++i) {
    group_[i]->status = status;
    group_[i]->done = true;
    // Under the lock: once it sees `done`, the follower's Writer may be gone.
    group_[i]->wake.NotifyOne();
  }
  if (first_ == nullptr) {
    led_ = false;
    return;
  }
  Writer* next = first_;
  first_ = next->next;
  if (first_ == nullptr) last_ = nullptr;
  next->leads = true;
  next->wake.NotifyOne();
}

}  // namespace varve
