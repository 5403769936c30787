// The tables of interchangeable parts. One row each; order is the order of help.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/parts.h"

#include "engine/cache/clock_cache.h"
#include "engine/cache/lru_cache.h"
#include "engine/compaction/scheduler/fair_scheduler.h"
#include "engine/compaction/scheduler/fifo_scheduler.h"
#include "engine/compaction/scheduler/greedy_scheduler.h"
#include "engine/compaction/scheduler/priority_scheduler.h"
#include "engine/compaction/scheduler/single_scheduler.h"
#include "engine/compaction/strategies.h"
#include "engine/filter/blocked_bloom_filter.h"
#include "engine/filter/bloom_filter.h"
#include "engine/filter/fuse_filter.h"
#include "engine/filter/ribbon_filter.h"
#include "engine/filter/xor_filter.h"
#include "engine/memtable/art_memtable.h"
#include "engine/memtable/avl_memtable.h"
#include "engine/memtable/btree_memtable.h"
#include "engine/memtable/hash_linked_list_memtable.h"
#include "engine/memtable/hash_skiplist_memtable.h"
#include "engine/memtable/hash_vector_memtable.h"
#include "engine/memtable/map_memtable.h"
#include "engine/memtable/rbtree_memtable.h"
#include "engine/memtable/skiplist_memtable.h"
#include "engine/memtable/vector_memtable.h"

namespace varve {
namespace {

template <class T>
std::unique_ptr<MemTable> NewMemTable(const MemTableOptions& options) {
  return std::make_unique<T>(options);
}

template <class T>
std::unique_ptr<FilterPolicy> NewFilter() {
  return std::make_unique<T>();
}

template <class T>
std::unique_ptr<Scheduler> NewScheduler() {
  return std::make_unique<T>();
}

std::unique_ptr<FilterPolicy> NoFilter() { return nullptr; }
std::unique_ptr<BlockCache> NoCache(uint64_t) { return nullptr; }

constexpr MemTablePart kMemTables[] = {
    {"skiplist", "skip list in an arena", NewMemTable<SkipListMemTable>},
    {"btree", "B+ tree over 8-byte pieces of keys: fewest cache misses of those that keep order",
     NewMemTable<BTreeMemTable>},
    {"art", "adaptive radix tree: no comparisons, nodes of 4 to 256 children",
     NewMemTable<ArtMemTable>},
    {"avl", "AVL tree: strictly balanced, readers never wait", NewMemTable<AvlMemTable>},
    {"rbtree", "red-black tree: fewer rotations than avl, a little deeper",
     NewMemTable<RbTreeMemTable>},
    {"vector", "append, sort when sealed: fastest load, slowest read", NewMemTable<VectorMemTable>},
    {"hash_linked_list", "hash table of sorted lists: quick gets, sorted only when sealed",
     NewMemTable<HashLinkedListMemTable>},
    {"hash_skiplist", "hash table of skip lists: gets do not suffer from few buckets",
     NewMemTable<HashSkipListMemTable>},
    {"hash_vector", "hash table of vectors: a bucket is in one place",
     NewMemTable<HashVectorMemTable>},
    {"map", "std::map under a lock: the reference that the others are tested against",
     NewMemTable<MapMemTable>},
};

constexpr FilterPart kFilters[] = {
    {"bloom", "Bloom filter", NewFilter<BloomFilterPolicy>},
    {"blocked_bloom", "Bloom filter with one cache line a key: quickest, more false positives",
     NewFilter<BlockedBloomFilterPolicy>},
    {"ribbon", "homogeneous ribbon filter: as bloom with 30 % fewer bits, slower",
     NewFilter<RibbonFilterPolicy>},
    {"xor8", "xor filter: 9.84 bits per key, 0.39 % false positives", NewFilter<XorFilterPolicy>},
    {"fuse8", "binary fuse filter: 9.04 bits per key, 0.39 % false positives",
     NewFilter<Fuse8FilterPolicy>},
    {"fuse16", "binary fuse filter: 18.08 bits per key, 0.0015 % false positives",
     NewFilter<Fuse16FilterPolicy>},
    {"none", "no filter: every run whose range holds the key is read", NoFilter},
};

constexpr CachePart kCaches[] = {
    {"clock", "second chance, sharded: a hit writes one bit", NewClockCache},
    {"lru", "least recently used, sharded: a hit moves the block in a list", NewLruCache},
    {"none", "no cache: every block comes from storage", NoCache},
};

constexpr CompressionPart kCompressions[] = {
    {"none", "blocks as they are", NoCompression},
    {"lz4", "LZ4: fast, about half the size on text", Lz4Compression},
};

constexpr CompactionPart kCompactions[] = {
    {"leveled", "one run a level: fewest runs to read, most bytes written", LeveledStrategy},
    {"tiered", "T runs a level: fewest bytes written, most runs to read", TieredStrategy},
    {"lazy_leveled", "tiered, but one run in the last level (Dostoevsky)", LazyLeveledStrategy},
    {"one_leveled", "leveled below a first level of T runs", OneLeveledStrategy},
    {"fluid", "runs_upper runs a level and runs_last in the last (Dostoevsky)", FluidStrategy},
    {"ucs", "each level tiered or leveled as layout says (Cassandra)", UcsStrategy},
    {"garnering", "leveled with larger ratios towards the top (Autumn)", GarneringStrategy},
    {"fifo", "never merged; the oldest run is dropped above fifo_bytes_max", FifoStrategy},
    {"time_window", "one run a window of time", TimeWindowStrategy},
    {"universal", "neighbouring runs of a size (RocksDB)", UniversalStrategy},
    {"rocksdb_leveled", "dynamic level sizes, least overlap (RocksDB)", RocksDbLeveledStrategy},
    {"leveldb_leveled", "10 MiB in level 1, round robin, seeks (LevelDB)", LevelDbLeveledStrategy},
    {"sarkar_full", "leveled, whole levels (Sarkar et al., as all of the ten)", SarkarFullStrategy},
    {"sarkar_lo1", "leveled, by file, least overlap with the parent", SarkarLo1Strategy},
    {"sarkar_lo2", "leveled, by file, least overlap with the grandparent", SarkarLo2Strategy},
    {"sarkar_rr", "leveled, by file, round robin", SarkarRrStrategy},
    {"sarkar_cold", "leveled, by file, coldest first", SarkarColdStrategy},
    {"sarkar_old", "leveled, by file, oldest first", SarkarOldStrategy},
    {"sarkar_tsd", "leveled, by file, tombstone density", SarkarTsdStrategy},
    {"sarkar_tsa", "leveled, by file, tombstone age (Lethe)", SarkarTsaStrategy},
    {"sarkar_tier", "tiered, number of runs, then space amplification", SarkarTierStrategy},
    {"sarkar_1lvl", "tiered first level, leveled by file below", Sarkar1LvlStrategy},
};

constexpr TriggerPart kTriggers[] = {
    {"saturation", "a level holds more runs or bytes than it may; always there", Saturation},
    {"space_amplification", "runs above the last hold too much beside it", SpaceAmplification},
    {"file_age", "a table above the last level holds too old an entry", FileAge},
    {"tombstone_density", "too many of a table's entries are tombstones", TombstoneDensity},
    {"tombstone_age", "a tombstone is as old as its level lets it be", TombstoneAge},
    {"read_count", "a table was read too often (LevelDB's seeks)", ReadCount},
};

constexpr MovementPart kMovements[] = {
    {"round_robin", "the one after the last that was moved", RoundRobin},
    {"least_overlap", "the one that drags along the fewest bytes", LeastOverlap},
    {"least_overlap_grandparent", "the fewest bytes two levels below", LeastOverlapGrandparent},
    {"oldest", "the one with the oldest entry", OldestFirst},
    {"coldest", "the one that was read least often", ColdestFirst},
    {"most_tombstones", "the one with the largest share of tombstones", MostTombstones},
    {"expired_tombstones", "the one with the oldest tombstone over its age", ExpiredTombstones},
    {"largest", "the one with the most bytes", LargestFirst},
    {"random", "any", RandomTable},
};

constexpr SchedulerPart kSchedulers[] = {
    {"fifo", "whoever asked first: nobody schedules", NewScheduler<FifoScheduler>},
    {"single", "one compaction at a time, a flush beside it", NewScheduler<SingleScheduler>},
    {"fair", "the same share for each running job", NewScheduler<FairScheduler>},
    {"greedy", "all to the job with the least left to write (Luo and Carey)",
     NewScheduler<GreedyScheduler>},
    {"priority", "flush before level 0 before deeper levels, which pause meanwhile (SILK)",
     NewScheduler<PriorityScheduler>},
};

template <class Row>
std::vector<NamedPart> Names(std::span<const Row> rows) {
  std::vector<NamedPart> names;
  for (const Row& row : rows) names.push_back({row.name, row.help});
  return names;
}

std::vector<NamedPart> WithAuto(std::vector<NamedPart> names) {
  names.insert(names.begin(), {"auto", "what the strategy says"});
  return names;
}

std::vector<PartTable> MakePartTables() {
  return {
      {"memtable", "structures that hold recent writes", Names(MemTableParts())},
      {"compaction", "compaction strategies", Names(CompactionParts())},
      {"scheduler", "which flush or compaction writes next", Names(SchedulerParts())},
      {"filter", "filters over the keys of a table", Names(FilterParts())},
      {"filter_allocation",
       "how the bits of filters are spread over runs",
       {{"uniform", "filter_bits_per_key to each"},
        {"monkey", "fewest false positives for the same memory: more to smaller runs (Monkey)"},
        {"levels", "as filter_bits_by_level says"},
        {"not_last", "none to the last level, unless that is level 0"}}},
      {"cache", "block caches", Names(CacheParts())},
      {"compression", "block compression", Names(CompressionParts())},
      {"durability",
       "what an acknowledged write survives",
       {{"none", "nothing: no log is written (class D0)"},
        {"process", "the death of the process: the kernel has the bytes (class D1)"},
        {"power", "power loss: synced before the acknowledgement, many at a time (class D2)"}}},
      {"wal",
       "how the write-ahead log reaches the kernel",
       {{"mmap", "copied into a preallocated mapping: no system call a commit"},
        {"write", "one write(2) a commit"}}},
      {"trigger", "what starts a compaction", WithAuto(Names(TriggerParts()))},
      {"granularity",
       "how much one compaction moves",
       {{"auto", "what the strategy says"},
        {"level", "all of a level, with all of the next level's run"},
        {"run", "all of a level, with what it overlaps below"},
        {"file", "one table, with what it overlaps below"},
        {"files", "compaction_files tables"},
        {"aligned", "the tables that share a table of the last level (Spooky)"}}},
      {"movement", "which table a compaction moves first", WithAuto(Names(MovementParts()))},
      {"merge_mode",
       "whether runs that cascade are merged once",
       {{"auto", "what the strategy says: eager"},
        {"eager", "once a level"},
        {"preemptive", "once (Dostoevsky, appendix D)"}}},
      {"level_sizes",
       "what capacities start from",
       {{"auto", "what the strategy says"},
        {"static", "level1_bytes, and T times more in each level below"},
        {"dynamic", "the last level, and a T-th in each level above (RocksDB)"}}},
      {"age_unit",
       "what ages are measured in",
       {{"operations", "writes since: logical time"},
        {"seconds", "by the wall clock, to within a flush"}}},
      {"background",
       "where flush and compaction run",
       {{"threads", "on threads of their own"},
        {"inline", "in the writer, deterministic to the bit"}}},
  };
}

}  // namespace

std::span<const MemTablePart> MemTableParts() { return kMemTables; }
std::span<const FilterPart> FilterParts() { return kFilters; }
std::span<const CachePart> CacheParts() { return kCaches; }
std::span<const CompressionPart> CompressionParts() { return kCompressions; }
std::span<const CompactionPart> CompactionParts() { return kCompactions; }
std::span<const TriggerPart> TriggerParts() { return kTriggers; }
std::span<const MovementPart> MovementParts() { return kMovements; }
std::span<const SchedulerPart> SchedulerParts() { return kSchedulers; }

const FilterPolicy* FilterPolicyOfName(std::string_view name) {
  static const std::vector<std::unique_ptr<FilterPolicy>> kPolicies = [] {
    std::vector<std::unique_ptr<FilterPolicy>> policies;
    for (const FilterPart& part : kFilters) policies.push_back(part.make());
    return policies;
  }();
  for (const std::unique_ptr<FilterPolicy>& policy : kPolicies) {
    if (policy != nullptr && policy->name() == name) return policy.get();
  }
  return nullptr;
}

MemTableOptions MemTableOptionsOf(const Options& options) {
  MemTableOptions memtable;
  memtable.bytes_max = options.memtable_bytes;
  memtable.entries_max = options.memtable_entries_max;
  memtable.buckets = options.memtable_buckets;
  memtable.prefix_bytes = options.memtable_prefix_bytes;
  memtable.preallocate = options.memtable_preallocate;
  memtable.sort_on_read = options.memtable_sort_on_read;
  memtable.huge_pages = options.memtable_huge_pages;
  return memtable;
}

const std::vector<PartTable>& PartTables() {
  static const std::vector<PartTable> kTables = MakePartTables();
  return kTables;
}

}  // namespace varve
