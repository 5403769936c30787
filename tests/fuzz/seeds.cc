// The inputs that fuzzing starts from, made by the real encoders.
//
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "engine/filter/bloom_filter.h"
#include "engine/io/memory_file_system.h"
#include "engine/options.h"
#include "engine/parts.h"
#include "engine/table/block.h"
#include "engine/table/table_salvage.h"
#include "engine/tree/current_file.h"
#include "engine/tree/file_names.h"
#include "engine/tree/manifest.h"
#include "engine/util/hash.h"
#include "engine/util/prefix.h"
#include "engine/wal/wal_writer.h"
#include "engine/write_batch_bytes.h"
#include "harness/experiment_file.h"
#include "harness/files.h"
#include "tests/engine/table/table_testing.h"
#include "tests/fuzz/fuzzers.h"
#include "workloads/trace_writer.h"
#include "workloads/workload.h"

namespace varve::fuzz {
namespace {

using table_testing::OwnedEntry;

std::vector<OwnedEntry> Entries() {
  std::vector<OwnedEntry> entries;
  for (uint64_t i = 0; i < 24; ++i) {
    const std::string key = fmt::format("key{:03}", i * 7);
    entries.push_back(table_testing::Put(key, 30 + i, std::string(i, 'v')));
    if (i % 5 == 0) entries.push_back(table_testing::Tombstone(key, 3));
    if (i % 7 == 0) entries.push_back(table_testing::Put(key, 1, "old"));
  }
  return entries;
}

// The bytes of a file as an input, with and without making its checksums right.
std::vector<Seed> BothWays(const std::string& name, const std::string& bytes) {
  return {{name + "-raw", kRaw + bytes}, {name + "-sealed", kSealed + bytes}};
}

void Append(std::vector<Seed> more, std::vector<Seed>* seeds) {
  seeds->insert(seeds->end(), more.begin(), more.end());
}

std::string Batch(SequenceNumber first) {
  WriteBatch batch;
  batch.Put("key", "value");
  batch.Delete("gone");
  batch.Put("", "");
  batch.DeleteRange("k", "kez");
  std::string payload;
  WriteBatchBytes::StartPayload(&payload);
  payload.append(WriteBatchBytes::Operations(batch));
  WriteBatchBytes::FinishPayload(&payload, first, batch.count());
  return payload;
}

std::string LogFile(WalPosition previous) {
  const auto files = NewMemoryFileSystem();
  WalWriter writer(files->NewWritableFile("log", {}).value(), 7, previous);
  (void)writer.Append(Batch(1));
  (void)writer.Sync();
  (void)writer.Append("");
  (void)writer.Append(Batch(6));
  (void)writer.Close();
  return *ReadWholeFile(*files, {}, "log");
}

std::vector<Seed> LogSeeds() {
  std::vector<Seed> seeds = BothWays("first", LogFile({}));
  Append(BothWays("second", LogFile({6, 100})), &seeds);
  return seeds;
}

TreeEdit Edit(uint64_t number) {
  TableInfo table = table_testing::Build(Entries(), {}).info;
  table.number = number;
  TreeEdit edit;
  edit.added_tables = {{1, 9, std::make_shared<const TableInfo>(table)}};
  edit.cursors = {{1, "key"}};
  edit.oldest_wal = 4;
  edit.next_number = number + 1;
  edit.last_sequence = 100;
  return edit;
}

std::vector<Seed> ManifestSeeds() {
  const auto files = NewMemoryFileSystem();
  (void)files->CreateDirectory("d");
  ManifestState state;
  state.identity = 5;
  state.manifest_number = 7;
  state.next_number = 12;
  const auto manifest = Manifest::Create(*files, "d", state);
  (void)(*manifest)->Append(Edit(12));
  TreeEdit second = Edit(13);
  second.removed_tables = {12};
  (void)(*manifest)->Append(second);
  (void)(*manifest)->Close(14, 500);
  std::vector<Seed> seeds =
      BothWays("manifest", *ReadWholeFile(*files, {}, ManifestFileName("d", 7)));
  std::string edit;
  second.EncodeTo(&edit);
  seeds.push_back({"edit", kRaw + edit});
  seeds.push_back({"current", kRaw + *ReadWholeFile(*files, {}, CurrentFileName("d"))});
  return seeds;
}

std::vector<Seed> RangeTableSeeds() {
  const RangeTombstone all[] = {{"key000", "key05", 20}, {"key03", "key15\xff", 40}};
  TableBuilderOptions options;
  options.identity = 5;
  options.number = 7;
  options.checksum_context = TableIdentity{5, 7}.ChecksumContext();
  const RangeTombstones ranges(all);
  std::vector<Seed> seeds =
      BothWays("ranges", table_testing::Build(Entries(), options, ranges).bytes);
  Append(BothWays("only-ranges", table_testing::Build({}, options, ranges).bytes), &seeds);
  return seeds;
}

std::vector<Seed> TableSeeds() {
  static const BloomFilterPolicy bloom;
  std::vector<Seed> seeds;
  for (const Compression* compression : {NoCompression(), Lz4Compression()}) {
    TableBuilderOptions options;
    options.block_bytes = 256;
    options.restart_interval = 3;
    options.compression = compression;
    options.filter = &bloom;
    options.identity = 5;
    options.number = 7;
    options.checksum_context = TableIdentity{5, 7}.ChecksumContext();
    Append(BothWays(compression->id() == 0 ? "plain" : "lz4",
                    table_testing::Build(Entries(), options).bytes),
           &seeds);
  }
  Append(RangeTableSeeds(), &seeds);
  return seeds;
}

std::vector<Seed> BlockSeeds() {
  std::vector<Seed> seeds;
  for (const uint64_t interval : {uint64_t{1}, uint64_t{4}}) {
    BlockBuilder builder(interval);
    std::string block;
    std::string last;
    for (const OwnedEntry& entry : Entries()) {
      builder.Add(entry.view(), CommonPrefixBytes(last, entry.key), 0, &block);
      last = entry.key;
    }
    builder.Finish(&block);
    seeds.push_back({fmt::format("interval{}", interval), static_cast<char>(interval) + block});
  }
  return seeds;
}

std::vector<Seed> FilterSeeds() {
  const std::vector<uint64_t> hashes = {HashKey("a"), HashKey("b"), HashKey("c")};
  std::vector<Seed> seeds;
  for (const FilterPart& part : FilterParts()) {
    const auto policy = part.make();
    if (policy == nullptr) continue;
    seeds.push_back({std::string(part.name), std::string(1, 40) + policy->Build(hashes, 10)});
  }
  return seeds;
}

std::vector<Seed> OptionSeeds() {
  std::string text;
  for (const SettingText& setting : OptionTexts(Options())) {
    text += setting.name + " " + setting.text + "\n";
  }
  return {{"defaults", text, false},
          {"some",
           "memtable_bytes 1.5 MiB\nfilter_bits_per_key 7.25\ncompaction tiered\n"
           "trivial_moves false\nlevel0_stop_runs 40\nno_such 1\n"}};
}

std::vector<Seed> WorkloadSeeds() {
  std::string text = "title = \"all of them\"\n";
  for (const workloads::PropertyText& property : workloads::PropertyTexts(workloads::Workload())) {
    text += property.name + " = \"" + property.text + "\"\n";
  }
  return {{"defaults", text, false},
          {"some",
           "title = \"x\"\nrecords = 1_000\nkey_chooser = \"zipfian\"\n"
           "read_proportion = 0.5\nvalue_bytes = \"1 KiB\"\n"}};
}

std::vector<Seed> YcsbSeeds() {
  return {{"workloada",
           "recordcount=1000\noperationcount=1000\nworkload=CoreWorkload\n"
           "readallfields=true\nreadproportion=0.5\nupdateproportion=0.5\n"
           "scanproportion=0\ninsertproportion=0\nrequestdistribution=zipfian\n"},
          {"escapes",
           "# comment\n! another\nrecord\\\n  count : 7\nfieldlength\\u003d 1\n"
           "zeropadding\t4\nmaxscanlength = 9\n"}};
}

std::vector<Seed> ExperimentSeeds() {
  const std::string text =
      "# Why?\ntitle = \"A \\\"quoted\\\" title\"\n[trial]\nworkload = \"ycsb_c\"\n"
      "repetitions = 5\n[engine]\nmemtable_bytes = \"8 MiB\"\n[sweep]\n"
      "\"trial.clients\" = [1, 2]\n\"engine.size_ratio\" = [8, 2, 4]\n[[variant]]\n"
      "name = \"lazy\"\n\"engine.compaction\" = \"lazy_leveled\"\n[[figure]]\n"
      "kind = \"tradeoff\"\nx = \"write_amplification\"\n";
  const auto experiment = harness::ParseExperiment(text, "no/directory/fuzz.toml");
  return {{"short", text}, {"whole", harness::ExperimentToToml(*experiment), false}};
}

// A trace with a range and one without, and lines of each format.
std::vector<Seed> TraceSeeds() {
  using workloads::OperationKind;
  const std::string path =
      std::filesystem::temp_directory_path() / fmt::format("varve_trace_seed_{}.trace", getpid());
  std::vector<Seed> seeds;
  for (const bool range : {false, true}) {
    const auto writer = workloads::TraceWriter::Create(path);
    for (const char* key : {"aa", "bb", "dd"}) (*writer)->SetAtStart((*writer)->Record(key), 9);
    (void)(*writer)->Add({0, OperationKind::kUpdate, 1, 17});
    (void)(*writer)->Add({5, OperationKind::kScanReverse, 2, 3});
    if (range) (void)(*writer)->Add({5, OperationKind::kDeleteRange, 0, 2});
    (void)(*writer)->Add({7, OperationKind::kRead, (*writer)->Record(range ? "ee" : ""), 0});
    (void)(*writer)->Finish("seed");
    const std::string bytes = *harness::ReadTextFile(path);
    Append(BothWays(range ? "range" : "points", bytes), &seeds);
  }
  std::filesystem::remove(path);
  seeds.push_back({"cache",
                   "00,k,1,7,4,get,0\n0,a,b,3,9,4,set,2\n1,k,1,5,4,incr,0\n"
                   "9,a,b,3,0,4,delete,0\n"});
  seeds.push_back({"rocksdb", "10x6B 0 0 0 10\n0x6B 1 0 9 11\n0x 6 0 0 12\n0x00 4 0 0 12\n"});
  return seeds;
}

}  // namespace

std::vector<Seed> SeedsOf(std::string_view fuzzer) {
  if (fuzzer == "log") return LogSeeds();
  if (fuzzer == "manifest") return ManifestSeeds();
  if (fuzzer == "table") return TableSeeds();
  if (fuzzer == "block") return BlockSeeds();
  if (fuzzer == "batch") return {{"three", Batch(7)}};
  if (fuzzer == "filter") return FilterSeeds();
  if (fuzzer == "options") return OptionSeeds();
  if (fuzzer == "workload") return WorkloadSeeds();
  if (fuzzer == "experiment") return ExperimentSeeds();
  if (fuzzer == "ycsb") return YcsbSeeds();
  if (fuzzer == "trace") return TraceSeeds();
  return {};
}

}  // namespace varve::fuzz
