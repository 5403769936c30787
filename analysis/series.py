"""What is compared: trials grouped into series, in one order, with one look in every figure.

A series is everything that a trial varies but its workload and repetition: variant, sweep values,
store, durability class and profile. Its label is the shortest that tells it from the others; one
that runs with its store's own defaults always says so. A series keeps its colour, line and marker
in every figure of a report.
"""
# SPDX-License-Identifier: Apache-2.0

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from analysis.errors import unknown
from analysis.records import DEFAULT, EQUAL, Results, Trial, point_names
from analysis.summary import Estimate, estimate

# Okabe and Ito's palette, which colour-blind readers can tell apart; the yellow is left out
# because lines in it cannot be seen on white, the orange is far down for the same reason.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h", "d")
NOT_MEASURED, NOT_SUPPORTED = "not measured", "not supported"
OWN_DEFAULTS = "own defaults"
IN_THE_KEY = ("trial.store", "trial.profile")  # a label says these without their names
FIXED = 4  # parts of every key: variant, store, durability class, profile
NO_BREAK = "\u202f"
LINES = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (4, 1, 1, 1)), (0, (6, 1, 1, 1, 1, 1)))


def mark_look(at: int, size: float = 4.6) -> dict[str, Any]:
    """Colour and marker of what is number `at`, with a white edge: arguments of a plot."""
    return {"color": COLOURS[at % len(COLOURS)], "marker": MARKERS[at % len(MARKERS)],
            "markersize": size, "markeredgecolor": "white", "markeredgewidth": 0.5}


@dataclass(frozen=True)
class Series:
    label: str
    variant: str
    store: str
    durability: str
    profile: str
    point: tuple[tuple[str, Any], ...]  # the sweep's values
    index: int
    note: str = ""  # the letter of what stands about it under the figure

    @property
    def terms(self) -> tuple[str, str]:
        """What series must share to be ranked together: durability class and profile."""
        return (self.durability, self.profile)

    @property
    def noted_label(self) -> str:
        """The label as figures write it."""
        return noted(self.label, [self])

    @property
    def colour(self) -> str:
        return COLOURS[self.index % len(COLOURS)]

    @property
    def marker(self) -> str:
        return MARKERS[self.index % len(MARKERS)]

    @property
    def line(self) -> Any:
        return LINES[(self.index + self.index // len(COLOURS)) % len(LINES)]


def noted(text: str, series: Iterable[Series]) -> str:
    """A text with the letters of the notes on these series."""
    ordered = sorted(series, key=lambda one: one.index)
    letters = ",".join(dict.fromkeys(one.note for one in ordered if one.note))
    return text + (NO_BREAK + letters if letters else "")


def legend_label(text: str, series: Iterable[Series], trials: Sequence[Trial]) -> str:
    """The same for a legend, which keeps what could not be run: none of these trials of theirs."""
    missing = trials and all(trial.not_supported for trial in trials)
    return noted(text, series) + (f": {NOT_SUPPORTED}" if missing else "")


class Trials:
    """The finished trials of an experiment, by workload and series. What figures are given, and
    what checks are; the experiment's [[criterion]] entries come along."""

    def __init__(self, trials: Sequence[Trial], workloads: Sequence[str],
                 series_of: dict[str, Series], criteria: Sequence[dict[str, Any]] = ()):
        self.all = list(trials)
        self.criteria = criteria
        self.series_of = series_of
        present = {trial.workload for trial in self.all}
        self.workloads = [name for name in workloads if name in present]
        drawn = {series_of[trial.id] for trial in self.all}
        self.series = sorted(drawn, key=lambda series: series.index)

    def finished(self, workload: str, series: Series) -> list[Trial]:
        """All repetitions of one cell, in order."""
        found = [trial for trial in self.all
                 if trial.workload == workload and self.series_of[trial.id] == series]
        return sorted(found, key=lambda trial: trial.repetition)

    def of(self, workload: str, series: Series) -> list[Trial]:
        """The same without those that asked for what the store does not support."""
        return [trial for trial in self.finished(workload, series) if not trial.not_supported]

    def missing(self, workload: str, series: Series) -> str:
        """Why a cell has no number: its store does not support the workload, or it has none."""
        only = self.finished(workload, series) and not self.of(workload, series)
        return NOT_SUPPORTED if only else NOT_MEASURED

    def of_series(self, series: Series) -> list[Trial]:
        """All finished trials of a series."""
        return [trial for trial in self.all if self.series_of[trial.id] == series]

    def unsupported(self, series: Series) -> bool:
        """Whether none of a series could be run, so that figures keep it without a number."""
        return all(trial.not_supported for trial in self.of_series(series))

    def legend_label(self, series: Series) -> str:
        return legend_label(series.label, [series], self.of_series(series))

    def estimate(self, workload: str, series: Series, metric: str) -> Estimate:
        trials = self.of(workload, series)
        return estimate([trial.number(metric) for trial in trials],
                        [trial.steady for trial in trials])

    def having(self, metric: str) -> list[str]:
        """The workloads in which some trial has that metric."""
        return [name for name in self.workloads
                if any(trial.number(metric) == trial.number(metric)
                       for trial in self.all if trial.workload == name)]

    def metric_names(self) -> list[str]:
        """Every metric that some trial has."""
        return list(dict.fromkeys(name for trial in self.all
                                  for name, value in trial.numbers.items() if value == value))

    @property
    def durabilities(self) -> list[str]:
        return list(dict.fromkeys(series.durability for series in self.series))

    @property
    def terms(self) -> list[tuple[str, str]]:
        """Each durability class and profile of which there is a series."""
        return list(dict.fromkeys(series.terms for series in self.series))

    @property
    def stores(self) -> list[str]:
        return list(dict.fromkeys(series.store for series in self.series))

    def noted(self, letters: Mapping[Series, str]) -> "Trials":
        """The same with letters of notes on the series."""
        made = {one: replace(one, note=letters.get(one, "")) for one in self.series_of.values()}
        return Trials(self.all, self.workloads,
                      {trial_id: made[one] for trial_id, one in self.series_of.items()},
                      self.criteria)

    def only(self, series: Iterable[Series]) -> "Trials":
        """Only the trials of these series."""
        wanted = set(series)
        kept = [trial for trial in self.all if self.series_of[trial.id] in wanted]
        return Trials(kept, self.workloads, self.series_of, self.criteria)

    def where(self, workload: Any = None, variant: Any = None) -> "Trials":
        """Only these workloads and variants (a name or a list of names); looks are kept."""
        workloads = chosen("workload", workload, self.workloads)
        variants = chosen("variant", variant, sorted({trial.variant for trial in self.all}))
        kept = [trial for trial in self.all
                if trial.workload in workloads and trial.variant in variants]
        return Trials(kept, self.workloads, self.series_of, self.criteria)


def chosen(what: str, names: Any, known: list[str]) -> list[str]:
    if names is None:
        return known
    names = [names] if isinstance(names, str) else list(names)
    for name in names:
        if name not in known:
            raise unknown(what, str(name), known)
    return names


def group(results: Results) -> Trials:
    """Sorts an experiment's trials into series."""
    trials = results.trials
    axes = sweep_axes(trials)
    keys = {trial.id: series_key(trial, axes) for trial in trials}
    order = sorted(set(keys.values()), key=lambda key: sort_key(key, axes, results.experiment))
    labels = labels_of(order, axes)
    series = {key: Series(labels[key], *key[:FIXED], tuple(zip(axes, key[FIXED:], strict=True)), at)
              for at, key in enumerate(order)}
    return Trials(trials, workload_order(trials, results.experiment),
                  {trial_id: series[key] for trial_id, key in keys.items()},
                  results.experiment.get("criterion") or [])


def sweep_axes(trials: Sequence[Trial]) -> list[str]:
    """The names in `point` that vary within some variant; the others follow from the variant."""
    seen: dict[tuple[str, str], set[str]] = {}
    names = [name for name in point_names(list(trials)) if name != "trial.workload"]
    for trial in trials:
        for name in names:
            seen.setdefault((trial.variant, name), set()).add(str(trial.point.get(name, "")))
    return [name for name in names
            if any(len(values) > 1 for (_, axis), values in seen.items() if axis == name)]


def series_key(trial: Trial, axes: Sequence[str]) -> tuple[Any, ...]:
    values = (trial.point.get(name, "") for name in axes)
    return (trial.variant, trial.store, trial.durability, trial.profile,
            *(value if isinstance(value, (int, float, str)) else str(value) for value in values))


def natural(value: Any) -> tuple[Any, ...]:
    """Sorts numbers by size and text with numbers inside as people do: T2 before T10."""
    if isinstance(value, (int, float)):
        return (0, float(value), "")
    return (1, *((0, float(part), "") if part[0].isdigit() else (1, 0.0, part)
                 for part in re.findall(r"\d+(?:\.\d+)?|\D+", str(value))))


def sort_key(key: tuple[Any, ...], axes: Sequence[str], experiment: dict[str, Any]) -> Any:
    """Durability class and profile first, then variants and values as the experiment file lists
    them."""
    variants = [row.get("name") for row in experiment.get("variant", []) if isinstance(row, dict)]
    variant, store, durability, profile = key[:FIXED]
    parts = [natural(durability), (profile != EQUAL, profile),
             (listed(variant, variants), natural(variant))]
    for name, value in zip(axes, key[FIXED:], strict=True):
        parts.append((listed(value, sweep_values(experiment, name)), natural(value)))
    return [*parts, natural(store)]


def listed(value: Any, values: list[Any]) -> int:
    return values.index(value) if value in values else len(values)


def sweep_values(experiment: dict[str, Any], name: str) -> list[Any]:
    """The values of an axis in the experiment file, however the file spells the axis."""
    sweep = experiment.get("sweep")
    values = sweep.get(name) if isinstance(sweep, dict) else None
    if values is None:
        values = experiment
        for part in name.split("."):
            values = values.get(part) if isinstance(values, dict) else None
    return values if isinstance(values, list) else []


def workload_order(trials: Sequence[Trial], experiment: dict[str, Any]) -> list[str]:
    order = sweep_values(experiment, "trial.workload")
    names = {trial.workload for trial in trials}
    return sorted(names, key=lambda name: (listed(name, order), natural(name)))


def value_text(name: str, value: Any) -> str:
    """A value of a sweep as the experiment file spells it: bytes with their unit, true, false."""
    if isinstance(value, bool):
        return str(value).lower()
    if name.endswith("_bytes") and isinstance(value, int) and value > 0:
        for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
            if value % size == 0:
                return f"{value // size} {unit}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def profile_words(profile: str) -> str:
    """What labels say of settings that are not the trial's; "" for those that are."""
    if profile == EQUAL:
        return ""
    return OWN_DEFAULTS if profile == DEFAULT else f"profile {profile}"


def labels_of(keys: Sequence[tuple[Any, ...]], axes: Sequence[str]) -> dict[tuple, str]:
    """The shortest labels that tell the series apart, and say which have their own defaults."""
    several = [len({key[at] for key in keys}) > 1 for at in range(FIXED)]
    labels = {}
    for key in keys:
        parts = []
        if key[0] and (several[0] or not axes):
            parts.append(str(key[0]))
        if several[1] and str(key[1]) not in re.split(r"[\W_]+", ", ".join(parts)):
            parts.append(str(key[1]))
        parts += [f"{name.split('.', 1)[-1]} {value_text(name, value)}"
                  for name, value in zip(axes, key[FIXED:], strict=True) if name not in IN_THE_KEY]
        parts = parts or [str(key[1]) or "trial"]
        text = ", ".join([*parts, *([profile_words(key[3])] if key[3] != EQUAL else [])])
        if several[2] and str(key[2]) not in re.split(r"\W+", text):
            text += f" ({key[2]})"
        labels[key] = text
    return labels
