// Any bytes as a manifest, as an edit and as CURRENT: what is read can be written, and reads back
// the same.
//
// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "engine/io/memory_file_system.h"
#include "engine/tree/current_file.h"
#include "engine/tree/file_names.h"
#include "engine/tree/manifest.h"
#include "engine/tree/manifest_salvage.h"
#include "engine/tree/tree_text.h"
#include "tests/fuzz/fuzzers.h"
#include "tests/fuzz/sealing.h"

namespace varve::fuzz {
namespace {

constexpr uint64_t kNumber = 7;
const std::string kDirectory = "d";

bool Write(FileSystem& files, const std::string& path, std::string_view bytes) {
  auto file = files.NewWritableFile(path, {});
  return file.ok() && (*file)->Append({}, bytes).ok() && (*file)->Close().ok();
}

std::string FuzzEdit(std::string_view bytes) {
  const Result<TreeEdit> edit = TreeEdit::Decode(bytes);
  if (!edit.ok()) return "";
  std::string once;
  edit->EncodeTo(&once);
  const Result<TreeEdit> again = TreeEdit::Decode(once);
  if (!again.ok()) return "an edit that was encoded is refused: " + again.status().ToString();
  std::string twice;
  again->EncodeTo(&twice);
  if (once != twice) return "an edit reads back differently";
  const Result<Tree> tree = ApplyEdit(Tree(), *edit);
  if (tree.ok() && !tree->CheckInvariants().empty()) return tree->CheckInvariants();
  return "";
}

std::string FuzzState(FileSystem& files, const ManifestState& state) {
  if (!state.tree.CheckInvariants().empty()) return state.tree.CheckInvariants();
  ManifestState next = state;
  next.manifest_number = state.next_number;
  if (next.manifest_number > 999999999 || ++next.next_number == 0) return "";
  const auto made = Manifest::Create(files, kDirectory, next);
  if (!made.ok()) return "what was read cannot be written: " + made.status().ToString();
  const Result<ManifestState> again = Manifest::Read(files, kDirectory);
  if (!again.ok()) return "what was written cannot be read: " + again.status().ToString();
  const bool same = TreeToText(again->tree) == TreeToText(state.tree) &&
                    again->identity == state.identity && again->oldest_wal == state.oldest_wal &&
                    again->last_sequence == state.last_sequence;
  return same ? "" : "it reads back differently";
}

}  // namespace

std::string FuzzManifest(std::string_view input) {
  if (input.empty()) return "";
  std::string bytes(input.substr(1));
  if (std::string wrong = FuzzEdit(bytes); !wrong.empty()) return wrong;
  const Result<CurrentFile> current = DecodeCurrent(bytes);
  if (current.ok() && EncodeCurrent(*current) != bytes) return "CURRENT has two spellings";
  if (input[0] == kSealed) SealManifest(kNumber, &bytes);
  ManifestRemains remains;
  remains.Add(bytes, kNumber);
  const auto files = NewMemoryFileSystem();
  if (!files->CreateDirectory(kDirectory).ok()) return "no directory";
  const bool written =
      Write(*files, ManifestFileName(kDirectory, kNumber), bytes) &&
      Write(*files, CurrentFileName(kDirectory), EncodeCurrent({kNumber, std::nullopt}));
  if (!written) return "not written";
  const Result<ManifestState> state = Manifest::Read(*files, kDirectory);
  if (!state.ok()) return "";
  if (remains.identity != state->identity) return "salvage tells another identity";
  if (remains.tables.size() != state->tree.tables()) return "salvage tells other tables";
  return FuzzState(*files, *state);
}

}  // namespace varve::fuzz
