// Checksums over whatever is there.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/sealing.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "engine/table/table_format.h"
#include "engine/tree/manifest_format.h"
#include "engine/util/coding.h"
#include "engine/util/hash.h"
#include "engine/wal/wal_format.h"
#include "workloads/trace_format.h"

namespace varve::fuzz {

void SealLog(uint64_t number, std::string* file) {
  for (size_t at = 0; at + kWalHeaderBytes <= file->size();) {
    const WalHeader header = DecodeWalHeader(file->data() + at);
    const size_t left = file->size() - at - kWalHeaderBytes;
    if (header.length > left) return;
    const std::string_view payload(file->data() + at + kWalHeaderBytes, header.length);
    EncodeFixed32(file->data() + at, WalChecksum(number, at, header.type, payload));
    at += kWalHeaderBytes + header.length;
  }
}

void SealManifest(uint64_t number, std::string* file) {
  for (size_t at = 0; at + kManifestHeaderBytes <= file->size();) {
    const uint64_t length = DecodeFixed32(file->data() + at + 8);
    if (length > file->size() - at - kManifestHeaderBytes) return;
    const std::string_view checked(file->data() + at + 8, 4 + length);
    EncodeFixed64(file->data() + at, Checksum64(checked, Mix64(number, at)));
    at += kManifestHeaderBytes + length;
    if (file->size() - at < kManifestSealBytes) return;
    EncodeFixed64(file->data() + at, Checksum64("seal", Mix64(number, at)));
    at += kManifestSealBytes;
  }
}

namespace {

void SealStored(uint64_t context, uint64_t offset, uint64_t bytes, std::string* file) {
  if (bytes < kBlockTrailerBytes || bytes > file->size() || offset > file->size() - bytes) return;
  const std::string_view covered(file->data() + offset, bytes - 8);
  EncodeFixed64(file->data() + offset + covered.size(),
                Checksum64(covered, BlockSeed(context, offset)));
}

// The blocks that the rows of an index lead to.
void SealBlocks(uint64_t context, std::string_view index, std::string* file) {
  const std::string rows(index);
  uint64_t offset = 0;
  for (std::string_view rest = rows; !rest.empty();) {
    uint64_t shared, unshared, tag, bytes;
    if (!GetVarint(&rest, &shared) || !GetVarint(&rest, &unshared) || !GetVarint(&rest, &tag) ||
        !GetVarint(&rest, &bytes) || unshared > rest.size() || bytes > file->size()) {
      return;
    }
    rest.remove_prefix(unshared);
    SealStored(context, offset, bytes, file);
    offset += bytes;
    if (offset > file->size()) return;
  }
}

}  // namespace

void SealTable(uint64_t checksum_context, std::string* file) {
  if (file->size() < kTableFooterBytes) return;
  const size_t footer = file->size() - kTableFooterBytes;
  uint64_t lengths[4];
  uint64_t offset = 0;
  for (size_t i = 0; i < 4; ++i) {
    lengths[i] = DecodeFixed64(file->data() + footer + 8 * i);
    if (lengths[i] > footer - offset) return;
    offset += lengths[i];
  }
  const std::string_view covered(file->data() + footer, 36);
  EncodeFixed64(file->data() + footer + 36,
                Checksum64(covered, BlockSeed(checksum_context, footer)));
  const uint64_t index = lengths[0] + lengths[1];
  if (lengths[2] >= kBlockTrailerBytes) {
    const std::string_view rows(file->data() + index, lengths[2] - kBlockTrailerBytes);
    SealBlocks(checksum_context, rows, file);
  }
  SealStored(checksum_context, lengths[0], lengths[1], file);
  SealStored(checksum_context, index, lengths[2], file);
  SealStored(checksum_context, index + lengths[2], lengths[3], file);
}

void SealTrace(std::string* file) {
  using workloads::trace_format::Checksum;
  using workloads::trace_format::Header;
  using workloads::trace_format::kPieceBytes;
  Header header;
  if (file->size() < sizeof header) return;
  std::memcpy(&header, file->data(), sizeof header);
  // So many pieces, and a checksum of each, fill the rest of the file.
  const size_t rest = file->size() - sizeof header;
  const size_t pieces = (rest + kPieceBytes + 7) / (kPieceBytes + 8);
  if (pieces * 8 > rest) return;
  const std::string_view body(file->data() + sizeof header, rest - pieces * 8);
  char* checksums = file->data() + sizeof header + body.size();
  for (size_t i = 0; i < pieces; ++i) {
    const size_t begin = std::min(i * kPieceBytes, body.size());
    EncodeFixed64(checksums + i * 8, Checksum(body.substr(begin, kPieceBytes)));
  }
  header.checksums = Checksum({checksums, pieces * 8});
  header.checksum = workloads::trace_format::ChecksumOf(header);
  std::memcpy(file->data(), &header, sizeof header);
}

}  // namespace varve::fuzz
