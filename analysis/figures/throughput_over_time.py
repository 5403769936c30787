"""Throughput over time.

Throughput of every second of the measure phase, from its start; the shaded part is the warm-up,
which is not counted; what is left of a second at the end is not drawn. The dark line is the trial
of median throughput of {repetitions}, pale lines are the others. Below, the events of the dark
trial: when it flushed, compacted, and when writes were stalled (delayed or stopped). Moves of
tables that rewrite nothing are not shown, and a store that tells of no events has none.
"""
# SPDX-License-Identifier: Apache-2.0

import math

import pandas
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis.drawing import NothingToDraw
from analysis.metrics import METRICS, axis_scale, tick
from analysis.page import Page
from analysis.records import Trial
from analysis.series import Trials
from analysis.timeline import (MARKERS_UP_TO, MEASURED, Cell, grid, merged, origin_ns,
                               phase_samples, seconds, share_time, whole_samples)

COLUMN = "throughput_ops_per_second"
LANES = {"flush": "#E69F00", "compaction": "#0072B2", "stall": "#B00000"}
PHASES = ("warmup", MEASURED)


def draw(page: Page, trials: Trials) -> pandas.DataFrame:
    workloads = [name for name in trials.workloads
                 if any(has_samples(trial) for trial in trials.all if trial.workload == name)]
    if not workloads:
        raise NothingToDraw("no trial has samples of its throughput")
    cells = grid(page, trials, workloads, has_samples, upper_in=0.62, lower_in=0.3, left_in=0.72)
    largest = {name: largest_sample(trials, name) for name in workloads}
    divisor, unit = axis_scale(METRICS[COLUMN].unit, largest.values())
    share_time(cells, PHASES)
    rows = []
    for cell in cells:
        for trial in trials.of(cell.workload, cell.series):
            if trial is not cell.trial and has_samples(trial):
                draw_line(cell, trial, divisor, pale=True)
        if cell.trial is not None:
            draw_line(cell, cell.trial, divisor, pale=False)
            rows.append(numbers(cell, cell.trial))
        draw_events(cell)
        cell.upper.set_ylim(0, largest[cell.workload] / divisor * 1.08)
        cell.upper.yaxis.set_major_locator(MaxNLocator(nbins=3, steps=[1, 2, 5, 10]))
        if cell.is_first:
            cell.upper.set_ylabel(unit.replace("operations", "op."), fontsize=7)
        cell.upper.yaxis.set_major_formatter(FuncFormatter(tick))
    page.x_label("time (s)")
    return pandas.DataFrame(rows)


def has_samples(trial: Trial) -> bool:
    return COLUMN in trial.samples and bool(phase_samples(trial, PHASES))


def largest_sample(trials: Trials, workload: str) -> float:
    values = [float(table[COLUMN].max()) for trial in trials.all
              if trial.workload == workload and has_samples(trial)
              for table in whole_samples(trial, PHASES)]
    return max((value for value in values if math.isfinite(value)), default=1.0) or 1.0


def draw_line(cell: Cell, trial: Trial, divisor: float, pale: bool) -> None:
    for table in whole_samples(trial, PHASES):
        marker = "." if len(table) <= MARKERS_UP_TO and not pale else ""
        times = (table["time_ns"] - origin_ns(trial)) / 1e9
        cell.upper.plot(times, table[COLUMN] / divisor, marker=marker, markersize=2.5,
                        color="#B5B5B5" if pale else "#222222",
                        linewidth=0.6 if pale else 0.9, zorder=2 if pale else 3)


def draw_events(cell: Cell) -> None:
    low, high = cell.lower.get_xlim()
    events = cell.trial.events if cell.trial else []
    for lane, (event, colour) in enumerate(LANES.items()):
        spans = [(seconds(cell, row["start_ns"]), seconds(cell, row["end_ns"]))
                 for row in events if row.get("event") == event]
        cell.lower.broken_barh(merged(spans, low, high), (lane - 0.36, 0.72), color=colour,
                               linewidth=0)
    cell.lower.set_ylim(len(LANES) - 0.5, -0.5)
    cell.lower.set_yticks(range(len(LANES)))
    cell.lower.set_yticklabels(list(LANES) if cell.is_first else [], fontsize=6)
    cell.lower.tick_params(axis="y", length=0)
    cell.lower.grid(False, axis="y")


def numbers(cell: Cell, trial: Trial) -> dict:
    """What a reader would measure off the panel."""
    table = pandas.concat(whole_samples(trial, (MEASURED,)) or [trial.samples.iloc[:0]])
    events = [row for row in trial.events if row.get("phase", MEASURED) == MEASURED]
    counts = {f"{name}s" if name != "flush" else "flushes":
              sum(row["event"] == name for row in events) for name in LANES}
    stalled = sum(row["end_ns"] - row["start_ns"] for row in events if row["event"] == "stall")
    return {"workload": cell.workload, "series": cell.series.label, "trial": trial.id,
            "seconds": len(table), "median_ops_per_second": table[COLUMN].median(),
            "worst_ops_per_second": table[COLUMN].min(), **counts, "stall_seconds": stalled / 1e9}
