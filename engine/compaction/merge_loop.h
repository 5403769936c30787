// The loop of a merge.
//
// What a merge keeps is decided here alone (and where a table ends by TableCutter): job.cc writes
// the tables to files, and the simulator's exact model only counts their bytes, so both make the
// same tables.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/compaction/job.h"
#include "engine/compaction/merge_rules.h"
#include "engine/compaction/range_merge.h"

namespace varve {

// Hands what the rules keep to writer->Add(entry), in order, then calls writer->Finish(), and
// counts what was read and dropped into *output. The first error ends it. Range tombstones go to
// writer->AddRange(begin, end, sequences), fragment by fragment: each before the entries of the
// first key at or after its begin.
template <class Writer>
Status MergeEntries(const MergeRequest& request, Writer* writer, MergeOutput* output) {
  MergeRules rules(request.snapshots);
  RangeMerge ranges(request, rules);
  EntryIterator* input = request.input;
  if (request.begin.empty()) {
    input->SeekToFirst();
  } else {
    input->Seek(request.begin, SeekTag(kSequenceMax));
  }
  for (; input->Valid(); input->Next()) {
    const Entry& entry = input->entry();
    if (!request.end.empty() && entry.key >= request.end) break;
    ++output->entries_read;
    SequenceNumber hidden_by = 0;
    if (!ranges.empty()) {
      if (Status s = ranges.WriteUpTo(entry.key, writer); !s.ok()) return s;
      hidden_by = ranges.HiddenBy(entry.key, SequenceOf(entry.tag));
    }
    const bool tombstone = KindOf(entry.tag) == EntryKind::kDelete;
    // Only a tombstone's fate depends on older data: puts need not ask.
    const bool older = !tombstone || request.older->MayHold(entry.key);
    switch (rules.Judge(entry, older, hidden_by)) {
      case MergeRules::Verdict::kKeep:
        if (Status s = writer->Add(entry); !s.ok()) return s;
        break;
      case MergeRules::Verdict::kDropTombstone:
      case MergeRules::Verdict::kDropHidden:
        ++output->entries_dropped;
        if (tombstone) ++output->tombstones_dropped;
        break;
    }
    if ((output->entries_read & 1023) == 0 && request.stopping != nullptr &&
        request.stopping->load(std::memory_order_relaxed)) {
      return Status::Busy("the database is closing");
    }
  }
  if (Status s = input->status(); !s.ok()) return s;
  if (Status s = ranges.WriteRest(writer); !s.ok()) return s;
  return writer->Finish();
}

}  // namespace varve
