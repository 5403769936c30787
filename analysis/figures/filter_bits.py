"""Filter bits by level.

Bits of filters per entry of each level at the end of the measure phase, of the first of
{repetitions}. Crosses: what the cost model gives the levels of a tree that was only loaded, where
it knows the strategy and how bits are spread.
"""
# SPDX-License-Identifier: Apache-2.0

import pandas
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis.by_level import by_level
from analysis.drawing import NothingToDraw
from analysis.errors import AnalysisError
from analysis.metrics import tick
from analysis.model import filters, layout
from analysis.page import Page, panels_across
from analysis.records import Trial
from analysis.series import Trials

BITS = "filter_bits_per_entry"


def draw(page: Page, trials: Trials) -> pandas.DataFrame:
    cells = {name: [(one, cell[0]) for one in trials.series if (cell := trials.of(name, one))
                    and sum(by_level(cell[0], BITS).values()) > 0] for name in trials.workloads}
    cells = {name: found for name, found in cells.items() if found}
    if not cells:
        raise NothingToDraw("no trial has a tree with filters")
    page.begin(len(cells), left_in=0.44)
    panels = page.facets(list(cells), 1.9, gap_in=0.42)
    rows, modelled = [], False
    for axes, (workload, found) in zip(panels, cells.items(), strict=True):
        for one, trial in found:
            bits, theory = by_level(trial, BITS), expected(trial)
            axes.plot(list(bits), list(bits.values()), color=one.colour, marker=one.marker,
                      linestyle=one.line, linewidth=0.9, markersize=4.6,
                      markeredgecolor="white", markeredgewidth=0.5, zorder=3)
            axes.plot(list(theory), list(theory.values()), color="#555555", marker="x",
                      linestyle="none", markersize=4.2, zorder=4)
            modelled |= bool(theory)
            rows += [{"workload": workload, "series": one.label, "level": level,
                      "bits_per_entry": value, "model": theory.get(level)}
                     for level, value in bits.items()]
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.yaxis.set_major_formatter(FuncFormatter(tick))
    for axes in panels[::panels_across(len(panels))]:
        axes.set_ylabel("filter bits per entry")
    page.x_label("level")
    shown = list(dict.fromkeys(one for found in cells.values() for one, _ in found))
    page.shows = shown
    handles = [Line2D([], [], color=one.colour, marker=one.marker, linestyle=one.line,
                      linewidth=0.9, markersize=4.6) for one in shown]
    labels = [one.noted_label for one in shown]
    if modelled:
        handles.append(Line2D([], [], color="#555555", marker="x", linestyle="none",
                              markersize=4.2))
        labels.append("model")
    page.legend(handles, labels)
    return pandas.DataFrame(rows)


def expected(trial: Trial) -> dict[int, float]:
    """Of the model's levels, the deepest of which is the trial's deepest; {} where there is no
    model of the trial."""
    try:
        runs = filters.run_bits(layout.of(trial))
    except AnalysisError:
        return {}
    shift = max(by_level(trial, BITS)) - max(level for level, _, _ in runs)
    found: dict[int, float] = {}
    for level in {level for level, _, _ in runs}:
        here = [(size, bits) for at, size, bits in runs if at == level]
        found[level + shift] = (sum(size * bits for size, bits in here)
                                / sum(size for size, _ in here))
    return dict(sorted(found.items()))
