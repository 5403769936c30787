// Hazard pointers over the current read state.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/read_state.h"

#include <algorithm>
#include <set>

namespace varve {

ReadStateCell::Pin::Pin(ReadStateCell& cell) : hazard_(&cell.hazards_.Local().state) {
  // The announcement and the second look are sequentially consistent, as are Publish's store and
  // its look at the announcements: either Publish sees this pin, or this sees the new state.
  state_ = cell.current_.load(std::memory_order_acquire);
  while (true) {
    hazard_->store(state_, std::memory_order_seq_cst);
    const ReadState* now = cell.current_.load(std::memory_order_seq_cst);
    if (now == state_) return;
    state_ = now;
  }
}

void ReadStateCell::Publish(ReadStatePtr state) {
  std::vector<ReadStatePtr> released;  // destroyed after the lock is given back
  {
    MutexLock lock(mutex_);
    current_.store(state.get(), std::memory_order_seq_cst);
    if (owner_ != nullptr) retired_.push_back(std::move(owner_));
    owner_ = std::move(state);
    std::set<const ReadState*> pinned;
    hazards_.ForEach([&pinned](const Hazard& hazard) {
      pinned.insert(hazard.state.load(std::memory_order_seq_cst));
    });
    const auto unpinned = std::stable_partition(
        retired_.begin(), retired_.end(),
        [&pinned](const ReadStatePtr& p) { return pinned.contains(p.get()); });
    released.assign(std::make_move_iterator(unpinned), std::make_move_iterator(retired_.end()));
    retired_.erase(unpinned, retired_.end());
  }
}

ReadStatePtr ReadStateCell::Share() const {
  MutexLock lock(mutex_);
  return owner_;
}

}  // namespace varve
