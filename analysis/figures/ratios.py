"""Ratios to a reference.

Each series ÷ {to}: the ratio of geometric means over {repetitions}, with Welch's interval at 95 %
over all comparisons of a panel (Bonferroni). A difference is claimed only if the interval leaves
out 1: triangles up are better than the reference, triangles down are worse, rings show no
difference. Diamonds differ from it in durability class or profile, or in being steady: no
difference is claimed.
"""
# SPDX-License-Identifier: Apache-2.0

import math
from collections.abc import Sequence

import pandas
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from analysis import ratios
from analysis.drawing import NothingToDraw
from analysis.metrics import Metric, digits, metric, tick
from analysis.page import Page
from analysis.ratios import Comparison
from analysis.rows import missing_row, number_at_right, row_panels
from analysis.series import NO_BREAK, Trials

GOOD, BAD, NEUTRAL = "#0072B2", "#B83A00", "#444444"  # the first two are as dark in grey
FILLED = {"markeredgecolor": "white", "markeredgewidth": 0.4}
HOLLOW = {"markerfacecolor": "white", "markeredgewidth": 1.0}
LOOKS = {  # verdict -> look of its mark; those that are not here are like UNDECIDED
    ratios.BETTER: {"marker": "^", "color": GOOD, "markersize": 6, **FILLED},
    ratios.WORSE: {"marker": "v", "color": BAD, "markersize": 6, **FILLED},
    ratios.HIGHER: {"marker": "^", "color": NEUTRAL, "markersize": 6, **FILLED},
    ratios.LOWER: {"marker": "v", "color": NEUTRAL, "markersize": 6, **FILLED},
    ratios.UNDECIDED: {"marker": "o", "color": NEUTRAL, "markersize": 4.2, **HOLLOW},
    ratios.OTHER_DURABILITY: {"marker": "D", "color": NEUTRAL, "markersize": 3.8, **HOLLOW},
}
NOT_CLAIMED = (ratios.OTHER_DURABILITY, ratios.OTHER_PROFILE, ratios.NOT_STEADY)
TICKS = {1.35: (0.8, 0.9, 1, 1.1, 1.25), 2.4: (0.5, 0.7, 1, 1.4, 2), 6: (0.2, 0.5, 1, 2, 5),
         30: (0.05, 0.2, 1, 5, 20), math.inf: tuple(10.0**power for power in range(-12, 13, 2))}
REACH_MIN, REACH_BEYOND = 1.12, 4.0  # an axis reaches at most so far beyond the ratios themselves
ROOM = 0.62  # of half an axis, on the right: for numbers
DIRECTIONS = {"higher": f"→{NO_BREAK}better", "lower": f"←{NO_BREAK}better", "": ""}


def draw(page: Page, trials: Trials, metrics: str | Sequence[str] = "throughput_ops_per_second",
         to: str = "varve") -> pandas.DataFrame:
    names = metrics.split(",") if isinstance(metrics, str) else metrics
    found = {name: metric(name, trials.metric_names()) for name in names}
    compared = {name: ratios.compare(trials, name, to) for name in found}
    rows = [one for of_metric in compared.values() for one in of_metric]
    if not any(math.isfinite(one.ratio.ratio) for one in rows):
        raise NothingToDraw(f"no trial can be compared with {to}")
    series = list(dict.fromkeys(one.series for one in rows))
    blocks = {name: list(dict.fromkeys(one.workload for one in of_metric))
              for name, of_metric in compared.items() if of_metric}
    page.begin(max(map(len, blocks.values())), [one.noted_label for one in series])
    for name, workloads in blocks.items():
        reach = reach_of(compared[name])
        for axes, workload in zip(row_panels(page, workloads, series), workloads, strict=True):
            for y, one in enumerate(row for row in compared[name] if row.workload == workload):
                draw_row(axes, y, one, reach)
            finish(axes, reach)
        page.x_label(x_label(found[name], to))
    draw_legend(page, rows, to)
    page.shows = list(dict.fromkeys([*series, *(one.reference for one in rows)]))
    return pandas.DataFrame([numbers(one) for one in rows])


def x_label(of: Metric, to: str) -> str:
    """What is divided by what, and on which side of 1 it is better."""
    direction = DIRECTIONS[of.better]
    return f"{of.title} ÷ that of {to}" + (f" ({direction})" if direction else "")


def reach_of(rows: Sequence[Comparison]) -> float:
    """How far from 1 the axes of a metric reach, the same for all workloads and to both sides."""
    ratio_logs = [abs(math.log(one.ratio.ratio)) for one in rows if one.ratio.ratio > 0]
    farthest = max(ratio_logs, default=0.0)
    bounds = [abs(math.log(bound)) for one in rows if one.ratio.has_interval
              for bound in (one.ratio.low, one.ratio.high)]
    with_bounds = min(max(bounds, default=0.0), farthest + math.log(REACH_BEYOND))
    return max(REACH_MIN, math.exp(max(farthest, with_bounds)))


def draw_row(axes: Axes, y: int, one: Comparison, reach: float) -> None:
    """Mark, interval and number; the same size whichever way it went."""
    ratio = one.ratio
    if not math.isfinite(ratio.ratio):
        missing_row(axes, y, one.verdict)
        return
    look = look_of(one.verdict)
    if ratio.has_interval:
        ends = [min(max(bound, 1 / reach), reach) for bound in (ratio.low, ratio.high)]
        axes.plot(ends, [y, y], color=look["color"], linewidth=1.1, zorder=3)
        for end, bound, arrow in zip(ends, (ratio.low, ratio.high), "<>", strict=True):
            whole = math.isclose(end, bound)
            axes.plot([end], [y], color=look["color"], marker="|" if whole else arrow,
                      markersize=4.5 if whole else 3, linestyle="none", zorder=3)
    axes.plot([ratio.ratio], [y], linestyle="none", zorder=4, **look)
    number_at_right(axes, y, f"{digits(ratio.ratio)} ×")


def look_of(verdict: str) -> dict:
    if verdict in NOT_CLAIMED:
        return LOOKS[ratios.OTHER_DURABILITY]
    return LOOKS.get(verdict, LOOKS[ratios.UNDECIDED])


def finish(axes: Axes, reach: float) -> None:
    """A logarithmic axis as long on one side of 1 as on the other, and room for numbers."""
    axes.set_xscale("log")
    edge = 1.04 * math.log(reach)
    axes.set_xlim(math.exp(-edge), math.exp(edge * (1 + ROOM)))
    axes.axvline(1, color="#333333", linewidth=0.8, zorder=1)
    ticks = next(values for most, values in TICKS.items() if reach <= most)
    axes.xaxis.set_major_locator(FixedLocator([value for value in ticks
                                               if abs(math.log(value)) <= edge]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(tick))


def draw_legend(page: Page, rows: Sequence[Comparison], to: str) -> None:
    """The marks that occur."""
    drawn = [one.verdict for one in rows if math.isfinite(one.ratio.ratio)]
    texts = {verdict: f"{verdict} than {to}" for verdict in
             (ratios.BETTER, ratios.WORSE, ratios.HIGHER, ratios.LOWER)}
    shown = {verdict: texts.get(verdict, verdict) for verdict in LOOKS if verdict in drawn}
    if ratios.FEW in drawn:
        shown[ratios.UNDECIDED] = ratios.UNDECIDED
    if reasons := [verdict for verdict in NOT_CLAIMED if verdict in drawn]:
        shown[ratios.OTHER_DURABILITY] = f"not compared: {', '.join(reasons)}"
    page.legend([Line2D([], [], linestyle="none", **LOOKS[verdict]) for verdict in shown],
                list(shown.values()))


def numbers(one: Comparison) -> dict:
    return {"workload": one.workload, "series": one.series.label, "metric": one.metric,
            "to": one.reference.label, "ratio": one.ratio.ratio, "low": one.ratio.low,
            "high": one.ratio.high, "n": one.ratio.n, "verdict": one.verdict}
