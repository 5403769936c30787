// SimulationRecord: what a simulated history came to.
//
// Fed by a TreeSimulator's jobs, and once after each flush when the tree has settled. A job costs a
// few steps for each table that it moves; a settled tree, a few for each run.
//
// Called by `varve simulate` and by tests.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/compaction/plan.h"
#include "engine/compaction/simulator/table_model.h"
#include "engine/compaction/simulator/tree_simulator.h"
#include "engine/io/file_system.h"

namespace varve {

class SimulationRecord {
 public:
  struct LevelTotals {
    std::array<uint64_t, kCompactionReasonCount> jobs{};   // merges into this level
    std::array<uint64_t, kCompactionReasonCount> moves{};  // trivial moves into it
    uint64_t bytes_read = 0;
    uint64_t bytes_written = 0;
  };
  struct LargestJob {
    uint64_t bytes = 0;  // read and written
    uint64_t operations = 0;
    std::string text;  // the levels, tables and bytes of its plan
  };
  // The tree at one moment, a row a level.
  struct Row {
    uint64_t operations = 0;
    int level = 0;
    uint64_t runs = 0;
    uint64_t tables = 0;
    uint64_t bytes = 0;
  };

  // A row is kept of each settled tree that `sample_operations` have passed before. The model must
  // outlive the record.
  SimulationRecord(const TableModel* model, uint64_t sample_operations)
      : model_(model), sample_operations_(sample_operations) {}

  // Of a TreeSimulator::OnJob.
  void AddJob(const SimulatedJob& job);
  // After each flush, once the tree has settled.
  void AddSettled(const Tree& tree);
  // At the end, so that the last tree is among the rows.
  void AddLast(const Tree& tree);

  // Bytes written to storage by bytes of keys and values; the log is not there.
  double write_amplification() const { return flush_amplification() + compaction_amplification(); }
  double flush_amplification() const { return PerUserByte(static_cast<double>(flush_bytes_)); }
  double compaction_amplification() const;
  double level_amplification(int level) const;

  // Bytes of tables by live bytes: means over the settled trees of the second half of the history,
  // the largest of a settled tree, and the largest while a job had its inputs and outputs.
  double space_mean() const;
  double space_max() const { return space_max_; }
  double space_max_transient() const { return space_max_transient_; }

  // Runs of settled trees: mean over the history, and largest number.
  double runs_mean() const;
  uint64_t runs_max() const { return runs_max_; }

  uint64_t flushes() const { return flushes_; }
  uint64_t flush_bytes() const { return flush_bytes_; }
  uint64_t jobs() const;
  uint64_t moves() const;
  const std::array<LevelTotals, kLevelsMax>& levels() const { return levels_; }
  const LargestJob& largest_job() const { return largest_; }
  const std::vector<Row>& rows() const { return rows_; }

 private:
  double PerUserByte(double bytes) const;
  void AddRows(const Tree& tree);

  const TableModel* const model_;
  const uint64_t sample_operations_;
  uint64_t flushes_ = 0;
  uint64_t flush_bytes_ = 0;
  std::array<LevelTotals, kLevelsMax> levels_{};
  LargestJob largest_;
  uint64_t tree_bytes_ = 0;
  std::array<uint64_t, kLevelsMax> level_bytes_{};

  std::vector<double> space_;  // of each settled tree
  double space_max_ = 0;
  double space_max_transient_ = 0;
  uint64_t settled_ = 0;
  uint64_t runs_sum_ = 0;
  uint64_t runs_max_ = 0;
  std::vector<Row> rows_;
  uint64_t sampled_operations_ = 0;
};

}  // namespace varve
