"""What checks (criteria/*.py) are made of: selections of trials, bounds, outcomes.

A selection says which trials a number is of: {variant = "lazy", "engine.size_ratio" = 10}. Names
are variant, workload, repetition and settings; a value or a list of which any will do; none is all.
Bounds are inclusive, and those that are not given are infinite.
"""
# SPDX-License-Identifier: Apache-2.0

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from analysis.errors import AnalysisError, unknown
from analysis.metrics import digits, metric
from analysis.provenance import setting_groups
from analysis.records import Trial, section
from analysis.series import Trials

Selection = Mapping[str, Any]
ANY: Selection = {}
STATISTICS = {"median": numpy.median, "mean": numpy.mean, "min": numpy.min, "max": numpy.max}
UNITS = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "KB": 1e3, "MB": 1e6, "GB": 1e9}


class NothingToCheck(Exception):
    """Why this criterion cannot be judged by these trials: a part of a sentence."""


@dataclass(frozen=True)
class Point:
    """One number that was judged, and the bounds that it was judged by."""

    label: str
    measured: float
    low: float = -math.inf
    high: float = math.inf
    expected: float = math.nan  # by a model, or what the figure is drawn against

    @property
    def passed(self) -> bool:
        return self.low <= self.measured <= self.high

    @property
    def excess(self) -> float:
        """How far outside of its bounds, as a share of the bound; negative inside of them."""
        over = (self.measured - self.high) / (abs(self.high) or 1) if self.high < math.inf else -1.0
        under = (self.low - self.measured) / (abs(self.low) or 1) if self.low > -math.inf else -1.0
        return max(over, under)


@dataclass(frozen=True)
class Outcome:
    """What a check found: the number that is nearest to failing, its bounds, and all numbers."""

    value: float
    low: float
    high: float
    passed: bool
    detail: str  # the numbers behind the value, for people
    points: tuple[Point, ...] = ()


def outcome(points: Sequence[Point], detail: str = "") -> Outcome:
    """Passed if every point is. NothingToCheck if there are none, or if one was not measured."""
    if not points:
        raise NothingToCheck("no trial has a number to check")
    for point in points:
        if not math.isfinite(point.measured):
            raise NothingToCheck(f"{point.label} was not measured")
    worst = max(points, key=lambda point: point.excess)
    failed = sum(not point.passed for point in points)
    if len(points) > 1:
        of = f"{failed} of {len(points)} fail" if failed else f"all {len(points)} hold"
        detail = f"{of}; the closest: {worst.label}" + (f", {detail}" if detail else "")
    return Outcome(worst.measured, worst.low, worst.high, failed == 0, detail or worst.label,
                   tuple(points))


def select(trials: Trials, selection: Selection = ANY) -> list[Trial]:
    """The trials of a selection, as figures order them. NothingToCheck if none has finished, or
    none is supported by its store."""
    wanted = flat(selection)
    for name in wanted:
        if not any(has_setting(trial, name) for trial in trials.all):
            raise unknown("setting to select by", name, setting_names(trials))
    named = [trial for trial in trials.all
             if all(is_any(setting(trial, name), value) for name, value in wanted.items())]
    if not named:
        raise NothingToCheck(f"no finished trial is of {selection_text(selection)}")
    found = [trial for trial in named if not trial.not_supported]
    if not found:
        raise NothingToCheck(f"{selection_text(selection)}: {named[0].not_supported}")
    return sorted(found, key=lambda trial: (trials.workloads.index(trial.workload),
                                            trials.series_of[trial.id].index, trial.repetition))


def flat(selection: Selection, prefix: str = "") -> dict[str, Any]:
    """Names with their dots, however TOML nested them."""
    names: dict[str, Any] = {}
    for name, value in selection.items():
        names |= flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {
            prefix + name: value}
    return names


def setting(trial: Trial, name: str) -> Any:
    """The value of variant, workload, repetition or a setting in a trial; None if it has none."""
    if name in ("variant", "workload", "repetition"):
        return getattr(trial, name)
    if name in trial.point:
        return trial.point[name]
    group, _, rest = name.partition(".")
    return section(trial.asked, group).get(rest)


def values_of(trials: Trials, name: str) -> list[str]:
    """The values of a setting as text, in the order of the experiment."""
    ordered = sorted(trials.all, key=lambda trial: trials.series_of[trial.id].index)
    return list(dict.fromkeys(str(setting(trial, name)) for trial in ordered))


def has_setting(trial: Trial, name: str) -> bool:
    return setting(trial, name) is not None


def setting_names(trials: Trials) -> list[str]:
    return ["variant", "workload", "repetition",
            *dict.fromkeys(f"{group}.{name}" for trial in trials.all
                           for group in setting_groups(trial)
                           for name in section(trial.asked, group))]


def is_any(value: Any, wanted: Any) -> bool:
    """Whether a value is the wanted one, or one of the wanted ones, however it is spelt."""
    if isinstance(wanted, (list, tuple)):
        return any(is_any(value, one) for one in wanted)
    return value == wanted or plain(value) == plain(wanted)


def plain(value: Any) -> Any:
    """A number for "8 MiB" and for 8388608, text otherwise."""
    match = re.fullmatch(r"\s*([\d.]+)\s*([KMG]i?B)?\s*", str(value))
    if match and match[1].count(".") <= 1:
        return float(match[1]) * UNITS[match[2] or ""]
    return str(value).lower()


def selection_text(selection: Selection) -> str:
    """For messages: "lazy, size_ratio 10", or "all trials"."""
    parts = [str(value) if name == "variant" else f"{name.split('.', 1)[-1]} {value}"
             for name, value in flat(selection).items()]
    return ", ".join(parts) or "all trials"


def label_of(trials: Trials, trial: Trial) -> str:
    """The shortest that tells a trial from the others."""
    parts = [trials.series_of[trial.id].label]
    if len(trials.workloads) > 1:
        parts.append(trial.workload)
    if len(trials.of(trial.workload, trials.series_of[trial.id])) > 1:
        parts.append(f"repetition {trial.repetition}")
    return ", ".join(parts)


def number(trials: Trials, name: str, selection: Selection = ANY,
           statistic: str = "median") -> float:
    """A metric of a selection: the statistic over its trials."""
    metric(name, trials.metric_names())
    if statistic not in STATISTICS:
        raise unknown("statistic", statistic, STATISTICS)
    values = [value for trial in select(trials, selection)
              if math.isfinite(value := trial.number(name))]
    if not values:
        raise NothingToCheck(f"{name} of {selection_text(selection)} was not measured")
    return float(STATISTICS[statistic](values))


def split(trials: Trials, axis: str, selection: Selection = ANY) -> dict[str, Selection]:
    """A selection for each value of an axis, by label, in the order of the values."""
    if not axis:
        return {"": selection}
    values = list(dict.fromkeys(setting(trial, axis) for trial in select(trials, selection)))
    if values == [None]:
        raise unknown("setting to select by", axis, setting_names(trials))
    values.sort(key=lambda value: (isinstance(plain(value), str), plain(value)))
    return {f"{axis.split('.', 1)[-1]} {value}": {**selection, axis: value} for value in values}


def bounds(low: float | None, high: float | None) -> tuple[float, float]:
    """AnalysisError unless at least one bound is given, and they leave room."""
    found = (-math.inf if low is None else float(low), math.inf if high is None else float(high))
    if found == (-math.inf, math.inf):
        raise AnalysisError("A criterion needs low or high.")
    if found[0] > found[1]:
        raise AnalysisError(f"A criterion's low, {digits(found[0])}, is above its high, "
                            f"{digits(found[1])}.")
    return found


def bounds_text(low: float, high: float) -> str:
    """Bounds as people write them: "≤ 5", "0.95 to 1.05"."""
    if low == -math.inf:
        return f"≤ {digits(high)}"
    if high == math.inf:
        return f"≥ {digits(low)}"
    return f"{digits(low)} to {digits(high)}"
