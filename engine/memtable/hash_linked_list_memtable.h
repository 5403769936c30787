// HashLinkedListMemTable: a hash table whose buckets are sorted linked lists; one writer, readers
// that never wait.
//
// As RocksDB's hash_linkedlist, without its change to a skip list where a list gets long. The rest,
// H and X among it, is in hash_memtable.h.
//
// Cost: Add and Get walk half of a list, a cache miss for each entry that they pass.
//
// Invariant: a list is in entry order at every moment; nodes are linked by release stores and
// never unlinked; what a node holds besides its link never changes.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

#include "engine/memtable/hash_memtable.h"
#include "engine/memtable/record.h"
#include "engine/util/prefix.h"

namespace varve {

class LinkedListBucket {
 public:
  // Links the entry in front of the first one that comes after it.
  void Add(const Entry& entry, Arena* arena) {
    char* bytes = arena->Allocate(sizeof(Node) + Record::BytesFor(entry), alignof(Node));
    const Target target(entry.key, entry.tag);
    Node* node = new (bytes) Node(target.prefix);
    Record::Write(bytes + sizeof(Node), entry);
    std::atomic<Node*>* link = &first_;
    while (Node* next = link->load(std::memory_order_relaxed)) {
      if (CompareRecord(next->prefix, next->record(), target) > 0) break;
      link = &next->next;
    }
    node->next.store(link->load(std::memory_order_relaxed), std::memory_order_relaxed);
    link->store(node, std::memory_order_release);
  }

  const Record* Find(const Target& target) const {
    for (const Node* node = First(); node != nullptr; node = Next(*node)) {
      if (CompareRecord(node->prefix, node->record(), target) < 0) continue;
      return node->record().key() == target.key ? &node->record() : nullptr;
    }
    return nullptr;
  }

  template <class Visit>
  void ForEach(Visit&& visit) const {
    for (const Node* node = First(); node != nullptr; node = Next(*node)) visit(&node->record());
  }

 private:
  // In front of its record, in one allocation.
  struct Node {
    explicit Node(uint64_t key_prefix) : prefix(key_prefix) {}
    const Record& record() const { return *reinterpret_cast<const Record*>(this + 1); }

    std::atomic<Node*> next{nullptr};
    const uint64_t prefix;
  };

  const Node* First() const { return first_.load(std::memory_order_acquire); }
  static const Node* Next(const Node& node) { return node.next.load(std::memory_order_acquire); }

  std::atomic<Node*> first_{nullptr};
};

class HashLinkedListMemTable final : public HashMemTable<LinkedListBucket> {
 public:
  explicit HashLinkedListMemTable(const MemTableOptions& options)
      : HashMemTable(options, sizeof *this) {}

 private:
  void AddTo(LinkedListBucket* bucket, const Entry& entry) override {
    bucket->Add(entry, &arena());
  }
};

}  // namespace varve
