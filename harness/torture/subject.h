// Subject: what operations are applied to, and what it answers, as text.
//
// Two subjects that were given the same operations are compared by their answers alone: the model
// (std::map of versions) and the engine under any settings.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/db.h"
#include "harness/torture/operation_log.h"

namespace varve::harness {

// One thread at a time. An operation that makes no sense (a move of an iterator that is not open,
// a read at a snapshot that was not taken) does nothing and says "nothing", so that any part of a
// sequence is a sequence.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual std::string Apply(const LoggedOperation& operation) = 0;
};

// "absent" is what a missing key answers. A short value is shown, of a long one length and hash.
std::string DescribeValue(std::string_view value);

// The live entries of a scan or the place of an iterator, as answers.
class EntriesText {
 public:
  void Add(std::string_view key, std::string_view described_value);
  // All entries if they are few, else how many and a hash of them.
  std::string Text() const;

 private:
  std::string shown_;
  uint64_t count_ = 0;
  uint64_t hash_ = 0;
};
std::string DescribeEntry(std::string_view key, std::string_view described_value);

// The answers that are right: every version of every key, in a std::map.
class VersionModel : public Subject {
 public:
  std::string Apply(const LoggedOperation& operation) override;

 private:
  struct Version {
    uint64_t sequence = 0;
    bool live = false;
    std::string described;
  };
  using Versions = std::map<std::string, std::vector<Version>, std::less<>>;  // oldest first
  struct Cursor {
    uint64_t at = 0;
    std::string lower, upper;
    Versions::const_iterator place;
    bool valid = false;
  };

  std::string Write(const std::vector<LoggedChange>& changes);
  void DeleteRange(const std::string& begin, const std::string& end);
  std::string Get(const LoggedOperation& operation, uint64_t at) const;
  std::string Scan(const LoggedOperation& operation, uint64_t at) const;
  std::string Move(const LoggedOperation& operation);
  // The first live key at or after `place` within the cursor's bounds, or the last at or before.
  void Forward(Cursor* cursor, Versions::const_iterator place) const;
  void Backward(Cursor* cursor, Versions::const_iterator past) const;
  // The version that is seen at a moment; nullptr if there is none or it is a delete.
  static const Version* Seen(const std::vector<Version>& versions, uint64_t at);
  // nullopt: no such snapshot.
  std::optional<uint64_t> Moment(int snapshot) const;

  uint64_t sequence_ = 0;
  Versions versions_;
  std::array<std::optional<uint64_t>, kSlots> snapshots_;
  std::array<std::optional<Cursor>, kSlots> cursors_;
};

// The engine. The directory must not hold a database; `environment`'s objects must outlive it.
// The first open makes the database whatever the options say, and later ones take what is there.
std::unique_ptr<Subject> NewEngineSubject(const Options& options, const Environment& environment,
                                          const std::string& directory);

// The first operation to which two subjects give different answers.
struct Difference {
  size_t operation = 0;
  std::string expected, found;
};
std::vector<std::string> Answers(Subject& subject, const std::vector<LoggedOperation>& operations);
// Stops there. `expected` has an answer for each operation.
std::optional<Difference> FirstDifference(Subject& subject,
                                          const std::vector<LoggedOperation>& operations,
                                          const std::vector<std::string>& expected);

}  // namespace varve::harness
