// Opening a table file, and reading its blocks.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/table/table_file.h"

#include <fmt/core.h>

#include <utility>

namespace varve {

Result<std::unique_ptr<TableFile>> TableFile::Open(std::unique_ptr<RandomAccessFile> file,
                                                   const TableReaderOptions& options,
                                                   const ReadContext& context) {
  std::unique_ptr<TableFile> table(new TableFile(std::move(file), options));
  const Status status = table->Load(context);
  if (!status.ok()) return status;
  return table;
}

Status TableFile::Locate(const Status& status, std::string_view what, uint64_t offset) const {
  return status.Annotate(fmt::format("table {}: {} at offset {}", options_.number, what, offset));
}

Status TableFile::Damaged(size_t block, std::string_view what) const {
  return Locate(Status::Corruption(std::string(what)), "data block", index_.offset(block));
}

Status TableFile::LoadFooter(const ReadContext& context) {
  const Result<uint64_t> length = file_->Length();
  if (!length.ok()) return Locate(length.status(), "file", 0);
  if (*length != options_.file_bytes) {
    const Status wrong = Status::Corruption(
        fmt::format("file has {} bytes instead of {}", *length, options_.file_bytes));
    return Locate(wrong, "end", *length);
  }
  if (*length < kTableFooterBytes) {
    return Locate(Status::Corruption("file too short for a table"), "end", *length);
  }
  const uint64_t offset = *length - kTableFooterBytes;
  std::string bytes(kTableFooterBytes, '\0');
  const IoCause cause = {IoKind::kOpen, context.level, context.reason};
  Status status = file_->Read(cause, offset, bytes.size(), bytes.data());
  if (status.ok()) {
    status = DecodeFooter(bytes, *length, options_.checksum_context, &footer_);
  }
  return Locate(status, "footer", offset);
}

Status TableFile::LoadMeta(IoCause cause, uint64_t offset, uint64_t bytes,
                           std::string* contents) const {
  std::string stored(bytes, '\0');
  Status status = file_->Read(cause, offset, stored.size(), stored.data());
  if (!status.ok()) return status;
  std::string scratch;
  std::string_view view;
  status = OpenBlock(stored, BlockSeed(options_.checksum_context, offset), &scratch, &view);
  if (!status.ok()) return status;
  contents->assign(view);
  return {};
}

Status TableFile::Load(const ReadContext& context) {
  Status status = LoadFooter(context);
  if (!status.ok()) return status;

  std::string contents;
  uint64_t offset = footer_.properties_offset();
  status = LoadMeta({IoKind::kOpen, context.level, context.reason}, offset,
                    footer_.properties_bytes, &contents);
  if (status.ok()) status = DecodeProperties(contents, &properties_);
  if (status.ok() && footer_.has_ranges == properties_.tombstones.empty()) {
    status = Status::Corruption("footer and properties disagree on range tombstones");
  }
  if (!status.ok()) return Locate(status, "properties", offset);
  if (footer_.has_ranges) range_tombstones_ = &properties_.tombstones;
  properties_.info.number = options_.number;
  properties_.info.file_bytes = options_.file_bytes;

  offset = footer_.index_offset();
  status = LoadMeta({IoKind::kIndex, context.level, context.reason}, offset, footer_.index_bytes,
                    &contents);
  if (status.ok()) status = TableIndex::Decode(contents, footer_.data_bytes, &index_);
  if (!status.ok()) return Locate(status, "index", offset);

  if (footer_.filter_bytes == 0) return {};
  offset = footer_.filter_offset();
  status = LoadMeta({IoKind::kFilter, context.level, context.reason}, offset, footer_.filter_bytes,
                    &contents);
  if (!status.ok()) return Locate(status, "filter", offset);
  filter_ = AlignedBytes(contents);
  filter_policy_ = FilterPolicyOfName(properties_.filter_name);
  return {};
}

BlockBytes TableFile::CachedBlock(size_t block) const {
  if (options_.cache == nullptr) return {};
  return options_.cache->Lookup(CacheKey(block));
}

Status TableFile::ReadBlock(const ReadContext& context, size_t block, BlockBytes* bytes) const {
  BlockBytes fresh = BlockBytes::Allocate(stored_bytes(block, block + 1));
  const IoCause cause = {context.kind, context.level, context.reason};
  Status status = ReadStored(cause, block, block + 1, fresh.data());
  if (!status.ok()) return status;
  std::string scratch;
  std::string_view contents;
  status = OpenStored(block, fresh.view(), &scratch, &contents);
  if (!status.ok()) return status;
  if (contents.data() == fresh.data()) {
    fresh.Truncate(contents.size());
  } else {
    fresh = BlockBytes::Allocate(contents.size());
    contents.copy(fresh.data(), contents.size());
  }
  if (options_.cache != nullptr && context.fill_cache) {
    options_.cache->Insert(CacheKey(block), fresh);
  }
  *bytes = std::move(fresh);
  return {};
}

Status TableFile::ReadStored(IoCause cause, size_t first, size_t last, char* buffer) const {
  const uint64_t begin = index_.offset(first);
  const Status status = file_->Read(cause, begin, stored_bytes(first, last), buffer);
  return status.ok() ? status : Locate(status, "data block", begin);
}

Status TableFile::OpenStored(size_t block, std::string_view stored, std::string* scratch,
                             std::string_view* contents) const {
  const uint64_t offset = index_.offset(block);
  const uint64_t seed = BlockSeed(options_.checksum_context, offset);
  const Status status = OpenBlock(stored, seed, scratch, contents);
  return status.ok() ? status : Locate(status, "data block", offset);
}

}  // namespace varve
