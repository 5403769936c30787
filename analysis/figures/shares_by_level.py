"""Where the costs of a tree are.

Cumulative shares of the levels, from the shallowest to the deepest: of entries written by flushes
and compactions, of the memory of filters, and of the blocks that gets read. Each panel is the first
of {repetitions} of a series.
"""
# SPDX-License-Identifier: Apache-2.0

from itertools import accumulate

import pandas
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from analysis.by_level import by_level
from analysis.drawing import NothingToDraw
from analysis.page import Page, panels_across
from analysis.series import LINES, Trials, mark_look

SHARES = {"entries_written": "entries written", "filter_bytes": "filter memory",
          "blocks_read_per_get": "blocks read by gets"}


def draw(page: Page, trials: Trials) -> pandas.DataFrame:
    cells = {}
    for workload in trials.workloads:
        for one in trials.series:
            cell = trials.of(workload, one)
            if cell and any(sum(by_level(cell[0], name).values()) > 0 for name in SHARES):
                cells[workload, one] = cell[0]
    if not cells:
        raise NothingToDraw("no trial has a tree")
    page.begin(len(cells), left_in=0.56)
    page.shows = [one for _, one in cells]
    several = len(trials.workloads) > 1
    titles = [f"{workload}: {one.noted_label}" if several else one.noted_label
              for workload, one in cells]
    panels = page.facets(titles, 1.6, gap_in=0.42)
    rows = []
    for axes, ((workload, one), trial) in zip(panels, cells.items(), strict=True):
        for at, name in enumerate(SHARES):
            values = by_level(trial, name)
            total = sum(values.values())
            if not total > 0:
                continue
            shares = [100 * part / total for part in accumulate(values.values())]
            axes.plot(list(values), shares, **look(at))
            rows += [{"workload": workload, "series": one.label, "of": SHARES[name],
                      "level": level, "share": share}
                     for level, share in zip(values, shares, strict=True)]
        axes.set_ylim(0, 104)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.yaxis.set_major_locator(MultipleLocator(25))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))
    for axes in panels[::panels_across(len(panels))]:
        axes.set_ylabel("cumulative share")
    page.x_label("level")
    page.legend([Line2D([], [], **look(at)) for at in range(len(SHARES))], list(SHARES.values()))
    return pandas.DataFrame(rows)


def look(at: int) -> dict:
    return {**mark_look(at, size=4.2), "linestyle": LINES[at], "linewidth": 0.9}
