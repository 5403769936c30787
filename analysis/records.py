"""Reads a results directory as docs/results.md defines it (schema 1).

A field that was not measured is absent and stays absent: NaN in numbers, never zero. A trial that
failed or never ran is listed, with its reason; it never stops the others from being read.
"""
# SPDX-License-Identifier: Apache-2.0

import json
import math
import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas

from analysis.errors import AnalysisError

SCHEMA = 1
EQUAL, DEFAULT = "equal", "default"  # profiles of settings

OPERATION_TYPES = ("read", "multi_read", "read_absent", "update", "insert", "read_modify_write",
                   "scan", "delete", "delete_range")
SUMMARY_PERCENTILES = ("p50", "p95", "p99", "p999", "max")
SUMMARY_WINDOWS = ("throughput_ops_per_second", "throughput_worst_window_ops_per_second",
                   "p99_worst_window_ns", "share_of_windows_below_half")
SUMMARY_AMPLIFICATIONS = (
    "write_amplification", "write_amplification_without_wal", "write_amplification_load",
    "write_amplification_total", "write_amplification_with_debt", "runs_probed_per_get",
    "blocks_read_per_get", "blocks_from_cache_per_get", "blocks_from_storage_per_get",
    "bytes_read_per_byte_returned", "filter_false_positive_rate", "space_amplification",
    "space_amplification_settled", "space_amplification_peak", "space_amplification_mean",
    "system_write_amplification", "system_write_amplification_load",
    "system_write_amplification_with_debt", "system_write_amplification_total",
    "system_write_call_amplification", "system_bytes_read_per_byte_returned",
    "system_read_call_bytes_per_byte_returned", "system_space_amplification",
    "system_space_amplification_settled", "system_space_amplification_peak",
    "entries_written_per_entry", "compaction_jobs", "compaction_bytes_read",
    "compaction_bytes_written", "tombstones_left", "tombstone_age_max", "stall_seconds",
    "debt_seconds", "debt_bytes")


@dataclass(frozen=True)
class Unfinished:
    """A trial without a result, and why."""

    id: str
    variant: str
    workload: str
    repetition: str
    reason: str


@dataclass(frozen=True)
class Trial:
    """One finished trial: what was asked for and what was found."""

    id: str
    folder: Path
    result: dict[str, Any] = field(repr=False)

    @property
    def asked(self) -> dict[str, Any]:
        return section(self.result, "trial")

    @property
    def variant(self) -> str:
        return str(self.asked.get("variant", ""))

    @property
    def point(self) -> dict[str, Any]:
        return section(self.asked, "point")

    @property
    def repetition(self) -> int:
        return int(self.asked.get("repetition", 1))

    @property
    def store(self) -> str:
        used = section(self.result, "settings_used").get("store")
        return str(used or section(self.asked, "trial").get("store", ""))

    @property
    def workload(self) -> str:
        name = section(self.asked, "trial").get("workload")
        return str(name or section(self.asked, "workload").get("name", ""))

    @property
    def durability(self) -> str:
        used = section(self.result, "settings_used").get("durability")
        return str(used or section(self.asked, "engine").get("durability", "unknown"))

    @property
    def profile(self) -> str:
        """Whose settings: "equal", the trial's translated for the store, or the store's own,
        "default"."""
        used = section(self.result, "settings_used").get("profile")
        return str(used or section(self.asked, "trial").get("profile") or EQUAL)

    @property
    def library(self) -> str:
        """What the store is made of, with its version; "" for our own."""
        return str(section(self.result, "settings_used").get("library") or "")

    @property
    def not_supported(self) -> str:
        """What was asked of the store that it does not have, in a sentence; "" if it has all. Such
        a trial measured nothing and is no failure."""
        return str(self.result.get("not_supported") or "")

    @property
    def unverified(self) -> bool:
        """Whether it has answers that were not verified."""
        return self.result.get("verified") is not True and not self.not_supported

    @property
    def steady(self) -> bool:
        """False only if the trial was judged and found not steady."""
        return self.result.get("steady") is not False

    @property
    def caveats(self) -> list[str]:
        told = [str(caveat) for caveat in self.result.get("caveats") or []]
        missing = self.not_supported
        return [*told, missing] if missing and missing not in told else told

    @property
    def amplification(self) -> dict[str, Any]:
        return section(self.result, "amplification")

    @property
    def latency(self) -> dict[str, dict[str, Any]]:
        """Operation type -> percentiles; only types of which there was an operation."""
        return self.percentiles("latency")

    @property
    def response(self) -> dict[str, dict[str, Any]]:
        """The same from the intended start; empty in a closed loop."""
        return self.percentiles("response")

    def percentiles(self, name: str) -> dict[str, dict[str, Any]]:
        return {operation: row for operation, row in section(self.result, name).items()
                if isinstance(row, dict) and row and row.get("count") != 0}

    @property
    def operation_types(self) -> list[str]:
        return [name for name in self.latency if name != "all"]

    def phase(self, name: str) -> dict[str, Any]:
        """The phase of that name, or {}. Times count from the start of the first phase."""
        phases = [p for p in self.result.get("phases") or [] if isinstance(p, dict)]
        origin = phases[0].get("start_ns", 0) if phases else 0
        for phase in phases:
            if phase.get("name") == name and "start_ns" in phase and "end_ns" in phase:
                return {**phase, "start_ns": phase["start_ns"] - origin,
                        "end_ns": phase["end_ns"] - origin}
        return {}

    @cached_property
    def numbers(self) -> dict[str, float]:
        """Every metric of this trial by the name that summary.csv gives it; NaN if not there."""
        numbers = {name: number(value) for name, value in self.amplification.items()
                   if isinstance(value, (int, float))}
        numbers |= {name: number(self.amplification.get(name))
                    for name in SUMMARY_AMPLIFICATIONS}
        for kind, rows in (("latency", self.latency), ("response", self.response)):
            for operation, row in rows.items():
                for percentile in ("mean", *SUMMARY_PERCENTILES):
                    numbers[f"{kind}_{operation}_{percentile}_ns"] = number(
                        row.get(f"{percentile}_ns"))
        measure = self.phase("measure")
        cpu = section(self.result, "cpu")
        numbers["operations"] = number(section(self.result, "operations").get("total"))
        length_ns = measure["end_ns"] - measure["start_ns"] if measure else math.nan
        numbers["seconds"] = length_ns / 1e9
        for name in SUMMARY_WINDOWS:
            numbers[name] = number(self.result.get(name))
        numbers["throughput_interval_width"] = number(
            section(self.result, "throughput_interval").get("width"))
        for name, value in section(self.result, "injected_stall").items():
            numbers[f"injected_stall_{name}"] = number(value)
        numbers["cpu_seconds"] = number(cpu.get("user_seconds")) + number(cpu.get("system_seconds"))
        numbers["memory_bytes_peak"] = number(section(self.result, "memory").get("peak_bytes"))
        return numbers

    def number(self, metric: str) -> float:
        return self.numbers.get(metric, math.nan)

    @cached_property
    def samples(self) -> pandas.DataFrame:
        """samples.csv; empty if it is not there."""
        path = self.folder / "samples.csv"
        if not path.exists() or path.stat().st_size == 0:
            return pandas.DataFrame(columns=["phase", "second", "time_ns"])
        try:
            return pandas.read_csv(path, skipinitialspace=True)
        except (ValueError, pandas.errors.ParserError) as error:
            raise AnalysisError(f"{path} cannot be read as a table: {one_line(error)}.") from error

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """events.jsonl; empty if it is not there. A line torn at its end is left out."""
        path = self.folder / "events.jsonl"
        if not path.exists():
            return []
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        events = []
        for at, line in enumerate(lines, start=1):
            try:
                event = json.loads(line) if line.strip() else {}
            except json.JSONDecodeError as error:
                if at == len(lines):
                    break
                raise AnalysisError(f"{path}:{at} is not JSON: {error.msg}.") from error
            if isinstance(event, dict) and "start_ns" in event and "end_ns" in event:
                events.append(event)
        return events


@dataclass(frozen=True)
class Results:
    """One results directory."""

    folder: Path
    manifest: dict[str, Any] = field(repr=False)
    experiment: dict[str, Any] = field(repr=False)
    comment: str
    trials: list[Trial] = field(repr=False)
    unfinished: list[Unfinished]

    @property
    def name(self) -> str:
        """The experiment's name."""
        for trial in self.trials:
            if trial.asked.get("experiment"):
                return str(trial.asked["experiment"])
        return str(self.manifest.get("experiment") or self.folder.name)

    @property
    def question(self) -> str:
        """What the experiment asks: its opening comment if that is a question, else its title."""
        asked = self.experiment.get("question") or self.manifest.get("question")
        return str(asked or (self.comment if self.comment.endswith("?") else self.title))

    @property
    def title(self) -> str:
        first = self.trials[0].asked.get("title", "") if self.trials else ""
        return str(self.experiment.get("title") or first or self.name)


def number(value: Any) -> float:
    """A finite number as a float, anything else as NaN."""
    if isinstance(value, (int, float)) and math.isfinite(value):
        return float(value)
    return math.nan


def section(table: dict[str, Any], name: str) -> dict[str, Any]:
    """A sub-table, or {} where there is none."""
    value = table.get(name)
    return value if isinstance(value, dict) else {}


def one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")


def per_level(value: Any, key: str = "") -> dict[int, float]:
    """What a result says by level, as level -> number.

    Read alike: a list by position, an object {"0": 1.5}, and rows [{"level": 0, key: 1.5}].
    """
    if isinstance(value, dict):
        return {int(level): number(x) for level, x in value.items() if str(level).isdigit()}
    found: dict[int, float] = {}
    for position, row in enumerate(value if isinstance(value, list) else []):
        if isinstance(row, dict):
            names = [name for name in row if name != "level"]
            name = key if key in row else names[0] if len(names) == 1 else ""
            found[int(row.get("level", position))] = number(row.get(name))
        else:
            found[position] = number(row)
    return found


def load(folder: str | Path) -> Results:
    """Reads a results directory. AnalysisError if it is none or of another schema."""
    folder = Path(folder)
    if not folder.exists():
        raise AnalysisError(f"{folder} does not exist.")
    if not (folder / "manifest.json").is_file() or not (folder / "trials").is_dir():
        raise AnalysisError(
            f"{folder} is not a results directory: it has no manifest.json with a folder trials "
            "beside it.")
    manifest = read_json(folder / "manifest.json")
    check_schema(manifest, folder / "manifest.json")
    experiment, comment = read_experiment(folder / "experiment.toml")
    planned = plan_rows(manifest)
    on_disk = sorted(p.name for p in (folder / "trials").iterdir() if p.is_dir())
    trials: list[Trial] = []
    unfinished: list[Unfinished] = []
    for trial_id in [*planned, *(name for name in on_disk if name not in planned)]:
        found = read_trial(folder / "trials" / trial_id, planned.get(trial_id, {}))
        if isinstance(found, Trial):
            trials.append(found)
        else:
            unfinished.append(found)
    return Results(folder, manifest, experiment, comment, trials, unfinished)


def read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise AnalysisError(f"{path} cannot be read: {one_line(error)}.") from error
    if not isinstance(value, dict):
        raise AnalysisError(f"{path} does not hold a JSON object.")
    return value


def check_schema(table: dict[str, Any], path: Path) -> None:
    if table.get("schema") != SCHEMA:
        raise AnalysisError(
            f"{path} has schema {table.get('schema')!r}, and this analysis reads schema {SCHEMA}.")


def read_experiment(path: Path) -> tuple[dict[str, Any], str]:
    """The experiment, and the comment that it opens with. ({}, "") if there is no file."""
    if not path.exists():
        return {}, ""
    try:
        text = path.read_text(encoding="utf-8")
        experiment = tomllib.loads(text)
    except ValueError as error:
        raise AnalysisError(f"{path} cannot be read: {one_line(error)}.") from error
    comment = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        comment.append(line.lstrip("#").strip())
    return experiment, " ".join(word for word in comment if word)


def plan_rows(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Trial id -> what the plan says of it, in the order in which they run.

    A row of the plan is an id, or an object with the id as "id" or "trial".
    """
    rows: dict[str, dict[str, Any]] = {}
    for row in manifest.get("plan") or []:
        if isinstance(row, str):
            rows[row] = {}
        elif isinstance(row, dict):
            trial_id = row.get("id") or row.get("trial")
            if isinstance(trial_id, str):
                rows[trial_id] = row
    return rows


def read_trial(folder: Path, planned: dict[str, Any]) -> Trial | Unfinished:
    """One trial's folder. AnalysisError only for a result of another schema."""
    asked = planned
    if (folder / "trial.json").is_file():
        try:
            asked = read_json(folder / "trial.json")
        except AnalysisError as error:
            return unfinished_trial(folder.name, planned, str(error))
    if (folder / "error.txt").is_file():
        text = (folder / "error.txt").read_text(encoding="utf-8", errors="replace").strip()
        return unfinished_trial(folder.name, asked, text or "failed without a word")
    if not (folder / "result.json").is_file():
        reason = "was begun and did not finish" if folder.is_dir() else "has not been run"
        return unfinished_trial(folder.name, asked, reason)
    try:
        result = read_json(folder / "result.json")
    except AnalysisError as error:
        return unfinished_trial(folder.name, asked, str(error))
    check_schema(result, folder / "result.json")
    if not isinstance(result.get("trial"), dict):
        result["trial"] = asked
    return Trial(folder.name, folder, result)


def unfinished_trial(trial_id: str, asked: dict[str, Any], reason: str) -> Unfinished:
    workload = section(asked, "trial").get("workload") or section(asked, "point").get(
        "trial.workload", "")
    return Unfinished(trial_id, str(asked.get("variant", "")), str(workload),
                      str(asked.get("repetition", "")), reason)


def operation_types(trials: list[Trial]) -> list[str]:
    """Every operation type of these trials: first those of DESIGN in its order, then others."""
    seen = {name for trial in trials for name in trial.operation_types}
    known = [name for name in OPERATION_TYPES if name in seen]
    return known + sorted(seen - set(known))


def point_names(trials: list[Trial]) -> list[str]:
    """What varies in the experiment, in order of first appearance."""
    return list(dict.fromkeys(name for trial in trials for name in trial.point))


def summary_columns(trials: list[Trial]) -> list[str]:
    """The columns of summary.csv, as docs/results.md orders them."""
    open_loop = any(trial.response for trial in trials)
    latencies = [f"{kind}_{operation}_{percentile}_ns"
                 for kind in (("latency", "response") if open_loop else ("latency",))
                 for operation in [*sorted(operation_types(trials)), "all"]
                 for percentile in SUMMARY_PERCENTILES]
    return ["trial", "variant", "repetition", "store", "workload", "durability",
            *point_names(trials), "operations", "seconds", *SUMMARY_WINDOWS,
            "throughput_interval_width", *latencies, *SUMMARY_AMPLIFICATIONS, "cpu_seconds",
            "memory_bytes_peak", "verified", "steady", "sustained", "not_supported", "caveats"]


def summary_frame(trials: list[Trial]) -> pandas.DataFrame:
    """summary.csv, rebuilt from the results: one row a finished trial, NaN where not measured."""
    rows = []
    for trial in trials:
        rows.append({**trial.numbers, **trial.point, "trial": trial.id, "variant": trial.variant,
                     "repetition": trial.repetition, "store": trial.store,
                     "workload": trial.workload, "durability": trial.durability,
                     "verified": trial.result.get("verified"),
                     "steady": trial.result.get("steady"),
                     "sustained": trial.result.get("sustained"),
                     "not_supported": trial.not_supported,
                     "caveats": "; ".join(trial.caveats)})
    return pandas.DataFrame(rows, columns=summary_columns(trials))
