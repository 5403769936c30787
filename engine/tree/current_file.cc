// CURRENT as text, with its checksum.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/tree/current_file.h"

#include <fmt/format.h>

#include <charconv>
#include <memory>

#include "engine/tree/file_names.h"
#include "engine/util/hash.h"

namespace varve {
namespace {

constexpr IoCause kWriteCause{IoKind::kManifest};
constexpr IoCause kReadCause{IoKind::kOpen};
constexpr std::string_view kClosed = "closed ";
constexpr std::string_view kOpened = "opened ";

// Takes the bytes up to `end` off the front of *text, and `end` with them.
std::optional<std::string_view> TakeUntil(char end, std::string_view* text) {
  const size_t at = text->find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view taken = text->substr(0, at);
  text->remove_prefix(at + 1);
  return taken;
}

bool TakeNumber(char end, std::string_view* text, uint64_t* number) {
  const std::optional<std::string_view> digits = TakeUntil(end, text);
  if (!digits.has_value()) return false;
  const char* limit = digits->data() + digits->size();
  const auto [stop, error] = std::from_chars(digits->data(), limit, *number);
  return error == std::errc() && stop == limit;
}

// The line of a clean close, if there is one. False if there is one and it is malformed.
bool TakeClosed(std::string_view* text, std::optional<CleanClose>* closed) {
  const bool opened = text->starts_with(kOpened);
  if (!opened && !text->starts_with(kClosed)) return true;
  TakeUntil(' ', text);
  CleanClose& found = closed->emplace();
  found.opened = opened;
  return TakeNumber(' ', text, &found.manifest_bytes) && TakeNumber(' ', text, &found.wal) &&
         TakeNumber('\n', text, &found.wal_bytes);
}

}  // namespace

std::string EncodeCurrent(const CurrentFile& current) {
  // The file name without its directory.
  std::string text = ManifestFileName("", current.manifest).substr(1) + "\n";
  if (current.closed.has_value()) {
    const CleanClose& closed = *current.closed;
    text += fmt::format("{}{} {} {}\n", closed.opened ? kOpened : kClosed, closed.manifest_bytes,
                        closed.wal, closed.wal_bytes);
  }
  return text + fmt::format("{:016x}\n", Checksum64(text, 0));
}

Result<CurrentFile> DecodeCurrent(std::string_view bytes) {
  const Status wrong = Status::Corruption("does not name a manifest");
  std::string_view rest = bytes;
  const std::optional<std::string_view> name = TakeUntil('\n', &rest);
  if (!name.has_value()) return wrong;
  const std::optional<FileName> parsed = ParseFileName(*name);
  if (!parsed.has_value() || parsed->type != FileType::kManifest) return wrong;
  CurrentFile current;
  current.manifest = parsed->number;
  // There is one spelling of each content: what is not spelt so is damaged.
  if (!TakeClosed(&rest, &current.closed) || EncodeCurrent(current) != bytes) {
    return Status::Corruption("checksum mismatch");
  }
  return current;
}

Result<CurrentFile> ReadCurrent(FileSystem& file_system, const std::string& directory) {
  const std::string path = CurrentFileName(directory);
  const Result<std::string> bytes = ReadWholeFile(file_system, kReadCause, path);
  if (!bytes.ok()) return bytes.status();
  Result<CurrentFile> current = DecodeCurrent(*bytes);
  if (!current.ok()) return current.status().Annotate(path);
  return current;
}

std::string TemporaryCurrentName(const std::string& directory) {
  return CurrentFileName(directory) + ".tmp";
}

Status PrepareCurrent(FileSystem& file_system, const std::string& directory,
                      const CurrentFile& current) {
  auto file = file_system.NewWritableFile(TemporaryCurrentName(directory), {});
  if (!file.ok()) return file.status();
  Status status = (*file)->Append(kWriteCause, EncodeCurrent(current));
  if (status.ok()) status = (*file)->Sync(kWriteCause);
  if (status.ok()) status = (*file)->Close();
  return status;
}

}  // namespace varve
