"""Tables of the report and of the command line: text in cells, empty where nothing was measured."""
# SPDX-License-Identifier: Apache-2.0

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas

from analysis import ratios
from analysis.metrics import (MAIN, OF_THE_SYSTEM, digits, format_interval, format_value,
                              metric)
from analysis.provenance import settings, varying_settings
from analysis.series import NOT_SUPPORTED, Series, Trials
from analysis.summary import Estimate

COLUMNS = {  # of the summary, with their heads
    "throughput_ops_per_second": "throughput", "latency_all_p99_ns": "p99 latency",
    "system_write_amplification": "write ampl., system", "write_amplification": "write ampl.",
    "write_amplification_with_debt": "… with debt",
    "system_bytes_read_per_byte_returned": "read ampl., system",
    "runs_probed_per_get": "runs / get", "blocks_read_per_get": "blocks / get",
    "system_space_amplification": "space ampl., system", "space_amplification": "space ampl.",
    "space_amplification_peak": "… at peak", "stall_seconds": "stall time",
    "debt_seconds": "debt time"}
RATIOS = ("throughput_ops_per_second", "latency_all_p99_ns", *OF_THE_SYSTEM.values(),
          *OF_THE_SYSTEM, "memory_bytes_peak")
SHORT_HEADS = ("throughput", "p99", "WA", "RA", "SA")
NOT_SETTINGS = ("trial.repetition", "trial.seed", "workload.name")
VALUE_COLUMNS = ("median", "low", "high", "value")


@dataclass(frozen=True)
class Cell:
    """One cell: its text, a smaller second line, and what it is sorted by."""

    text: str
    more: str = ""
    value: float | str = ""


@dataclass(frozen=True)
class Table:
    heads: list[str]
    rows: list[list[Cell]]


def marks(trials: Trials, workload: str, one: Series) -> str:
    """† if no repetition was steady, ‡ if some answers were not verified."""
    cell = trials.of(workload, one)
    text = " †" if cell and not any(trial.steady for trial in cell) else ""
    return text + (" ‡" if any(trial.unverified for trial in cell) else "")


def main_metrics(trials: Trials) -> list[str]:
    """The metrics that say the most; where stores are compared, as the operating system counts."""
    several = len(trials.stores) > 1
    return [OF_THE_SYSTEM[name] if several and name in OF_THE_SYSTEM
            and trials.having(OF_THE_SYSTEM[name]) else name for name in MAIN]


def summary_metrics(trials: Trials) -> list[str]:
    """The columns of the summary: what was measured, and what the operating system counted only
    where stores are compared."""
    several = len(trials.stores) > 1
    return [name for name in COLUMNS
            if trials.having(name) and (several or name not in OF_THE_SYSTEM.values())]


def estimate_cell(name: str, estimate: Estimate, missing: str) -> Cell:
    """`missing` is why there is no number."""
    if not estimate.n:
        return Cell(missing if missing == NOT_SUPPORTED else "")
    more = (format_interval(name, estimate.median, estimate.low, estimate.high)
            if estimate.has_interval else "")
    return Cell(format_value(name, estimate.median), more, estimate.median)


def summary_table(trials: Trials) -> Table:
    """Median and interval of each metric, one row for each workload and series."""
    columns = {name: COLUMNS[name] for name in summary_metrics(trials)}
    with_durability = len(trials.durabilities) > 1
    heads = ["workload", "variant", *(["durability"] if with_durability else []), "n",
             *columns.values()]
    rows = []
    for workload in trials.workloads:
        for one in trials.series:
            cell = trials.finished(workload, one)
            if not cell:
                continue
            missing = trials.missing(workload, one)
            row = [Cell(workload, value=workload),
                   Cell(one.label + marks(trials, workload, one), value=one.label)]
            row += [Cell(one.durability, value=one.durability)] if with_durability else []
            row.append(count_cell(cell))
            row += [estimate_cell(name, trials.estimate(workload, one, name), missing)
                    for name in columns]
            rows.append(row)
    return Table(heads, rows)


def count_cell(cell: Sequence[Any]) -> Cell:
    """How many repetitions enter the medians: the steady ones, if there are any. Of those that
    the store does not support none does."""
    measured = [trial for trial in cell if not trial.not_supported]
    used = sum(trial.steady for trial in measured) or len(measured)
    return Cell(str(used), "" if used == len(cell) else f"of {len(cell)}", used)


def numbers_table(numbers: pandas.DataFrame) -> Table:
    """A figure's numbers, formatted by what each column holds."""
    rows = []
    for _, row in numbers.iterrows():
        of = str(row["metric"]) if "metric" in numbers and "ratio" not in numbers else ""
        rows.append([number_cell(name, row[name], of) for name in numbers])
    return Table([str(name).replace("_", " ") for name in numbers], rows)


def number_cell(name: str, value: Any, of: str) -> Cell:
    if isinstance(value, str) or value is None:
        return Cell(value or "", value=value or "")
    if not math.isfinite(value):
        return Cell("")
    if float(value).is_integer() and abs(value) < 1e6 and name not in VALUE_COLUMNS:
        return Cell(str(int(value)), value=float(value))
    shown = of if name in VALUE_COLUMNS and of else name
    return Cell(format_value(shown, float(value)) or digits(float(value)), value=float(value))


def ratio_tables(trials: Trials, store: str) -> list[tuple[str, Table]]:
    """Workloads × series, a table a metric: how many times that of the store, and what that shows.

    In the order of the experiment, whichever way it went; [] if there is no other store.
    """
    made = []
    for to in ratios.clear_names(trials, store):
        for name in RATIOS:
            rows = ratios.compare(trials, name, to)
            if any(math.isfinite(one.ratio.ratio) for one in rows):
                better = metric(name).better
                head = f"{metric(name).title} ÷ that of {to} ({better} is better)"
                made.append((head, ratio_table(rows)))
    return made


def ratio_table(rows: Sequence[ratios.Comparison]) -> Table:
    cells = {(one.workload, one.series): ratio_cell(one) for one in rows}
    series = list(dict.fromkeys(one.series for one in rows))
    workloads = list(dict.fromkeys(one.workload for one in rows))
    return Table(["workload", *(one.label for one in series)],
                 [[Cell(workload), *(cells[workload, one] for one in series)]
                  for workload in workloads])


def ratio_cell(one: ratios.Comparison) -> Cell:
    """"1.31 × better" and the interval below; or why there is no number."""
    ratio = one.ratio
    if not math.isfinite(ratio.ratio):
        return Cell(one.verdict)
    interval = f" [{digits(ratio.low)}, {digits(ratio.high)}]" if ratio.has_interval else ""
    return Cell(f"{digits(ratio.ratio)} ×{interval}", one.verdict, ratio.ratio)


def not_supported_table(trials: Trials) -> Table:
    """What could not be run, a row for each workload and series, with the store's sentence."""
    rows = []
    for workload in trials.workloads:
        for one in trials.series:
            cell = [trial for trial in trials.finished(workload, one) if trial.not_supported]
            for text in dict.fromkeys(trial.not_supported for trial in cell):
                count = sum(trial.not_supported == text for trial in cell)
                rows.append([Cell(workload), Cell(one.label), Cell(str(count)), Cell(text)])
    return Table(["workload", "variant", "trials", "reason"], rows)


def settings_tables(trials: Trials) -> list[tuple[str, Table]]:
    """The settings that differ: between series, between workloads, and otherwise."""
    varying = [name for name in varying_settings(trials.all) if name not in NOT_SETTINGS]
    tables = {trial.id: settings(trial) for trial in trials.all}
    by_series = {trial.id: trials.series_of[trial.id].label for trial in trials.all}
    by_workload = {trial.id: trial.workload for trial in trials.all}
    groups: dict[str, list[str]] = {"variant": [], "workload": [], "": []}
    for name in varying:
        if follows_from(name, tables, by_workload):
            groups["workload"].append(name)
        elif follows_from(name, tables, by_series):
            groups["variant"].append(name)
        else:
            groups[""].append(name)
    made = []
    for head, owner, order in (("variant", by_series, [one.label for one in trials.series]),
                               ("workload", by_workload, trials.workloads)):
        if names := [name for name in groups[head] if name != "trial.workload"]:
            rows = [[Cell(key), *(Cell(first_of(tables, owner, key, name)) for name in names)]
                    for key in order]
            made.append((f"By {head}", Table([head, *names], rows)))
    if groups[""]:
        rows = [[Cell(name), Cell(", ".join(dict.fromkeys(
            table.get(name, "") for table in tables.values())))] for name in groups[""]]
        made.append(("Otherwise", Table(["setting", "values"], rows)))
    return made


def follows_from(name: str, tables: dict[str, dict[str, str]], owner: dict[str, str]) -> bool:
    """True if trials of one owner all have the same value."""
    seen: dict[str, set[str]] = {}
    for trial_id, table in tables.items():
        seen.setdefault(owner[trial_id], set()).add(table.get(name, ""))
    return all(len(values) == 1 for values in seen.values())


def first_of(tables: dict[str, dict[str, str]], owner: dict[str, str], key: str,
             name: str) -> str:
    return next((table.get(name, "") for trial_id, table in tables.items()
                 if owner[trial_id] == key), "")


def common_settings(trials: Trials) -> list[tuple[str, str]]:
    """The settings that all trials share."""
    varying = set(varying_settings(trials.all))
    return [(name, value) for name, value in settings(trials.all[0]).items()
            if name not in varying]


def text_table(trials: Trials) -> str:
    """The main metrics as plain text: one line for each workload and series."""
    rows = [["workload", "variant", "n", *SHORT_HEADS]]
    for workload in trials.workloads:
        for one in trials.series:
            cell = trials.finished(workload, one)
            if cell:
                missing = trials.missing(workload, one)
                values = [estimate_cell(name, trials.estimate(workload, one, name), missing).text
                          for name in main_metrics(trials)]
                rows.append([workload, one.label + marks(trials, workload, one),
                             count_cell(cell).text, *(value or "-" for value in values)])
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [text.ljust(width) if at < 2 else text.rjust(width)
                 for at, (text, width) in enumerate(zip(row, widths, strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
