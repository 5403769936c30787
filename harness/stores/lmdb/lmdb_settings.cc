// Terms into flags of LMDB.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/stores/lmdb/lmdb_settings.h"

#include <sys/resource.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace varve::harness {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kMapBytesMax = (kMiB << 20) * 64;

struct Flag {
  std::string_view name;
  unsigned bit;
};
constexpr Flag kFlags[] = {{"nosync", MDB_NOSYNC},       {"nometasync", MDB_NOMETASYNC},
                           {"writemap", MDB_WRITEMAP},   {"mapasync", MDB_MAPASYNC},
                           {"nordahead", MDB_NORDAHEAD}, {"nomeminit", MDB_NOMEMINIT}};

// All that the device has room for, the database that may be there included, and no more than half
// of the addresses that the process may use.
Result<uint64_t> RoomFor(const std::string& directory) {
  struct statvfs device {};
  if (statvfs(directory.c_str(), &device) != 0) {
    return Status::IoError(fmt::format("statvfs of {}: {}", directory, std::strerror(errno)));
  }
  std::error_code none_there;
  const uint64_t there = std::filesystem::file_size(directory + "/data.mdb", none_there);
  uint64_t room = uint64_t{device.f_bavail} * device.f_frsize + (none_there ? 0 : there);
  struct rlimit addresses {};
  if (getrlimit(RLIMIT_AS, &addresses) == 0 && addresses.rlim_cur != RLIM_INFINITY) {
    room = std::min<uint64_t>(room, addresses.rlim_cur / 2);
  }
  return std::clamp(room / kMiB * kMiB, kMiB, kMapBytesMax);
}

unsigned FlagsOf(const LmdbSettings& own, bool nosync) {
  unsigned flags = MDB_NOTLS;
  if (nosync) flags |= MDB_NOSYNC;
  if (own.nometasync) flags |= MDB_NOMETASYNC;
  if (own.writemap) flags |= MDB_WRITEMAP;
  if (own.mapasync) flags |= MDB_MAPASYNC;
  if (own.nordahead) flags |= MDB_NORDAHEAD;
  if (own.nomeminit) flags |= MDB_NOMEMINIT;
  return flags;
}

// Own settings that keep the store from what the term asks for.
std::string DurabilityCaveat(const StoreOptions& options, std::string_view asked) {
  std::string set;
  for (const std::string_view name : {"nosync", "nometasync", "writemap", "mapasync"}) {
    if (!IsSet(options.own_settings, name)) continue;
    set += fmt::format("{}lmdb.{}", set.empty() ? "" : ", ", name);
  }
  return fmt::format("{} was set: not engine.durability = {}", set, asked);
}

void TermCaveats(const Terms& terms, std::vector<std::string>* caveats) {
  caveats->emplace_back(
      "it has no memtables and no cache: it reads through the page cache of the operating system, "
      "which no budget bounds");
  caveats->emplace_back("its pages have no checksums: no read is verified");
  if (terms.filter_bits_per_key > 0) {
    caveats->push_back(fmt::format("it has no filters: not engine.filter = {}", terms.filter));
  }
  if (terms.compaction_threads > 1) {
    caveats->push_back(fmt::format("it has no background work: not {} threads for compactions",
                                   terms.compaction_threads));
  }
  if (terms.direct_io) {
    caveats->emplace_back(
        "it has no direct I/O: its file goes through the page cache of the operating system");
  }
}

Status UseTerms(const StoreOptions& options, const LmdbSettings& own, LmdbSetup* setup) {
  const Result<Terms> terms = TermsOf(options);
  if (!terms.ok()) return terms.status();
  if (terms->compression != "none") {
    return Status::InvalidArgument(
        fmt::format("engine.compression = {}: LMDB does not compress (none)", terms->compression));
  }
  const bool power = terms->durability == "power";
  setup->flags = FlagsOf(own, own.nosync.value_or(!power));
  const bool is_power = LmdbDurability(setup->flags) == "power";
  if (is_power != power) {
    setup->caveats.push_back(DurabilityCaveat(options, terms->durability));
  } else if (terms->durability == "none") {
    setup->caveats.emplace_back(
        "a commit always hands its pages to the kernel: durability is process, not none");
  }
  TermCaveats(*terms, &setup->caveats);
  return {};
}

}  // namespace

Result<LmdbSetup> LmdbSetupOf(const StoreOptions& options) {
  const auto own = ReadOwnSettings<LmdbSettings>(options.own_settings);
  if (!own.ok()) return own.status();
  if (own->mapasync && !own->writemap) {
    return Status::InvalidArgument("lmdb.mapasync needs lmdb.writemap");
  }
  LmdbSetup setup;
  setup.max_readers = static_cast<unsigned>(own->maxreaders);
  const Result<uint64_t> room = RoomFor(options.directory);
  if (!room.ok()) return room.status();
  setup.map_bytes = own->map_bytes == 0 ? *room : (own->map_bytes + kMiB - 1) / kMiB * kMiB;
  setup.flags = FlagsOf(*own, own->nosync.value_or(false));
  if (!options.own_defaults) {
    if (Status status = UseTerms(options, *own, &setup); !status.ok()) return status;
  }
  if ((setup.flags & (MDB_NOSYNC | MDB_MAPASYNC)) != 0) {
    setup.caveats.emplace_back(
        "commits are not synced: a loss of power may damage all of the database, what was synced "
        "before included");
  }
  return setup;
}

std::string_view LmdbDurability(unsigned flags) {
  const bool synced = (flags & (MDB_NOSYNC | MDB_NOMETASYNC | MDB_MAPASYNC)) == 0;
  return synced ? "power" : "process";
}

std::vector<SettingText> LmdbSettingsUsed(MDB_env* env) {
  unsigned flags = 0;
  unsigned readers = 0;
  MDB_envinfo info{};
  mdb_env_get_flags(env, &flags);
  mdb_env_get_maxreaders(env, &readers);
  mdb_env_info(env, &info);
  TermsUsed used;
  used.Use("durability", std::string(LmdbDurability(flags)));
  used.Use("compression", "none");
  used.Use("filter", "none");
  used.UseFlag("direct_io", false);
  for (const Flag& flag : kFlags) used.UseFlag(flag.name, (flags & flag.bit) != 0);
  used.UseBytes("map_bytes", info.me_mapsize);
  used.UseCount("maxreaders", readers);
  return used.settings();
}

}  // namespace varve::harness
