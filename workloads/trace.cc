// Reading of traces, in place. See trace.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/trace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/util/coding.h"
#include "workloads/trace_format.h"

namespace varve::workloads {
namespace {

using trace_format::Header;
using trace_format::kOperationBytes;
using trace_format::kPieceBytes;
using trace_format::kRecordBytes;
using trace_format::kWordBytes;

Status Failed(const std::string& path) {
  const std::string reason = fmt::format("{}: {}", path, std::strerror(errno));
  return errno == ENOENT ? Status::NotFound(reason) : Status::IoError(reason);
}

constexpr uint64_t kRecordsMax = uint64_t{1} << 40;
constexpr uint64_t kAllKeyBytesMax = uint64_t{1} << 56;

uint64_t PiecesOf(uint64_t bytes) { return (bytes + kPieceBytes - 1) / kPieceBytes; }

}  // namespace

Trace::~Trace() {
  if (mapping_ != nullptr) munmap(mapping_, bytes_.size());
}

Result<std::shared_ptr<const Trace>> Trace::Open(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Failed(path);
  std::shared_ptr<Trace> trace(new Trace());
  trace->path_ = path;
  struct stat status = {};
  Status failure;
  if (fstat(file, &status) != 0) {
    failure = Failed(path);
  } else if (!S_ISREG(status.st_mode)) {
    failure = Status::InvalidArgument(fmt::format("{} is not a file", path));
  } else if (status.st_size > 0) {
    const auto size = static_cast<size_t>(status.st_size);
    void* mapping = mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
    if (mapping == MAP_FAILED) {
      failure = Failed(path);
    } else {
      trace->mapping_ = mapping;
      trace->bytes_ = {static_cast<const char*>(mapping), size};
    }
  }
  close(file);
  if (failure.ok()) failure = trace->ReadHeader();
  if (!failure.ok()) return failure;
  return std::shared_ptr<const Trace>(std::move(trace));
}

Result<std::shared_ptr<const Trace>> Trace::FromBytes(std::string bytes, const std::string& path) {
  std::shared_ptr<Trace> trace(new Trace());
  trace->path_ = path;
  trace->owned_ = std::move(bytes);
  trace->bytes_ = trace->owned_;
  if (Status status = trace->ReadHeader(); !status.ok()) return status;
  return std::shared_ptr<const Trace>(std::move(trace));
}

Status Trace::Damaged(uint64_t offset, std::string_view reason) const {
  return Status::Corruption(fmt::format("{}: at byte {}: {}", path_, offset, reason));
}

// Everything that places are computed from. Numbers are bounded before they are multiplied, so that
// none of them overflows.
Status Trace::ReadHeader() {
  Header header;
  if (bytes_.size() < kWordBytes || DecodeFixed64(bytes_.data()) != header.magic) {
    const bool unfinished = bytes_.size() >= kWordBytes && DecodeFixed64(bytes_.data()) == 0;
    return Status::InvalidArgument(fmt::format("{} is not a trace of Varve{}", path_,
                                               unfinished ? ", or its writing was cut off" : ""));
  }
  if (bytes_.size() < sizeof header) return Damaged(0, "the header is cut off");
  std::memcpy(&header, bytes_.data(), sizeof header);
  if (header.checksum != trace_format::ChecksumOf(header)) {
    return Damaged(0, "the header is damaged: its checksum differs");
  }
  if (header.version != trace_format::kVersion) {
    return Status::InvalidArgument(fmt::format("{} is a trace of version {}; this program reads {}",
                                               path_, header.version, trace_format::kVersion));
  }
  const bool possible =
      header.operations <= kTraceOperationsMax && header.records <= kRecordsMax &&
      header.key_bytes <= kAllKeyBytesMax && header.source_bytes <= trace_format::kSourceBytesMax &&
      header.loaded <= header.records && (header.records > 0 || header.operations == 0) &&
      header.value_bytes_max <= kTraceValueBytesMax && header.key_bytes_max <= kTraceKeyBytesMax &&
      header.sorted <= 1 && header.kinds >> trace_format::kCodes == 0;
  if (!possible) return Damaged(0, "the header holds numbers that cannot be");
  const uint64_t entries = sizeof header + header.operations * kOperationBytes;
  const uint64_t keys = entries + header.records * kRecordBytes;
  const uint64_t source = keys + header.key_bytes;
  const uint64_t checksums = source + header.source_bytes;
  const uint64_t end = checksums + PiecesOf(checksums - sizeof header) * kWordBytes;
  if (end != bytes_.size()) {
    return Damaged(bytes_.size(), fmt::format("the file ends here; {} bytes were written", end));
  }
  entries_ = bytes_.data() + entries;
  key_bytes_ = bytes_.substr(keys, header.key_bytes);
  source_ = bytes_.substr(source, header.source_bytes);
  checksums_ = bytes_.substr(checksums);
  if (trace_format::Checksum(checksums_) != header.checksums) {
    return Damaged(checksums, "the checksums are damaged");
  }
  operations_ = header.operations;
  records_ = header.records;
  loaded_ = header.loaded;
  duration_ns_ = header.duration_ns;
  key_bytes_max_ = header.key_bytes_max;
  value_bytes_max_ = header.value_bytes_max;
  kinds_ = header.kinds;
  sorted_ = header.sorted != 0;
  if (Has(OperationKind::kDeleteRange) && !sorted_) {
    return Damaged(0, "ranges are deleted, and keys are not sorted");
  }
  identity_ = header.checksum;
  return {};
}

bool Trace::Has(OperationKind kind) const {
  const std::optional<uint64_t> code = trace_format::CodeOf(kind);
  return code.has_value() && (kinds_ >> *code & 1) != 0;
}

TraceOperation Trace::OperationAt(uint64_t i) const {
  const char* words = bytes_.data() + sizeof(Header) + i * kOperationBytes;
  TraceOperation operation;
  operation.at_ns = DecodeFixed64(words);
  const uint64_t code_and_record = DecodeFixed64(words + kWordBytes);
  const uint64_t code = code_and_record >> trace_format::kCodeShift;
  operation.kind = trace_format::kKinds[std::min(code, uint64_t{trace_format::kCodes - 1})];
  operation.record = std::min(code_and_record & trace_format::kRecordMask, records_ - 1);
  const uint64_t argument = DecodeFixed64(words + 2 * kWordBytes);
  operation.argument = std::min(argument, ArgumentMax(operation));
  return operation;
}

std::string_view Trace::Key(uint64_t record) const {
  const char* entry = entries_ + record * kRecordBytes;
  const uint64_t begin = record == 0 ? 0 : DecodeFixed64(entry - kRecordBytes);
  const uint64_t end = DecodeFixed64(entry);
  if (begin > end || end > key_bytes_.size()) return {};
  return key_bytes_.substr(begin, end - begin);
}

std::optional<uint64_t> Trace::BytesAtStart(uint64_t record) const {
  const uint64_t at_start = DecodeFixed64(entries_ + record * kRecordBytes + kWordBytes);
  if (at_start == 0) return std::nullopt;
  return std::min(at_start - 1, value_bytes_max_);
}

uint64_t Trace::ArgumentMax(const TraceOperation& operation) const {
  if (PutsValue(operation.kind)) return value_bytes_max_;
  if (operation.kind == OperationKind::kDeleteRange) return records_ - 1 - operation.record;
  return Scans(operation.kind) ? kTraceScanLengthMax : 0;
}

Status Trace::CheckOperation(uint64_t i, uint64_t earliest_ns) const {
  const uint64_t offset = sizeof(Header) + i * kOperationBytes;
  const auto wrong = [&](std::string_view reason) {
    return Damaged(offset, fmt::format("operation {} {}", i, reason));
  };
  const uint64_t word = DecodeFixed64(bytes_.data() + offset + kWordBytes);
  const uint64_t code = word >> trace_format::kCodeShift;
  if ((kinds_ >> std::min<uint64_t>(code, 63) & 1) == 0) {
    return wrong("is of a kind that the header does not name");
  }
  if ((word & trace_format::kRecordMask) >= records_) return wrong("names a key that is not there");
  const TraceOperation operation = OperationAt(i);
  if (operation.at_ns < earliest_ns || operation.at_ns > duration_ns_) {
    return wrong("is out of the order of time");
  }
  const uint64_t argument = DecodeFixed64(bytes_.data() + offset + 2 * kWordBytes);
  const bool empty_range = operation.kind == OperationKind::kDeleteRange && argument == 0;
  if (argument == operation.argument && !empty_range) return {};
  return wrong("has a size that the header rules out");
}

Status Trace::CheckRecords() const {
  uint64_t begin = 0, loaded = 0;
  for (uint64_t record = 0; record < records_; ++record) {
    const char* entry = entries_ + record * kRecordBytes;
    const uint64_t end = DecodeFixed64(entry);
    const uint64_t at_start = DecodeFixed64(entry + kWordBytes);
    const bool right = begin <= end && end <= key_bytes_.size() && end - begin <= key_bytes_max_ &&
                       at_start <= value_bytes_max_ + 1;
    const bool sorted =
        end - begin == key_bytes_max_ && (record == 0 || Key(record - 1) < Key(record));
    if (!right || (sorted_ && !sorted)) {
      return Damaged(static_cast<uint64_t>(entry - bytes_.data()),
                     fmt::format("record {} has a key or value that the header rules out", record));
    }
    begin = end;
    loaded += at_start == 0 ? 0 : 1;
  }
  if (begin == key_bytes_.size() && loaded == loaded_) return {};
  return Damaged(0, "the records are not those that the header counts");
}

Status Trace::Verify(const std::function<bool(double)>& go_on) const {
  constexpr uint64_t kLookEvery = 256;  // pieces
  const std::string_view body =
      bytes_.substr(sizeof(Header), bytes_.size() - sizeof(Header) - checksums_.size());
  uint64_t checked = 0, earliest_ns = 0;
  for (uint64_t piece = 0; piece < PiecesOf(body.size()); ++piece) {
    const uint64_t offset = piece * kPieceBytes;
    const std::string_view bytes = body.substr(offset, kPieceBytes);
    if (trace_format::Checksum(bytes) != DecodeFixed64(checksums_.data() + piece * kWordBytes)) {
      return Damaged(sizeof(Header) + offset, "the checksum of the next 64 KiB differs");
    }
    const uint64_t whole = (offset + bytes.size()) / kOperationBytes;
    for (; checked < std::min(whole, operations_); ++checked) {
      if (Status status = CheckOperation(checked, earliest_ns); !status.ok()) return status;
      earliest_ns = OperationAt(checked).at_ns;
    }
    if (piece % kLookEvery != 0 || go_on == nullptr) continue;
    if (!go_on(static_cast<double>(offset) / static_cast<double>(body.size()))) return {};
  }
  if (earliest_ns != duration_ns_) return Damaged(0, "the last operation is not at the end");
  return CheckRecords();
}

}  // namespace varve::workloads
