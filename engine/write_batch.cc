// WriteBatch, and the bytes that it is made of.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/write_batch.h"

#include <fmt/format.h>

#include "engine/util/coding.h"
#include "engine/write_batch_bytes.h"

namespace varve {
namespace {

constexpr size_t kCountOffset = 8;

void PutOperation(std::string* bytes, EntryKind kind, std::string_view key) {
  bytes->push_back(static_cast<char>(kind));
  PutLengthPrefixed(bytes, key);
}

}  // namespace

bool WriteBatch::TakesKey(std::string_view key) {
  if (key.size() <= kKeyBytesMax) return true;
  status_ = Status::InvalidArgument(
      fmt::format("a key of {} bytes; a key may have {} at most", key.size(), kKeyBytesMax));
  return false;
}

void WriteBatch::CountOperation(size_t user_bytes) {
  user_bytes_ += user_bytes;
  EncodeFixed32(bytes_.data() + kCountOffset, count() + 1);
}

void WriteBatch::Put(std::string_view key, std::string_view value) {
  if (!TakesKey(key)) return;
  if (value.size() > kValueBytesMax) {
    status_ = Status::InvalidArgument(fmt::format(
        "a value of {} bytes; a value may have {} at most", value.size(), kValueBytesMax));
    return;
  }
  PutOperation(&bytes_, EntryKind::kPut, key);
  PutLengthPrefixed(&bytes_, value);
  CountOperation(key.size() + value.size());
}

void WriteBatch::Delete(std::string_view key) {
  if (!TakesKey(key)) return;
  PutOperation(&bytes_, EntryKind::kDelete, key);
  CountOperation(key.size());
}

void WriteBatch::DeleteRange(std::string_view begin, std::string_view end) {
  if (!TakesKey(begin) || !TakesKey(end) || begin == end) return;
  if (begin > end) {
    status_ = Status::InvalidArgument("a range of keys that ends before it begins");
    return;
  }
  PutOperation(&bytes_, EntryKind::kDeleteRange, begin);
  PutLengthPrefixed(&bytes_, end);
  CountOperation(begin.size() + end.size());
}

void WriteBatch::Clear() {
  // A huge write must not leave a huge buffer behind.
  constexpr size_t kBytesKept = 4 << 20;
  if (bytes_.capacity() > kBytesKept) std::string().swap(bytes_);
  WriteBatchBytes::StartPayload(&bytes_);
  user_bytes_ = 0;
  status_ = Status();
}

uint32_t WriteBatch::count() const { return DecodeFixed32(bytes_.data() + kCountOffset); }

void WriteBatchBytes::StartPayload(std::string* payload) { payload->assign(kBatchHeaderBytes, 0); }

void WriteBatchBytes::FinishPayload(std::string* payload, SequenceNumber first, uint32_t count) {
  EncodeFixed64(payload->data(), first);
  EncodeFixed32(payload->data() + kCountOffset, count);
}

Result<BatchReader> BatchReader::OfPayload(std::string_view payload) {
  uint64_t first;
  uint32_t count;
  if (!GetFixed64(&payload, &first) || !GetFixed32(&payload, &count)) {
    return Status::Corruption("a batch is cut off in its header");
  }
  if (first > kSequenceMax || count > kSequenceMax - first) {
    return Status::Corruption("a batch has an impossible sequence number");
  }
  return BatchReader(payload, first, count);
}

Result<bool> BatchReader::Next(Entry* entry) {
  if (left_ == 0) {
    if (rest_.empty()) return false;
    return Status::Corruption("a batch has bytes after its last operation");
  }
  if (rest_.empty()) return Status::Corruption("a batch has fewer operations than it says");
  const auto kind = static_cast<unsigned char>(rest_[0]);
  rest_.remove_prefix(1);
  if (kind > static_cast<unsigned char>(EntryKind::kDeleteRange)) {
    return Status::Corruption(fmt::format("a batch has an operation of unknown kind {}", kind));
  }
  entry->tag = MakeTag(sequence_, static_cast<EntryKind>(kind));
  entry->value = {};
  if (!GetLengthPrefixed(&rest_, &entry->key) || entry->key.size() > kKeyBytesMax) {
    return Status::Corruption("a batch is cut off in a key");
  }
  if (KindOf(entry->tag) == EntryKind::kPut &&
      (!GetLengthPrefixed(&rest_, &entry->value) || entry->value.size() > kValueBytesMax)) {
    return Status::Corruption("a batch is cut off in a value");
  }
  if (KindOf(entry->tag) == EntryKind::kDeleteRange &&
      (!GetLengthPrefixed(&rest_, &entry->value) || entry->value.size() > kKeyBytesMax)) {
    return Status::Corruption("a batch is cut off in the end of a range");
  }
  if (KindOf(entry->tag) == EntryKind::kDeleteRange && entry->key >= entry->value) {
    return Status::Corruption("a batch has a range that ends before it begins");
  }
  ++sequence_;
  --left_;
  return true;
}

}  // namespace varve
