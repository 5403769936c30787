// The search for an order.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/torture/linearizability.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_set>
#include <utility>

namespace varve::harness {
namespace {

using History = std::vector<HistoryOperation>;
using Operations = std::vector<const HistoryOperation*>;

std::string Describe(const HistoryOperation& operation) {
  std::string text = operation.write ? "the write of" : "the read of";
  for (const RegisterValue& value : operation.values) {
    text += value.value == 0 ? fmt::format(" nothing in register {}", value.number)
                             : fmt::format(" {} in register {}", value.value, value.number);
  }
  const std::string returned =
      operation.returned == kNeverReturned ? "never" : fmt::format("at {}", operation.returned);
  return fmt::format("{} by thread {}, called at {}, returned {}", text, operation.thread,
                     operation.called, returned);
}

// One object: registers that are touched together. Events are calls and returns in the order of
// time, in a doubly linked list from which operations that are done are unlinked.
class Search {
 public:
  explicit Search(Operations operations) : operations_(std::move(operations)) {
    NumberRegisters();
    LinkEvents();
    done_.resize(operations_.size(), false);
  }

  std::string Run() {
    size_t event = events_[0].next;
    while (returns_left_ > 0) {
      const bool call = event != 0 && !events_[event].is_return;
      if (call && TryNext(events_[event].operation)) {
        event = events_[0].next;
      } else if (call) {
        event = events_[event].next;
      } else {
        // What returns here must have been done by now: some choice before was wrong.
        NoteBlocked(event);
        if (chosen_.empty()) return Explain();
        event = events_[CallOf(Undo())].next;
      }
    }
    return "";
  }

 private:
  // Event 0 is the head; event 1 + 2i is the call of operation i and the next its return. An
  // operation that never returned has no return in the list.
  struct Event {
    size_t operation = 0;
    bool is_return = false;
    size_t before = 0;
    size_t next = 0;  // 0: the end
  };
  struct Choice {
    size_t operation;
    std::vector<uint64_t> state_before;
  };
  static size_t CallOf(size_t operation) { return 1 + 2 * operation; }
  static size_t ReturnOf(size_t operation) { return 2 + 2 * operation; }

  void NumberRegisters() {
    for (const HistoryOperation* operation : operations_) {
      for (const RegisterValue& value : operation->values) {
        places_.emplace(value.number, places_.size());
      }
    }
    state_.resize(places_.size(), 0);
  }

  void LinkEvents() {
    events_.resize(1 + 2 * operations_.size());
    std::vector<std::pair<std::pair<int64_t, bool>, size_t>> order;
    for (size_t i = 0; i < operations_.size(); ++i) {
      events_[CallOf(i)].operation = events_[ReturnOf(i)].operation = i;
      events_[ReturnOf(i)].is_return = true;
      // At one moment calls come first, so that the two operations overlap.
      order.push_back({{operations_[i]->called, false}, CallOf(i)});
      if (operations_[i]->returned == kNeverReturned) continue;
      order.push_back({{operations_[i]->returned, true}, ReturnOf(i)});
      ++returns_left_;
    }
    std::sort(order.begin(), order.end());
    size_t last = 0;
    for (const auto& [time, event] : order) {
      events_[last].next = event;
      events_[event].before = last;
      last = event;
    }
  }

  void Unlink(size_t event) {
    const Event& gone = events_[event];
    events_[gone.before].next = gone.next;
    if (gone.next != 0) events_[gone.next].before = gone.before;
  }
  // REQUIRES: events are relinked in the opposite order of their unlinking.
  void Relink(size_t event) {
    const Event& back = events_[event];
    events_[back.before].next = event;
    if (back.next != 0) events_[back.next].before = event;
  }

  bool Returned(size_t operation) const {
    return operations_[operation]->returned != kNeverReturned;
  }

  // Does the operation here, if its answer fits the state and the outcome was not seen before.
  bool TryNext(size_t operation) {
    std::vector<uint64_t> after = state_;
    for (const RegisterValue& value : operations_[operation]->values) {
      uint64_t& held = after[places_.at(value.number)];
      if (!operations_[operation]->write && held != value.value) return false;
      held = value.value;
    }
    done_[operation] = true;
    if (!seen_.insert(Fingerprint(after)).second) {
      done_[operation] = false;
      return false;
    }
    chosen_.push_back({operation, std::exchange(state_, std::move(after))});
    Unlink(CallOf(operation));
    if (Returned(operation)) {
      Unlink(ReturnOf(operation));
      --returns_left_;
    }
    return true;
  }

  size_t Undo() {
    Choice choice = std::move(chosen_.back());
    chosen_.pop_back();
    state_ = std::move(choice.state_before);
    done_[choice.operation] = false;
    if (Returned(choice.operation)) {
      Relink(ReturnOf(choice.operation));
      ++returns_left_;
    }
    Relink(CallOf(choice.operation));
    return choice.operation;
  }

  // What was done and what it left, exactly: a hash could take two for one.
  std::string Fingerprint(const std::vector<uint64_t>& state) const {
    std::string bytes((done_.size() + 7) / 8, '\0');
    for (size_t i = 0; i < done_.size(); ++i) {
      if (done_[i]) bytes[i / 8] = static_cast<char>(bytes[i / 8] | 1 << (i % 8));
    }
    for (const uint64_t value : state) {
      bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    return bytes;
  }

  // The operation that is in the way after the most others were done.
  void NoteBlocked(size_t event) {
    if (event == 0 || chosen_.size() < most_done_) return;
    most_done_ = chosen_.size();
    blocked_ = events_[event].operation;
    blocked_state_ = state_;
  }

  std::string Explain() const {
    std::string state;
    for (const auto& [number, place] : places_) {
      state += fmt::format(" {} = {}", number, blocked_state_[place]);
    }
    return fmt::format("{} fits nowhere; {} of {} operations fit before it, after which there is{}",
                       Describe(*operations_[blocked_]), most_done_, operations_.size(), state);
  }

  const Operations operations_;
  std::map<int, size_t> places_;  // of registers in the state
  std::vector<Event> events_;
  size_t returns_left_ = 0;
  std::vector<uint64_t> state_;
  std::vector<bool> done_;
  std::vector<Choice> chosen_;
  std::unordered_set<std::string> seen_;
  size_t most_done_ = 0;
  size_t blocked_ = 0;
  std::vector<uint64_t> blocked_state_;
};

// The objects of a history: registers that are touched together, directly or by way of others.
class Objects {
 public:
  explicit Objects(const History& history) {
    for (const HistoryOperation& operation : history) {
      for (const RegisterValue& value : operation.values) {
        Join(operation.values.front().number, value.number);
      }
    }
  }

  int Root(int number) {
    int& parent = parents_.emplace(number, number).first->second;
    if (parent != number) parent = Root(parent);
    return parent;
  }

 private:
  void Join(int a, int b) {
    const int root = Root(a);
    parents_[Root(b)] = root;
  }

  std::map<int, int> parents_;
};

}  // namespace

std::string CheckLinearizable(const History& history) {
  Objects objects(history);
  std::map<int, Operations> by_object;
  for (const HistoryOperation& operation : history) {
    const bool says_nothing = !operation.write && operation.returned == kNeverReturned;
    if (operation.values.empty() || says_nothing) continue;
    by_object[objects.Root(operation.values.front().number)].push_back(&operation);
  }
  for (const auto& [object, operations] : by_object) {
    std::string wrong = Search(operations).Run();
    if (!wrong.empty()) return wrong;
  }
  return "";
}

uint64_t OverlappingPairs(const History& history) {
  const auto share = [](const HistoryOperation& a, const HistoryOperation& b) {
    for (const RegisterValue& x : a.values) {
      for (const RegisterValue& y : b.values) {
        if (x.number == y.number) return true;
      }
    }
    return false;
  };
  uint64_t pairs = 0;
  for (size_t a = 0; a < history.size(); ++a) {
    for (size_t b = a + 1; b < history.size(); ++b) {
      const bool overlap =
          history[a].called <= history[b].returned && history[b].called <= history[a].returned;
      if (overlap && share(history[a], history[b])) ++pairs;
    }
  }
  return pairs;
}

}  // namespace varve::harness
