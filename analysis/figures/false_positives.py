"""False positives of filters.

Share of answers "maybe" that filters give for keys that their tables lack, over the bits per entry
that they really take. Each mark is a trial, with the 95 % interval of a binomial count of as many
answers (Wilson); dashed: what the theory of the kind says of the same trials.
"""
# SPDX-License-Identifier: Apache-2.0

import math
from collections.abc import Sequence

import pandas
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from analysis.checking import setting, values_of
from analysis.drawing import NothingToDraw
from analysis.metrics import tick
from analysis.page import Page
from analysis.records import Trial
from analysis.series import COLOURS, Trials, mark_look

RATE, EXPECTED = "filter_false_positive_rate", "filter_false_positive_rate_expected"
BITS, ANSWERS = "filter_bits_per_entry", "filter_probes_absent"
NORMAL_95 = 1.96


def draw(page: Page, trials: Trials) -> pandas.DataFrame:
    measured = [trial for trial in trials.all
                if trial.number(RATE) > 0 and math.isfinite(trial.number(BITS))]
    if not measured:
        raise NothingToDraw("no trial has filters that were asked for absent keys")
    found = {str(setting(trial, "engine.filter")) for trial in measured}
    kinds = [kind for kind in values_of(trials, "engine.filter") if kind in found]
    page.shows = [trials.series_of[trial.id] for trial in measured]
    page.begin(1, left_in=0.74)
    axes = page.facets([", ".join(trials.workloads)], 2.4, gap_in=0.42)[0]
    rows = []
    for at, kind in enumerate(kinds):
        mine = [trial for trial in measured if str(setting(trial, "engine.filter")) == kind]
        rows += draw_kind(axes, at, kind, sorted(mine, key=lambda trial: trial.number(BITS)))
    axes.set_yscale("log")
    axes.set_ylabel("false-positive rate")
    axes.yaxis.set_major_locator(LogLocator())
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(percent))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(tick))
    axes.set_xlim(left=0)
    page.x_label("bits per entry")
    handles = [Line2D([], [], linestyle="none", **mark_look(at)) for at in range(len(kinds))]
    handles.append(Line2D([], [], color="#555555", linewidth=0.9, linestyle=(0, (4, 2))))
    page.legend(handles, [*(kind.replace("_", " ") for kind in kinds), "theory"])
    return pandas.DataFrame(rows)


def draw_kind(axes: Axes, at: int, kind: str, trials: Sequence[Trial]) -> list[dict]:
    """One kind's marks, intervals and theory; returns its numbers."""
    rows = []
    for trial in trials:
        rate, answers = trial.number(RATE), trial.number(ANSWERS)
        low, high = wilson(rate, answers)
        axes.plot([trial.number(BITS)] * 2, [low, high], color=COLOURS[at % len(COLOURS)],
                  linewidth=0.9, zorder=2.5)
        rows.append({"filter": kind, "bits_per_entry": trial.number(BITS), "rate": rate,
                     "low": low, "high": high, "answers": answers,
                     "expected": trial.number(EXPECTED)})
    bits = [row["bits_per_entry"] for row in rows]
    axes.plot(bits, [row["rate"] for row in rows], linestyle="none", zorder=3, **mark_look(at))
    axes.plot(bits, [row["expected"] for row in rows], color=COLOURS[at % len(COLOURS)],
              linewidth=0.9, linestyle=(0, (4, 2)), zorder=2)
    return rows


def wilson(rate: float, answers: float) -> tuple[float, float]:
    """Wilson's score interval of a binomial share, JASA 22(158), 1927."""
    z2 = NORMAL_95**2
    middle = (rate + z2 / (2 * answers)) / (1 + z2 / answers)
    half = NORMAL_95 / (1 + z2 / answers) * math.sqrt(
        rate * (1 - rate) / answers + z2 / (4 * answers**2))
    return middle - half, middle + half


def percent(value: float, _: int = 0) -> str:
    return f"{value * 100:g} %"
