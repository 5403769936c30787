// WalWriter: frames records and hands each to the file in one call.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/wal/wal_writer.h"

#include <utility>

#include "engine/wal/wal_format.h"

namespace varve {
namespace {

constexpr IoCause kCause{IoKind::kWal};

// A larger payload is not copied behind its header but appended by a second call. At power loss
// that is the same, because not even one call is atomic then; and a process that dies between the
// two leaves a header without its payload, which is a torn tail.
constexpr size_t kCopiedBytesMax = 64 << 10;

}  // namespace

struct WalWriter::Rep {
  // Puts a whole record, or a header whose payload follows, behind what is in `buffer`.
  void BufferHeader(WalRecordType type, std::string_view payload) {
    const uint64_t offset = file->length() + buffer.size();
    const WalHeader header{WalChecksum(number, offset, type, payload),
                           static_cast<uint32_t>(payload.size()), type};
    char bytes[kWalHeaderBytes];
    EncodeWalHeader(header, bytes);
    buffer.append(bytes, sizeof bytes);
  }

  void BufferStart() {
    const std::string payload = EncodeWalStart(number, previous);
    BufferHeader(WalRecordType::kStart, payload);
    buffer.append(payload);
  }

  Status WriteBuffered(std::string_view payload) {
    if (payload.size() <= kCopiedBytesMax) {
      buffer.append(payload);
      return file->Append(kCause, buffer);
    }
    Status status = file->Append(kCause, buffer);
    return status.ok() ? file->Append(kCause, payload) : status;
  }

  // Nothing may be written behind bytes that nobody knows.
  Status Poison(const Status& cause) {
    const std::string message =
        "log " + std::to_string(number) + ": " + std::string(cause.message());
    poison = Status::Indeterminate(message);
    return poison;
  }

  const std::unique_ptr<WritableFile> file;
  const uint64_t number;
  const WalPosition previous;
  std::string buffer;         // kept, so that an Append allocates nothing
  bool owes_promise = false;  // all was synced, which was not noted yet
  Status poison;
};

WalWriter::WalWriter(std::unique_ptr<WritableFile> file, uint64_t number, WalPosition previous)
    : rep_(new Rep{std::move(file), number, previous, {}, false, {}}) {}

WalWriter::~WalWriter() = default;

Status WalWriter::Append(std::string_view payload) {
  if (!rep_->poison.ok()) return rep_->poison;
  if (payload.size() > kWalPayloadBytesMax) {
    return Status::InvalidArgument("a log record of " + std::to_string(payload.size()) +
                                   " bytes is too long");
  }
  const uint64_t start = rep_->file->length();
  rep_->buffer.clear();
  if (start == 0) {
    rep_->BufferStart();
  } else if (rep_->owes_promise) {
    rep_->BufferHeader(WalRecordType::kPromise, {});
  }
  rep_->BufferHeader(WalRecordType::kData, payload);
  const Status status = rep_->WriteBuffered(payload);
  if (status.ok()) {
    rep_->owes_promise = false;
    return status;
  }
  const bool restored = status.code() == Status::Code::kNoSpace && rep_->file->Truncate(start).ok();
  return restored ? status : rep_->Poison(status);
}

Status WalWriter::Sync() {
  if (!rep_->poison.ok()) return rep_->poison;
  const Status status = rep_->file->Sync(kCause);
  if (!status.ok()) return rep_->Poison(status);
  rep_->owes_promise = true;
  return status;
}

Status WalWriter::Close() {
  const Status status = rep_->file->Close();
  return rep_->poison.ok() ? status : rep_->poison;
}

uint64_t WalWriter::bytes() const { return rep_->file->length(); }

WalPosition WalWriter::position() const {
  return {rep_->number, rep_->file->length(), rep_->owes_promise};
}

}  // namespace varve
