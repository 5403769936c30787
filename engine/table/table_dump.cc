// Verify and dump: both walk every entry.
//
// SPDX-License-Identifier: Apache-2.0
#include "engine/table/table_dump.h"

#include <fmt/core.h>

#include <iterator>

#include "engine/table/block.h"
#include "engine/table/table_iterator.h"
#include "engine/util/hash.h"

namespace varve {
namespace {

constexpr ReadContext kVerifyContext = {.kind = IoKind::kVerify, .fill_cache = false};

// What is wrong with an entry that is at `block`; empty if nothing is.
std::string_view CheckEntry(const TableFile& table, size_t block, const Entry& entry,
                            const std::string& last_key, Tag last_tag, bool first) {
  if (!first && CompareEntries(last_key, last_tag, entry.key, entry.tag) >= 0) {
    return "entries are out of order";
  }
  if (table.index().Find(entry.key, entry.tag) != block) return "index does not lead to an entry";
  const FilterPolicy* filter = table.filter_policy();
  if (filter != nullptr && !filter->MayContain(HashKey(entry.key), table.filter())) {
    return "filter denies a key of the table";
  }
  const uint64_t prefix_bytes = table.properties().filter_prefix_bytes;
  if (filter != nullptr && prefix_bytes > 0 && entry.key.size() >= prefix_bytes &&
      !filter->MayContain(HashPrefix(entry.key.substr(0, prefix_bytes)), table.filter())) {
    return "filter denies a prefix of a key of the table";
  }
  return "";
}

// Bytes for people: printable ASCII as it is, everything else as \xNN.
std::string Escape(std::string_view bytes, size_t bytes_shown_max) {
  std::string out;
  for (const char c : bytes.substr(0, bytes_shown_max)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '\\' && c != '"') {
      out.push_back(c);
    } else {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    }
  }
  if (bytes.size() > bytes_shown_max) {
    fmt::format_to(std::back_inserter(out), "... ({} bytes)", bytes.size());
  }
  return out;
}

constexpr size_t kShownBytesMax = 64;

std::string DumpProperties(const TableFile& table) {
  const TableProperties& properties = table.properties();
  const TableInfo& info = properties.info;
  std::string out =
      fmt::format("table {}: {} bytes, format {}\n", info.number, info.file_bytes,
                  table.footer().has_ranges ? kTableFormatVersionRanges : kTableFormatVersion);
  const auto line = [&out](std::string_view name, uint64_t value) {
    fmt::format_to(std::back_inserter(out), "  {} {}\n", name, value);
  };
  line("entries", info.entries);
  line("tombstones", info.tombstones);
  line("key_bytes", info.key_bytes);
  line("value_bytes", info.value_bytes);
  line("sequence_min", info.sequence_min);
  line("sequence_max", info.sequence_max);
  line("oldest_tombstone", info.oldest_tombstone);
  line("restart_interval", properties.restart_interval);
  line("compression", properties.compression);
  fmt::format_to(std::back_inserter(out), "  smallest \"{}\"\n  largest \"{}\"\n  filter \"{}\"\n",
                 Escape(info.smallest, kShownBytesMax), Escape(info.largest, kShownBytesMax),
                 Escape(properties.filter_name, kShownBytesMax));
  if (table.footer().has_ranges) line("range_tombstones", properties.tombstones.count());
  const TableFooter& footer = table.footer();
  line("data_bytes", footer.data_bytes);
  line("filter_bytes", footer.filter_bytes);
  if (properties.filter_prefix_bytes != 0) {
    line("filter_prefix_bytes", properties.filter_prefix_bytes);
  }
  line("index_bytes", footer.index_bytes);
  line("properties_bytes", footer.properties_bytes);
  return out;
}

std::string DumpRanges(const RangeTombstones& tombstones) {
  if (tombstones.empty()) return "";
  std::string out = "range tombstones\n";
  for (size_t i = 0; i < tombstones.size(); ++i) {
    fmt::format_to(std::back_inserter(out), "  \"{}\" to \"{}\"",
                   Escape(tombstones.begin(i), kShownBytesMax),
                   Escape(tombstones.end(i), kShownBytesMax));
    for (const SequenceNumber sequence : tombstones.sequences(i)) {
      fmt::format_to(std::back_inserter(out), " @{}", sequence);
    }
    out.push_back('\n');
  }
  return out;
}

std::string DumpIndex(const TableIndex& index) {
  std::string out = "index\n";
  for (size_t block = 0; block < index.blocks(); block++) {
    const std::string separator =
        std::string(index.shared_prefix()) + std::string(index.separator_suffix(block));
    fmt::format_to(std::back_inserter(out), "  block {} offset {} bytes {} up to \"{}\"", block,
                   index.offset(block), index.block_bytes(block),
                   Escape(separator, kShownBytesMax));
    if (index.separator_tag(block) != 0) {
      fmt::format_to(std::back_inserter(out), " @{}", SequenceOf(index.separator_tag(block)));
    }
    out.push_back('\n');
  }
  return out;
}

}  // namespace

Status VerifyTable(const TableFile& table) {
  TableInfo counted;
  std::string last_key;
  Tag last_tag = 0;
  for (size_t block = 0; block < table.index().blocks(); ++block) {
    BlockBytes bytes;
    if (Status s = table.ReadBlock(kVerifyContext, block, &bytes); !s.ok()) return s;
    BlockCursor cursor;
    if (!IsWellFormedBlock(bytes.view()) || !cursor.Reset(bytes.view())) {
      return table.Damaged(block, "block is malformed");
    }
    BlockState state = cursor.SeekToFirst();
    for (; state == BlockState::kEntry; state = cursor.Next()) {
      const Entry& entry = cursor.entry();
      const bool first = counted.entries == 0;
      const std::string_view wrong = CheckEntry(table, block, entry, last_key, last_tag, first);
      if (!wrong.empty()) return table.Damaged(block, wrong);
      if (first) counted.smallest = entry.key;
      CountEntry(entry, &counted);
      last_key.assign(entry.key);
      last_tag = entry.tag;
    }
    if (state == BlockState::kDamaged) return table.Damaged(block, "block is malformed");
  }
  counted.largest = last_key;
  CountRanges(table.properties().tombstones, &counted);
  counted.number = table.number();
  counted.file_bytes = table.properties().info.file_bytes;
  if (counted == table.properties().info) return {};
  return Status::Corruption(
      fmt::format("table {}: properties at offset {}: they do not describe the entries",
                  table.number(), table.footer().properties_offset()));
}

std::string DumpTable(const TableFile& table, bool with_entries) {
  std::string out = DumpProperties(table) + DumpIndex(table.index());
  if (!with_entries) return out;
  out += DumpRanges(table.properties().tombstones);
  out += "entries\n";
  TableIterator it(&table, kVerifyContext);
  for (it.SeekToFirst(); it.Valid(); it.Next()) {
    const Entry& entry = it.entry();
    const bool put = KindOf(entry.tag) == EntryKind::kPut;
    fmt::format_to(std::back_inserter(out), "  \"{}\" @{} {}", Escape(entry.key, kShownBytesMax),
                   SequenceOf(entry.tag), put ? "put" : "delete");
    if (put) {
      fmt::format_to(std::back_inserter(out), " \"{}\"", Escape(entry.value, kShownBytesMax));
    }
    out.push_back('\n');
  }
  if (!it.status().ok()) out += it.status().ToString() + "\n";
  return out;
}

}  // namespace varve
