// Oracle: what a right store would answer, and how many bytes are live, in 8 bytes a record.
//
// It relies on values that name their record and version (workloads/values.h): it keeps for each
// record the version that was acknowledged last, and compares that with the name of each value
// found. The bytes behind the name are compared at the end of the trial (verify.h).
//
// A slot, one 64-bit word:
//   version 50 bits | pending 11 | present 1 | overlap 1 | uncertain 1
//     version    of the last acknowledged write, a delete included
//     pending    writes of this record that have begun and not returned
//     present    the last acknowledged write was a put
//     overlap    several were pending at once, since pending was 0 last
//     uncertain  the last writes overlapped, so any of them may have been the last in the store
//
// With one client (`exclusive`) every answer is known and every read is checked. With several, a
// read is checked exactly if no write of its record was under way at any moment of the read, and
// the record is not uncertain. Otherwise the version before and the one after are known to be
// right, and any other version of that record is let pass and counted as unchecked: the store may
// have chosen an order that nobody outside can see. A value of another record never passes.
//
// Called by client.cc around each operation (with a prefetch before, so that its cache miss hides
// behind the operation), by the sampler, and by verify.cc.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "workloads/operation.h"
#include "workloads/stream.h"

namespace varve::harness {

// A part of a key or value for people: printable, and not long.
std::string Printable(std::string_view bytes);

// Thread safe, except where a method says otherwise.
class Oracle {
 public:
  // `state` outlives the oracle. `records_max`: no record number reaches it. No answer is checked
  // if not `check`; live bytes are kept all the same.
  Oracle(const workloads::WorkloadState* state, uint64_t records_max, bool check);

  // Before a phase: how many clients call. Not thread safe.
  void SetClients(int clients);

  // Before the operation: what End wants to know.
  uint64_t Begin(const workloads::Operation& operation);
  // After the operation has returned OK. `found` and `value` are what its get answered, if it has
  // one. `client` is below that of SetClients, and nobody else uses it at the same time.
  void End(int client, const workloads::Operation& operation, uint64_t before, bool found,
           std::string_view value);

  // A wrong answer found by other means (a scan out of order, verification).
  void ReportWrong(std::string_view key, std::string_view expected, std::string_view got);

  // Keys and values that are live, exact with one client. With several, sizes of records whose
  // writes overlapped are those of the write that returned last.
  uint64_t live_bytes() const;
  uint64_t live_records() const;

  uint64_t wrong_answers() const { return wrong_.load(); }
  // "key …: expected …, got …"; "" if there is none.
  std::string first_wrong_answer() const;
  uint64_t checked() const;
  uint64_t unchecked() const;
  bool checks() const { return check_; }
  // So many answers were checked, and could not be, by other means. As End.
  void Tally(int client, uint64_t checked, uint64_t unchecked);
  // One client only: every answer is known.
  bool exclusive() const { return exclusive_; }
  const workloads::WorkloadState& workload() const { return *state_; }
  // Memory of all slots made so far.
  uint64_t bytes() const;

  // What a read of `record` should answer while nothing is written.
  struct Expected {
    bool present = false;
    bool certain = true;
    uint64_t version = 0;
  };
  Expected Expect(uint64_t record) const;
  // One past the largest record that was ever written.
  uint64_t records_end() const;

 private:
  using Slot = std::atomic<uint64_t>;
  static constexpr int kChunkBits = 18;  // 2 MiB of slots, made when first written
  static constexpr uint64_t kChunkSlots = uint64_t{1} << kChunkBits;

  // Written by one client, read by the sampler.
  struct alignas(64) ClientTally {
    Slot live_bytes{0};  // differences: wrap around below 0
    Slot live_records{0};
    Slot checked{0};
    Slot unchecked{0};
    Slot records_end{0};
  };

  bool Skips(const workloads::Operation& operation) const;
  Slot* Find(uint64_t record) const;
  Slot* FindOrMake(uint64_t record);
  void MakeChunk(uint64_t chunk);
  uint64_t BeginWrite(uint64_t record);
  void EndWrite(ClientTally* tally, const workloads::Operation& operation, uint64_t record);
  void CheckRead(ClientTally* tally, const workloads::Operation& operation, uint64_t before,
                 uint64_t after, bool found, std::string_view value);
  // Whether the answer is that of this state.
  bool Matches(uint64_t slot, uint64_t record, bool found, std::string_view value) const;
  std::string Describe(uint64_t slot, uint64_t record) const;
  uint64_t Sum(Slot ClientTally::*field) const;

  const workloads::WorkloadState* const state_;
  const bool check_;
  // Updates change nothing that is asked for: nothing is checked, all values are of one size, and
  // no record is ever deleted. Their slots are left alone.
  const bool skips_updates_;
  bool exclusive_ = true;
  std::vector<std::atomic<Slot*>> chunks_;
  std::vector<std::unique_ptr<ClientTally>> tallies_;
  std::atomic<uint64_t> wrong_{0};

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Slot[]>> owned_;  // guarded by mutex_, as is what follows
  std::string first_wrong_;
};

}  // namespace varve::harness
