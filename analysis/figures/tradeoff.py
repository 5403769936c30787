"""Trade-off between two metrics.

{y} against {x}. Each mark is the median of {repetitions}. {interval} Rings are the single trials.
Points of one {by} have one colour and are joined in the order of the sweep.
"""
# SPDX-License-Identifier: Apache-2.0

import math
from functools import partial

import pandas
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis.drawing import NothingToDraw
from analysis.errors import unknown
from analysis.metrics import Metric, axis_label, axis_scale, metric, tick
from analysis.page import Page, panels_across
from analysis.placing import Label, place_labels
from analysis.series import COLOURS, MARKERS, Series, Trials, legend_label, value_text
from analysis.summary import Estimate

Point = tuple[Series, Estimate, Estimate]


def draw(page: Page, trials: Trials, x: str = "write_amplification",
         y: str = "blocks_read_per_get", by: str = "variant") -> pandas.DataFrame:
    names = trials.metric_names()
    x_metric, y_metric = metric(x, names), metric(y, names)
    groups = groups_of(trials, by)
    points = {name: found for name in trials.workloads
              if (found := points_of(trials, name, x, y))}
    if not points:
        raise NothingToDraw(f"no trial has both {x} and {y}")
    x_scale = scale_of(x_metric, trials, points)
    y_scale = scale_of(y_metric, trials, points)
    page.shows = list(dict.fromkeys(one for found in points.values() for one, _, _ in found))
    page.begin(len(points), left_in=0.5)
    panels = page.facets(list(points), 1.9, gap_in=0.42)
    for axes, (workload, found) in zip(panels, points.items(), strict=True):
        draw_points(axes, trials, workload, found, groups, (x, x_scale[0]), (y, y_scale[0]))
        limit(axes, trials, workload, (x, x_scale[0]), (y, y_scale[0]))
        labels, marks = labels_of(found, groups, x_scale[0], y_scale[0])
        page.after(partial(place_labels, axes, labels, marks))
    for axes in panels[::panels_across(len(panels))]:
        axes.set_ylabel(axis_label(y_metric.title, y_scale[1]))
    page.x_label(axis_label(x_metric.title, x_scale[1]))
    if has_curves(groups):
        looks = looks_of(groups)
        page.legend([panels[0].plot([], [], color=colour, marker=marker, markersize=4.6)[0]
                     for colour, marker in looks.values()],
                    group_labels(trials, groups, page.shows))
    return numbers(points, x, y)


def groups_of(trials: Trials, by: str) -> dict[Series, str]:
    """Series -> the name of its group: its variant, or its value of a sweep axis."""
    axes = [name for name, _ in trials.series[0].point]
    allowed = ["variant", "series", "durability", *axes]
    if by not in allowed:
        raise unknown("way to group points (by)", by, allowed)
    return {one: group_name(one, by) for one in trials.series}


def group_name(one: Series, by: str) -> str:
    if by == "series":
        return one.label
    if by == "durability":
        return one.durability
    if by == "variant":
        return one.variant or one.label
    return f"{by.split('.', 1)[-1]} {value_text(by, dict(one.point)[by])}"


def group_labels(trials: Trials, groups: dict[Series, str], shown: list[Series]) -> list[str]:
    """What a legend says of each group, with the notes on what is shown of it."""
    members: dict[str, list[Series]] = {}
    for one, name in groups.items():
        members.setdefault(name, []).append(one)
    return [legend_label(name, [one for one in mine if one in shown],
                         [trial for one in mine for trial in trials.of_series(one)])
            for name, mine in members.items()]


def has_curves(groups: dict[Series, str]) -> bool:
    return len(set(groups.values())) < len(groups)


def points_of(trials: Trials, workload: str, x: str, y: str) -> list[Point]:
    found = [(one, trials.estimate(workload, one, x), trials.estimate(workload, one, y))
             for one in trials.series]
    return [point for point in found if point[1].n and point[2].n]


def scale_of(of: Metric, trials: Trials, points: dict[str, list[Point]]) -> tuple[float, str]:
    values = [trial.number(of.name) for trial in trials.all if trial.workload in points]
    return axis_scale(of.unit, values)


def looks_of(groups: dict[Series, str]) -> dict[str, tuple[str, str]]:
    """Group -> colour and marker: those of its one series, or in order where it is a curve."""
    if not has_curves(groups):
        return {name: (one.colour, one.marker) for one, name in groups.items()}
    return {name: (COLOURS[at % len(COLOURS)], MARKERS[at % len(MARKERS)])
            for at, name in enumerate(dict.fromkeys(groups.values()))}


def draw_points(axes: Axes, trials: Trials, workload: str, points: list[Point],
                groups: dict[Series, str], x: tuple[str, float], y: tuple[str, float]) -> None:
    for name, (colour, marker) in looks_of(groups).items():
        mine = [point for point in points if groups[point[0]] == name]
        axes.plot([px.median / x[1] for _, px, _ in mine], [py.median / y[1] for _, _, py in mine],
                  color=colour, marker=marker, markersize=5, markeredgecolor="white",
                  markeredgewidth=0.5, linewidth=0.8, zorder=4)
        for one, px, py in mine:
            if px.has_interval:
                axes.plot([px.low / x[1], px.high / x[1]], [py.median / y[1]] * 2, color=colour,
                          linewidth=0.9, zorder=3)
            if py.has_interval:
                axes.plot([px.median / x[1]] * 2, [py.low / y[1], py.high / y[1]], color=colour,
                          linewidth=0.9, zorder=3)
            for trial in trials.of(workload, one):
                axes.plot([trial.number(x[0]) / x[1]], [trial.number(y[0]) / y[1]],
                          marker="o" if trial.steady else "x", markersize=2.6, linestyle="none",
                          markerfacecolor="none", markeredgecolor="#777777", markeredgewidth=0.5,
                          zorder=3.5)


def limit(axes: Axes, trials: Trials, workload: str, x: tuple[str, float],
          y: tuple[str, float]) -> None:
    """Room for labels around the points; zero is shown where it is near."""
    for (name, divisor), set_limits, axis in ((x, axes.set_xlim, axes.xaxis),
                                              (y, axes.set_ylim, axes.yaxis)):
        values = [trial.number(name) / divisor for trial in trials.all
                  if trial.workload == workload and math.isfinite(trial.number(name))]
        low, high = min(values), max(values)
        if 0 <= low < 0.6 * high:
            low = 0
        room = (high - low) * 0.16 or abs(high) * 0.2 or 1
        set_limits(low - (0 if low == 0 else room), high + room)
        axis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(FuncFormatter(tick))


def labels_of(points: list[Point], groups: dict[Series, str], x_divisor: float,
              y_divisor: float) -> tuple[list[Label], list[tuple[float, float]]]:
    """What stands beside each point: its name, or its place on its group's curve;
    and the points that labels must not cover: marks and the curves between them."""
    labels: list[Label] = []
    marks: list[tuple[float, float]] = []
    last: dict[str, tuple[float, float]] = {}
    for one, px, py in points:
        spot = (px.median / x_divisor, py.median / y_divisor)
        before = last.get(groups[one], spot)
        marks += [(before[0] + (spot[0] - before[0]) * step / 24,
                   before[1] + (spot[1] - before[1]) * step / 24) for step in range(1, 25)]
        last[groups[one]] = spot
        text = one.noted_label
        if has_curves(groups):  # of which the legend has the notes
            text = ", ".join(part for part in one.label.split(", ") if part != groups[one])
        dagger = "" if px.steady and py.steady else " †"
        labels.append(Label(*spot, text + dagger, "#222222"))
    return labels, marks


def numbers(points: dict[str, list[Point]], x: str, y: str) -> pandas.DataFrame:
    rows = []
    for workload, found in points.items():
        for one, px, py in found:
            rows.append({"workload": workload, "series": one.label, x: px.median,
                         f"{x}_low": px.low, f"{x}_high": px.high, y: py.median,
                         f"{y}_low": py.low, f"{y}_high": py.high, "n": min(px.n, py.n)})
    return pandas.DataFrame(rows)
