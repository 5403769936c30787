"""Panels over time: a grid of (workload, series) cells, each with an upper and a lower panel.

Both figures over time use it. Cells of a workload share their time axis. A cell shows the trial of
median throughput; time is in seconds.
"""
# SPDX-License-Identifier: Apache-2.0

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis.drawing import median_trials
from analysis.metrics import tick
from analysis.page import PANELS_ACROSS_MAX, TICKS_IN, Page
from analysis.records import Trial
from analysis.series import Series, Trials

MEASURED = "measure"
PHASES_BEFORE = ("load", "settle", "warmup")
GAP_IN = 0.36  # room for the numbers of the vertical axis
MARKERS_UP_TO = 40  # samples; with more of them the line alone is clear


@dataclass(frozen=True)
class Cell:
    workload: str
    series: Series
    trial: Trial | None
    missing: str  # why there is no trial
    upper: Axes
    lower: Axes
    is_first: bool  # in its row: has the labels of the vertical axes
    origin_ns: float


def shown_trial(trials: Trials, workload: str, one: Series,
                has_data: Callable[[Trial], bool]) -> Trial | None:
    """The repetition of median throughput, the lower of two; None if none has data."""
    cell = [trial for trial in trials.of(workload, one) if has_data(trial)]
    found = median_trials(cell, "throughput_ops_per_second") or cell
    return found[0] if found else None


def grid(page: Page, trials: Trials, workloads: Sequence[str],
         has_data: Callable[[Trial], bool], upper_in: float, lower_in: float,
         left_in: float) -> list[Cell]:
    """Lays out all cells: a column a workload, a row a series; two columns for one workload.
    Trials without data are not shown."""
    page.begin(2, left_in=left_in)
    several = len(workloads) > 1
    bands = [workloads[at:at + PANELS_ACROSS_MAX]
             for at in range(0, len(workloads), PANELS_ACROSS_MAX)]
    cells = []
    for band in bands:
        across = min(PANELS_ACROSS_MAX, len(workloads)) if several else min(2, len(trials.series))
        todo = [(workload, one) for one in trials.series for workload in band]
        step = len(band) if several else across
        rows = [todo[at:at + step] for at in range(0, len(todo), step)]
        for row in rows:
            headed = row is rows[0]
            uppers = page.row(across, upper_in, GAP_IN, 0.36 if headed else 0.2, len(row))
            page.y_in += 0.09
            lowers = page.row(across, lower_in, GAP_IN, 0.0, len(row))
            for (workload, one), upper, lower in zip(row, uppers, lowers, strict=True):
                trial = shown_trial(trials, workload, one, has_data)
                cells.append(Cell(workload, one, trial, trials.missing(workload, one), upper, lower,
                                  upper is uppers[0], origin_ns(trial)))
                page.title(upper, one.noted_label, 7, "normal")
                if headed and (several or upper is uppers[0]):
                    upper.annotate(workload, (0, 1), (0, 16), xycoords="axes fraction",
                                   textcoords="offset points", fontweight="bold")
            page.y_in += TICKS_IN if row is rows[-1] else 0.02
            for lower in lowers if row is not rows[-1] else []:
                lower.tick_params(axis="x", labelbottom=False)
        page.y_in += 0.04
    page.y_in -= 0.04
    return cells


def origin_ns(trial: Trial | None) -> float:
    """When the measure phase begins, on the scale of samples.csv."""
    if trial is None:
        return 0.0
    if phase := trial.phase(MEASURED):
        return float(phase["start_ns"])
    samples = trial.samples
    measured = samples[samples["phase"] == MEASURED]
    return float(measured["time_ns"].iloc[0]) if len(measured) else 0.0


def seconds(cell: Cell, time_ns: Any) -> Any:
    """A time, or a series of them, as seconds from the start of the measure phase."""
    return (time_ns - cell.origin_ns) / 1e9


def phase_samples(trial: Trial, phases: Sequence[str]) -> list[pandas.DataFrame]:
    """The samples of these phases, a table a phase: lines are not drawn from one to the next."""
    samples = trial.samples
    tables = [samples[samples["phase"] == phase] for phase in phases]
    return [table for table in tables if len(table)]


def whole_samples(trial: Trial, phases: Sequence[str]) -> list[pandas.DataFrame]:
    """The same without what is shorter than half a sample: the rest of a second at a phase's end
    has too few operations for a rate. A phase with nothing longer keeps what it has."""
    kept = []
    for table in phase_samples(trial, phases):
        begin = trial.phase(str(table["phase"].iloc[0])).get("start_ns", 0)
        lengths = table["time_ns"].diff().fillna(table["time_ns"].iloc[0] - begin)
        kept.append(table[lengths >= lengths.max() / 2])
    return kept


def share_time(cells: Sequence[Cell], phases: Sequence[str]) -> None:
    """The same time axis for all cells of a workload, and a shade on what was not measured."""
    for workload in dict.fromkeys(cell.workload for cell in cells):
        column = [cell for cell in cells if cell.workload == workload]
        ranges = [time_range(cell.trial, cell.origin_ns, phases) for cell in column if cell.trial]
        low = min((begin for begin, _ in ranges), default=0.0)
        high = max((end for _, end in ranges), default=1.0)
        for cell in column:
            for axes in (cell.upper, cell.lower):
                axes.set_xlim(low, high if high > low else low + 1)
                axes.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
                axes.xaxis.set_major_formatter(FuncFormatter(tick))
                shade(axes, low)
            cell.upper.tick_params(axis="x", labelbottom=False)
            if cell.trial is None:
                cell.upper.text(0.5, 0.5, cell.missing, transform=cell.upper.transAxes,
                                ha="center", va="center", fontsize=6.5, color="#777777",
                                style="italic")


def shade(axes: Axes, low: float) -> None:
    if low < 0:
        axes.axvspan(low, 0, color="#F1F1F1", linewidth=0, zorder=0)


def time_range(trial: Trial, origin: float, phases: Sequence[str]) -> tuple[float, float]:
    """From the first second of these phases to the last."""
    tables = phase_samples(trial, phases)
    times = pandas.concat(tables)["time_ns"] if tables else pandas.Series([origin])
    bounds = [trial.phase(phase) for phase in phases]
    begins = [phase["start_ns"] for phase in bounds if phase] or [times.min()]
    ends = [phase["end_ns"] for phase in bounds if phase] or [times.max()]
    return ((min(*begins, times.min()) - origin) / 1e9,
            (max(*ends, times.max()) - origin) / 1e9)


def merged(spans: Sequence[tuple[float, float]], low: float, high: float,
           steps: int = 500) -> list[tuple[float, float]]:
    """(begin, length) of spans clipped to [low, high], joined where a reader sees no gap."""
    least = (high - low) / steps
    joined: list[list[float]] = []
    for begin, end in sorted(spans):
        if end < low or begin > high:
            continue
        begin, end = max(begin, low), min(max(end, begin + least), high)
        if joined and begin - joined[-1][1] < least / 2:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([begin, end])
    return [(begin, end - begin) for begin, end in joined]
