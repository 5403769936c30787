"""Panels whose rows are series: dots with intervals, and stacked bars.

Used by the figures that compare one number (or its parts) over series. Rows go down, so labels
never overlap however many series there are.
"""
# SPDX-License-Identifier: Apache-2.0

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis.drawing import estimate_row
from analysis.metrics import digits, tick
from analysis.page import Page, label_lines, panels_across, wrap_label
from analysis.series import Series, Trials
from analysis.summary import Estimate

NUMBER_ROOM = 1.34  # the axis reaches this far beyond the largest value: room for a number
RINGS_BELOW = 0.3  # rows, like the next two
BAR_ABOVE, BAR_HEIGHT = 0.1, 0.56


def row_panels(page: Page, workloads: Sequence[str], series: Sequence[Series],
               row_in: float = 0.25) -> list[Axes]:
    """One panel a workload, with a row for each series; labels on the left of each line."""
    labels = [one.noted_label for one in series]
    if not page.width_in:
        page.begin(len(workloads), labels)
    row_in = max(row_in, 0.13 * label_lines(labels))
    panels = page.facets(workloads, row_in * len(series) + 0.08)
    across = panels_across(len(workloads))
    for at, axes in enumerate(panels):
        axes.set_ylim(len(series) - 0.5, -0.5)
        axes.set_yticks(range(len(series)))
        axes.set_yticklabels([wrap_label(label) for label in labels] if at % across == 0 else [])
        axes.tick_params(axis="y", length=0)
        axes.grid(False, axis="y")
        divide_terms(axes, series)
    return panels


def divide_terms(axes: Axes, series: Sequence[Series]) -> None:
    """A line between durability classes and between profiles, which are never ranked together."""
    for at in range(1, len(series)):
        if series[at].terms != series[at - 1].terms:
            axes.axhline(at - 0.5, color="black", linewidth=0.8)


def finish_axis(axes: Axes, largest: float, room: float = NUMBER_ROOM) -> None:
    """Starts the axis at zero and leaves room for numbers on the right."""
    axes.set_xlim(0, largest * room if largest > 0 else 1)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(tick))


def number_at_right(axes: Axes, y: float, text: str) -> None:
    axes.text(0.995, y, text, transform=axes.get_yaxis_transform(), ha="right", va="center",
              fontsize=6.5)


def missing_row(axes: Axes, y: float, text: str) -> None:
    """What stands in a row that has no number: Trials.missing says why."""
    axes.text(0.02, y, text, transform=axes.get_yaxis_transform(), va="center", fontsize=6.5,
              color="#777777", style="italic", bbox={"color": "white", "pad": 0.8})


def draw_estimate(axes: Axes, trials: Trials, workload: str, one: Series, metric: str, y: float,
                  divisor: float = 1, look: tuple[str, str] | None = None,
                  rings_below: float = RINGS_BELOW) -> Estimate:
    """The median as a filled mark, its interval as a bar, and every repetition as a small ring.

    Rings stand `rings_below` rows under the mark. A trial that was not steady is a cross. `look`
    is (colour, marker) if not that of the series.
    """
    colour, marker = look or (one.colour, one.marker)
    estimate = trials.estimate(workload, one, metric)
    for trial in trials.of(workload, one):
        value = trial.number(metric) / divisor
        if math.isfinite(value):
            axes.plot([value], [y + rings_below], marker="o" if trial.steady else "x",
                      markersize=2.8, markerfacecolor="none", markeredgecolor="#555555",
                      markeredgewidth=0.6, linestyle="none", zorder=5)
    if estimate.has_interval:
        axes.plot([estimate.low / divisor, estimate.high / divisor], [y, y], color=colour,
                  linewidth=1.1, marker="|", markersize=4.5, zorder=3)
    if estimate.n:
        edge = {"markeredgecolor": colour, "markeredgewidth": 1.4} if marker == "|" else {
            "markeredgecolor": "white", "markeredgewidth": 0.5}
        axes.plot([estimate.median / divisor], [y], marker=marker, color=colour, markersize=4.6,
                  linestyle="none", zorder=4, **edge)
    return estimate


def draw_metric(axes: Axes, trials: Trials, workload: str, metric: str,
                divisor: float = 1) -> list[dict[str, Any]]:
    """One metric of every series, a row each, with its number at the right; and the numbers."""
    rows = []
    for y, one in enumerate(trials.series):
        estimate = draw_estimate(axes, trials, workload, one, metric, y, divisor)
        if estimate.n:
            number_at_right(axes, y, marked(estimate, divisor))
        else:
            missing_row(axes, y, trials.missing(workload, one))
        rows.append(estimate_row(workload, one, metric, estimate))
    finish_axis(axes, largest_value(trials, workload, [metric]) / divisor)
    return rows


def marked(estimate: Estimate, divisor: float = 1) -> str:
    """The median as a number; a dagger if no repetition was steady."""
    return digits(estimate.median / divisor) + ("" if estimate.steady else " †")


def largest_value(trials: Trials, workload: str, metrics: Sequence[str]) -> float:
    values = [trial.number(metric) for trial in trials.all if trial.workload == workload
              for metric in metrics]
    return max((value for value in values if math.isfinite(value)), default=0.0)
