// The tables of interchangeable parts. One row each; order is the order of help.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/parts.h"

#include "engine/cache/clock_cache.h"
#include "engine/cache/lru_cache.h"
#include "engine/compaction/strategies.h"
#include "engine/filter/bloom_filter.h"
#include "engine/memtable/avl_memtable.h"
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

std::unique_ptr<FilterPolicy> NoFilter() { return nullptr; }
std::unique_ptr<BlockCache> NoCache(uint64_t) { return nullptr; }

constexpr MemTablePart kMemTables[] = {
    {"skiplist", "skip list in an arena", NewMemTable<SkipListMemTable>},
    {"avl", "AVL tree: strictly balanced, readers never wait", NewMemTable<AvlMemTable>},
    {"rbtree", "red-black tree: fewer rotations than avl, a little deeper",
     NewMemTable<RbTreeMemTable>},
    {"vector", "append, sort when sealed: fastest load, slowest read", NewMemTable<VectorMemTable>},
    {"map", "std::map under a lock: the reference that the others are tested against",
     NewMemTable<MapMemTable>},
};

constexpr FilterPart kFilters[] = {
    {"bloom", "Bloom filter", NewFilter<BloomFilterPolicy>},
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
};

template <class Row>
std::vector<NamedPart> Names(std::span<const Row> rows) {
  std::vector<NamedPart> names;
  for (const Row& row : rows) names.push_back({row.name, row.help});
  return names;
}

std::vector<PartTable> MakePartTables() {
  return {
      {"memtable", "structures that hold recent writes", Names(MemTableParts())},
      {"compaction", "compaction strategies", Names(CompactionParts())},
      {"filter", "filters over the keys of a table", Names(FilterParts())},
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
      {"granularity",
       "how much one compaction moves",
       {{"auto", "what the strategy says"},
        {"file", "one table, with what it overlaps below"},
        {"level", "all of a level"}}},
      {"movement",
       "which table a compaction moves first",
       {{"auto", "what the strategy says"},
        {"round_robin", "the one after the last that was moved"},
        {"least_overlap", "the one that drags along the fewest bytes"}}},
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

const std::vector<PartTable>& PartTables() {
  static const std::vector<PartTable> kTables = MakePartTables();
  return kTables;
}

}  // namespace varve
