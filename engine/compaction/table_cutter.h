// TableCutter: where a run is cut into tables. Shared by the merge, which writes them, and the
// simulator, which only counts them.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace varve {

// Not thread safe; one for each run that is written.
class TableCutter {
 public:
  // A table is complete at `table_bytes`, and before the first key at or after each of `cuts`,
  // which ascend.
  explicit TableCutter(uint64_t table_bytes, std::vector<std::string> cuts = {})
      : table_bytes_(table_bytes), cuts_(std::move(cuts)) {}

  // Is the table that is being written complete before `key`? Asked for every entry, in entry
  // order. `file_bytes`: what the table would have if it ended here; 0 if there is none.
  // The versions of one key stay together: for a key that the table holds already the answer is to
  // be ignored.
  bool CutBefore(std::string_view key, uint64_t file_bytes) {
    if (next_cut_ < cuts_.size() && key >= cuts_[next_cut_]) {
      do {
        ++next_cut_;
      } while (next_cut_ < cuts_.size() && key >= cuts_[next_cut_]);
      return file_bytes != 0;
    }
    return file_bytes >= table_bytes_;
  }

 private:
  const uint64_t table_bytes_;
  const std::vector<std::string> cuts_;
  size_t next_cut_ = 0;  // the first one above every key so far
};

}  // namespace varve
