// What a thread calls WiredTiger with: a session with its cursors, and keys and values as items.
//
// WiredTiger takes no empty key. A key of nothing but zero bytes, of which the empty one is the
// least, is stored with one zero more: that keeps the order, and all other keys are stored as they
// are.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <wiredtiger.h>

#include <string>
#include <string_view>

namespace varve::harness {

inline WT_ITEM ItemOf(std::string_view bytes) {
  WT_ITEM item = {};
  item.data = bytes.data() == nullptr ? "" : bytes.data();
  item.size = bytes.size();
  return item;
}

inline std::string_view BytesOf(const WT_ITEM& item) {
  return {static_cast<const char*>(item.data), item.size};
}

inline bool IsZeros(std::string_view key) {
  return key.find_first_not_of('\0') == std::string_view::npos;
}

// A key as it is stored.
class StoredKey {
 public:
  explicit StoredKey(std::string_view key) {
    const bool zeros = IsZeros(key);
    if (zeros) zeros_.assign(key.size() + 1, '\0');
    item_ = ItemOf(zeros ? zeros_ : key);
  }
  StoredKey(const StoredKey&) = delete;
  StoredKey& operator=(const StoredKey&) = delete;
  const WT_ITEM* item() const { return &item_; }

 private:
  std::string zeros_;
  WT_ITEM item_;
};

inline std::string_view KeyOf(const WT_ITEM& stored) {
  std::string_view key = BytesOf(stored);
  if (IsZeros(key)) key.remove_suffix(1);
  return key;
}

// A session of one thread at a time. Closed before its connection.
struct WiredTigerSession {
  WiredTigerSession() = default;
  WiredTigerSession(const WiredTigerSession&) = delete;
  WiredTigerSession& operator=(const WiredTigerSession&) = delete;
  ~WiredTigerSession() {
    if (session != nullptr) session->close(session, nullptr);
  }

  WT_SESSION* session = nullptr;
  WT_CURSOR* reader = nullptr;
  WT_CURSOR* writer = nullptr;  // of an LSM-tree, it need not open the older chunks
};

// Resets a cursor when it goes out of scope.
class Positioned {
 public:
  explicit Positioned(WT_CURSOR* cursor) : cursor_(cursor) {}
  Positioned(const Positioned&) = delete;
  Positioned& operator=(const Positioned&) = delete;
  ~Positioned() { cursor_->reset(cursor_); }

 private:
  WT_CURSOR* const cursor_;
};

}  // namespace varve::harness
