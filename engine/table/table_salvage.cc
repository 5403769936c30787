// Taking a table apart, and walking what is left of it.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/table/table_salvage.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/table/block.h"
#include "engine/table/block_search.h"
#include "engine/table/table_format.h"
#include "engine/table/table_index.h"
#include "engine/table/table_reader.h"
#include "engine/util/hash.h"

namespace varve {
namespace {

constexpr IoCause kCause{IoKind::kVerify};

// Reads through to a file that somebody else owns.
class BorrowedFile final : public RandomAccessFile {
 public:
  explicit BorrowedFile(const RandomAccessFile* file) : file_(file) {}
  Status Read(IoCause cause, uint64_t offset, size_t bytes, char* buffer) const override {
    return file_->Read(cause, offset, bytes, buffer);
  }
  Result<uint64_t> Length() const override { return file_->Length(); }

 private:
  const RandomAccessFile* const file_;
};

// The stored block at `offset`, checked.
Status ReadStored(const RandomAccessFile& file, uint64_t context, uint64_t offset, uint64_t bytes,
                  std::string* contents) {
  std::string stored(bytes, '\0');
  Status status = file.Read(kCause, offset, stored.size(), stored.data());
  if (!status.ok()) return status;
  std::string scratch;
  std::string_view view;
  status = OpenBlock(stored, BlockSeed(context, offset), &scratch, &view);
  if (status.ok()) contents->assign(view);
  return status;
}

// The last bytes of a file that is `length` long.
Status ReadTail(const RandomAccessFile& file, uint64_t length, std::string* tail) {
  if (length < kTableFooterBytes) return Status::Corruption("file too short for a table");
  tail->assign(kTableFooterBytes, '\0');
  return file.Read(kCause, length - kTableFooterBytes, tail->size(), tail->data());
}

// Finds out about one table.
class Examiner {
 public:
  Examiner(const RandomAccessFile& file, const TableIdentity& identity, const TableInfo* expected)
      : file_(file),
        identity_(identity),
        context_(identity.ChecksumContext()),
        expected_(expected) {}

  TableExamination Examine() {
    const Result<uint64_t> length = file_.Length();
    if (!length.ok()) {
      Lose(0, std::string(length.status().message()), KeyRange::Everything());
      return std::move(result_);
    }
    length_ = *length;
    ExamineParts();
    CountRanges(result_.tombstones, &result_.found);
    // All parts are intact: do they also fit together, and the manifest?
    if (result_.intact()) ExamineWhole();
    result_.found.number = identity_.number;
    result_.found.file_bytes = length_;
    return std::move(result_);
  }

 private:
  void Damage(uint64_t offset, std::string what) {
    result_.damage.push_back({offset, std::move(what)});
  }
  void Lose(uint64_t offset, std::string what, KeyRange keys) {
    Damage(offset, std::move(what));
    result_.lost.push_back(std::move(keys));
  }

  void ExamineParts() {
    TableFooter footer;
    std::string tail;
    Status status = ReadTail(file_, length_, &tail);
    if (status.ok()) status = DecodeFooter(tail, length_, context_, &footer);
    if (!status.ok()) {
      const uint64_t offset = length_ - std::min(length_, kTableFooterBytes);
      Damage(offset, Text("footer", status));
      const bool ranges_known = TakeRangesBefore(offset, tail);
      SearchBlocks(length_, false);
      if (!ranges_known && !IsComplete()) {
        Damage(offset, "properties: range tombstones may be lost");
        result_.lost.assign(1, Bounds());
      }
      return;
    }
    std::string contents;
    status = TakeRanges(footer.properties_offset(), footer.properties_bytes);
    if (!status.ok()) {
      Damage(footer.properties_offset(), Text("properties", status));
      // What they have hidden may come back.
      if (footer.has_ranges) result_.lost.push_back(Bounds());
    }
    if (footer.filter_bytes != 0) {
      status = ReadStored(file_, context_, footer.filter_offset(), footer.filter_bytes, &contents);
      if (!status.ok()) Damage(footer.filter_offset(), Text("filter", status));
    }
    TableIndex index;
    status = ReadStored(file_, context_, footer.index_offset(), footer.index_bytes, &contents);
    if (status.ok()) status = TableIndex::Decode(contents, footer.data_bytes, &index);
    if (status.ok()) {
      FollowIndex(index);
    } else {
      Damage(footer.index_offset(), Text("index", status));
      SearchBlocks(footer.data_bytes, true);
    }
  }

  // Reads the properties, for the range tombstones that are in them.
  Status TakeRanges(uint64_t offset, uint64_t bytes) {
    std::string contents;
    TableProperties properties;
    Status status = ReadStored(file_, context_, offset, bytes, &contents);
    if (status.ok()) status = DecodeProperties(contents, &properties);
    if (status.ok()) result_.tombstones = std::move(properties.tombstones);
    return status;
  }

  // The same where a damaged footer says that they are: if that is wrong, no checksum is right.
  // `tail` may be short.
  bool TakeRangesBefore(uint64_t footer_offset, const std::string& tail) {
    if (tail.size() < kTableFooterBytes) return false;
    const uint64_t bytes = DecodeFixed64(tail.data() + kFooterPropertiesBytesAt);
    if (bytes < kBlockTrailerBytes || bytes > footer_offset) return false;
    return TakeRanges(footer_offset - bytes, bytes).ok();
  }

  void ExamineWhole() {
    TableReaderOptions options;
    options.number = identity_.number;
    options.file_bytes = length_;
    options.checksum_context = context_;
    const auto table = TableReader::Open(std::make_unique<BorrowedFile>(&file_), options,
                                         {.kind = IoKind::kVerify});
    Status status = table.status();
    if (status.ok()) status = (*table)->Verify();
    if (!status.ok()) {
      Damage(0, std::string(status.message()));
    } else if (expected_ != nullptr && (*table)->info() != *expected_) {
      Damage(0, fmt::format("it holds {} entries in {} bytes, not the {} in {} of the manifest",
                            result_.found.entries, length_, expected_->entries,
                            expected_->file_bytes));
    }
  }

  static std::string Text(std::string_view part, const Status& status) {
    return fmt::format("{}: {}", part, status.message());
  }

  // Walks the entries of a block that is intact. False, and nothing is counted, if they are not
  // behind those of the blocks before, in order.
  bool TakeEntries(std::string_view contents) {
    BlockCursor cursor;
    if (!cursor.Reset(contents)) return false;
    TableInfo counted = result_.found;
    std::string key = last_key_;
    Tag tag = last_tag_;
    BlockState state = cursor.SeekToFirst();
    if (state != BlockState::kEntry) return false;
    const std::string first(cursor.entry().key);
    for (; state == BlockState::kEntry; state = cursor.Next()) {
      const Entry& entry = cursor.entry();
      if (counted.entries != 0 && CompareEntries(key, tag, entry.key, entry.tag) >= 0) return false;
      if (counted.entries == 0) counted.smallest = entry.key;
      CountEntry(entry, &counted);
      key.assign(entry.key);
      tag = entry.tag;
    }
    if (state == BlockState::kDamaged) return false;
    counted.largest = key;
    first_key_ = first;
    last_key_ = std::move(key);
    last_tag_ = tag;
    result_.found = std::move(counted);
    return true;
  }

  void FollowIndex(const TableIndex& index) {
    // Where the keys of a block may begin.
    std::string low = expected_ == nullptr ? "" : expected_->smallest;
    for (size_t block = 0; block < index.blocks(); ++block) {
      const uint64_t offset = index.offset(block);
      const std::string separator =
          std::string(index.shared_prefix()) + std::string(index.separator_suffix(block));
      std::string contents;
      Status status = ReadStored(file_, context_, offset, index.block_bytes(block), &contents);
      if (status.ok() && !TakeEntries(contents)) status = Status::Corruption("block is malformed");
      if (status.ok()) {
        result_.blocks.push_back({offset, index.block_bytes(block)});
      } else {
        Lose(offset, Text("data block", status), KeyRange{low, separator, false});
      }
      low = separator;
    }
  }

  // Looks for data blocks in the first `data_bytes`. `all_data`: there is nothing else in them.
  void SearchBlocks(uint64_t data_bytes, bool all_data) {
    std::string bytes(data_bytes, '\0');
    const Status status = file_.Read(kCause, 0, bytes.size(), bytes.data());
    if (!status.ok()) {
      Lose(0, Text("data", status), Bounds());
      return;
    }
    BlockSearcher searcher(bytes, context_);
    uint64_t offset = 0;
    while (offset < data_bytes && !IsComplete()) {
      const std::optional<uint64_t> length = searcher.BlockAt(offset);
      if (length.has_value() && TakeStored(bytes, offset, *length)) {
        if (in_gap_) LoseGap(first_key_);
        offset += *length;
        continue;
      }
      StartGap(offset);
      const std::optional<uint64_t> next = searcher.NextBlock(offset);
      if (!next.has_value()) break;
      offset = *next;
    }
    // Without the footer it is not known whether more blocks should follow.
    const bool whole = all_data && offset == data_bytes && !in_gap_;
    if (whole || IsComplete()) return;
    StartGap(offset);
    LoseGap(std::nullopt);
  }

  bool TakeStored(std::string_view bytes, uint64_t offset, uint64_t length) {
    std::string scratch;
    std::string_view contents;
    const Status status =
        OpenBlock(bytes.substr(offset, length), BlockSeed(context_, offset), &scratch, &contents);
    if (!status.ok() || !TakeEntries(contents)) return false;
    result_.blocks.push_back({offset, length});
    return true;
  }

  // All entries that the manifest promises are there.
  bool IsComplete() const {
    return expected_ != nullptr &&
           result_.found.entries + result_.tombstones.count() == expected_->entries;
  }

  KeyRange Bounds() const {
    if (expected_ == nullptr) return KeyRange::Everything();
    return {expected_->smallest, expected_->largest, false};
  }

  void StartGap(uint64_t offset) {
    if (in_gap_) return;
    in_gap_ = true;
    gap_ = offset;
    gap_low_ = result_.found.entries == 0 ? Bounds().low : last_key_;
  }

  // `before`: the first key behind the gap, if one is known.
  void LoseGap(const std::optional<std::string>& before) {
    in_gap_ = false;
    KeyRange keys = Bounds();
    keys.low = gap_low_;
    if (before.has_value()) keys = {gap_low_, *before, false};
    Lose(gap_, "data: no intact block found", std::move(keys));
  }

  const RandomAccessFile& file_;
  const TableIdentity identity_;
  const uint64_t context_;
  const TableInfo* const expected_;
  uint64_t length_ = 0;
  std::string first_key_;  // of the block taken last
  std::string last_key_;
  Tag last_tag_ = 0;
  bool in_gap_ = false;
  uint64_t gap_ = 0;
  std::string gap_low_;
  TableExamination result_;
};

class SalvageIterator final : public EntryIterator {
 public:
  SalvageIterator(std::shared_ptr<const RandomAccessFile> file, uint64_t context,
                  std::vector<IntactBlock> blocks)
      : file_(std::move(file)), context_(context), blocks_(std::move(blocks)) {}

  void SeekToFirst() override {
    status_ = {};
    next_ = 0;
    Arrive(BlockState::kEnd);
  }
  void Next() override { Arrive(cursor_.Next()); }
  void SeekToLast() override { Refuse(); }
  void Seek(std::string_view /*key*/, Tag /*tag*/) override { Refuse(); }
  void Prev() override { Refuse(); }
  Status status() const override { return status_; }

 private:
  void Refuse() {
    valid_ = false;
    status_ = Status::NotSupported("what was salvaged is read in one direction");
  }

  void Arrive(BlockState state) {
    valid_ = false;
    while (state == BlockState::kEnd) {
      if (next_ == blocks_.size()) return;
      const IntactBlock& block = blocks_[next_++];
      status_ = ReadStored(*file_, context_, block.offset, block.bytes, &contents_);
      if (!status_.ok()) return;
      state = cursor_.Reset(contents_) ? cursor_.SeekToFirst() : BlockState::kDamaged;
    }
    valid_ = state == BlockState::kEntry;
    if (valid_) {
      entry_ = cursor_.entry();
    } else {
      status_ = Status::Corruption("a block changed while it was salvaged");
    }
  }

  const std::shared_ptr<const RandomAccessFile> file_;
  const uint64_t context_;
  const std::vector<IntactBlock> blocks_;
  size_t next_ = 0;
  std::string contents_;
  BlockCursor cursor_;
  Status status_;
};

}  // namespace

uint64_t TableIdentity::ChecksumContext() const { return Mix64(identity, number); }

Result<TableIdentity> ReadTableIdentity(const RandomAccessFile& file) {
  const Result<uint64_t> length = file.Length();
  if (!length.ok()) return length.status();
  std::string tail;
  if (Status s = ReadTail(file, *length, &tail); !s.ok()) return s;
  // The footer cannot be checked before the identity is known; where it leads is checked then.
  const uint64_t bytes = DecodeFixed64(tail.data() + kFooterPropertiesBytesAt);
  if (bytes < kBlockTrailerBytes || bytes > *length - kTableFooterBytes) {
    return Status::Corruption("properties are not where the footer says");
  }
  const uint64_t offset = *length - kTableFooterBytes - bytes;
  std::string stored(bytes, '\0');
  if (Status s = file.Read(kCause, offset, stored.size(), stored.data()); !s.ok()) return s;
  TableProperties properties;
  const std::string_view contents =
      std::string_view(stored).substr(0, stored.size() - kBlockTrailerBytes);
  if (Status s = DecodeProperties(contents, &properties); !s.ok()) return s;
  const TableIdentity found{properties.identity, properties.number};
  std::string scratch;
  std::string_view checked;
  const uint64_t seed = BlockSeed(found.ChecksumContext(), offset);
  if (Status s = OpenBlock(stored, seed, &scratch, &checked); !s.ok()) return s;
  if (found.number == 0) return Status::Corruption("the table does not say which it is");
  return found;
}

TableExamination ExamineTable(const RandomAccessFile& file, const TableIdentity& identity,
                              const TableInfo* expected) {
  return Examiner(file, identity, expected).Examine();
}

std::unique_ptr<EntryIterator> NewSalvageIterator(std::shared_ptr<const RandomAccessFile> file,
                                                  const TableIdentity& identity,
                                                  std::vector<IntactBlock> blocks) {
  return std::make_unique<SalvageIterator>(std::move(file), identity.ChecksumContext(),
                                           std::move(blocks));
}

}  // namespace varve
