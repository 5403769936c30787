"""Write amplification by cause.

Bytes written to storage in the measure phase for each byte of keys and values that clients wrote,
split by what caused the write; the WAL is included. Bars are the parts of the median trial (of the
two middle ones, averaged, where their number is even), so that parts add up to the median;
{repetitions}. {interval} Rings are the single trials. A workload that writes nothing has no write
amplification and no panel.
"""
# SPDX-License-Identifier: Apache-2.0

import pandas
from matplotlib.patches import Patch

from analysis.drawing import NothingToDraw, median_parts
from analysis.levels import HATCH_COLOUR, level_colour
from analysis.page import Page
from analysis.records import number, section
from analysis.rows import (BAR_ABOVE, BAR_HEIGHT, RINGS_BELOW, draw_estimate, finish_axis,
                           largest_value, marked, missing_row, number_at_right, row_panels)
from analysis.series import Trials

METRIC = "write_amplification"
COMPACTION = "compaction_to_"
FIXED = {"wal": ("#9A9A9A", "////"), "flush": ("#E69F00", "...."), "other": ("#FFFFFF", "xxxx")}


def draw(page: Page, trials: Trials) -> pandas.DataFrame:
    workloads = trials.having(METRIC)
    if not workloads:
        raise NothingToDraw("no trial has a write amplification")
    causes = causes_of(trials)
    rows = []
    for axes, workload in zip(row_panels(page, workloads, trials.series), workloads, strict=True):
        for y, one in enumerate(trials.series):
            parts = median_parts(trials.of(workload, one), METRIC, "write_amplification_parts")
            left = 0.0
            for cause in causes:
                colour, hatch = look(cause)
                axes.barh(y - BAR_ABOVE, parts.get(cause, 0.0), left=left, height=BAR_HEIGHT,
                          color=colour, hatch=hatch, edgecolor=HATCH_COLOUR, linewidth=0.4)
                left += parts.get(cause, 0.0)
            estimate = draw_estimate(axes, trials, workload, one, METRIC, y - BAR_ABOVE,
                                     look=("black", "|"), rings_below=RINGS_BELOW + BAR_ABOVE)
            if estimate.n:
                number_at_right(axes, y, marked(estimate))
            else:
                missing_row(axes, y, trials.missing(workload, one))
            rows.append({"workload": workload, "series": one.label, "n": estimate.n,
                         "write_amplification": estimate.median, "low": estimate.low,
                         "high": estimate.high, **{cause: parts.get(cause) for cause in causes}})
        finish_axis(axes, largest_value(trials, workload, [METRIC]))
    page.x_label("write amplification (bytes written ÷ user bytes)")
    handles = [Patch(facecolor=look(cause)[0], hatch=look(cause)[1], edgecolor=HATCH_COLOUR,
                     linewidth=0.4) for cause in causes]
    page.legend(handles, [title(cause) for cause in causes])
    return pandas.DataFrame(rows)


def causes_of(trials: Trials) -> list[str]:
    """Every cause with a share somewhere: WAL, flush, compactions from the top down, the rest."""
    seen: dict[str, float] = {}
    for trial in trials.all:
        for cause, share in section(trial.amplification, "write_amplification_parts").items():
            seen[cause] = max(seen.get(cause, 0.0), number(share))
    causes = [cause for cause, share in seen.items() if share > 0]
    order = {"wal": -2, "flush": -1, "other": 1000}
    return sorted(causes, key=lambda cause: (order.get(cause, 500 + level_of(cause)), cause))


def level_of(cause: str) -> int:
    level = cause.removeprefix(COMPACTION)
    return int(level) if cause.startswith(COMPACTION) and level.isdigit() else 400


def look(cause: str) -> tuple[str, str]:
    if cause in FIXED:
        return FIXED[cause]
    level = level_of(cause)
    return (level_colour(level), "") if level < 400 else ("#CC79A7", "++++")


def title(cause: str) -> str:
    if cause == "wal":
        return "WAL"
    level = level_of(cause)
    return f"compaction to level {level}" if level < 400 else cause.replace("_", " ")
