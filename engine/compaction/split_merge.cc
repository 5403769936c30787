// Choosing the parts of a merge, running them, and joining what they made.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/split_merge.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "engine/util/mutex.h"
#include "engine/util/prefix.h"

namespace varve {

std::vector<std::string> SplitKeys(std::vector<TablePiece> pieces, size_t parts) {
  std::sort(pieces.begin(), pieces.end(),
            [](const TablePiece& a, const TablePiece& b) { return a.end < b.end; });
  uint64_t total = 0;
  for (const TablePiece& piece : pieces) total += piece.bytes;
  std::vector<std::string> keys;
  std::string_view last_key;  // "" begins the first range
  uint64_t before = 0;
  size_t last_range = 0;
  for (const TablePiece& piece : pieces) {
    before += piece.bytes;
    const size_t range = before * parts / total;
    if (range == last_range || range == parts || piece.end == last_key) continue;
    last_range = range;
    last_key = piece.end;
    keys.push_back(piece.end);
  }
  return keys;
}

std::vector<std::string> SplitPlan(const Version& version, const CompactionPlan& plan,
                                   size_t parts_max, uint64_t part_bytes_min) {
  const uint64_t bytes = plan.input_bytes();
  const size_t parts = std::min<uint64_t>(parts_max, bytes / part_bytes_min);
  if (parts < 2) return {};
  constexpr uint64_t kPiecesOfPart = 32;
  std::vector<TablePiece> pieces;
  for (const CompactionPlan::Input& input : plan.inputs) {
    for (const TablePtr& table : input.tables) {
      version.Find(table->number)->reader().AppendPieces(bytes / parts / kPiecesOfPart, &pieces);
    }
  }
  return SplitKeys(std::move(pieces), parts);
}

size_t SharedKeyBytes(const CompactionPlan& plan) {
  if (plan.inputs.empty() && !plan.flush) return 0;
  const auto [smallest, largest] = plan.KeyRange();
  return CommonPrefixBytes(smallest, largest);
}

namespace {

// With range tombstones a part ends right after a key, which bounds its last table.
std::vector<std::string> PartBounds(const SplitMergeRequest& request) {
  if (request.merge.tombstones == nullptr) return request.bounds;
  std::vector<std::string> bounds;
  for (const std::string& bound : request.bounds) {
    std::string moved = bound.ends_with('\0') ? bound : KeyAfter(bound);
    const bool above = bounds.empty() || moved > bounds.back();
    if (above && moved.size() <= kKeyBytesMax) bounds.push_back(std::move(moved));
  }
  return bounds;
}

// The parts of one merge. Also what each of them asks for its pace, so that it learns of a failure.
class SplitMerge final : public JobPace {
 public:
  SplitMerge(const TableFactory& factory, const SplitMergeRequest& request)
      : factory_(factory),
        request_(request),
        bounds_(PartBounds(request)),
        outputs_(bounds_.size() + 1) {}

  Result<MergeOutput> Run() {
    std::vector<std::function<void()>> parts;
    for (size_t part = 0; part < outputs_.size(); part++) {
      parts.push_back([this, part] { RunPart(part); });
    }
    request_.run_parts(std::move(parts));
    MergeOutput output = Join();
    Status status;
    {
      MutexLock lock(mutex_);
      status = status_;
    }
    if (status.ok()) return SyncNames(factory_, request_.merge.cause, std::move(output));
    for (const Version::NumberedTable& made : output.open) made.table->MarkObsolete();
    return status;
  }

  Status Spend(uint64_t bytes) override {
    if (failed_.load(std::memory_order_relaxed)) return Status::Busy("another part has failed");
    return request_.merge.pace == nullptr ? Status() : request_.merge.pace->Spend(bytes);
  }

 private:
  void RunPart(size_t part) {
    if (failed_.load(std::memory_order_relaxed)) return;
    MergeRequest merge = request_.merge;
    if (part > 0) merge.begin = bounds_[part - 1];
    if (part < bounds_.size()) merge.end = bounds_[part];
    const std::unique_ptr<EntryIterator> input = request_.new_input(merge.begin, merge.end);
    OlderData older = *request_.merge.older;
    merge.input = input.get();
    merge.older = &older;
    merge.pace = this;
    Result<MergeOutput> output = MergeIntoTables(factory_, merge);
    if (output.ok()) {
      outputs_[part] = std::move(*output);
    } else {
      Fail(output.status());
    }
  }

  void Fail(const Status& status) {
    failed_.store(true, std::memory_order_relaxed);
    MutexLock lock(mutex_);
    if (status_.ok()) status_ = status;
  }

  MergeOutput Join() {
    MergeOutput all;
    for (MergeOutput& part : outputs_) {
      all.tables.insert(all.tables.end(), part.tables.begin(), part.tables.end());
      all.open.insert(all.open.end(), part.open.begin(), part.open.end());
      all.bytes += part.bytes;
      all.entries_read += part.entries_read;
      all.entries_dropped += part.entries_dropped;
      all.tombstones_dropped += part.tombstones_dropped;
    }
    outputs_.clear();
    return all;
  }

  const TableFactory& factory_;
  const SplitMergeRequest& request_;
  const std::vector<std::string> bounds_;
  std::vector<MergeOutput> outputs_;  // each written by its part alone
  std::atomic<bool> failed_{false};
  Mutex mutex_;
  Status status_ GUARDED_BY(mutex_);  // the first failure
};

}  // namespace

Result<MergeOutput> RunSplitMerge(const TableFactory& factory, const SplitMergeRequest& request) {
  return SplitMerge(factory, request).Run();
}

}  // namespace varve
