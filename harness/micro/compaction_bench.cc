// What a whole compaction job costs: from tables to tables on the memory file system, with 16-byte
// keys, random or of decimal digits after a common start, 100-byte values, a Bloom filter of 10
// bits per key and no compression.
//
// Bytes per second are those of the keys and values of the input.
//
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/compaction/split_merge.h"
#include "engine/filter/bloom_filter.h"
#include "engine/io/memory_file_system.h"
#include "engine/iterator/merging_iterator.h"
#include "engine/tree/file_names.h"
#include "engine/util/executor.h"
#include "engine/util/prefix.h"

namespace varve {
namespace {

constexpr size_t kKeyBytes = 16;
constexpr size_t kValueBytes = 100;
constexpr size_t kEntries = 600'000;  // of all inputs: 70 MB, more than any cache

enum KeyKind : int64_t { kBytes, kDigits };

std::string RandomKey(KeyKind kind, std::mt19937_64* random) {
  std::string key;
  if (kind == kDigits) {
    key = "user" + std::to_string((*random)() % 1'000'000'000'000);
    return key + std::string(kKeyBytes - key.size(), '0');
  }
  for (size_t i = 0; i < kKeyBytes; i++) key.push_back(static_cast<char>((*random)()));
  return key;
}

// The sorted keys of each run, oldest first. Of all entries `overwritten` have a key that an older
// run holds, too.
std::vector<std::vector<std::string>> KeysOfRuns(size_t runs, double overwritten, KeyKind kind) {
  std::mt19937_64 random(runs);
  std::vector<std::string> known;
  std::vector<std::vector<std::string>> all;
  const size_t entries = kEntries / runs;
  // The oldest run overwrites nothing.
  const double share = overwritten * static_cast<double>(runs) / static_cast<double>(runs - 1);
  for (size_t run = 0; run < runs; run++) {
    const double wanted = run == 0 ? 0 : share * static_cast<double>(entries);
    const size_t repeated = std::min(static_cast<size_t>(wanted), known.size());
    std::shuffle(known.begin(), known.end(), random);
    std::vector<std::string> keys(known.begin(),
                                  known.begin() + static_cast<std::ptrdiff_t>(repeated));
    while (keys.size() < entries) {
      keys.push_back(RandomKey(kind, &random));
      known.push_back(keys.back());
    }
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    all.push_back(std::move(keys));
  }
  return all;
}

// Inputs of one compaction, each a run of one table.
class Inputs {
 public:
  Inputs(size_t runs, double overwritten, KeyKind kind) {
    // What an iteration gives back is kept, so that the next one waits for no page faults.
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    factory_.file_system = files_.get();
    factory_.files = &handles_;
    factory_.directory = "/db";
    factory_.identity = 1;
    factory_.builder.filter = &bloom_;
    factory_.table_bytes = 64 << 20;
    if (!files_->CreateDirectory("/db").ok()) std::abort();
    SequenceNumber sequence = 5'000'000;
    for (const std::vector<std::string>& keys : KeysOfRuns(runs, overwritten, kind)) {
      AddTable(keys, sequence);
      sequence += keys.size();
    }
  }

  // Merges all, in at most `parts` parts at the same time. The outputs go away again.
  void Merge(size_t parts) {
    std::vector<TablePiece> pieces;
    for (const OpenTablePtr& table : tables_) table->reader().AppendPieces(1 << 20, &pieces);
    SplitMergeRequest request;
    request.bounds = SplitKeys(std::move(pieces), parts);
    request.new_input = [this](std::string_view, std::string_view) { return NewInput(); };
    request.run_parts = [this](auto to_run) { executor_->RunParts(std::move(to_run)); };
    OlderData older = OlderData::Everything();
    request.merge.older = &older;
    request.merge.new_number = [this] { return ++number_; };
    Result<MergeOutput> output = RunSplitMerge(factory_, request);
    if (!output.ok() || output->entries_read != entries_) std::abort();
    for (const auto& made : output->open) made.table->MarkObsolete();
  }

  uint64_t bytes() const { return entries_ * (kKeyBytes + kValueBytes); }
  uint64_t entries() const { return entries_; }

 private:
  std::unique_ptr<EntryIterator> NewInput() const {
    std::vector<std::unique_ptr<EntryIterator>> children;
    ReadContext context;
    context.kind = IoKind::kCompaction;
    context.fill_cache = false;
    std::string_view smallest = tables_[0]->reader().info().smallest;
    std::string_view largest = tables_[0]->reader().info().largest;
    for (const OpenTablePtr& table : tables_) {
      smallest = std::min<std::string_view>(smallest, table->reader().info().smallest);
      largest = std::max<std::string_view>(largest, table->reader().info().largest);
      children.push_back(table->reader().NewIterator(context));
    }
    return NewMergingIterator(std::move(children), CommonPrefixBytes(smallest, largest));
  }

  void AddTable(const std::vector<std::string>& keys, SequenceNumber sequence) {
    const uint64_t number = ++number_;
    auto file = files_->NewWritableFile(TableFileName(factory_.directory, number), {});
    if (!file.ok()) std::abort();
    TableBuilderOptions options = factory_.builder;
    options.checksum_context = factory_.ChecksumContext(number);
    TableBuilder builder(options, file->get(), {});
    std::string value(kValueBytes, 'v');
    for (const std::string& key : keys) {
      if (!builder.Add({key, MakeTag(sequence++, EntryKind::kPut), value}).ok()) std::abort();
    }
    Result<TableInfo> info = builder.Finish();
    if (!info.ok() || !(*file)->Close().ok()) std::abort();
    info->number = number;
    auto open = factory_.Open(*info, IoKind::kOpen);
    if (!open.ok()) std::abort();
    tables_.push_back(*open);
    entries_ += info->entries;
  }

  const std::unique_ptr<FileSystem> files_ = NewMemoryFileSystem();
  FileHandles handles_{files_.get(), 100};
  const BloomFilterPolicy bloom_;
  TableFactory factory_;
  std::vector<OpenTablePtr> tables_;
  const std::unique_ptr<Executor> executor_ = NewThreadExecutor(1);
  std::atomic<uint64_t> number_{0};
  uint64_t entries_ = 0;
};

// They take long to make: those of one benchmark are kept for its repetitions.
Inputs& InputsOf(int64_t runs, int64_t overwritten_percent, int64_t kind) {
  static std::array<int64_t, 3> made_for;
  static std::unique_ptr<Inputs> inputs;
  const std::array<int64_t, 3> wanted = {runs, overwritten_percent, kind};
  if (wanted != made_for) {
    inputs = nullptr;
    inputs = std::make_unique<Inputs>(static_cast<size_t>(runs),
                                      static_cast<double>(overwritten_percent) / 100,
                                      static_cast<KeyKind>(kind));
    made_for = wanted;
  }
  return *inputs;
}

void BM_CompactionJob(benchmark::State& state) {
  Inputs& inputs = InputsOf(state.range(0), state.range(1), state.range(2));
  const auto parts = static_cast<size_t>(state.range(3));
  for (auto _ : state) inputs.Merge(parts);
  const auto rounds = static_cast<int64_t>(state.iterations());
  state.SetBytesProcessed(rounds * static_cast<int64_t>(inputs.bytes()));
  state.SetItemsProcessed(rounds * static_cast<int64_t>(inputs.entries()));
}
BENCHMARK(BM_CompactionJob)
    ->ArgNames({"runs", "overwritten_percent", "digits", "parts"})
    ->ArgsProduct({{2, 10}, {10, 50}, {kBytes, kDigits}, {1}})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(BM_CompactionJob)
    ->ArgNames({"runs", "overwritten_percent", "digits", "parts"})
    ->ArgsProduct({{2, 10}, {10}, {kBytes}, {1, 2}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace varve
