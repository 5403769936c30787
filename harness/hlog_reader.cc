// Decoding of histograms. The format stands in hlog.h.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/hlog_reader.h"

#include <fmt/format.h>
#include <zlib.h>

#include <memory>
#include <string>

namespace varve::harness {
namespace {

constexpr uint64_t kPayloadCookie = 0x1c849313;
constexpr uint64_t kCompressedCookie = 0x1c849314;
constexpr size_t kHeaderBytes = 40;
constexpr size_t kNumberBytesMax = 9;
constexpr size_t kPayloadBytesMax = kHeaderBytes + kNumberBytesMax * Histogram::kBuckets;

Status Damaged(const char* what) { return Status::Corruption(what); }

// Takes numbers off the front of bytes; 0 and a failed reader behind their end.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  uint64_t BigEndian(int count) {
    uint64_t value = 0;
    for (int i = 0; i < count; ++i) value = value << 8 | Byte();
    return value;
  }

  int64_t ZigZag() {
    uint64_t value = 0;
    for (int shift = 0; shift < 56; shift += 7) {
      const uint64_t byte = Byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return Signed(value);
    }
    return Signed(value | Byte() << 56);
  }

  bool failed() const { return failed_; }
  std::string_view rest() const { return bytes_; }

 private:
  static int64_t Signed(uint64_t zigzag) {
    return static_cast<int64_t>(zigzag >> 1) ^ -static_cast<int64_t>(zigzag & 1);
  }

  uint64_t Byte() {
    failed_ = failed_ || bytes_.empty();
    if (failed_) return 0;
    const auto byte = static_cast<unsigned char>(bytes_.front());
    bytes_.remove_prefix(1);
    return byte;
  }

  std::string_view bytes_;
  bool failed_ = false;
};

int DigitOf(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

Result<std::string> FromBase64(std::string_view text) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  std::string bytes;
  uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const int digit = DigitOf(c);
    if (digit < 0) return Damaged("the histogram is not in base64");
    bits = bits << 6 | static_cast<uint32_t>(digit);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push_back(static_cast<char>(bits >> held & 0xff));
  }
  return bytes;
}

Result<std::string> Inflate(std::string_view bytes) {
  Reader reader(bytes);
  const uint64_t cookie = reader.BigEndian(4);
  const uint64_t length = reader.BigEndian(4);
  if (reader.failed() || cookie != kCompressedCookie || length != reader.rest().size()) {
    return Damaged("the histogram has a wrong header");
  }
  std::string payload(kPayloadBytesMax, '\0');
  uLongf payload_bytes = payload.size();
  const int result =
      uncompress(reinterpret_cast<Bytef*>(payload.data()), &payload_bytes,
                 reinterpret_cast<const Bytef*>(reader.rest().data()), reader.rest().size());
  if (result != Z_OK) return Damaged("the histogram cannot be inflated");
  payload.resize(payload_bytes);
  return payload;
}

Status Decode(std::string_view payload, Histogram* histogram) {
  Reader reader(payload);
  const uint64_t cookie = reader.BigEndian(4);
  const uint64_t length = reader.BigEndian(4);
  reader.BigEndian(4);
  const uint64_t digits = reader.BigEndian(4);
  const uint64_t lowest = reader.BigEndian(8);
  reader.BigEndian(8);
  reader.BigEndian(8);
  if (reader.failed() || cookie != kPayloadCookie || length != reader.rest().size() ||
      digits != Histogram::kSignificantDigits || lowest != 1) {
    return Damaged("the histogram is not one of this program");
  }
  for (size_t index = 0; !reader.rest().empty();) {
    const int64_t number = reader.ZigZag();
    const uint64_t skipped = number < 0 ? uint64_t{0} - static_cast<uint64_t>(number) : 1;
    if (reader.failed() || skipped > Histogram::kBuckets - index) {
      return Damaged("the histogram has too many buckets");
    }
    if (number > 0) histogram->AddBucket(index, static_cast<uint64_t>(number));
    index += skipped;
  }
  return {};
}

Status DecodeText(std::string_view text, Histogram* histogram) {
  const Result<std::string> bytes = FromBase64(text);
  if (!bytes.ok()) return bytes.status();
  const Result<std::string> payload = Inflate(*bytes);
  return payload.ok() ? Decode(*payload, histogram) : payload.status();
}

}  // namespace

Status ReadHlog(std::string_view text, const std::function<bool(std::string_view tag)>& wanted,
                const std::function<void(std::string_view tag, const Histogram&)>& visit) {
  constexpr std::string_view kTag = "Tag=";
  for (uint64_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!line.starts_with(kTag)) continue;
    const std::string_view tag = line.substr(kTag.size(), line.find(',') - kTag.size());
    if (!wanted(tag)) continue;
    const auto histogram = std::make_unique<Histogram>();
    const Status status = DecodeText(line.substr(line.rfind(',') + 1), histogram.get());
    if (!status.ok()) return status.Annotate(fmt::format("line {}", number));
    visit(tag, *histogram);
  }
  return {};
}

}  // namespace varve::harness
