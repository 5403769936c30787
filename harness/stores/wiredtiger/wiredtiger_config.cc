// Configuration strings of WiredTiger: made of the terms, checked and read by the library itself.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/wiredtiger/wiredtiger_config.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <filesystem>
#include <mutex>

#include "engine/setting_text.h"
#include "harness/stores/own_settings.h"
#include "harness/stores/terms.h"

namespace varve::harness {
namespace {

constexpr uint64_t kMiB = 1 << 20;
// Clients, and the library's own threads.
constexpr int kSessionsMax = 2100;

// "snappy", for each extension that lies beside the loaded library.
struct Compressor {
  std::string name;
  std::string path;
};
std::vector<Compressor> Compressors() {
  std::vector<Compressor> there;
  Dl_info library = {};
  if (dladdr(reinterpret_cast<const void*>(&wiredtiger_open), &library) == 0) return there;
  const auto folder = std::filesystem::path(library.dli_fname).parent_path();
  for (const std::string_view name : {"lz4", "snappy", "zlib", "zstd"}) {
    const auto path = folder / fmt::format("libwiredtiger_{}.so", name);
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) there.push_back({std::string(name), path.string()});
  }
  return there;
}

Status CheckCompressor(std::string_view setting, std::string_view name) {
  std::vector<std::string> names = {"none"};
  for (const Compressor& compressor : Compressors()) names.push_back(compressor.name);
  if (std::ranges::find(names, name) != names.end()) return {};
  return Status::InvalidArgument(fmt::format("{} = {}: WiredTiger has no such compressor here; {}",
                                             setting, name, fmt::join(names, ", ")));
}

// Both strings grow by what is added.
class Builder {
 public:
  Builder(const Terms* terms, const WiredTigerSettings& own) : terms_(terms) { setup_.own = own; }

  WiredTigerSetup Build(std::span<const SettingText> own_settings) {
    AddAlways();
    if (terms_ != nullptr) {
      AddTerms();
      if (lsm()) AddLsmTerms();
    }
    AddOwn(own_settings);
    AddContradictions(own_settings);
    return std::move(setup_);
  }

 private:
  bool lsm() const { return setup_.own.type == "lsm"; }

  template <class... Values>
  void Connection(fmt::format_string<Values...> format, Values&&... values) {
    setup_.connection += "," + fmt::format(format, std::forward<Values>(values)...);
  }
  template <class... Values>
  void Table(fmt::format_string<Values...> format, Values&&... values) {
    setup_.table += "," + fmt::format(format, std::forward<Values>(values)...);
  }
  template <class... Values>
  void Caveat(fmt::format_string<Values...> format, Values&&... values) {
    setup_.caveats.push_back(fmt::format(format, std::forward<Values>(values)...));
  }

  // No file or environment of somebody else's changes what is configured here.
  void AddAlways() {
    setup_.connection = "create";
    Connection("use_environment=false,config_base=false,session_max={}", kSessionsMax);
    std::vector<std::string> paths;
    for (const Compressor& compressor : Compressors()) paths.push_back(compressor.path);
    if (!paths.empty()) Connection("extensions=[{}]", fmt::join(paths, ","));
    setup_.table = "key_format=u,value_format=u";
    if (lsm()) Table("type=lsm");
  }

  // A page that is read through a mapping is not checked against its checksum, and by default a
  // compressed one has none. A log file takes what a memtable's would.
  void AddTerms() {
    uint64_t cache = terms_->memory_bytes();
    const uint64_t least = lsm() ? LsmCacheBytes(512 << 10) : kMiB;
    if (cache < least) {
      Caveat("its cache has {} at least: the terms give it {}", FormatBytes(least),
             FormatBytes(cache));
      cache = least;
    }
    cache_bytes_ = cache;
    Connection("cache_size={},statistics=(fast),mmap=false", cache);
    Connection("eviction=(threads_min=1,threads_max={})",
               std::clamp<uint64_t>(terms_->threads(), 1, 20));
    if (terms_->durability == "none") {
      Connection("log=(enabled=false)");
    } else {
      Connection("log=(enabled=true,file_max={})",
                 std::clamp<uint64_t>(terms_->memtable_bytes, kMiB, 2048 * kMiB));
      Connection("transaction_sync=(enabled=true,method={})",
                 terms_->durability == "power" ? "fsync" : "none");
    }
    if (terms_->direct_io) Connection("direct_io=[data,checkpoint]");
    Table("checksum=on,block_compressor={}", terms_->compression);
    if (!lsm() && terms_->filter != "none") {
      Caveat("it has no filters: a B-tree looks a key up where it must be");
    }
  }

  // Three chunks, and a page for each participant of three merges at once: less is refused.
  uint64_t LsmCacheBytes(uint64_t chunk) const {
    return 3 * (chunk + setup_.own.merge_max * setup_.own.leaf_page_max);
  }

  void AddLsmTerms() {
    const uint64_t pages = setup_.own.merge_max * setup_.own.leaf_page_max;
    const uint64_t most = std::min(cache_bytes_ / 3 - pages, 500 * kMiB);
    const uint64_t chunk = std::clamp<uint64_t>(terms_->memtable_bytes, 512 << 10, most);
    if (chunk != terms_->memtable_bytes && setup_.own.chunk_size == 0) {
      Caveat(
          "a chunk in memory has {} in place of the {} of a memtable: not less than 512 KiB, and "
          "its cache must hold three of them",
          FormatBytes(chunk), FormatBytes(terms_->memtable_bytes));
    }
    const uint64_t threads = std::clamp<uint64_t>(terms_->threads(), 3, 20);
    if (threads != terms_->threads()) {
      Caveat("its LSM-tree has {} worker threads: the terms give it {}", threads,
             terms_->threads());
    }
    Connection("lsm_manager=(worker_thread_max={})", threads);
    Table("lsm=(chunk_size={},{})", chunk, LsmFilter());
  }

  // As many hashes as are best for so many bits (Bloom 1970): bits × ln 2.
  static std::string BloomConfig(uint64_t bits) {
    const double hashes = std::round(static_cast<double>(bits) * std::log(2.0));
    return fmt::format("bloom=true,bloom_oldest=true,bloom_bit_count={},bloom_hash_count={:.0f}",
                       bits, std::clamp(hashes, 2.0, 100.0));
  }
  std::string LsmFilter() {
    if (terms_->filter == "none") return "bloom=false";
    if (terms_->filter != "bloom") {
      Caveat("its filters are Bloom filters: {} was asked for", terms_->filter);
    }
    const double asked = terms_->filter_bits_per_key;
    const double bits = std::clamp(std::round(asked), 2.0, 1000.0);
    if (bits != asked && setup_.own.bloom_bit_count == 0) {
      Caveat("its filters have {:.0f} bits for each key: {} was asked for", bits, asked);
    }
    return BloomConfig(static_cast<uint64_t>(bits));
  }

  // What the profile default leaves alone is what was not set.
  void AddOwn(std::span<const SettingText> own_settings) {
    const WiredTigerSettings& own = setup_.own;
    const auto adds = [&](std::string_view name) {
      return terms_ != nullptr || IsSet(own_settings, name);
    };
    if (adds("checkpoint_seconds")) Connection("checkpoint=(wait={})", own.checkpoint_seconds);
    if (adds("eviction_dirty_target")) {
      Connection("eviction_dirty_target={}", own.eviction_dirty_target);
    }
    if (adds("eviction_dirty_trigger")) {
      Connection("eviction_dirty_trigger={}", own.eviction_dirty_trigger);
    }
    if (adds("leaf_page_max")) Table("leaf_page_max={}", own.leaf_page_max);
    if (adds("internal_page_max")) Table("internal_page_max={}", own.internal_page_max);
    if (adds("prefix_compression")) Table("prefix_compression={}", own.prefix_compression);
    if (!own.block_compressor.empty()) Table("block_compressor={}", own.block_compressor);
    if (lsm()) {
      if (own.chunk_size > 0) Table("lsm=(chunk_size={})", own.chunk_size);
      if (own.bloom_bit_count > 0) Table("lsm=({})", BloomConfig(own.bloom_bit_count));
      if (adds("merge_max")) Table("lsm=(merge_max={})", own.merge_max);
      if (adds("merge_min")) Table("lsm=(merge_min={})", own.merge_min);
    }
    if (!own.connection_config.empty()) Connection("{}", own.connection_config);
    if (!own.table_config.empty()) Table("{}", own.table_config);
  }

  // Own settings that change what a term has settled.
  void AddContradictions(std::span<const SettingText> own_settings) {
    if (terms_ == nullptr) return;
    const auto set = [&](std::string_view name, std::string_view term) {
      if (IsSet(own_settings, name)) Caveat("wiredtiger.{} was set: not {}", name, term);
    };
    set("block_compressor", "engine.compression");
    if (lsm()) {
      set("chunk_size", "engine.memtable_bytes");
      set("bloom_bit_count", "engine.filter and engine.filter_bits_per_key");
    }
    const auto sets = [&](std::string_view name, const std::string& config, const char* key,
                          std::string_view term) {
      if (config.empty() || !ConfigText(config, key)) return;
      Caveat("wiredtiger.{} sets {}: not {}", name, key, term);
    };
    const WiredTigerSettings& own = setup_.own;
    constexpr std::string_view kMemory = "engine.memtable_bytes and engine.cache_bytes";
    const auto connection = [&](const char* key, std::string_view term) {
      sets("connection_config", own.connection_config, key, term);
    };
    connection("cache_size", kMemory);
    connection("shared_cache", kMemory);
    connection("log.enabled", "engine.durability");
    connection("transaction_sync", "engine.durability");
    connection("direct_io", "trial.direct_io");
    connection("eviction.threads_max", "engine.compaction_threads");
    connection("lsm_manager.worker_thread_max", "engine.compaction_threads");
    const auto table = [&](const char* key, std::string_view term) {
      sets("table_config", own.table_config, key, term);
    };
    table("block_compressor", "engine.compression");
    table("log.enabled", "engine.durability");
    table("lsm.chunk_size", "engine.memtable_bytes");
    table("lsm.bloom", "engine.filter");
    table("lsm.bloom_bit_count", "engine.filter_bits_per_key");
  }

  const Terms* const terms_;  // null: there are none
  WiredTigerSetup setup_;
  uint64_t cache_bytes_ = 0;
};

Status Validate(const char* call, const std::string& config) {
  WiredTigerMessages messages;
  const int code = wiredtiger_config_validate(nullptr, &messages, call, config.c_str());
  return code == 0 ? Status() : messages.Failed(call, code);
}

Result<WiredTigerSettings> ReadSettings(std::span<const SettingText> own_settings) {
  auto own = ReadOwnSettings<WiredTigerSettings>(own_settings);
  if (!own.ok()) return own;
  if (own->type != "btree" && own->type != "lsm") {
    return Status::InvalidArgument(fmt::format("type: \"{}\" is none of btree, lsm", own->type));
  }
  if (!own->block_compressor.empty()) {
    Status status = CheckCompressor("block_compressor", own->block_compressor);
    if (!status.ok()) return status;
  }
  Status status = Validate("wiredtiger_open", own->connection_config);
  if (!status.ok()) return status.Annotate("connection_config");
  status = Validate("WT_SESSION.create", own->table_config);
  if (!status.ok()) return status.Annotate("table_config");
  return own;
}

Result<WiredTigerSetup> SetupOf(const Terms* terms, std::span<const SettingText> own_settings) {
  const Result<WiredTigerSettings> own = ReadSettings(own_settings);
  if (!own.ok()) return own.status();
  WiredTigerSetup setup = Builder(terms, *own).Build(own_settings);
  if (Status status = Validate("wiredtiger_open", setup.connection); !status.ok()) return status;
  if (Status status = Validate("WT_SESSION.create", setup.table); !status.ok()) return status;
  return setup;
}

std::optional<WT_CONFIG_ITEM> Find(const std::string& config, const std::string& key) {
  WT_CONFIG_PARSER* parser = nullptr;
  if (wiredtiger_config_parser_open(nullptr, config.data(), config.size(), &parser) != 0) {
    return std::nullopt;
  }
  WT_CONFIG_ITEM item = {};
  const bool found = parser->get(parser, key.c_str(), &item) == 0;
  parser->close(parser);
  if (!found) return std::nullopt;
  return item;  // its text is in `config`
}

// The last few of what the library said to a thread, with "; " between them.
std::string& MessagesOfThread() {
  thread_local std::string messages;
  return messages;
}

int Ignore(WT_EVENT_HANDLER*, WT_SESSION*, const char*) { return 0; }

}  // namespace

Result<WiredTigerSetup> WiredTigerSetupOf(const StoreOptions& options) {
  if (options.own_defaults) return SetupOf(nullptr, options.own_settings);
  const Result<Terms> terms = TermsOf(options);
  if (!terms.ok()) return terms.status();
  if (Status status = CheckCompressor("engine.compression", terms->compression); !status.ok()) {
    return status;
  }
  return SetupOf(&*terms, options.own_settings);
}

Status CheckWiredTigerSettings(std::span<const SettingText> own_settings) {
  return SetupOf(nullptr, own_settings).status();
}

std::optional<std::string> ConfigText(const std::string& config, const std::string& key) {
  const std::optional<WT_CONFIG_ITEM> item = Find(config, key);
  if (!item) return std::nullopt;
  return std::string(item->str, item->len);
}

std::optional<int64_t> ConfigNumber(const std::string& config, const std::string& key) {
  const std::optional<WT_CONFIG_ITEM> item = Find(config, key);
  if (!item) return std::nullopt;
  const bool number = item->type == WT_CONFIG_ITEM::WT_CONFIG_ITEM_NUM ||
                      item->type == WT_CONFIG_ITEM::WT_CONFIG_ITEM_BOOL;
  return number ? std::optional(item->val) : std::nullopt;
}

bool ConfigIs(const std::string& config, const std::string& key, std::string_view text) {
  return ConfigText(config, key) == text;
}

std::string WiredTigerDurability(const std::string& connection, const std::string& table) {
  const auto on = [](const std::string& config, const char* key, int64_t usual) {
    return ConfigNumber(config, key).value_or(usual) != 0;
  };
  const bool logs = on(connection, "log.enabled", 0) && on(table, "log.enabled", 1) &&
                    !on(connection, "in_memory", 0);
  if (!logs || !on(connection, "transaction_sync.enabled", 0)) return "none";
  // A log file is removed once its pages are in a checkpoint, synced or not.
  const bool synced = !ConfigIs(connection, "transaction_sync.method", "none") &&
                      on(connection, "checkpoint_sync", 1);
  return synced ? "power" : "process";
}

WiredTigerMessages::WiredTigerMessages() : WT_EVENT_HANDLER{Remember, Ignore, nullptr, nullptr} {}

int WiredTigerMessages::Remember(WT_EVENT_HANDLER* handler, WT_SESSION*, int, const char* message) {
  constexpr size_t kBytesMax = 600;
  std::string_view text = message;
  if (text.size() > kBytesMax) return 0;  // the bytes of a damaged block
  // "[seconds:microseconds][process:thread], " comes before.
  if (text.starts_with('[')) text.remove_prefix(std::min(text.find("], ") + 3, text.size()));
  std::string& messages = MessagesOfThread();
  if (messages.size() + text.size() > kBytesMax) messages.clear();
  if (!messages.empty()) messages += "; ";
  messages += text;
  auto* self = static_cast<WiredTigerMessages*>(handler);
  const std::lock_guard lock(self->mutex_);
  self->last_ = text;
  return 0;
}

Status WiredTigerMessages::Failed(std::string_view call, int code) {
  std::string message = fmt::format("{}: {}", call, wiredtiger_strerror(code));
  std::string said = std::exchange(MessagesOfThread(), {});
  {
    const std::lock_guard lock(mutex_);
    if (said.empty()) said = last_;
    last_.clear();
  }
  if (!said.empty()) message += ": " + said;
  const bool corrupt = said.find("checksum") != std::string::npos ||
                       said.find("corrupt") != std::string::npos || code == WT_TRY_SALVAGE;
  if (corrupt) return Status::Corruption(std::move(message));
  switch (code) {
    case ENOSPC:
    case EDQUOT:
      return Status::NoSpace(std::move(message));
    case EINVAL:
      return Status::InvalidArgument(std::move(message));
    case ENOTSUP:
      return Status::NotSupported(std::move(message));
    case EBUSY:
    case WT_ROLLBACK:
    case WT_CACHE_FULL:
      return Status::Busy(std::move(message));
    default:
      return Status::IoError(std::move(message));
  }
}

}  // namespace varve::harness
