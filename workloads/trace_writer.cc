// Writing of traces. See trace_writer.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/trace_writer.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>

#include "engine/util/coding.h"

namespace varve::workloads {
namespace {

using trace_format::kPieceBytes;

std::string_view BytesOf(const trace_format::Header& header) {
  return {reinterpret_cast<const char*>(&header), sizeof header};
}

}  // namespace

std::string_view KeyTable::Key(uint64_t number) const {
  const uint64_t begin = number == 0 ? 0 : ends_[number - 1];
  return std::string_view(bytes_).substr(begin, ends_[number] - begin);
}

// Where the key is, or would be put.
uint64_t* KeyTable::SlotOf(std::string_view key) {
  const uint64_t mask = slots_.size() - 1;
  uint64_t at = HashKey(key) & mask;
  while (slots_[at] != 0 && Key(slots_[at] - 1) != key) at = (at + 1) & mask;
  return &slots_[at];
}

void KeyTable::Grow() {
  constexpr uint64_t kSlotsMin = 1024;
  slots_.assign(std::max(kSlotsMin, 2 * slots_.size()), 0);
  for (uint64_t number = 0; number < ends_.size(); ++number) *SlotOf(Key(number)) = number + 1;
}

uint64_t KeyTable::FindOrAdd(std::string_view key) {
  if (4 * ends_.size() >= 3 * slots_.size()) Grow();
  uint64_t* slot = SlotOf(key);
  if (*slot == 0) {
    bytes_.append(key);
    ends_.push_back(bytes_.size());
    *slot = ends_.size();
  }
  return *slot - 1;
}

TraceWriter::TraceWriter(std::string path, std::FILE* file)
    : path_(std::move(path)), unfinished_path_(path_ + ".unfinished"), file_(file) {
  piece_.reserve(kPieceBytes);
}

TraceWriter::~TraceWriter() {
  if (file_ != nullptr) unlink(unfinished_path_.c_str());
}

Result<std::unique_ptr<TraceWriter>> TraceWriter::Create(const std::string& path) {
  const std::string unfinished = path + ".unfinished";
  std::FILE* file = std::fopen(unfinished.c_str(), "wbe");
  if (file == nullptr) {
    return Status::IoError(fmt::format("cannot write {}: {}", unfinished, std::strerror(errno)));
  }
  std::unique_ptr<TraceWriter> writer(new TraceWriter(path, file));
  // Room for the header, which is known at the end.
  const std::string zeros(sizeof(trace_format::Header), '\0');
  if (Status status = writer->WriteRaw(zeros); !status.ok()) return status;
  return writer;
}

uint64_t TraceWriter::Record(std::string_view key) {
  assert(key.size() <= kTraceKeyBytesMax);
  header_.key_bytes_max = std::max<uint64_t>(header_.key_bytes_max, key.size());
  return keys_.FindOrAdd(key);
}

void TraceWriter::SetAtStart(uint64_t record, uint64_t value_bytes) {
  assert(record < records() && value_bytes <= kTraceValueBytesMax);
  if (at_start_.size() <= record) at_start_.resize(record + 1, 0);
  if (at_start_[record] == 0) ++header_.loaded;
  at_start_[record] = static_cast<uint32_t>(value_bytes + 1);
  header_.value_bytes_max = std::max(header_.value_bytes_max, value_bytes);
}

Status TraceWriter::Add(const TraceOperation& operation) {
  const auto refuse = [&](std::string_view reason) {
    return Status::InvalidArgument(fmt::format("{}: {}", path_, reason));
  };
  if (header_.operations == kTraceOperationsMax) {
    return refuse(fmt::format("a trace holds {} operations at most", kTraceOperationsMax));
  }
  const std::optional<uint64_t> code = trace_format::CodeOf(operation.kind);
  if (!code.has_value()) {
    return refuse(fmt::format("a trace holds no {}", OperationName(operation.kind)));
  }
  if (operation.record >= records()) return refuse("an operation names a key that is not there");
  if (operation.at_ns < header_.duration_ns) return refuse("an operation is before the last one");
  const bool puts = PutsValue(operation.kind);
  const bool range = operation.kind == OperationKind::kDeleteRange;
  if (range && (operation.argument == 0 || operation.argument >= records() - operation.record)) {
    return refuse("the end of a deleted range is not the key of a later record");
  }
  deletes_ranges_ = deletes_ranges_ || range;
  const uint64_t most = puts ? kTraceValueBytesMax : kTraceScanLengthMax;
  if (operation.argument > most) {
    return refuse(fmt::format("{} {} are more than the {} that a trace holds", operation.argument,
                              puts ? "bytes of a value" : "entries of a scan", most));
  }
  if (puts) header_.value_bytes_max = std::max(header_.value_bytes_max, operation.argument);
  header_.duration_ns = operation.at_ns;
  header_.kinds |= uint64_t{1} << *code;
  ++header_.operations;
  char words[trace_format::kOperationBytes];
  EncodeFixed64(words, operation.at_ns);
  EncodeFixed64(words + 8, *code << trace_format::kCodeShift | operation.record);
  EncodeFixed64(words + 16, operation.argument);
  return Append({words, sizeof words});
}

Status TraceWriter::Finish(std::string_view source) {
  header_.records = records();
  header_.key_bytes = keys_.bytes().size();
  source = source.substr(0, trace_format::kSourceBytesMax);
  header_.source_bytes = source.size();
  header_.sorted = Sorted() ? 1 : 0;
  if (deletes_ranges_ && header_.sorted == 0) {
    return Status::InvalidArgument(
        fmt::format("{}: a trace with deleted ranges needs keys of one length that first appear in "
                    "ascending order",
                    path_));
  }
  uint64_t end = 0;
  for (uint64_t record = 0; record < records(); ++record) {
    end += keys_.Key(record).size();
    char words[trace_format::kRecordBytes];
    EncodeFixed64(words, end);
    EncodeFixed64(words + 8, record < at_start_.size() ? at_start_[record] : 0);
    if (Status status = Append({words, sizeof words}); !status.ok()) return status;
  }
  for (const std::string_view bytes : {keys_.bytes(), source}) {
    if (Status status = Append(bytes); !status.ok()) return status;
  }
  if (Status status = FlushPiece(); !status.ok()) return status;
  header_.checksums = trace_format::Checksum(checksums_);
  header_.checksum = trace_format::ChecksumOf(header_);
  if (Status status = WriteRaw(checksums_); !status.ok()) return status;
  if (std::fseek(file_.get(), 0, SEEK_SET) != 0) return Failed();
  if (Status status = WriteRaw(BytesOf(header_)); !status.ok()) return status;
  if (std::fflush(file_.get()) != 0) return Failed();
  if (std::rename(unfinished_path_.c_str(), path_.c_str()) != 0) return Failed();
  file_.reset();
  return {};
}

bool TraceWriter::Sorted() const {
  for (uint64_t record = 0; record < records(); ++record) {
    if (keys_.Key(record).size() != header_.key_bytes_max) return false;
    if (record > 0 && keys_.Key(record - 1) >= keys_.Key(record)) return false;
  }
  return true;
}

Status TraceWriter::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t size = std::min(bytes.size(), kPieceBytes - piece_.size());
    piece_.append(bytes.substr(0, size));
    bytes.remove_prefix(size);
    if (piece_.size() < kPieceBytes) return {};
    if (Status status = FlushPiece(); !status.ok()) return status;
  }
  return {};
}

Status TraceWriter::FlushPiece() {
  if (piece_.empty()) return {};
  PutFixed64(&checksums_, trace_format::Checksum(piece_));
  Status status = WriteRaw(piece_);
  piece_.clear();
  return status;
}

Status TraceWriter::WriteRaw(std::string_view bytes) {
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) == bytes.size();
  return written ? Status() : Failed();
}

Status TraceWriter::Failed() const {
  return Status::IoError(fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
}

}  // namespace varve::workloads
