"""A metric over a setting.

{y} over {x}: each mark is the median of {repetitions}, trials of one {by} are joined. {interval}
Dashed: what theory expects of the same trials, where a cost model is overlaid.
Axes may be logarithmic: `log` is x, y or xy.
"""
# SPDX-License-Identifier: Apache-2.0

import math
from collections.abc import Callable, Sequence

import pandas
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from analysis.checking import plain, setting, values_of
from analysis.drawing import NothingToDraw
from analysis.errors import AnalysisError, unknown
from analysis.metrics import axis_label, axis_scale, metric, scale, tick
from analysis.model.table import Model, model_named
from analysis.page import Page, panels_across
from analysis.records import Trial
from analysis.series import COLOURS, LINES, Series, Trials, legend_label, mark_look
from analysis.summary import Estimate, estimate

LOGS = ("", "x", "y", "xy")


def draw(page: Page, trials: Trials, x: str = "engine.size_ratio",
         y: str = "write_amplification", by: str = "engine.compaction",
         model: str = "", log: str = "") -> pandas.DataFrame:
    if log not in LOGS:
        raise unknown("choice of logarithmic axes", log, LOGS)
    of = metric(y, trials.metric_names())
    theory = model_named(model) if model else None
    for name in (x, by):
        if all(setting(trial, name) is None for trial in trials.all):
            raise unknown("setting of these trials", name, trials.all[0].point)
    workloads = [name for name in trials.having(y) if points_of(trials, name, x, y)]
    if not workloads:
        raise NothingToDraw(f"no trial has {y} and a number for {x}")
    divisor, unit = axis_scale(of.unit, [trial.number(y) for trial in trials.all])
    if "y" in log:  # numbers of all sizes: each tick has a unit of its own
        divisor, unit = 1, ""
    groups = values_of(trials, by)
    page.begin(len(workloads), left_in=0.62 if "y" in log else 0.56)
    panels = page.facets(workloads, 1.9, gap_in=0.58 if "y" in log else 0.42)
    rows = []
    for axes, workload in zip(panels, workloads, strict=True):
        for at, group in enumerate(groups):
            mine = [trial for trial in points_of(trials, workload, x, y)
                    if str(setting(trial, by)) == group]
            rows += draw_curve(axes, at, mine, x, y, divisor, theory)
        finish(axes, of.unit, log)
    for axes in panels[::panels_across(len(panels))]:
        axes.set_ylabel(axis_label(of.title, unit))
    page.x_label(x.split(".", 1)[-1].replace("_", " "))
    page.shows = [trials.series_of[trial.id] for name in workloads
                  for trial in points_of(trials, name, x, y)]
    draw_legend(page, group_labels(trials, groups, by, page.shows), theory)
    return pandas.DataFrame([{"by": groups[row.pop("at")], **row} for row in rows])


def points_of(trials: Trials, workload: str, x: str, y: str) -> list[Trial]:
    """The trials with a number for both, by x."""
    found = [trial for trial in trials.all if trial.workload == workload
             and isinstance(plain(setting(trial, x)), float) and math.isfinite(trial.number(y))]
    return sorted(found, key=lambda trial: plain(setting(trial, x)))


def look(at: int) -> dict:
    return {**mark_look(at), "linestyle": LINES[0], "linewidth": 0.9}


def draw_curve(axes: Axes, at: int, trials: Sequence[Trial], x: str, y: str, divisor: float,
               theory: Model | None) -> list[dict]:
    """One group's curve, its intervals and its theory; returns its numbers."""
    rows = []
    for value in dict.fromkeys(plain(setting(trial, x)) for trial in trials):
        here = [trial for trial in trials if plain(setting(trial, x)) == value]
        found = estimate([trial.number(y) for trial in here], [trial.steady for trial in here])
        draw_interval(axes, value, found, divisor, COLOURS[at % len(COLOURS)])
        rows.append({"at": at, "workload": here[0].workload, "x": value, "metric": y,
                     "median": found.median, "low": found.low, "high": found.high, "n": found.n,
                     "model": expected(theory, here[0])})
    if rows:
        places = [row["x"] for row in rows]
        axes.plot(places, [row["median"] / divisor for row in rows], zorder=3, **look(at))
        axes.plot(places, [row["model"] / divisor for row in rows], zorder=2, linewidth=1.1,
                  color=COLOURS[at % len(COLOURS)], linestyle=(0, (4, 2)))
    return rows


def draw_interval(axes: Axes, value: float, found: Estimate, divisor: float, colour: str) -> None:
    if found.has_interval:
        axes.plot([value, value], [found.low / divisor, found.high / divisor], color=colour,
                  linewidth=0.9, zorder=2.5)


def expected(theory: Model | None, trial: Trial) -> float:
    """NaN where there is no model, or it knows nothing of the trial's strategy."""
    try:
        return theory.predict(trial) if theory else math.nan
    except AnalysisError:
        return math.nan


def finish(axes: Axes, unit: str, log: str) -> None:
    """Both axes from zero if that is not far, with room above; or logarithmic."""
    if "y" not in log:
        low, high = axes.get_ylim()
        axes.set_ylim(0 if 0 <= low < 0.6 * high else low, high + 0.06 * (high - low))
    for letter, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
        if letter in log:
            axes.set(**{f"{letter}scale": "log"})
            low, high = axis.get_view_interval()
            steps = (1, 2, 5) if high < (10 if letter == "x" else 100) * low else (1,)
            axis.set_major_locator(LogLocator(subs=steps, numticks=9))
            axis.set_minor_locator(NullLocator())
            axis.set_major_formatter(FuncFormatter(unit_tick(unit if letter == "y" else "")))
        else:
            axis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
            axis.set_major_formatter(FuncFormatter(tick))


def unit_tick(unit: str) -> Callable[[float, int], str]:
    """Numbers beside an axis, each in the unit that suits it: "100 ns", "1 µs", "1,000,000"."""
    def text(value: float, _: int) -> str:
        divisor, name = scale(unit, [value * 1.0001])
        return f"{value / divisor:,.9g} {name}".rstrip()
    return text


def group_labels(trials: Trials, groups: Sequence[str], by: str,
                 shown: Sequence[Series]) -> list[str]:
    """What the legend says of each group, with the notes on what is shown of it."""
    members = {group: [trial for trial in trials.all if str(setting(trial, by)) == group]
               for group in groups}
    return [legend_label(group.replace("_", " "), {trials.series_of[trial.id] for trial in mine}
                         & set(shown), mine) for group, mine in members.items()]


def draw_legend(page: Page, labels: list[str], theory: Model | None) -> None:
    handles = [Line2D([], [], **look(at)) for at in range(len(labels))]
    if theory:
        handles.append(Line2D([], [], color="#555555", linewidth=1.1, linestyle=(0, (4, 2))))
        labels.append(theory.source)
    page.legend(handles, labels)
