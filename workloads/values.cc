// Making and checking of values. See values.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/values.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "workloads/random.h"
#include "workloads/trace.h"
#include "workloads/xor_copy.h"

namespace varve::workloads {
namespace {

constexpr uint64_t kRecordSalt = 0x2545f4914f6cdd1d;
constexpr uint64_t kVersionStep = 0xd6e8feb86659fd93;  // so that version 0 has many words
constexpr uint64_t kPieceStep = 0xc13fa9a902a6328f;
constexpr uint64_t kLengthSalt = 0x8ebc6af09c88c6e3;
constexpr uint64_t kPoolSeed = 0x9fb21c651e98df25;
constexpr size_t kNameBytes = 16;
constexpr size_t kPieceBytes = 32 << 10;
constexpr int kOffsetShift = 49;  // leaves a number below kPieceBytes
static_assert(~uint64_t{0} >> kOffsetShift == kPieceBytes - 1);
constexpr size_t kPoolBytes = 2 * kPieceBytes + kXorCopyBlock;
constexpr size_t kCellBytes = 256;  // of the pool: random bytes, then zeros

// The first 16 bytes of a value.
struct Words {
  uint64_t record;
  uint64_t version;
};
static_assert(sizeof(Words) == kNameBytes);

Words WordsOf(uint64_t record, uint64_t version) {
  return {Mix(record + kRecordSalt), Mix(version + record * kVersionStep)};
}

// The body of a value, piece by piece: visit(begin in the body, bytes of the pool, size, pattern)
// for each in order, which says whether to go on. Returns whether it always did.
template <class Visitor>
bool ForEachPiece(const char* pool, const Words& words, size_t body_bytes, Visitor&& visit) {
  for (size_t done = 0; done < body_bytes; done += kPieceBytes) {
    // Another one for each piece, so that pieces cut from the same place differ, too.
    const uint64_t pattern = words.record ^ (words.version << 1) ^ (done * kVersionStep);
    const size_t offset = (words.version + done * kPieceStep) >> kOffsetShift;
    const size_t size = std::min(kPieceBytes, body_bytes - done);
    if (!visit(done, pool + offset, size, pattern)) return false;
  }
  return true;
}

// Whether a part of a body is this piece of the pool under this pattern.
bool SamePiece(std::string_view part, const char* piece, uint64_t pattern) {
  constexpr size_t kStep = 1024;
  std::array<char, kStep + kXorCopyBlock> expected;
  for (size_t at = 0; at < part.size(); at += kStep) {
    const size_t bytes = std::min(kStep, part.size() - at);
    XorCopy(expected.data(), piece + at, bytes, pattern);
    if (std::memcmp(part.data() + at, expected.data(), bytes) != 0) return false;
  }
  return true;
}

// Random bytes, of which the last part of each cell is zero. That part makes up for the bytes of
// the words and of the pattern, which no compressor can take away from a value of the mean size.
std::unique_ptr<char[]> MakePool(double size, double compressibility) {
  constexpr double kFixedBytes = kNameBytes + sizeof(uint64_t);
  const double share =
      size > kFixedBytes ? std::min(1.0, compressibility * size / (size - kFixedBytes)) : 0;
  const size_t zeros = static_cast<size_t>(share * kCellBytes) / 8 * 8;
  auto pool = std::make_unique<char[]>(kPoolBytes);
  for (size_t i = 0; i + sizeof(uint64_t) <= kPoolBytes; i += sizeof(uint64_t)) {
    if (i % kCellBytes >= kCellBytes - zeros) continue;
    const uint64_t word = Mix(kPoolSeed + i);
    std::memcpy(pool.get() + i, &word, sizeof word);
  }
  return pool;
}

}  // namespace

ValueSource::ValueSource(const Workload& workload)
    : fields_(workload.fields),
      bytes_max_(workload.value_bytes),
      of_trace_(workload.replay != nullptr),
      lengths_(OfField(ValueLengths(workload), workload.fields)),
      pool_(MakePool(MeanSize(), workload.value_compressibility)) {}

size_t ValueSource::Size(uint64_t record, uint64_t version) const {
  if (of_trace_) return std::min<size_t>(TraceValueBytes(version), bytes_max_);
  if (lengths_.constant()) return bytes_max_;
  Random random(Mix(record + kLengthSalt), version);
  size_t size = 0;
  for (size_t i = 0; i < fields_; i++) size += lengths_.Draw(&random);
  return size;
}

double ValueSource::MeanSize() const {
  constexpr uint64_t kSample = 1000;
  if (lengths_.constant()) return static_cast<double>(bytes_max_);
  double sum = 0;
  for (uint64_t record = 0; record < kSample; record++) {
    sum += static_cast<double>(Size(record, 0));
  }
  return sum / kSample;
}

std::string_view ValueSource::Make(uint64_t record, uint64_t version, std::string* buffer) const {
  const size_t size = Size(record, version);
  const size_t room = kNameBytes + bytes_max_ + kXorCopyBlock;
  if (buffer->size() < room) buffer->resize(room);
  const Words words = WordsOf(record, version);
  char* out = buffer->data();
  std::memcpy(out, &words, kNameBytes);
  if (size <= kNameBytes) return {out, size};
  out += kNameBytes;
  ForEachPiece(pool_.get(), words, size - kNameBytes,
               [out](size_t begin, const char* piece, size_t bytes, uint64_t pattern) {
                 XorCopy(out + begin, piece, bytes, pattern);
                 return true;
               });
  return {buffer->data(), size};
}

bool ValueSource::Verify(std::string_view value, uint64_t record, uint64_t version) const {
  if (value.size() != Size(record, version)) return false;
  const Words words = WordsOf(record, version);
  const size_t named = std::min(value.size(), kNameBytes);
  if (std::memcmp(value.data(), &words, named) != 0) return false;
  const std::string_view body = value.substr(named);
  return ForEachPiece(pool_.get(), words, body.size(),
                      [body](size_t begin, const char* piece, size_t bytes, uint64_t pattern) {
                        return SamePiece(body.substr(begin, bytes), piece, pattern);
                      });
}

std::optional<ValueName> ValueSource::Identify(std::string_view value) {
  if (value.size() < kNameBytes) return std::nullopt;
  Words words;
  std::memcpy(&words, value.data(), kNameBytes);
  const uint64_t record = Unmix(words.record) - kRecordSalt;
  return ValueName{record, Unmix(words.version) - record * kVersionStep};
}

}  // namespace varve::workloads
