// Salvage of a log: every record that is intact, also behind damage. For repair, which knows that
// it gives up the prefix; recovery reads with WalReader and stops at the first damage.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/status.h"
#include "engine/wal/wal_writer.h"

namespace varve {

// Bytes of a log that are neither records nor the zeros at its end.
struct WalGap {
  uint64_t begin = 0;
  uint64_t end = 0;
};

struct WalRemains {
  std::vector<std::string_view> payloads;  // of data records, in order; parts of the bytes given
  std::vector<WalGap> gaps;
  uint64_t end = 0;      // of the last record or gap
  WalPosition previous;  // as in WalReader; of number 0 if the start record is damaged
};

// The number that a log says it has, if its start record is intact.
std::optional<uint64_t> WalNumberOf(std::string_view log);

// Finds the records of a whole log file. `is_payload` must tell the payload of a data record from
// other bytes: behind damage a checksum of 32 bits alone would let too much pass.
WalRemains SalvageWal(std::string_view log, uint64_t number,
                      const std::function<bool(std::string_view)>& is_payload);

}  // namespace varve
