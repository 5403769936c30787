"""Shape of the tree over time.

Bytes (above) and sorted runs (below) of every level, stacked, each second of the trial of median
throughput of {repetitions}. Stores without a tree of levels have no panel. Time counts from the
start of the measure phase; the shaded part came before it: load, settle and warm-up.
"""
# SPDX-License-Identifier: Apache-2.0

import math
import re

import pandas
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis.drawing import NothingToDraw
from analysis.levels import HATCH_COLOUR, level_colour
from analysis.metrics import axis_scale, tick
from analysis.page import Page
from analysis.records import Trial
from analysis.series import Trials
from analysis.timeline import MEASURED, Cell, grid, phase_samples, seconds, share_time

PHASES = ("load", "warmup", MEASURED)


def draw(page: Page, trials: Trials) -> pandas.DataFrame:
    levels = levels_of(trials)
    if not levels:
        raise NothingToDraw("no trial has samples of a tree")
    workloads = [name for name in trials.workloads
                 if any(has_tree(trial) for trial in trials.all if trial.workload == name)]
    page.shows = [one for one in trials.series if trials.unsupported(one)
                  or any(has_tree(trial) for trial in trials.of_series(one))]
    trials = trials.only(page.shows)
    cells = grid(page, trials, workloads, has_tree, upper_in=0.62, lower_in=0.36, left_in=0.52)
    share_time(cells, PHASES)
    largest = {what: {name: largest_total(cells, name, what) for name in workloads}
               for what in ("bytes", "runs")}
    divisor, unit = axis_scale("bytes", largest["bytes"].values())
    rows = []
    for cell in cells:
        stack(cell, cell.upper, levels, "bytes", divisor, largest["bytes"][cell.workload])
        stack(cell, cell.lower, levels, "runs", 1, largest["runs"][cell.workload])
        if cell.is_first:
            cell.upper.set_ylabel(unit, fontsize=7)
            cell.lower.set_ylabel("runs", fontsize=7)
        if cell.trial is not None:
            rows.append(numbers(cell, cell.trial, levels))
    page.x_label("time (s)")
    page.legend([Patch(facecolor=level_colour(level), edgecolor=HATCH_COLOUR, linewidth=0.4)
                 for level in levels], [f"level {level}" for level in levels])
    return pandas.DataFrame(rows)


def has_tree(trial: Trial) -> bool:
    return any(re.fullmatch(r"level\d+_(bytes|runs)", name) for name in trial.samples.columns)


def levels_of(trials: Trials) -> list[int]:
    """The levels that ever hold something."""
    found = set()
    for trial in trials.all:
        for name in trial.samples.columns:
            match = re.fullmatch(r"level(\d+)_(bytes|runs)", name)
            if match and trial.samples[name].max() > 0:
                found.add(int(match[1]))
    return sorted(found)


def totals(trial: Trial, what: str) -> pandas.Series:
    names = [name for name in trial.samples.columns if re.fullmatch(rf"level\d+_{what}", name)]
    return trial.samples[names].sum(axis=1)


def largest_total(cells: list[Cell], workload: str, what: str) -> float:
    values = [float(totals(cell.trial, what).max()) for cell in cells
              if cell.workload == workload and cell.trial is not None]
    return max((value for value in values if math.isfinite(value)), default=1.0) or 1.0


def stack(cell: Cell, axes: Axes, levels: list[int], what: str, divisor: float,
          largest: float) -> None:
    """One stacked panel; a phase with a single sample is drawn a second wide."""
    for table in phase_samples(cell.trial, PHASES) if cell.trial is not None else []:
        times = list(seconds(cell, table["time_ns"]))
        times = [times[0] - 1, *times]
        heights = [list(column(table, level, what) / divisor) for level in levels]
        axes.stackplot(times, [[row[0], *row] for row in heights], step="pre", linewidth=0.25,
                       colors=[level_colour(level) for level in levels], edgecolor=HATCH_COLOUR)
    axes.set_ylim(0, largest / divisor * (1.3 if what == "runs" else 1.06))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=3, integer=what == "runs",
                                             steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(tick))


def column(table: pandas.DataFrame, level: int, what: str) -> pandas.Series:
    name = f"level{level}_{what}"
    return table[name].fillna(0) if name in table else pandas.Series(0, index=table.index)


def numbers(cell: Cell, trial: Trial, levels: list[int]) -> dict:
    """The tree at the last sample, and its most runs ever."""
    last = trial.samples.iloc[-1:]
    row = {"workload": cell.workload, "series": cell.series.label, "trial": trial.id,
           "runs_max": totals(trial, "runs").max()}
    for level in levels:
        for what in ("bytes", "runs"):
            row[f"level{level}_{what}"] = column(last, level, what).iloc[0]
    return row
