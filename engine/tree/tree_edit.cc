// TreeEdit as bytes. Format: engine/FORMAT.md, "Manifest".
//
// An edit is a list of fields (tag, length, content), so that a reader can step over what it does
// not know: an unknown even tag is ignored, an unknown odd tag must be understood and refuses the
// edit. The decoder accepts any bytes and allocates in proportion to them.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <utility>

#include "engine/tree/manifest.h"
#include "engine/util/coding.h"

namespace varve {
namespace {

// Stored on disk: values never change. Even tags may be ignored by a reader that does not know
// them, odd tags may not.
enum EditTag : uint64_t {
  kRemovedTables = 1,
  kMovedCursor = 2,
  kAddedTable = 3,
  kOldestWal = 5,
  kNextNumber = 7,
  kLastSequence = 9,
  kTime = 12,
};

void PutField(std::string* to, uint64_t tag, std::string_view content) {
  PutVarint(to, tag);
  PutLengthPrefixed(to, content);
}

void PutNumberField(std::string* to, uint64_t tag, const std::optional<uint64_t>& value) {
  if (!value.has_value()) return;
  std::string content;
  PutVarint(&content, *value);
  PutField(to, tag, content);
}

std::string AddedTableContent(const TreeEdit::AddedTable& added) {
  const TableInfo& table = *added.table;
  std::string content;
  for (const uint64_t number :
       {static_cast<uint64_t>(added.level), added.run, table.number, table.file_bytes,
        table.entries, table.tombstones, table.key_bytes, table.value_bytes, table.sequence_min,
        table.sequence_max, table.oldest_tombstone}) {
    PutVarint(&content, number);
  }
  PutLengthPrefixed(&content, table.smallest);
  PutLengthPrefixed(&content, table.largest);
  return content;
}

Status Malformed(std::string_view what) {
  return Status::Corruption(fmt::format("manifest edit: {}", what));
}

Status UnknownTag(std::string_view where, uint64_t tag) {
  return Status::NotSupported(fmt::format(
      "manifest edit: {} has the unknown tag {}, which a newer version wrote", where, tag));
}

bool GetLevel(std::string_view* from, int* level) {
  uint64_t value = 0;
  if (!GetVarint(from, &value) || value >= static_cast<uint64_t>(kLevelsMax)) return false;
  *level = static_cast<int>(value);
  return true;
}

bool GetKey(std::string_view* from, std::string* key) {
  std::string_view bytes;
  if (!GetLengthPrefixed(from, &bytes) || bytes.size() > kKeyBytesMax) return false;
  *key = bytes;
  return true;
}

// What no table can be, whatever the tree.
bool IsPossible(const TreeEdit::AddedTable& added) {
  const TableInfo& table = *added.table;
  return added.run != 0 && table.number != 0 && table.smallest <= table.largest &&
         table.tombstones <= table.entries && table.sequence_min <= table.sequence_max &&
         table.sequence_max <= kSequenceMax && table.oldest_tombstone <= table.sequence_max;
}

// Fields that later versions may append to a table, by the same rule of tags.
Status SkipTableFields(std::string_view from) {
  while (!from.empty()) {
    uint64_t tag = 0;
    std::string_view content;
    if (!GetVarint(&from, &tag) || !GetLengthPrefixed(&from, &content)) {
      return Malformed("a field of a table is cut off");
    }
    if (tag % 2 == 1) return UnknownTag("a table", tag);
  }
  return {};
}

Status DecodeAddedTable(std::string_view from, TreeEdit* edit) {
  auto table = std::make_shared<TableInfo>();
  TreeEdit::AddedTable added;
  if (!GetLevel(&from, &added.level)) return Malformed("bad level of a table");
  for (uint64_t* number : {&added.run, &table->number, &table->file_bytes, &table->entries,
                           &table->tombstones, &table->key_bytes, &table->value_bytes,
                           &table->sequence_min, &table->sequence_max, &table->oldest_tombstone}) {
    if (!GetVarint(&from, number)) return Malformed("a table is cut off");
  }
  if (!GetKey(&from, &table->smallest) || !GetKey(&from, &table->largest)) {
    return Malformed("bad key range of a table");
  }
  added.table = std::move(table);
  if (!IsPossible(added)) {
    return Malformed(fmt::format("table {} contradicts itself", added.table->number));
  }
  edit->added_tables.push_back(std::move(added));
  return SkipTableFields(from);
}

Status DecodeRemovedTables(std::string_view from, TreeEdit* edit) {
  while (!from.empty()) {
    uint64_t number = 0;
    if (!GetVarint(&from, &number)) return Malformed("a removed table is cut off");
    edit->removed_tables.push_back(number);
  }
  return {};
}

Status DecodeMovedCursor(std::string_view from, TreeEdit* edit) {
  TreeEdit::MovedCursor moved;
  if (!GetLevel(&from, &moved.level) || !GetKey(&from, &moved.cursor) || !from.empty()) {
    return Malformed("bad cursor");
  }
  edit->cursors.push_back(std::move(moved));
  return {};
}

Status DecodeTime(std::string_view from, TreeEdit* edit) {
  SequenceTimes::Sample time;
  const bool whole = GetVarint(&from, &time.sequence) && GetVarint(&from, &time.seconds);
  if (!whole || !from.empty()) return Malformed("bad time");
  edit->times.push_back(time);
  return {};
}

Status DecodeNumber(std::string_view from, std::optional<uint64_t>* to) {
  uint64_t value = 0;
  if (to->has_value()) return Malformed("a number is there twice");
  if (!GetVarint(&from, &value) || !from.empty()) return Malformed("bad number");
  *to = value;
  return {};
}

Status DecodeField(uint64_t tag, std::string_view content, TreeEdit* edit) {
  switch (tag) {
    case kRemovedTables:
      return DecodeRemovedTables(content, edit);
    case kMovedCursor:
      return DecodeMovedCursor(content, edit);
    case kAddedTable:
      return DecodeAddedTable(content, edit);
    case kOldestWal:
      return DecodeNumber(content, &edit->oldest_wal);
    case kNextNumber:
      return DecodeNumber(content, &edit->next_number);
    case kLastSequence:
      return DecodeNumber(content, &edit->last_sequence);
    case kTime:
      return DecodeTime(content, edit);
    default:
      return tag % 2 == 1 ? UnknownTag("it", tag) : Status();
  }
}

}  // namespace

void TreeEdit::EncodeTo(std::string* to) const {
  if (!removed_tables.empty()) {
    std::string content;
    for (const uint64_t number : removed_tables) PutVarint(&content, number);
    PutField(to, kRemovedTables, content);
  }
  for (const AddedTable& added : added_tables) {
    PutField(to, kAddedTable, AddedTableContent(added));
  }
  for (const MovedCursor& moved : cursors) {
    std::string content;
    PutVarint(&content, static_cast<uint64_t>(moved.level));
    PutLengthPrefixed(&content, moved.cursor);
    PutField(to, kMovedCursor, content);
  }
  PutNumberField(to, kOldestWal, oldest_wal);
  PutNumberField(to, kNextNumber, next_number);
  PutNumberField(to, kLastSequence, last_sequence);
  for (const SequenceTimes::Sample& time : times) {
    std::string content;
    PutVarint(&content, time.sequence);
    PutVarint(&content, time.seconds);
    PutField(to, kTime, content);
  }
}

Result<TreeEdit> TreeEdit::Decode(std::string_view bytes) {
  TreeEdit edit;
  while (!bytes.empty()) {
    uint64_t tag = 0;
    std::string_view content;
    if (!GetVarint(&bytes, &tag) || !GetLengthPrefixed(&bytes, &content)) {
      return Malformed("a field is cut off");
    }
    const Status status = DecodeField(tag, content, &edit);
    if (!status.ok()) return status;
  }
  if (edit.last_sequence.value_or(0) > kSequenceMax) return Malformed("impossible last sequence");
  return edit;
}

}  // namespace varve
