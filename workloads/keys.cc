// Encoding of keys, and the search for absent ones. See keys.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "workloads/keys.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "workloads/operation.h"
#include "workloads/random.h"
#include "workloads/trace.h"

namespace varve::workloads {
namespace {

constexpr std::string_view kYcsbPrefix = "user";
// Sorts before every digit: a YCSB key with this behind it comes directly after that key.
constexpr char kAfterYcsbKey = '!';
constexpr size_t kHexDigits = 16;
constexpr uint64_t kHashedKeyOffset = 0x5851f42d4c957f2d;  // so that record 0 is not number 0
constexpr uint64_t kAttempts = 128;
constexpr uint64_t kSample = 1000;

// Big-endian bytes of `number`.
uint64_t BigEndian(uint64_t number) { return __builtin_bswap64(number); }

// Writes the 16 hexadecimal digits of `number`, all at once: spread the nibbles over the bytes,
// then add '0' to each, and to those above 9 the distance from there to 'a'.
#if defined(__SSE2__)
void WriteHex(uint64_t number, char* out) {
  const __m128i bytes = _mm_cvtsi64_si128(static_cast<long long>(BigEndian(number)));
  const __m128i nibble = _mm_set1_epi8(0x0f);
  const __m128i high = _mm_and_si128(_mm_srli_epi16(bytes, 4), nibble);
  const __m128i digits = _mm_unpacklo_epi8(high, _mm_and_si128(bytes, nibble));
  const __m128i letters =
      _mm_and_si128(_mm_cmpgt_epi8(digits, _mm_set1_epi8(9)), _mm_set1_epi8('a' - '9' - 1));
  const __m128i text = _mm_add_epi8(_mm_add_epi8(digits, _mm_set1_epi8('0')), letters);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), text);
}
#else
uint64_t HexWord(uint64_t half) {
  uint64_t word = half;
  word = ((word << 16) | word) & 0x0000ffff0000ffff;
  word = ((word << 8) | word) & 0x00ff00ff00ff00ff;
  word = ((word << 4) | word) & 0x0f0f0f0f0f0f0f0f;
  const uint64_t above_nine = ((word + 0x0606060606060606) >> 4) & 0x0101010101010101;
  return BigEndian(word + 0x3030303030303030 + above_nine * ('a' - '9' - 1));
}
void WriteHex(uint64_t number, char* out) {
  const uint64_t words[] = {HexWord(number >> 32), HexWord(number & 0xffffffff)};
  std::memcpy(out, words, sizeof words);
}
#endif

constexpr size_t kDecimalDigits = 24;

// The 8 decimal digits of a number below 10^8, all at once in one word: halves, quarters, digits.
// The division of all lanes by 100, and then by 10, is a multiplication that is exact in its range.
uint64_t DecimalWord(uint64_t number) {
  uint64_t word = (number / 10000) | ((number % 10000) << 32);
  const uint64_t hundreds = ((word * 10486) >> 20) & 0x0000007f0000007f;
  word = hundreds | ((word - hundreds * 100) << 16);
  const uint64_t tens = ((word * 103) >> 10) & 0x000f000f000f000f;
  return (tens | ((word - tens * 10) << 8)) + 0x3030303030303030;
}

// Writes 24 digits with leading zeros; returns how many of them the number has (0 has one).
size_t WriteDecimal(uint64_t number, char* out) {
  constexpr uint64_t kEightDigits = 100'000'000;
  constexpr uint64_t kZeros = 0x3030303030303030;
  const uint64_t upper = number / kEightDigits;
  const uint64_t words[] = {DecimalWord(upper / kEightDigits), DecimalWord(upper % kEightDigits),
                            DecimalWord(number % kEightDigits)};
  static_assert(sizeof words == kDecimalDigits);
  std::memcpy(out, words, sizeof words);
  for (size_t i = 0; i < std::size(words); i++) {
    if (words[i] == kZeros) continue;
    return kDecimalDigits - 8 * i - static_cast<size_t>(std::countr_zero(words[i] ^ kZeros)) / 8;
  }
  return 1;
}

}  // namespace

bool KeysSortByRecord(const Workload& w) {
  if (w.replay != nullptr) return w.replay->sorted();
  if (w.key_order != "ordered") return false;
  if (w.key_format != "ycsb") return true;
  // Without zeros "user10" comes before "user9".
  const double records = static_cast<double>(w.records) + static_cast<double>(w.operations);
  return static_cast<double>(w.zero_padding) > std::log10(std::max(records, 1.0));
}

uint64_t YcsbHash(uint64_t number) {
  constexpr uint64_t kPrime = 1099511628211;
  constexpr uint64_t kPrimeCubed = kPrime * kPrime * kPrime;
  uint64_t hash = 0xcbf29ce484222325;
  hash = (hash ^ (number & 0xff)) * kPrime;
  hash = (hash ^ ((number >> 8) & 0xff)) * kPrime;
  hash = (hash ^ ((number >> 16) & 0xff)) * kPrime;
  hash = (hash ^ ((number >> 24) & 0xff)) * kPrime;
  hash = (hash ^ ((number >> 32) & 0xff)) * kPrime;
  if ((number >> 40) == 0) {
    hash *= kPrimeCubed;  // the last three bytes are 0, and only multiply
  } else {
    hash = (hash ^ ((number >> 40) & 0xff)) * kPrime;
    hash = (hash ^ ((number >> 48) & 0xff)) * kPrime;
    hash = (hash ^ (number >> 56)) * kPrime;
  }
  return (hash >> 63) == 0 ? hash : 0 - hash;
}

KeySpace::KeySpace(const Workload& workload)
    : ycsb_(workload.key_format == "ycsb"),
      hashed_(workload.key_order == "hashed"),
      sorts_by_record_(KeysSortByRecord(workload)),
      key_bytes_(workload.key_bytes),
      zero_padding_(workload.zero_padding),
      first_(workload.insert_start),
      count_(workload.loaded()),
      trace_(workload.replay) {
  if (trace_ != nullptr) {
    bytes_max_ = trace_->key_bytes_max();
    return;
  }
  // One byte more for the end of an absent key.
  const size_t digits = std::max(zero_padding_, kDecimalDigits);
  bytes_max_ = ycsb_ ? kYcsbPrefix.size() + digits + 1 : key_bytes_;
  std::string buffer;
  for (uint64_t i = 0; i < std::min(count_, kSample); i++) {
    const uint64_t offset = i + 1 == kSample ? count_ - 1 : i;
    const std::string key(Key(first_ + offset, &buffer));
    if (i == 0 || key < low_) low_ = key;
    if (i == 0 || key > high_) high_ = key;
  }
}

std::string_view KeySpace::Key(uint64_t record, std::string* buffer) const {
  if (trace_ != nullptr) return trace_->Key(record);
  if (!ycsb_) return FixedKey(hashed_ ? Mix(record + kHashedKeyOffset) : 2 * record, buffer);
  return YcsbKey(hashed_ ? YcsbHash(record) : record, buffer);
}

// The digits end at a fixed place, and the prefix is put before as many of them as the key has:
// nothing is moved, and no copy depends on a length. What lies before the digits stays '0'.
std::string_view KeySpace::YcsbKey(uint64_t number, std::string* buffer) const {
  const size_t end = bytes_max_ - 1;
  if (buffer->size() != bytes_max_) buffer->assign(bytes_max_, '0');
  char* out = buffer->data();
  const size_t digits = WriteDecimal(number, out + end - kDecimalDigits);
  const size_t begin = end - std::max(zero_padding_, digits) - kYcsbPrefix.size();
  std::memcpy(out + begin, kYcsbPrefix.data(), kYcsbPrefix.size());
  return {out + begin, end - begin};
}

std::string_view KeySpace::FixedKey(uint64_t number, std::string* buffer) const {
  if (buffer->size() != key_bytes_) buffer->assign(key_bytes_, '0');
  char* out = buffer->data();
  if (key_bytes_ < kHexDigits) {
    const uint64_t bytes = BigEndian(number);
    std::memcpy(out, &bytes, sizeof bytes);
  } else {
    WriteHex(number, out);
  }
  return {out, key_bytes_};
}

std::string_view KeySpace::AbsentKey(uint64_t record, std::string* buffer) const {
  std::string_view key;
  for (uint64_t attempt = 0; attempt < kAttempts; attempt++) {
    key = AbsentCandidate(record, attempt, buffer);
    if (low_ < key && key < high_) break;
  }
  return key;
}

// As long as the key of the record, where that can be: "usez" sorts after "user", and 'z' after
// every digit. Of short keys every byte may be anything, so that only a longer one is above all.
std::string_view KeySpace::OutsideKey(uint64_t record, std::string* buffer) const {
  constexpr char kAbove = 'z';
  if (ycsb_ || key_bytes_ >= kHexDigits) {
    const std::string_view key = Key(record, buffer);
    const size_t at = ycsb_ ? kYcsbPrefix.size() - 1 : 0;
    (*buffer)[static_cast<size_t>(key.data() - buffer->data()) + at] = kAbove;
    return key;
  }
  buffer->assign(key_bytes_, '\xff');
  const uint64_t number = BigEndian(record);
  buffer->append(reinterpret_cast<const char*>(&number), sizeof number);
  return *buffer;
}

// A key that no record has: anywhere in the range if keys are hashed; behind the key of `record`,
// or of one after it, if they are ordered.
std::string_view KeySpace::AbsentCandidate(uint64_t record, uint64_t attempt,
                                           std::string* buffer) const {
  const uint64_t far = kAbsentRecord | (record * kAttempts + attempt);
  const uint64_t near = first_ + (record - first_ + attempt) % std::max<uint64_t>(count_, 1);
  if (!ycsb_) return FixedKey(hashed_ ? Mix(far + kHashedKeyOffset) : 2 * near + 1, buffer);
  const std::string_view key = Key(hashed_ ? far : near, buffer);
  buffer->back() = kAfterYcsbKey;
  return {key.data(), key.size() + 1};
}

}  // namespace varve::workloads
