// Any bytes as a batch: its operations, written into a batch again, are the same.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/write_batch.h"
#include "engine/write_batch_bytes.h"
#include "tests/fuzz/fuzzers.h"

namespace varve::fuzz {
namespace {

// Bounds the memory of a batch of deletes of nothing.
constexpr size_t kInputBytesMax = 64 << 10;

// The payload of a batch with the operations of `payload`, and whether all of it could be read.
bool Rewrite(std::string_view payload, std::string* out) {
  Result<BatchReader> reader = BatchReader::OfPayload(payload);
  if (!reader.ok()) return false;
  const SequenceNumber first = reader->next_sequence();
  WriteBatch batch;
  Entry entry;
  SequenceNumber next = first;
  Result<bool> more = reader->Next(&entry);
  for (; more.ok() && *more; more = reader->Next(&entry)) {
    if (SequenceOf(entry.tag) != next++) return false;
    if (KindOf(entry.tag) == EntryKind::kPut) {
      batch.Put(entry.key, entry.value);
    } else if (KindOf(entry.tag) == EntryKind::kDeleteRange) {
      batch.DeleteRange(entry.key, entry.value);
    } else {
      batch.Delete(entry.key);
    }
  }
  if (!more.ok() || !batch.status().ok()) return false;
  WriteBatchBytes::StartPayload(out);
  out->append(WriteBatchBytes::Operations(batch));
  WriteBatchBytes::FinishPayload(out, first, batch.count());
  return true;
}

}  // namespace

std::string FuzzBatch(std::string_view input) {
  if (input.size() > kInputBytesMax) return "";
  std::string once;
  if (!Rewrite(input, &once)) return "";
  std::string twice;
  if (!Rewrite(once, &twice)) return "a batch that was written cannot be read";
  if (once != twice) return "a batch reads back differently";
  if (once.size() > input.size()) return "a batch has two short spellings";
  return "";
}

}  // namespace varve::fuzz
