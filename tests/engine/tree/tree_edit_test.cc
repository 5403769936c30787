// TreeEdit as bytes: there and back, and any bytes at all.
//
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "engine/tree/manifest.h"
#include "engine/util/coding.h"
#include "tests/hex.h"

namespace varve {
namespace {

using testing::HasSubstr;

TreeEdit FullEdit() {
  TableInfo table;
  table.number = 70;
  table.file_bytes = 1000;
  table.entries = 20;
  table.tombstones = 3;
  table.key_bytes = 400;
  table.value_bytes = 500;
  table.smallest = std::string("a\0b", 3);
  table.largest = "zz";
  table.sequence_min = 5;
  table.sequence_max = kSequenceMax;
  table.oldest_tombstone = 6;
  TreeEdit edit;
  edit.removed_tables = {1, 300, UINT64_MAX};
  edit.added_tables = {{3, 9, std::make_shared<const TableInfo>(table)}};
  edit.cursors = {{2, "cursor"}};
  edit.oldest_wal = 0;
  edit.next_number = 71;
  edit.last_sequence = kSequenceMax;
  return edit;
}

std::string Encode(const TreeEdit& edit) {
  std::string bytes;
  edit.EncodeTo(&bytes);
  return bytes;
}

Status DecodeStatus(const std::string& bytes) { return TreeEdit::Decode(bytes).status(); }

TEST(TreeEdit, EveryFieldIsReadBack) {
  const TreeEdit edit = FullEdit();
  const Result<TreeEdit> decoded = TreeEdit::Decode(Encode(edit));
  ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
  EXPECT_EQ(decoded->removed_tables, edit.removed_tables);
  ASSERT_EQ(decoded->added_tables.size(), 1U);
  EXPECT_EQ(decoded->added_tables[0].level, 3);
  EXPECT_EQ(decoded->added_tables[0].run, 9U);
  EXPECT_EQ(*decoded->added_tables[0].table, *edit.added_tables[0].table);
  ASSERT_EQ(decoded->cursors.size(), 1U);
  EXPECT_EQ(decoded->cursors[0].level, 2);
  EXPECT_EQ(decoded->cursors[0].cursor, "cursor");
  EXPECT_EQ(decoded->oldest_wal, edit.oldest_wal);
  EXPECT_EQ(decoded->next_number, edit.next_number);
  EXPECT_EQ(decoded->last_sequence, edit.last_sequence);
}

TEST(TreeEdit, AnEmptyEditIsEmpty) {
  EXPECT_EQ(Encode(TreeEdit()), "");
  const Result<TreeEdit> decoded = TreeEdit::Decode("");
  ASSERT_TRUE(decoded.ok());
  EXPECT_FALSE(decoded->oldest_wal.has_value());
  EXPECT_FALSE(decoded->next_number.has_value());
}

// Databases outlive versions of the program.
TEST(TreeEdit, TheBytesAreThoseOfTheFormat) {
  TableInfo table;
  table.number = 12;
  table.file_bytes = 300;
  table.entries = 2;
  table.tombstones = 1;
  table.key_bytes = 2;
  table.value_bytes = 5;
  table.smallest = "a";
  table.largest = "k";
  table.sequence_min = 7;
  table.sequence_max = 8;
  table.oldest_tombstone = 8;
  TreeEdit edit;
  edit.removed_tables = {10, 300};
  edit.added_tables = {{1, 9, std::make_shared<const TableInfo>(table)}};
  edit.cursors = {{1, "k"}};
  edit.next_number = 13;
  EXPECT_EQ(Hex(Encode(edit)),
            "01030aac02"
            "031001090cac0202010205070808"
            "0161"
            "016b"
            "0203"
            "01016b"
            "07010d");
}

TEST(TreeEdit, AnUnknownEvenTagIsSteppedOverAndAnOddOneIsNot) {
  std::string bytes = Encode(FullEdit());
  PutVarint(&bytes, 1000);
  PutLengthPrefixed(&bytes, "whatever");
  EXPECT_TRUE(DecodeStatus(bytes).ok());
  PutVarint(&bytes, 1001);
  PutLengthPrefixed(&bytes, "whatever");
  EXPECT_EQ(DecodeStatus(bytes).code(), Status::Code::kNotSupported);
}

// The content of the table field of FullEdit, with `more` after it.
std::string WithTableFields(const std::string& more) {
  TreeEdit edit;
  edit.added_tables = FullEdit().added_tables;
  std::string_view bytes;
  const std::string encoded = Encode(edit);
  std::string_view rest = std::string_view(encoded).substr(1);
  EXPECT_TRUE(GetLengthPrefixed(&rest, &bytes));
  std::string field(1, 3);
  PutLengthPrefixed(&field, std::string(bytes) + more);
  return field;
}

TEST(TreeEdit, ATableMayHaveUnknownFieldsByTheSameRule) {
  EXPECT_TRUE(DecodeStatus(WithTableFields("")).ok());
  EXPECT_TRUE(DecodeStatus(WithTableFields(std::string("\x02\x03xyz", 5))).ok());
  EXPECT_EQ(DecodeStatus(WithTableFields(std::string("\x03\x03xyz", 5))).code(),
            Status::Code::kNotSupported);
  EXPECT_EQ(DecodeStatus(WithTableFields("\x02")).code(), Status::Code::kCorruption);
}

TEST(TreeEdit, ANumberThatIsThereTwiceIsRefused) {
  TreeEdit edit;
  edit.next_number = 5;
  EXPECT_THAT(DecodeStatus(Encode(edit) + Encode(edit)).ToString(), HasSubstr("twice"));
}

TEST(TreeEdit, WhatNoTableCanBeIsRefused) {
  const auto with = [](const std::function<void(TableInfo*)>& change) {
    TableInfo table = *FullEdit().added_tables[0].table;
    change(&table);
    TreeEdit edit;
    edit.added_tables = {{3, 9, std::make_shared<const TableInfo>(table)}};
    return DecodeStatus(Encode(edit)).code();
  };
  const auto corrupt = Status::Code::kCorruption;
  EXPECT_EQ(with([](TableInfo*) {}), Status::Code::kOk);
  EXPECT_EQ(with([](TableInfo* table) { table->number = 0; }), corrupt);
  EXPECT_EQ(with([](TableInfo* table) { table->tombstones = 21; }), corrupt);
  EXPECT_EQ(with([](TableInfo* table) { table->smallest = "zzz"; }), corrupt);
  EXPECT_EQ(with([](TableInfo* table) { table->sequence_max = kSequenceMax + 1; }), corrupt);
  EXPECT_EQ(with([](TableInfo* table) { table->sequence_min = UINT64_MAX; }), corrupt);
  EXPECT_EQ(with([](TableInfo* table) { table->oldest_tombstone = UINT64_MAX; }), corrupt);
  EXPECT_EQ(with([](TableInfo* table) { table->largest = std::string(kKeyBytesMax + 1, 'z'); }),
            corrupt);
}

TEST(TreeEdit, EveryCutIsRefusedOrAShorterEdit) {
  const std::string bytes = Encode(FullEdit());
  for (size_t length = 0; length < bytes.size(); ++length) {
    const Result<TreeEdit> decoded = TreeEdit::Decode(bytes.substr(0, length));
    EXPECT_TRUE(!decoded.ok() || Encode(*decoded) != bytes) << length;
  }
}

TEST(TreeEdit, AnyBytesAreDecodedOrRefused) {
  std::mt19937_64 random(3);
  const std::string good = Encode(FullEdit());
  for (int i = 0; i < 50000; ++i) {
    std::string bytes = good;
    for (uint64_t n = 1 + random() % 4; n > 0; --n) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    if (i % 2 == 0) bytes.resize(random() % (bytes.size() + 1));
    const Result<TreeEdit> decoded = TreeEdit::Decode(bytes);
    if (!decoded.ok()) continue;
    const Result<TreeEdit> again = TreeEdit::Decode(Encode(*decoded));
    ASSERT_TRUE(again.ok());
    ASSERT_EQ(Encode(*again), Encode(*decoded));
  }
}

}  // namespace
}  // namespace varve
