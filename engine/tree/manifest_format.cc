// Records and seals of a manifest. Both depend on manifest and place, so that intact bytes of
// another manifest, or place, do not pass.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/tree/manifest_format.h"

#include "engine/util/coding.h"
#include "engine/util/hash.h"

namespace varve {
namespace {

constexpr std::string_view kMagic = "varvemf1";
constexpr size_t kChecksumBytes = 8;
constexpr uint64_t kPayloadBytesMax = UINT32_MAX;

uint64_t RecordContext(uint64_t number, uint64_t offset) { return Mix64(number, offset); }
uint64_t Seal(uint64_t number, uint64_t offset) {
  return Checksum64("seal", Mix64(number, offset));
}

}  // namespace

Status AppendManifestRecord(uint64_t number, uint64_t offset, std::string_view head,
                            const TreeEdit& edit, std::string* to) {
  std::string payload(head);
  edit.EncodeTo(&payload);
  if (payload.size() > kPayloadBytesMax) {
    return Status::InvalidArgument("manifest: an edit of more than 4 GiB");
  }
  const Status readable = TreeEdit::Decode(std::string_view(payload).substr(head.size())).status();
  if (!readable.ok()) return Status::InvalidArgument(std::string(readable.message()));
  std::string checked;
  PutFixed32(&checked, static_cast<uint32_t>(payload.size()));
  checked.append(payload);
  PutFixed64(to, Checksum64(checked, RecordContext(number, offset)));
  to->append(checked);
  return {};
}

void AppendManifestSeal(uint64_t number, uint64_t offset, std::string* to) {
  PutFixed64(to, Seal(number, offset));
}

std::string ManifestHead(uint64_t identity) {
  std::string head(kMagic);
  PutFixed64(&head, identity);
  return head;
}

bool IsManifestSeal(std::string_view file, uint64_t number, size_t offset) {
  return file.size() - offset >= kManifestSealBytes &&
         DecodeFixed64(file.data() + offset) == Seal(number, offset);
}

std::optional<std::string_view> ManifestRecordAt(std::string_view file, uint64_t number,
                                                 size_t offset) {
  const std::string_view from = file.substr(offset);
  if (from.size() < kManifestHeaderBytes) return std::nullopt;
  const uint64_t length = DecodeFixed32(from.data() + kChecksumBytes);
  if (length > from.size() - kManifestHeaderBytes) return std::nullopt;
  const std::string_view checked =
      from.substr(kChecksumBytes, kManifestHeaderBytes - kChecksumBytes + length);
  if (DecodeFixed64(from.data()) != Checksum64(checked, RecordContext(number, offset))) {
    return std::nullopt;
  }
  return from.substr(kManifestHeaderBytes, length);
}

std::optional<size_t> NextManifestSeal(std::string_view file, uint64_t number, size_t offset) {
  for (; offset + kManifestSealBytes <= file.size(); ++offset) {
    if (IsManifestSeal(file, number, offset)) return offset;
  }
  return std::nullopt;
}

Status DecodeManifestPayload(std::string_view payload, bool first, uint64_t* identity,
                             TreeEdit* edit) {
  if (first) {
    if (!payload.starts_with(kMagic)) {
      return Status::NotSupported("manifest: not of this format, or of a newer version");
    }
    payload.remove_prefix(kMagic.size());
    if (!GetFixed64(&payload, identity)) return Status::Corruption("manifest: no identity");
  }
  Result<TreeEdit> decoded = TreeEdit::Decode(payload);
  if (!decoded.ok()) return decoded.status();
  *edit = std::move(*decoded);
  return {};
}

}  // namespace varve
