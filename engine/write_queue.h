// WriteQueue: group commit. Many writers wait, one of them commits for all.
//
//   WriteQueue::Writer writer{operations, count, user_bytes};
//   if (queue.Enter(&writer)) {              // this thread leads
//     queue.Leave(Commit(queue.group()));    // for itself and for those who wait
//   }
//   return writer.status;
//
// A lone writer enters and leaves without waiting: two uncontended locks. There is one leader at
// a time, so all that a leader does is serialised.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/status.h"
#include "engine/util/mutex.h"

namespace varve {

// Thread safe.
class WriteQueue {
 public:
  struct Writer {
    std::string_view operations;  // as in WriteBatch, without the header
    uint32_t count = 0;
    uint64_t user_bytes = 0;
    bool alone = false;  // lead a group of one
    Status status = {};

    // Private to the queue.
    bool leads = false;
    bool done = false;
    Writer* next = nullptr;
    CondVar wake = {};
  };

  // Waits for the turn of `writer`. True: this thread leads group(), which begins with `writer`,
  // and must call Leave. False: somebody else committed it, and writer->status is the outcome.
  bool Enter(Writer* writer) EXCLUDES_LOCK(mutex_);

  // The writers that the leader commits for, oldest first. REQUIRES: the caller leads.
  const std::vector<Writer*>& group() const { return group_; }

  // Gives `status` to all of the group and the lead to the next writer.
  void Leave(const Status& status) EXCLUDES_LOCK(mutex_);

 private:
  void FormGroup(Writer* leader) REQUIRES_LOCK(mutex_);

  Mutex mutex_;
  bool led_ GUARDED_BY(mutex_) = false;
  Writer* first_ GUARDED_BY(mutex_) = nullptr;  // waiting writers, oldest first
  Writer* last_ GUARDED_BY(mutex_) = nullptr;

  std::vector<Writer*> group_;  // touched by the leader only
};

}  // namespace varve
