// The merge loop of flush and compaction.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/compaction/job.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "engine/compaction/merge_loop.h"
#include "engine/compaction/table_cutter.h"
#include "engine/tree/file_names.h"
#include "engine/util/hash.h"

namespace varve {
namespace {

// A sync that failed for want of space is not tried again, either.
Status FailedSync(const Status& status) {
  return Status::IoError("a sync failed: " + std::string(status.message()));
}

// Writes the tables of one run, cutting between keys.
class RunWriter {
 public:
  RunWriter(const TableFactory& factory, const MergeRequest& request, MergeOutput* output)
      : factory_(factory),
        request_(request),
        output_(output),
        cutter_(factory.table_bytes, request.cuts) {}

  Status Add(const Entry& entry) {
    const uint64_t file_bytes = builder_ == nullptr ? 0 : builder_->file_bytes();
    if (cutter_.CutBefore(entry.key, file_bytes) && MayCutBefore(entry.key)) {
      if (Status s = FinishTableBefore(entry.key); !s.ok()) return s;
    } else if (file_bytes >= spent_bytes_ + kSpendBytes) {
      if (Status s = SpendUpTo(file_bytes); !s.ok()) return s;
    }
    if (builder_ == nullptr) {
      if (Status s = StartTable(); !s.ok()) return s;
    }
    return builder_->Add(entry);
  }

  Status AddRange(std::string_view begin, std::string_view end,
                  std::span<const SequenceNumber> sequences) {
    const uint64_t file_bytes = builder_ == nullptr ? 0 : builder_->file_bytes();
    if (cutter_.CutBefore(begin, file_bytes) && MayCutBefore(begin)) {
      if (Status s = FinishTableBefore(begin); !s.ok()) return s;
    }
    if (builder_ == nullptr) {
      if (Status s = StartTable(); !s.ok()) return s;
    }
    CloseRange();
    range_begin_ = begin;
    range_end_ = end;
    range_sequences_.assign(sequences.begin(), sequences.end());
    return {};
  }

  Status Finish() {
    CloseRange();
    return builder_ == nullptr ? Status() : FinishTable();
  }

  // Leaves no file behind, as far as the file system lets us; the next open removes the rest.
  void RemoveAll() {
    builder_.reset();
    file_.reset();
    output_->open.clear();
    for (const uint64_t number : written_) {
      const Status s = factory_.file_system->Remove(TableFileName(factory_.directory, number));
      if (!s.ok()) continue;
    }
  }

 private:
  bool InRange() const { return !range_sequences_.empty(); }

  // The greatest key of which the table holds a version, or at which a range of it begins.
  std::string_view LastKey() const {
    const std::string_view last = builder_->last_key();
    return InRange() && (builder_->entries() == 0 || range_begin_ > last) ? range_begin_ : last;
  }

  // Versions of a key stay together. A range that goes on behind the cut is cut right after the
  // last key; there is no place for that after the longest one.
  bool MayCutBefore(std::string_view key) const {
    return LastKey() != key && (!RangeGoesOnAt(key) || LastKey().size() < kKeyBytesMax);
  }
  bool RangeGoesOnAt(std::string_view key) const {
    return InRange() && LastKeyBefore(range_end_) >= key;
  }

  // What is left of a range that goes on begins the next table, and both have exact bounds.
  Status FinishTableBefore(std::string_view key) {
    if (!RangeGoesOnAt(key)) {
      CloseRange();
      return FinishTable();
    }
    std::string cut = KeyAfter(LastKey());
    builder_->AddRange(range_begin_, cut, range_sequences_);
    range_begin_ = std::move(cut);
    if (Status s = FinishTable(); !s.ok()) return s;
    return StartTable();
  }

  void CloseRange() {
    if (!InRange()) return;
    builder_->AddRange(range_begin_, range_end_, range_sequences_);
    range_sequences_.clear();
  }

  Status StartTable() {
    number_ = request_.new_number();
    WriteOptions options;
    options.writeback_bytes = kWritebackBytes;
    auto file =
        factory_.file_system->NewWritableFile(TableFileName(factory_.directory, number_), options);
    if (!file.ok()) return file.status();
    file_ = std::move(*file);
    TableBuilderOptions builder = factory_.builder;
    builder.checksum_context = factory_.ChecksumContext(number_);
    builder.identity = factory_.identity;
    builder.number = number_;
    builder.filter_bits_per_key =
        request_.filter_bits_per_key.value_or(builder.filter_bits_per_key);
    builder_ = std::make_unique<TableBuilder>(builder, file_.get(), request_.cause);
    written_.push_back(number_);
    return {};
  }

  Status FinishTable() {
    Result<TableInfo> info = builder_->Finish();
    builder_.reset();
    if (!info.ok()) return info.status();
    if (Status s = file_->Sync(request_.cause); !s.ok()) return FailedSync(s);
    if (Status s = file_->Close(); !s.ok()) return s;
    file_.reset();
    info->number = number_;
    Result<OpenTablePtr> open = factory_.Open(*info, IoKind::kOpen);
    if (!open.ok()) return open.status();
    if (Status s = SpendUpTo(info->file_bytes); !s.ok()) return s;
    spent_bytes_ = 0;
    output_->bytes += info->file_bytes;
    output_->open.push_back({number_, std::move(*open)});
    output_->tables.push_back(std::make_shared<const TableInfo>(std::move(*info)));
    return {};
  }

  // Asks the pace for what the table has grown by.
  Status SpendUpTo(uint64_t file_bytes) {
    const uint64_t before = std::exchange(spent_bytes_, file_bytes);
    // The estimate may have been a little too high.
    if (request_.pace == nullptr || file_bytes <= before) return {};
    return request_.pace->Spend(file_bytes - before);
  }

  static constexpr uint64_t kSpendBytes = 64 << 10;
  // Small enough to overlap merging with the device, large enough to keep requests large.
  static constexpr uint64_t kWritebackBytes = 4 << 20;

  const TableFactory& factory_;
  const MergeRequest& request_;
  MergeOutput* output_;
  TableCutter cutter_;
  uint64_t number_ = 0;
  uint64_t spent_bytes_ = 0;  // of the table that is being written
  std::unique_ptr<WritableFile> file_;
  std::unique_ptr<TableBuilder> builder_;
  std::vector<uint64_t> written_;
  // The last range, which may have to be cut: not in the builder yet. No sequences: there is none.
  std::string range_begin_;
  std::string range_end_;
  std::vector<SequenceNumber> range_sequences_;
};

}  // namespace

uint64_t TableFactory::ChecksumContext(uint64_t number) const { return Mix64(identity, number); }

Result<OpenTablePtr> TableFactory::Open(const TableInfo& info, IoKind kind) const {
  const std::string path = TableFileName(directory, info.number);
  auto file = files->Open(path);
  if (!file.ok()) return file.status();
  TableReaderOptions options;
  options.number = info.number;
  options.file_bytes = info.file_bytes;
  options.checksum_context = ChecksumContext(info.number);
  options.cache = cache;
  ReadContext context;
  context.kind = kind;
  auto reader = TableReader::Open(std::move(*file), options, context);
  if (!reader.ok()) return reader.status();
  return std::make_shared<OpenTable>(std::move(*reader), file_system, path);
}

OlderData::OlderData(const Tree& tree, const CompactionPlan& plan) {
  std::vector<uint64_t> inputs;
  for (const CompactionPlan::Input& input : plan.inputs) {
    for (const TablePtr& table : input.tables) inputs.push_back(table->number);
  }
  std::sort(inputs.begin(), inputs.end());
  for (size_t level = 0; level < tree.levels.size(); ++level) {
    const int depth = static_cast<int>(level);
    for (const Run& run : tree.levels[level].runs) {
      // Everything is older than a memtable.
      // Below the output everything is older. In the output level and above, whatever is not an
      // input counts as older unless it is known to be newer: too careful is safe, and a run that
      // is newer than all inputs is the only case worth telling apart.
      if (plan.flush ||
          (depth >= plan.inputs.front().level && !IsNewerThanInputs(tree, plan, depth, run))) {
        AddRun(run, inputs);
      }
    }
  }
}

OlderData::OlderData(const Tree& tree) {
  for (const Level& level : tree.levels) {
    for (const Run& run : level.runs) AddRun(run, {});
  }
}

bool OlderData::IsNewerThanInputs(const Tree& tree, const CompactionPlan& plan, int level,
                                  const Run& run) {
  const CompactionPlan::Input& newest = plan.inputs.front();
  if (level != newest.level) return false;
  for (const Run& other : tree.levels[static_cast<size_t>(level)].runs) {
    if (other.id == newest.run) return false;
    if (other.id == run.id) return true;
  }
  return false;
}

void OlderData::AddRun(const Run& run, const std::vector<uint64_t>& except) {
  Cursor cursor;
  for (const TablePtr& table : run.tables) {
    if (!std::binary_search(except.begin(), except.end(), table->number)) {
      cursor.tables.push_back(table);
    }
  }
  if (!cursor.tables.empty()) runs_.push_back(std::move(cursor));
}

OlderData OlderData::Everything() {
  OlderData older;
  older.everything_ = true;
  return older;
}

bool OlderData::MayHold(std::string_view key) {
  if (everything_) return true;
  for (Cursor& run : runs_) {
    while (run.at < run.tables.size() && run.tables[run.at]->largest < key) ++run.at;
    if (run.at < run.tables.size() && run.tables[run.at]->smallest <= key) return true;
  }
  return false;
}

bool OlderData::MayHoldAny(std::string_view begin, std::string_view end) const {
  if (everything_) return true;
  return std::any_of(runs_.begin(), runs_.end(), [&](const Cursor& run) {
    const auto table =
        std::partition_point(run.tables.begin(), run.tables.end(),
                             [begin](const TablePtr& one) { return one->largest < begin; });
    return table != run.tables.end() && (*table)->smallest < end;
  });
}

Result<MergeOutput> MergeIntoTables(const TableFactory& factory, const MergeRequest& request) {
  MergeOutput output;
  RunWriter writer(factory, request, &output);
  if (Status s = MergeEntries(request, &writer, &output); !s.ok()) {
    writer.RemoveAll();
    return s;
  }
  return output;
}

Result<MergeOutput> SyncNames(const TableFactory& factory, IoCause cause, MergeOutput output) {
  if (output.tables.empty()) return output;
  if (Status s = factory.file_system->SyncDirectory(cause, factory.directory); !s.ok()) {
    for (const Version::NumberedTable& made : output.open) made.table->MarkObsolete();
    return FailedSync(s);
  }
  return output;
}

Result<MergeOutput> RunMerge(const TableFactory& factory, const MergeRequest& request) {
  Result<MergeOutput> output = MergeIntoTables(factory, request);
  if (!output.ok()) return output;
  return SyncNames(factory, request.cause, std::move(*output));
}

}  // namespace varve
