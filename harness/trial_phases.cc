// The phases of a trial.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/trial_phases.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "engine/util/clock.h"
#include "engine/util/hash.h"
#include "harness/device_settings.h"
#include "harness/event_log.h"
#include "harness/files.h"
#include "harness/machine.h"
#include "harness/result.h"
#include "harness/stall_store.h"
#include "harness/support.h"
#include "harness/verify.h"

namespace varve::harness {
namespace {

using workloads::OperationStream;
using workloads::StreamOptions;
using workloads::Workload;
using workloads::WorkloadState;

constexpr uint64_t kUnlimited = std::numeric_limits<uint64_t>::max();
constexpr double kNullSeconds = 0.06;
// The warm-up takes operations from here on, so that what is measured is the same operations
// whether or not, and however long, the store was warmed up before.
constexpr uint64_t kWarmupFirst = uint64_t{1} << 40;

class TrialPhases {
 public:
  TrialPhases(const TrialSpec& spec, const Workload& workload, const TrialDirectories& directories,
              TrialControl* control)
      : spec_(spec),
        workload_(workload),
        directories_(directories),
        state_(workload),
        operations_(OperationsWanted(spec, workload)),
        checks_(spec.trial.verify && spec.trial.store != "null"),
        oracle_(&state_, RecordsMax(), checks_) {
    parts_.workload = &state_;
    parts_.oracle = &oracle_;
    parts_.control = control;
    parts_.sample_seconds = spec.trial.sample_seconds;
  }

  Status Run() {
    machine_ = MachineJson(directories_.data);
    if (Status status = OpenStore(); !status.ok()) return status;
    Status status = CheckSupport(*store_, workload_);
    if (status.ok()) status = Work();
    if (status.code() == Status::Code::kNotSupported) return WriteNotSupported(status);
    return status;
  }

 private:
  Status Work() {
    Status status = OpenFiles();
    if (status.ok()) status = Load();
    if (status.ok()) status = Quiet("settle", [this] { return store_->Settle(); });
    if (status.ok() && spec_.trial.warmup_seconds > 0) status = WarmUp();
    if (status.ok()) status = Measure();
    if (status.ok()) status = Quiet("drain", [this] { return store_->Settle(); });
    if (status.ok()) outcome_.harness_bytes = files_->bytes_written() + parts_.event_bytes;
    if (status.ok() && checks_) status = Verify();
    return status.ok() ? WriteResult() : status;
  }

  static uint64_t OperationsWanted(const TrialSpec& spec, const Workload& workload) {
    if (spec.trial.operations > 0) return spec.trial.operations;
    if (spec.trial.seconds > 0) return kUnlimited;
    return workload.operations;
  }

  // No record number reaches it, unless more is inserted than memory could ever hold.
  uint64_t RecordsMax() const {
    constexpr uint64_t kInsertsMax = uint64_t{1} << 34;
    const uint64_t loaded =
        std::max(workload_.records, workload_.insert_start + workload_.loaded());
    if (workload_.insert_proportion <= 0 && workload_.phases.empty()) return loaded;
    const bool by_count = operations_ != kUnlimited && spec_.trial.warmup_seconds <= 0;
    return loaded + (by_count ? std::min(operations_, kInsertsMax) : kInsertsMax);
  }

  Status Interrupted() const {
    return parts_.control->interrupted() ? Status::Indeterminate("interrupted") : Status();
  }

  Status OpenStore() {
    if (Status status = CheckStoreKind(spec_.trial.store); !status.ok()) return status;
    const StoreKind* kind = FindStoreKind(spec_.trial.store);
    StoreOptions options;
    options.directory = directories_.data;
    options.settings = spec_.engine;
    options.listener = &events_;
    options.device = DeviceOf(spec_.trial);
    options.own_settings = OwnSettingsOf(spec_, kind->name);
    options.own_defaults = spec_.trial.profile == "default";
    options.direct_io = spec_.trial.direct_io;
    Result<std::unique_ptr<Store>> store = kind->Open(options);
    if (!store.ok()) return store.status().Annotate(fmt::format("open of {}", kind->name));
    store_ = std::move(*store);
    if (spec_.trial.stall_seconds > 0) {
      auto stalling = std::make_unique<StallStore>(std::move(store_), RealClock());
      stall_ = stalling.get();
      store_ = std::move(stalling);
    }
    parts_.store = store_.get();
    parts_.data_directory = directories_.data;
    return {};
  }

  Status OpenFiles() {
    Result<std::unique_ptr<SampleFiles>> files = SampleFiles::Open(directories_.results);
    if (!files.ok()) return files.status();
    files_ = std::move(*files);
    parts_.files = files_.get();
    Result<std::unique_ptr<OutputFile>> events =
        OutputFile::Open(directories_.results + "/events.jsonl");
    if (!events.ok()) return events.status();
    events_file_ = std::move(*events);
    return {};
  }

  // The events of a phase are written when it is over.
  Status EndPhase(std::unique_ptr<PhaseRecord> record) {
    outcome_.phases.push_back(std::move(record));
    const std::string lines = events_.TakeLines(parts_.origin_ns);
    parts_.event_bytes += lines.size();
    if (Status status = events_file_->Write(lines); !status.ok()) return status;
    return Interrupted();
  }

  Status Quiet(const std::string& name, const std::function<Status()>& work) {
    events_.SetPhase(name);
    Result<std::unique_ptr<PhaseRecord>> record = RunQuietPhase(name, work, &parts_);
    if (!record.ok()) return record.status().Annotate(name);
    return EndPhase(std::move(*record));
  }

  Result<ClientPhaseResult> Clients(ClientPhase phase) {
    events_.SetPhase(phase.name);
    const std::string name = phase.name;
    Result<ClientPhaseResult> result = RunClientPhase(std::move(phase), &parts_);
    if (!result.ok()) return result.status().Annotate(name);
    if (Status status = EndPhase(std::move(result->record)); !status.ok()) return status;
    return result;
  }

  ClientPhase RunPhase(const std::string& name, uint64_t first, uint64_t operations) {
    ClientPhase phase;
    phase.name = name;
    phase.operations = operations == kUnlimited ? 0 : operations;
    // The warm-up has other arrivals, too, where they are random.
    phase.arrivals = ArrivalPlanOf(spec_.trial, Mix64(spec_.seed, HashKey(name)));
    phase.arrivals.trace = workload_.replay;
    StreamOptions options{spec_.seed, 0, static_cast<int>(spec_.trial.clients), operations, first};
    for (; options.client < options.clients; ++options.client) {
      phase.streams.push_back(NewRunStream(workload_, options, &state_));
    }
    return phase;
  }

  Status Load() {
    ClientPhase phase;
    phase.name = "load";
    phase.operations = workload_.loaded();
    StreamOptions options;
    options.clients = static_cast<int>(spec_.trial.load_clients);
    for (; options.client < options.clients; ++options.client) {
      phase.streams.push_back(NewLoadStream(workload_, options, &state_));
    }
    return Clients(std::move(phase)).status();
  }

  Status WarmUp() {
    const uint64_t first = workloads::NumbersInsertsByIndex(workload_) ? 0 : kWarmupFirst;
    ClientPhase phase = RunPhase("warmup", first, kUnlimited);
    phase.seconds = spec_.trial.warmup_seconds;
    phase.operations = 0;
    return Clients(std::move(phase)).status();
  }

  Status Measure() {
    outcome_.null_ns_per_operation = NullCost();
    // Past every index that the warm-up can have reached.
    const uint64_t first =
        workloads::NumbersInsertsByIndex(workload_) && oracle_.records_end() > workload_.records
            ? oracle_.records_end() - workload_.records
            : 0;
    ClientPhase phase = RunPhase("measure", first, operations_);
    phase.seconds = spec_.trial.seconds;
    phase.interval_width = spec_.trial.interval_width;
    ArmStall();
    Result<ClientPhaseResult> result = Clients(std::move(phase));
    if (!result.ok()) return result.status();
    outcome_.measured = std::move(result->summary);
    outcome_.interval_reached = result->interval_reached;
    if (stall_ != nullptr) stall_->Disarm();
    return {};
  }

  void ArmStall() {
    if (stall_ == nullptr) return;
    const double at_ns = spec_.trial.stall_at_seconds * 1e9;
    const uint64_t begin_ns = RealClock()->NowNs() + static_cast<uint64_t>(at_ns);
    stall_->Arm(begin_ns, begin_ns + static_cast<uint64_t>(spec_.trial.stall_seconds * 1e9));
  }

  // Of the same operations with another seed, so that no cache is warmed up for those to come.
  double NullCost() const {
    WorkloadState state(workload_);
    const StreamOptions options{spec_.seed + 1, 0, 1, kUnlimited, 0};
    const std::unique_ptr<OperationStream> stream = NewRunStream(workload_, options, &state);
    return NullNsPerOperation(stream.get(), &state, kNullSeconds);
  }

  Status Verify() {
    VerifyOptions options;
    options.go_on = [this](double share) {
      parts_.control->Publish({"verify", share, 0, ""});
      return !parts_.control->interrupted();
    };
    return Quiet("verify", [&] { return VerifyStore(store_.get(), state_, &oracle_, options); });
  }

  Status WriteResult() {
    DescribeStore();
    outcome_.verdict = {checks_, oracle_.wrong_answers(), oracle_.first_wrong_answer(),
                        oracle_.checked(), oracle_.unchecked()};
    outcome_.memory_peak_bytes = parts_.memory_peak_bytes;
    outcome_.resident_peak_bytes = ResidentPeakBytes(store_->State().server_process);
    outcome_.oracle_bytes = oracle_.bytes();
    outcome_.events_dropped = events_.dropped();
    outcome_.clients = spec_.trial.clients;
    outcome_.interval_width = spec_.trial.interval_width;
    if (stall_ != nullptr) {
      outcome_.stall = {spec_.trial.stall_at_seconds, spec_.trial.stall_seconds, stall_->held()};
    }
    const auto json = ResultJson(outcome_, spec_.ToJson(), machine_, BuildJson());
    return WriteFileAtomically(directories_.results + "/result.json", JsonText(json));
  }

  void DescribeStore() {
    outcome_.store = spec_.trial.store;
    outcome_.profile = spec_.trial.profile;
    outcome_.settings_used = store_->SettingsUsed();
    outcome_.store_caveats = store_->Caveats();
    const StoreKind* kind = FindStoreKind(spec_.trial.store);
    if (kind->library == nullptr) return;
    outcome_.library = fmt::format("{} {}", kind->library->title, kind->library->version());
  }

  // A trial that asks for what the store does not have is answered: not by numbers.
  Status WriteNotSupported(const Status& status) {
    DescribeStore();
    const auto json = NotSupportedJson(outcome_, std::string(status.message()), spec_.ToJson(),
                                       machine_, BuildJson());
    return WriteFileAtomically(directories_.results + "/result.json", JsonText(json));
  }

  const TrialSpec spec_;
  const Workload workload_;
  const TrialDirectories directories_;
  WorkloadState state_;
  const uint64_t operations_;
  const bool checks_;
  Oracle oracle_;
  EventLog events_;
  PhaseParts parts_;
  TrialOutcome outcome_;
  nlohmann::json machine_;
  std::unique_ptr<SampleFiles> files_;
  std::unique_ptr<OutputFile> events_file_;
  StallStore* stall_ = nullptr;   // store_, if it is one
  std::unique_ptr<Store> store_;  // last: closed first
};

}  // namespace

Status RunTrialPhases(const TrialSpec& spec, const Workload& workload,
                      const TrialDirectories& directories, TrialControl* control) {
  return std::make_unique<TrialPhases>(spec, workload, directories, control)->Run();
}

}  // namespace varve::harness
