// WalReader: reads records through a window, and decides what damage means.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/wal/wal_reader.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "engine/wal/wal_format.h"

namespace varve {
namespace {

constexpr IoCause kCause{IoKind::kOpen};
constexpr uint64_t kWindowBytes = 1 << 20;

bool AllZero(std::string_view bytes) {
  return bytes.empty() ||
         (bytes[0] == '\0' && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

// XXH3 of bytes that come in parts.
class StreamedChecksum {
 public:
  explicit StreamedChecksum(uint64_t context) { XXH3_64bits_reset_withSeed(&state_, context); }

  void Add(std::string_view bytes) { XXH3_64bits_update(&state_, bytes.data(), bytes.size()); }
  uint32_t Value() const { return static_cast<uint32_t>(XXH3_64bits_digest(&state_)); }

 private:
  XXH3_state_t state_{};
};

}  // namespace

struct WalReader::Rep {
  Result<bool> Next(std::string_view* payload);

  // The record at `offset` if there is an intact one.
  Result<bool> ReadRecord(WalHeader* header, std::string_view* payload);
  Result<bool> LongRecordIsIntact(const WalHeader& header);
  Status TakeStart(std::string_view payload);
  // Decides whether the log ends at `offset` or is damaged there.
  Result<bool> End();
  // The offset of the first promise in `bytes`, which are at `at` in the file.
  std::optional<uint64_t> FindPromise(std::string_view bytes, uint64_t at) const;
  // The bytes [from, from + count), which must be in the file. Valid until the next call.
  Result<std::string_view> View(uint64_t from, uint64_t count);
  Status CorruptionAt(uint64_t at, const std::string& what) const {
    return Status::Corruption(path + ": " + what + " at offset " + std::to_string(at));
  }

  std::unique_ptr<RandomAccessFile> file;
  std::string path;
  uint64_t number = 0;
  uint64_t length = 0;  // of the file

  uint64_t offset = 0;  // of the next record: all before it is good
  bool ended = false;
  bool torn = false;
  Status error;  // once set, Next returns it
  WalPosition previous;

  uint64_t window_start = 0;
  uint64_t window_bytes = 0;
  uint64_t window_capacity = 0;
  std::unique_ptr<char[]> window;
};

Result<std::string_view> WalReader::Rep::View(uint64_t from, uint64_t count) {
  if (from < window_start || from + count > window_start + window_bytes) {
    const uint64_t wanted = std::min(std::max(count, kWindowBytes), length - from);
    const uint64_t capacity = std::max(wanted, kWindowBytes);
    // A window that held a long record is not kept.
    if (window == nullptr || capacity != window_capacity) {
      window.reset();
      window.reset(new char[capacity]);
      window_capacity = capacity;
    }
    window_bytes = 0;
    if (Status status = file->Read(kCause, from, wanted, window.get()); !status.ok()) return status;
    window_start = from;
    window_bytes = wanted;
  }
  return std::string_view(window.get() + (from - window_start), count);
}

Result<bool> WalReader::Rep::ReadRecord(WalHeader* header, std::string_view* payload) {
  const uint64_t left = length - offset;
  if (left < kWalHeaderBytes) return false;
  auto head = View(offset, kWalHeaderBytes);
  if (!head.ok()) return head.status();
  *header = DecodeWalHeader(head->data());
  if (header->type == WalRecordType::kNone || header->length > left - kWalHeaderBytes) return false;
  if (header->length > kWindowBytes) {
    const auto intact = LongRecordIsIntact(*header);
    if (!intact.ok() || !*intact) return intact;
  }
  auto whole = View(offset, kWalHeaderBytes + header->length);
  if (!whole.ok()) return whole.status();
  *payload = whole->substr(kWalHeaderBytes);
  return header->checksum == WalChecksum(number, offset, header->type, *payload);
}

// A length that is wrong must not cost its own memory: a long record is checked in parts before
// room is made for all of it.
Result<bool> WalReader::Rep::LongRecordIsIntact(const WalHeader& header) {
  StreamedChecksum checksum(WalContext(number, offset, header.type));
  const uint64_t start = offset + kWalHeaderBytes;
  const uint64_t end = start + header.length;
  for (uint64_t at = start; at < end; at += kWindowBytes) {
    auto part = View(at, std::min(kWindowBytes, end - at));
    if (!part.ok()) return part.status();
    checksum.Add(*part);
  }
  return checksum.Value() == header.checksum;
}

Status WalReader::Rep::TakeStart(std::string_view payload) {
  uint32_t version = 0;
  uint64_t found_number = 0;
  if (!DecodeWalStart(payload, &version, &found_number, &previous)) {
    if (version == kWalVersion) return CorruptionAt(offset, "malformed start record");
    return Status::NotSupported(path + ": log format version " + std::to_string(version));
  }
  if (found_number == number) return Status();
  return CorruptionAt(offset, "log " + std::to_string(found_number) + " in the place of log " +
                                  std::to_string(number));
}

Result<bool> WalReader::Rep::Next(std::string_view* payload) {
  while (!ended) {
    WalHeader header;
    const auto intact = ReadRecord(&header, payload);
    if (!intact.ok()) return intact;
    // A log starts with its start record, and no other place has one.
    const bool is_start = header.type == WalRecordType::kStart;
    if (!*intact || is_start != (offset == 0)) return End();
    if (is_start) {
      if (Status status = TakeStart(*payload); !status.ok()) return status;
    } else if (header.type != WalRecordType::kData && header.type != WalRecordType::kPromise) {
      return CorruptionAt(offset, "record of an unknown type");
    }
    offset += kWalHeaderBytes + header.length;
    if (header.type == WalRecordType::kData) return true;
  }
  return false;
}

Result<bool> WalReader::Rep::End() {
  bool all_zero = true;
  // Parts overlap, so that each place where a promise may be is whole in one of them.
  constexpr uint64_t kOverlap = kWalHeaderBytes - 1;
  for (uint64_t at = offset; at < length; at += kWindowBytes - kOverlap) {
    auto part = View(at, std::min(kWindowBytes, length - at));
    if (!part.ok()) return part.status();
    if (AllZero(*part)) continue;
    all_zero = false;
    if (const auto promise = FindPromise(*part, at); promise.has_value()) {
      return CorruptionAt(offset,
                          "damage that a sync noted at " + std::to_string(*promise) + " covers");
    }
  }
  ended = true;
  torn = !all_zero;
  return false;
}

std::optional<uint64_t> WalReader::Rep::FindPromise(std::string_view bytes, uint64_t at) const {
  constexpr auto kType = static_cast<char>(WalRecordType::kPromise);
  for (size_t i = bytes.find(kType, kWalTypeOffset); i != std::string_view::npos;
       i = bytes.find(kType, i + 1)) {
    const size_t start = i - kWalTypeOffset;
    const WalHeader header = DecodeWalHeader(bytes.data() + start);
    const uint64_t place = at + start;
    if (header.length == 0 && place > offset &&
        header.checksum == WalChecksum(number, place, WalRecordType::kPromise, {})) {
      return place;
    }
  }
  return std::nullopt;
}

Result<std::unique_ptr<WalReader>> WalReader::Open(FileSystem& file_system, const std::string& path,
                                                   uint64_t number) {
  auto file = file_system.OpenFile(path);
  if (!file.ok()) return file.status();
  const auto length = (*file)->Length();
  if (!length.ok()) return length.status();
  auto rep = std::make_unique<Rep>();
  rep->file = std::move(*file);
  rep->path = path;
  rep->number = number;
  rep->length = *length;
  return std::unique_ptr<WalReader>(new WalReader(std::move(rep)));
}

WalReader::WalReader(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}

WalReader::~WalReader() = default;

Result<bool> WalReader::Next(std::string_view* payload) {
  if (!rep_->error.ok()) return rep_->error;
  auto result = rep_->Next(payload);
  rep_->error = result.status();
  return result;
}

bool WalReader::torn() const { return rep_->torn; }

uint64_t WalReader::good_bytes() const { return rep_->offset; }

WalPosition WalReader::previous() const { return rep_->previous; }

}  // namespace varve
