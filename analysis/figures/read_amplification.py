"""Read amplification by level.

Above: sorted runs whose key range holds the key, per get. Below: data blocks looked at per get;
hatched what the block cache had, plain what came from storage. Both are split by the level of the
table. Bars are the parts of the median trial of {repetitions}. {interval} Rings are the single
trials. A workload without gets has no panel.
"""
# SPDX-License-Identifier: Apache-2.0

from collections.abc import Callable

import pandas
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from analysis.drawing import NothingToDraw, mean_of_rows
from analysis.levels import HATCH_COLOUR, hatch_colour, level_colour
from analysis.page import Page
from analysis.records import Trial, per_level
from analysis.rows import (BAR_ABOVE, BAR_HEIGHT, RINGS_BELOW, draw_estimate, finish_axis,
                           largest_value, marked, missing_row, number_at_right, row_panels)
from analysis.series import Trials
from analysis.summary import middle

Part = tuple[int, str]  # level; "", "cache" or "storage"
HATCH = "/////"
RUNS, BLOCKS = "runs_probed_per_get", "blocks_read_per_get"


def draw(page: Page, trials: Trials) -> pandas.DataFrame:
    shown = [(metric, parts, label) for metric, parts, label in (
        (RUNS, runs_parts, "runs probed per get"),
        (BLOCKS, blocks_parts, "data blocks read per get")) if trials.having(metric)]
    if not shown:
        raise NothingToDraw("no trial has a get")
    widest = max(len(trials.having(metric)) for metric, _, _ in shown)
    page.begin(widest, [one.noted_label for one in trials.series])
    rows: list[dict] = []
    for metric, parts, label in shown:
        rows += draw_block(page, trials, metric, parts)
        page.x_label(label)
    levels = sorted({row["level"] for row in rows if row["level"] != "all"})
    handles = [Patch(facecolor=level_colour(level), edgecolor=HATCH_COLOUR, linewidth=0.4)
               for level in levels]
    labels = [f"level {level}" for level in levels]
    if any(row["from"] == "cache" for row in rows):
        handles.append(Patch(facecolor="white", edgecolor=HATCH_COLOUR, hatch=HATCH,
                             linewidth=0.4))
        labels.append("from cache")
    page.legend(handles, labels)
    return pandas.DataFrame(rows)


def draw_block(page: Page, trials: Trials, metric: str,
               parts_of: Callable[[Trial], dict[Part, float]]) -> list[dict]:
    """One row of panels: a stacked bar for each series, by level."""
    workloads = trials.having(metric)
    rows = []
    for axes, workload in zip(row_panels(page, workloads, trials.series), workloads, strict=True):
        for y, one in enumerate(trials.series):
            cell = trials.of(workload, one)
            used = [t for t in cell if t.steady] or cell
            chosen = [used[at] for at in middle([t.number(metric) for t in used])]
            parts = mean_of_rows([parts_of(trial) for trial in chosen])
            draw_parts(axes, y, parts)
            estimate = draw_estimate(axes, trials, workload, one, metric, y - BAR_ABOVE,
                                     look=("black", "|"), rings_below=RINGS_BELOW + BAR_ABOVE)
            if estimate.n:
                number_at_right(axes, y, marked(estimate))
            else:
                missing_row(axes, y, trials.missing(workload, one))
            base = {"workload": workload, "series": one.label, "metric": metric}
            rows.append({**base, "level": "all", "from": "", "value": estimate.median,
                         "low": estimate.low, "high": estimate.high, "n": estimate.n})
            rows += [{**base, "level": level, "from": source, "value": value, "n": len(chosen)}
                     for (level, source), value in sorted(parts.items())]
        finish_axis(axes, largest_value(trials, workload, [metric]))
    return rows


def draw_parts(axes: Axes, y: float, parts: dict[Part, float]) -> None:
    """The bar in two passes, fill and hatch under one outline: a hatch has its edge's colour."""
    left = 0.0
    for (level, source), value in sorted(parts.items()):
        if not value > 0:
            continue
        place = {"y": y - BAR_ABOVE, "width": value, "left": left, "height": BAR_HEIGHT}
        axes.barh(**place, color=level_colour(level), linewidth=0, edgecolor=hatch_colour(level),
                  hatch=HATCH if source == "cache" else "")
        axes.barh(**place, fill=False, edgecolor=HATCH_COLOUR, linewidth=0.4)
        left += value


def runs_parts(trial: Trial) -> dict[Part, float]:
    runs = per_level(trial.amplification.get("runs_probed_per_get_by_level"), "runs")
    return {(level, ""): value for level, value in runs.items()}


def blocks_parts(trial: Trial) -> dict[Part, float]:
    by_level = trial.amplification.get("blocks_per_get_by_level")
    return {(level, source): value for source in ("storage", "cache")
            for level, value in per_level(by_level, source).items()}
