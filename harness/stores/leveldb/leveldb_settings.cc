// Terms into options of LevelDB.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/leveldb/leveldb_settings.h"

#include <algorithm>
#include <cmath>

namespace varve::harness {
namespace {

// What it takes for itself if it is not given one (util: its Options).
constexpr uint64_t kOwnCacheBytes = uint64_t{8} << 20;
// Of tables, that it maps into memory, in a process of 64 bits (its util/env_posix.cc).
constexpr uint64_t kTablesMapped = 1000;
// Of max_open_files, that are not tables.
constexpr uint64_t kOtherFiles = 10;

Status CheckCompression(std::string_view where, std::string_view name) {
  if (name == "none" || name == "snappy") return {};
  return Status::InvalidArgument(
      fmt::format("{} = {}: LevelDB compresses with snappy, or not at all (none)", where, name));
}

class Translation {
 public:
  // `terms` is null if there are none.
  Translation(const LevelDbSettings& own, const Terms* terms, LevelDbSetup* setup)
      : own_(own), terms_(terms), setup_(setup), used_(&setup->used) {}

  Status Run() {
    setup_->options.create_if_missing = true;
    Durability();
    MemTables();
    Cache();
    if (Status status = Compression(); !status.ok()) return status;
    Filter();
    Threads();
    Rest();
    return {};
  }

 private:
  // The name of a term, where there are terms.
  std::string_view Term(std::string_view name) const { return terms_ == nullptr ? "" : name; }

  void Durability() {
    const bool power = terms_ != nullptr && terms_->durability == "power";
    setup_->write.sync =
        OwnOrTerm(own_.sync, power, "leveldb.sync", Term("engine.durability"), used_);
    if (terms_ != nullptr && terms_->durability == "none" && !own_.sync.value_or(false)) {
      used_->Caveat("its log cannot be switched off: durability is process, not none");
    }
    used_->Use("durability", setup_->write.sync ? "power" : "process");
  }

  void MemTables() {
    leveldb::Options& options = setup_->options;
    uint64_t bytes = options.write_buffer_size;
    if (terms_ != nullptr) {
      bytes = std::clamp(terms_->memtable_bytes, kLevelDbWriteBufferMin, kLevelDbWriteBufferMax);
      if (bytes != terms_->memtable_bytes && !own_.write_buffer_size.has_value()) {
        used_->Caveat(
            fmt::format("its memtable has 64 KiB to 1 GiB: {}, not engine.memtable_bytes = {}",
                        FormatBytes(bytes), FormatBytes(terms_->memtable_bytes)));
      }
      if (terms_->memtables_max != 2) {
        used_->Caveat(
            fmt::format("it has two memtables, an active and a sealed one: not "
                        "engine.memtables_max = {}",
                        terms_->memtables_max));
      }
    }
    options.write_buffer_size =
        OwnOrTerm(own_.write_buffer_size, bytes, "leveldb.write_buffer_size",
                  Term("engine.memtable_bytes"), used_);
    used_->UseBytes("memtable_bytes", options.write_buffer_size);
    used_->UseCount("memtables_max", 2);
  }

  void Cache() {
    const uint64_t by_terms = terms_ == nullptr ? kOwnCacheBytes : terms_->cache_bytes;
    const uint64_t bytes = OwnOrTerm(own_.cache_bytes, by_terms, "leveldb.cache_bytes",
                                     Term("engine.cache_bytes"), used_);
    setup_->cache.reset(leveldb::NewLRUCache(bytes));
    setup_->options.block_cache = setup_->cache.get();
    used_->UseBytes("cache_bytes", bytes);
  }

  Status Compression() {
    leveldb::Options& options = setup_->options;
    std::string name = "snappy";
    if (terms_ != nullptr) {
      name = terms_->compression;
      if (!own_.compression.has_value()) {
        if (Status s = CheckCompression("engine.compression", name); !s.ok()) return s;
      }
    }
    name =
        OwnOrTerm(own_.compression, name, "leveldb.compression", Term("engine.compression"), used_);
    options.compression = name == "snappy" ? leveldb::kSnappyCompression : leveldb::kNoCompression;
    used_->Use("compression", name);
    return {};
  }

  void Filter() {
    uint64_t bits = 0;
    if (terms_ != nullptr && terms_->filter_bits_per_key > 0) {
      bits = static_cast<uint64_t>(std::max(1.0, std::round(terms_->filter_bits_per_key)));
      if (!own_.filter_bits_per_key.has_value()) FilterCaveats(bits);
    }
    bits = OwnOrTerm(own_.filter_bits_per_key, bits, "leveldb.filter_bits_per_key",
                     Term("engine.filter_bits_per_key"), used_);
    used_->Use("filter", bits == 0 ? "none" : "bloom");
    used_->UseCount("filter_bits_per_key", bits);
    if (bits == 0) return;
    setup_->filter.reset(leveldb::NewBloomFilterPolicy(static_cast<int>(bits)));
    setup_->options.filter_policy = setup_->filter.get();
  }

  void FilterCaveats(uint64_t bits) {
    if (terms_->filter != "bloom") {
      used_->Caveat(
          fmt::format("its filters are Bloom filters: not engine.filter = {}", terms_->filter));
    }
    if (static_cast<double>(bits) != terms_->filter_bits_per_key) {
      used_->Caveat(fmt::format("its filters have whole bits per key: {}, not {}", bits,
                                terms_->filter_bits_per_key));
    }
  }

  void Threads() {
    used_->UseCount("background_threads", 1);
    if (terms_ == nullptr) return;
    used_->Caveat(
        fmt::format("one thread flushes and compacts: not {} for flushes and {} for "
                    "compactions",
                    terms_->flush_threads, terms_->compaction_threads));
  }

  void Rest() {
    leveldb::Options& options = setup_->options;
    setup_->read.verify_checksums = own_.verify_checksums.value_or(terms_ != nullptr);
    setup_->read.fill_cache = own_.fill_cache;
    options.paranoid_checks = own_.paranoid_checks;
    options.reuse_logs = own_.reuse_logs;
    options.block_size = own_.block_size;
    options.block_restart_interval = static_cast<int>(own_.block_restart_interval);
    options.max_file_size = own_.max_file_size;
    options.max_open_files = static_cast<int>(own_.max_open_files);
    used_->UseFlag("verify_checksums", setup_->read.verify_checksums);
    used_->UseFlag("fill_cache", own_.fill_cache);
    used_->UseFlag("paranoid_checks", own_.paranoid_checks);
    used_->UseFlag("reuse_logs", own_.reuse_logs);
    used_->UseBytes("block_size", own_.block_size);
    used_->UseCount("block_restart_interval", own_.block_restart_interval);
    used_->UseBytes("max_file_size", own_.max_file_size);
    used_->UseCount("max_open_files", own_.max_open_files);
    used_->UseFlag("direct_io", false);
    if (terms_ != nullptr) FileCaveats();
  }

  void FileCaveats() {
    const uint64_t mapped = std::min(kTablesMapped, own_.max_open_files - kOtherFiles);
    const bool cached = setup_->options.compression != leveldb::kNoCompression;
    used_->Caveat(fmt::format(
        "up to {} of its tables are mapped files, in the page cache and outside of every budget{}",
        mapped, cached ? "" : "; their blocks, not being compressed, never enter its own cache"));
    if (!terms_->direct_io) return;
    used_->Caveat(
        "it has no direct I/O: its files go through the page cache of the operating system");
  }

  const LevelDbSettings own_;
  const Terms* const terms_;
  LevelDbSetup* const setup_;
  TermsUsed* const used_;
};

}  // namespace

Status CheckLevelDbSettings(std::span<const SettingText> own_settings) {
  const auto own = ReadOwnSettings<LevelDbSettings>(own_settings);
  if (!own.ok()) return own.status();
  return own->compression.has_value() ? CheckCompression("compression", *own->compression)
                                      : Status();
}

Result<LevelDbSetup> LevelDbSetupOf(const StoreOptions& options) {
  if (Status s = CheckLevelDbSettings(options.own_settings); !s.ok()) return s;
  const auto own = ReadOwnSettings<LevelDbSettings>(options.own_settings);
  const Result<Terms> terms = TermsOf(options);
  if (!terms.ok()) return terms.status();
  LevelDbSetup setup;
  const Terms* const given = options.own_defaults ? nullptr : &*terms;
  if (Status s = Translation(*own, given, &setup).Run(); !s.ok()) return s;
  return setup;
}

}  // namespace varve::harness
