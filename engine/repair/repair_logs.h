// RepairLogs: what the logs of a damaged database still hold. A part of repair.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/compaction/job.h"
#include "engine/options.h"
#include "engine/repair/repair.h"
#include "engine/repair/repair_sources.h"
#include "engine/repair/repair_tree.h"
#include "engine/tree/current_file.h"
#include "engine/wal/wal_salvage.h"

namespace varve {

class RepairLogs {
 public:
  // Logs from number `oldest` on are needed. `with_lost`: those that an interrupted repair has set
  // aside count as well.
  RepairLogs(FileSystem& file_system, std::string directory, const RepairSources& sources,
             uint64_t oldest, bool with_lost);

  // Reads all of them. `closed`: what a clean close noted, if that is known; where it is not, a
  // torn tail counts as lost.
  void Examine(const CleanClose& closed, bool knows_close);

  bool empty() const { return logs_.empty(); }
  const std::vector<RepairLoss>& losses() const { return losses_; }
  const std::vector<std::string>& actions() const { return actions_; }
  // Names of the files in the directory that are damaged, or are not what their name says.
  std::vector<std::string> Damaged() const;
  SequenceNumber last_sequence() const { return last_sequence_; }
  // How many bytes are known to be missing: at least as many as entries were in them, so that no
  // sequence number is given out twice if that many are passed over.
  uint64_t lost_bytes() const { return lost_bytes_; }

  // Writes what they hold into tables: runs, oldest first. Records behind damage are taken, too:
  // every version has its sequence number, so that the newest that is left wins.
  Result<std::vector<std::vector<TablePtr>>> Replay(const TableFactory& factory,
                                                    const Options& options,
                                                    const NewNumber& new_number) const;

 private:
  struct Log {
    uint64_t number = 0;
    std::string path;
    std::string name;
    bool set_aside = false;  // it is in the directory of lost files
    bool in_place = true;
    Status status;       // of reading the file
    WalRemains remains;  // without payloads, which are read again
  };

  void AddLog(const RepairSource& source, bool set_aside);
  void ExamineOne(Log* log);
  void CheckChain(const CleanClose& closed);
  // What is known of the end of log `number`: 0 if it is not there.
  uint64_t EndOf(uint64_t number) const;
  void Lose(const std::string& name, uint64_t bytes, std::string what);

  FileSystem& files_;
  const std::string directory_;
  const uint64_t oldest_;
  std::vector<Log> logs_;  // by number
  std::vector<RepairLoss> losses_;
  std::vector<std::string> actions_;
  SequenceNumber last_sequence_ = 0;
  uint64_t lost_bytes_ = 0;
};

}  // namespace varve
