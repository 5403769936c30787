"""What was measured against what was expected.

Each number that a criterion judges, divided by what is expected of it: what a model says, or the
middle of its bounds, or its only bound. Bands are the bounds; circles lie within them, red crosses
do not. An arrow marks a value beyond the axis. Of a criterion with many numbers the {points_max}
nearest to failing are shown.
"""
# SPDX-License-Identifier: Apache-2.0

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis import criterion
from analysis.checking import Point, bounds_text
from analysis.drawing import NothingToDraw
from analysis.metrics import digits, tick
from analysis.page import Page, label_lines, wrap_label
from analysis.rows import number_at_right
from analysis.series import Trials

BAND, GOOD, BAD = "#D9D9D9", "#0072B2", "#C00000"
SHOWN_MAX = 3.0  # times what is expected
ROOM = 1.75  # the axis reaches this far beyond, for numbers


@dataclass(frozen=True)
class Row:
    claim: int  # of the criterion, counted from 1
    point: Point

    @property
    def expected(self) -> float:
        point = self.point
        if math.isfinite(point.expected):
            return point.expected
        limits = [limit for limit in (point.low, point.high) if math.isfinite(limit)]
        return sum(limits) / len(limits)

    def share(self, value: float) -> float:
        """Of what is expected; a bound that is not there is beyond every axis."""
        if not math.isfinite(value):
            return value
        return value / self.expected if self.expected else math.copysign(1, value) + 1


def draw(page: Page, trials: Trials, points_max: int = 12) -> pandas.DataFrame:
    judged = criterion.judge(trials)
    rows = [Row(at, point) for at, one in enumerate(judged, start=1) if one.outcome
            for point in nearest_to_failing(one.outcome.points, int(points_max))]
    if not rows:
        raise NothingToDraw("no criterion could be checked")
    labels = [f"{row.claim}. {row.point.label}" for row in rows]
    page.begin(2, labels)
    axes = page.row(1, max(0.2, 0.13 * label_lines(labels)) * len(rows) + 0.08)[0]
    page.y_in += 0.19
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)))
    axes.set_yticklabels([wrap_label(label) for label in labels])
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")
    reach = axis_reach(rows)
    for y, row in enumerate(rows):
        draw_row(axes, y, row, reach)
    axes.axvline(1, color="#777777", linewidth=0.6, zorder=1)
    axes.set_xlim(0, reach * ROOM)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(tick))
    page.x_label("measured ÷ expected")
    page.legend([Line2D([], [], marker="o", color=GOOD, linestyle="none", markersize=4.6),
                 Line2D([], [], marker="X", color=BAD, linestyle="none", markersize=5),
                 Patch(facecolor=BAND)], ["within bounds", "outside", "bounds"])
    for at, one in enumerate(judged, start=1):
        page.note(f"{at}. {one.state}: {one.claim} ({one.row})")
    return pandas.DataFrame([numbers(judged, row) for row in rows])


def nearest_to_failing(points: Sequence[Point], count: int) -> list[Point]:
    """So many of them, in their order."""
    kept = sorted(range(len(points)), key=lambda at: -points[at].excess)[:count]
    return [points[at] for at in sorted(kept)]


def axis_reach(rows: Sequence[Row]) -> float:
    """Where the axis ends but for room for numbers: all bounds and values that are not far off."""
    shares = [row.share(value) for row in rows
              for value in (row.point.measured, row.point.low, row.point.high)]
    return min(SHOWN_MAX, max([1.2, *(share for share in shares if math.isfinite(share))]))


def draw_row(axes: Axes, y: int, row: Row, reach: float) -> None:
    low, high = (row.share(limit) for limit in (row.point.low, row.point.high))
    left, right = max(0.0, low), min(reach, high)
    axes.barh(y, right - left, left=left, height=0.66, color=BAND, linewidth=0, zorder=0.5)
    share = row.share(row.point.measured)
    good = row.point.passed
    marker = ">" if share > reach else "<" if share < 0 else "o" if good else "X"
    axes.plot([min(max(share, 0), reach)], [y], marker=marker, color=GOOD if good else BAD,
              markersize=4.6, markeredgecolor="white", markeredgewidth=0.4, linestyle="none",
              zorder=3)
    number_at_right(axes, y, f"{digits(row.point.measured)}  "
                    f"({bounds_text(row.point.low, row.point.high)})")


def numbers(judged: Sequence[criterion.Judged], row: Row) -> dict:
    one, point = judged[row.claim - 1], row.point
    return {"claim": one.claim, "row": one.row, "check": one.check, "label": point.label,
            "measured": point.measured, "expected": row.expected, "low": point.low,
            "high": point.high, "state": criterion.PASS if point.passed else criterion.FAIL}
