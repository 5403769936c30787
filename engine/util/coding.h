// Fixed and variable length integers as bytes, little endian.
//
//   fixed32, fixed64   4 and 8 bytes, least significant first
//   varint             7 bits a byte, least significant first; the high bit says "more follows"
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace varve {

static_assert(std::endian::native == std::endian::little, "the formats are read in place");

inline constexpr int kVarintBytesMax = 10;

inline void EncodeFixed32(char* to, uint32_t value) { std::memcpy(to, &value, sizeof value); }
inline void EncodeFixed64(char* to, uint64_t value) { std::memcpy(to, &value, sizeof value); }
inline uint32_t DecodeFixed32(const char* from) {
  uint32_t value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
inline uint64_t DecodeFixed64(const char* from) {
  uint64_t value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

inline void PutFixed32(std::string* to, uint32_t value) {
  to->append(reinterpret_cast<const char*>(&value), sizeof value);
}
inline void PutFixed64(std::string* to, uint64_t value) {
  to->append(reinterpret_cast<const char*>(&value), sizeof value);
}

// Writes at most kVarintBytesMax bytes at `to` and returns the end.
inline char* EncodeVarint(char* to, uint64_t value) {
  while (value >= 0x80) {
    *to++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *to++ = static_cast<char>(value);
  return to;
}

inline int VarintBytes(uint64_t value) {
  return static_cast<int>((std::bit_width(value | 1) + 6) / 7);
}

inline void PutVarint(std::string* to, uint64_t value) {
  char buffer[kVarintBytesMax];
  to->append(buffer, static_cast<size_t>(EncodeVarint(buffer, value) - buffer));
}

// The same number in kVarintBytesMax bytes, of which the last ones may add only zeros.
inline void PutPaddedVarint(std::string* to, uint64_t value) {
  for (int i = 1; i < kVarintBytesMax; ++i, value >>= 7) {
    to->push_back(static_cast<char>((value & 0x7f) | 0x80));
  }
  to->push_back(static_cast<char>(value));
}

// Returns the end of the varint in [from, limit), or nullptr if it is cut off or too long.
inline const char* DecodeVarint(const char* from, const char* limit, uint64_t* value) {
  uint64_t result = 0;
  for (int shift = 0; shift < 70 && from < limit; shift += 7) {
    const auto byte = static_cast<unsigned char>(*from++);
    if (shift == 63 && byte > 1) return nullptr;
    result |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      *value = result;
      return from;
    }
  }
  return nullptr;
}

// varint length, then the bytes.
inline void PutLengthPrefixed(std::string* to, std::string_view bytes) {
  PutVarint(to, bytes.size());
  to->append(bytes);
}

// These take a value off the front of *from. They return false, and leave *from in an unspecified
// state, if it is cut off.
inline bool GetFixed32(std::string_view* from, uint32_t* value) {
  if (from->size() < sizeof *value) return false;
  *value = DecodeFixed32(from->data());
  from->remove_prefix(sizeof *value);
  return true;
}
inline bool GetFixed64(std::string_view* from, uint64_t* value) {
  if (from->size() < sizeof *value) return false;
  *value = DecodeFixed64(from->data());
  from->remove_prefix(sizeof *value);
  return true;
}
inline bool GetVarint(std::string_view* from, uint64_t* value) {
  const char* limit = from->data() + from->size();
  const char* end = DecodeVarint(from->data(), limit, value);
  if (end == nullptr) return false;
  *from = std::string_view(end, static_cast<size_t>(limit - end));
  return true;
}
inline bool GetLengthPrefixed(std::string_view* from, std::string_view* bytes) {
  uint64_t length;
  if (!GetVarint(from, &length) || length > from->size()) return false;
  *bytes = from->substr(0, length);
  from->remove_prefix(length);
  return true;
}

}  // namespace varve
