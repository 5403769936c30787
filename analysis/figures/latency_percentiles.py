"""Latency percentiles.

Time from call to return, by type of operation. The horizontal axis is stretched towards the tail.
Each mark is the median, over {repetitions}, of that percentile of one trial's histogram;
percentiles are never averaged. {interval} A percentile with fewer than ten operations beyond it
is left out; the maximum is exact and stands apart.
"""
# SPDX-License-Identifier: Apache-2.0

import math

import pandas
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

from analysis.drawing import NothingToDraw, estimate_row
from analysis.metrics import digits, scale
from analysis.page import Page, panels_across
from analysis.records import number, operation_types
from analysis.series import Series, Trials
from analysis.summary import Estimate, estimate

SHARES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999, "p9999": 0.9999}
TICKS = {"p50": "50", "p90": "90", "p99": "99", "p999": "99.9", "p9999": "99.99", "max": "max"}
MAXIMUM_AT = 4.75
BEYOND_MIN = 10
FEW = 6  # series; with more of them lines are thinner
DODGE = 0.14  # all series together, so that intervals do not hide each other


def draw(page: Page, trials: Trials) -> pandas.DataFrame:
    panels = [(workload, operation) for workload in trials.workloads for operation in
              operation_types([t for t in trials.all if t.workload == workload])]
    if not panels:
        raise NothingToDraw("no trial has a latency")
    page.begin(len(panels), left_in=0.62)
    titles = [f"{workload}: {operation.replace('_', ' ')}" for workload, operation in panels]
    drawn = page.facets(titles, 1.55 + 0.04 * len(trials.series), gap_in=0.2)
    rows = []
    for axes, (workload, operation) in zip(drawn, panels, strict=True):
        for one in trials.series:
            points = percentiles(trials, workload, one, operation)
            draw_curve(axes, one, points, len(trials.series))
            rows += [estimate_row(workload, one, f"latency_{operation}_{name}_ns", point)
                     for name, point in points.items()]
    finish_axes(drawn, [row["high"] for row in rows] + [row["median"] for row in rows])
    page.x_label("percentile (%)")
    page.legend([handle(drawn[0], one) for one in trials.series],
                [trials.legend_label(one) for one in trials.series])
    return pandas.DataFrame(rows)


def percentiles(trials: Trials, workload: str, one: Series,
                operation: str) -> dict[str, Estimate]:
    """Percentile -> its estimate, of those that enough operations lie beyond."""
    cell = trials.of(workload, one)
    points = {}
    for name in [*SHARES, "max"]:
        values = []
        for trial in cell:
            row = trial.latency.get(operation, {})
            beyond = number(row.get("count")) * (1 - SHARES.get(name, 0.0))
            values.append(math.nan if beyond < BEYOND_MIN and name != "max"
                          else number(row.get(f"{name}_ns")))
        point = estimate(values, [trial.steady for trial in cell])
        if point.n:
            points[name] = point
    return points


def draw_curve(axes: Axes, one: Series, points: dict[str, Estimate], series_count: int) -> None:
    shift = DODGE * ((one.index + 0.5) / max(series_count, one.index + 1) - 0.5)
    look = {"color": one.colour, "marker": one.marker, "markersize": 3.4,
            "markeredgewidth": 0.3, "markeredgecolor": "white"}
    body = [name for name in points if name != "max"]
    axes.plot([place(name) + shift for name in body], [points[name].median for name in body],
              linestyle=one.line,
              linewidth=1.2 if series_count <= FEW else 0.8, **look)
    if "max" in points:
        axes.plot([MAXIMUM_AT + shift], [points["max"].median], linestyle="none", **look)
    for name, point in points.items():
        if point.has_interval:
            axes.plot([place(name) + shift] * 2, [point.low, point.high], color=one.colour,
                      linewidth=0.8, zorder=1.5)


def place(percentile: str) -> float:
    """Where a percentile stands on the axis: one unit for each further nine."""
    return MAXIMUM_AT if percentile == "max" else -math.log10(1 - SHARES[percentile])


def handle(axes: Axes, one: Series) -> object:
    return axes.plot([], [], color=one.colour, marker=one.marker, linestyle=one.line,
                     markersize=3.4)[0]


def finish_axes(panels: list[Axes], values: list[float]) -> None:
    """The same two axes for all panels, so that they can be compared."""
    positive = [value for value in values if math.isfinite(value) and value > 0] or [1.0]
    for at, axes in enumerate(panels):
        axes.set_yscale("log")
        axes.set_ylim(min(positive) / 1.6, max(positive) * 1.8)
        axes.yaxis.set_major_locator(LogLocator(numticks=9))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(time_label))
        axes.set_xlim(0.1, MAXIMUM_AT + 0.25)
        axes.xaxis.set_major_locator(FixedLocator([place(name) for name in TICKS]))
        axes.set_xticklabels(TICKS.values())
        axes.axvline(4.4, color="#999999", linewidth=0.6, linestyle=(0, (2, 2)))
        if at % panels_across(len(panels)) == 0:
            axes.set_ylabel("latency")
        else:
            axes.tick_params(axis="y", labelleft=False)


def time_label(value_ns: float, _: int) -> str:
    divisor, unit = scale("ns", [value_ns * 1.0001])
    return f"{digits(value_ns / divisor).rstrip('0').rstrip('.') or '0'} {unit}" \
        if value_ns / divisor < 10 else f"{value_ns / divisor:.0f} {unit}"
