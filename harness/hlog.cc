// Encoding of histograms for HdrHistogram's tools.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/hlog.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cassert>

namespace varve::harness {
namespace {

constexpr uint32_t kPayloadCookie = 0x1c849303 | 0x10;
constexpr uint32_t kCompressedCookie = 0x1c849304 | 0x10;
constexpr double kNsPerMs = 1e6;

void PutBigEndian(uint64_t value, int bytes, std::string* out) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out->push_back(static_cast<char>(value >> shift & 0xff));
  }
}

void PutZigZag(int64_t value, std::string* out) {
  uint64_t rest = (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
  for (int byte = 0; byte < 8; ++byte) {
    if (rest < 0x80) {
      out->push_back(static_cast<char>(rest));
      return;
    }
    out->push_back(static_cast<char>((rest & 0x7f) | 0x80));
    rest >>= 7;
  }
  out->push_back(static_cast<char>(rest));
}

std::string Counts(const Histogram& histogram) {
  std::string counts;
  if (histogram.count() == 0) return counts;
  const size_t end = Histogram::IndexOf(histogram.max_ns()) + 1;
  for (size_t index = 0; index < end;) {
    const size_t first = index;
    while (index < end && histogram.CountAt(index) == 0) ++index;
    const size_t empty = index - first;
    if (empty > 1) PutZigZag(-static_cast<int64_t>(empty), &counts);
    if (empty == 1) PutZigZag(0, &counts);
    if (index < end) PutZigZag(static_cast<int64_t>(histogram.CountAt(index++)), &counts);
  }
  return counts;
}

}  // namespace

std::string HlogPayload(const Histogram& histogram) {
  const std::string counts = Counts(histogram);
  std::string payload;
  PutBigEndian(kPayloadCookie, 4, &payload);
  PutBigEndian(counts.size(), 4, &payload);
  PutBigEndian(0, 4, &payload);  // offset of a normalised histogram: none
  PutBigEndian(Histogram::kSignificantDigits, 4, &payload);
  PutBigEndian(1, 8, &payload);
  PutBigEndian(Histogram::kTrackableMax, 8, &payload);
  PutBigEndian(std::bit_cast<uint64_t>(1.0), 8, &payload);
  return payload + counts;
}

std::string HlogCompressed(const Histogram& histogram) {
  const std::string payload = HlogPayload(histogram);
  uLongf length = compressBound(payload.size());
  std::string deflated(length, '\0');
  // Cannot fail: the buffer is as large as the worst case.
  const int result =
      compress2(reinterpret_cast<Bytef*>(deflated.data()), &length,
                reinterpret_cast<const Bytef*>(payload.data()), payload.size(), Z_BEST_SPEED);
  assert(result == Z_OK);
  static_cast<void>(result);
  deflated.resize(length);
  std::string compressed;
  PutBigEndian(kCompressedCookie, 4, &compressed);
  PutBigEndian(deflated.size(), 4, &compressed);
  return compressed + deflated;
}

std::string Base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t position = 0; position < bytes.size(); position += 3) {
    const size_t taken = std::min<size_t>(3, bytes.size() - position);
    uint32_t group = 0;
    for (size_t i = 0; i < 3; ++i) {
      const uint8_t byte = i < taken ? static_cast<uint8_t>(bytes[position + i]) : uint8_t{0};
      group = group << 8 | byte;
    }
    for (size_t i = 0; i < 4; ++i) {
      text.push_back(i <= taken ? kDigits[group >> (18 - 6 * i) & 0x3f] : '=');
    }
  }
  return text;
}

std::string HlogHeader(double base_seconds) {
  return fmt::format(
      "#[Logged by varve]\n"
      "#[Histogram log format version 1.3]\n"
      "#[StartTime: {0:.3f} (seconds since epoch)]\n"
      "#[BaseTime: {0:.3f} (seconds since epoch)]\n"
      "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
      base_seconds);
}

std::string HlogLine(std::string_view tag, double start_seconds, double length_seconds,
                     const Histogram& histogram) {
  return fmt::format("Tag={},{:.3f},{:.3f},{:.3f},{}\n", tag, start_seconds, length_seconds,
                     static_cast<double>(histogram.max_ns()) / kNsPerMs,
                     Base64(HlogCompressed(histogram)));
}

}  // namespace varve::harness
