// What was written to a database, and how much of it must survive which crash: the oracle of the
// crash tests.
//
// Both bounds: after a crash the state is that after the first k writes, for one k that is at least
// the number of writes that had to survive (I1) and at most the number that was begun, batches
// whole (I2).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/entry.h"
#include "engine/write_batch.h"

namespace varve::harness {

enum class CrashKind : uint8_t { kProcessDeath, kPowerLoss };

struct CrashOperation {
  std::string key;
  std::optional<std::string> value;  // nothing: a delete
  std::string end = {};              // not empty: a delete of all keys in [key, end)
};
using CrashBatch = std::vector<CrashOperation>;
using CrashContents = std::map<std::string, std::string>;

void ApplyBatch(const CrashBatch& batch, CrashContents* contents);
WriteBatch ToWriteBatch(const CrashBatch& batch);

// A value: copy it to see what several crashes at the same moment lead to.
class CrashHistory {
 public:
  // `durability`: the class of the writes from now on, as in Options.
  explicit CrashHistory(const std::string& durability) { set_durability(durability); }
  void set_durability(const std::string& durability) {
    logged_ = durability != "none";
    synced_ = durability == "power";
  }

  // A write begins; it was acknowledged, and `last` is the last sequence number from then on; it
  // was refused, and did not happen.
  void Begin(CrashBatch batch);
  void Acknowledge(SequenceNumber last);
  void Refuse() { writes_.pop_back(); }
  // A flush or a sync was acknowledged: all writes before it survive everything.
  void Persist() { survive_power_ = survive_death_ = acknowledged_; }

  // The database crashes, or (as a process death) is closed. Several crashes may follow each other.
  void Crash(CrashKind kind);

  // The database was opened, and this is what it holds, up to `last`. Returns what is wrong with
  // it, or "". From now on all of it is durable.
  std::string Recover(const CrashContents& found, SequenceNumber last);

  // After all acknowledged writes.
  const CrashContents& now() const { return now_; }
  uint64_t writes() const { return writes_total_; }

 private:
  struct Write {
    CrashBatch batch;
    SequenceNumber last;  // assumed until acknowledged
  };
  std::string Difference(const CrashContents& found) const;

  bool logged_ = false;  // acknowledged writes survive the death of the process
  bool synced_ = false;  // … and power loss
  CrashContents base_;   // after the last recovery
  SequenceNumber base_last_ = 0;
  CrashContents now_;
  std::vector<Write> writes_;  // since then
  size_t acknowledged_ = 0;
  size_t survive_death_ = 0;
  size_t survive_power_ = 0;
  uint64_t writes_total_ = 0;
};

}  // namespace varve::harness
