"""Tables of the report and of the command line: text in cells, empty where nothing was measured."""
# SPDX-License-Identifier: Apache-2.0

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas

from analysis.metrics import MAIN, digits, format_interval, format_value
from analysis.provenance import settings, varying_settings
from analysis.series import Series, Trials
from analysis.summary import Estimate

SUMMARY = ("throughput_ops_per_second", "latency_all_p99_ns", "write_amplification",
           "write_amplification_with_debt", "runs_probed_per_get", "blocks_read_per_get",
           "space_amplification", "space_amplification_peak", "stall_seconds", "debt_seconds")
HEADS = ("throughput", "p99 latency", "write ampl.", "… with debt", "runs / get", "blocks / get",
         "space ampl.", "… at peak", "stall time", "debt time")
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
    return text + (" ‡" if not all(trial.verified for trial in cell) else "")


def estimate_cell(name: str, estimate: Estimate) -> Cell:
    if not estimate.n:
        return Cell("")
    more = (format_interval(name, estimate.median, estimate.low, estimate.high)
            if estimate.has_interval else "")
    return Cell(format_value(name, estimate.median), more, estimate.median)


def summary_table(trials: Trials) -> Table:
    """Median and interval of each metric, one row for each workload and series."""
    columns = {name: head for name, head in zip(SUMMARY, HEADS, strict=True)
               if trials.having(name)}
    with_durability = len(trials.durabilities) > 1
    heads = ["workload", "variant", *(["durability"] if with_durability else []), "n",
             *columns.values()]
    rows = []
    for workload in trials.workloads:
        for one in trials.series:
            cell = trials.of(workload, one)
            if not cell:
                continue
            row = [Cell(workload, value=workload),
                   Cell(one.label + marks(trials, workload, one), value=one.label)]
            row += [Cell(one.durability, value=one.durability)] if with_durability else []
            row.append(count_cell(cell))
            row += [estimate_cell(name, trials.estimate(workload, one, name)) for name in columns]
            rows.append(row)
    return Table(heads, rows)


def count_cell(cell: Sequence[Any]) -> Cell:
    """How many repetitions enter the medians: the steady ones, if there are any."""
    steady = sum(trial.steady for trial in cell)
    used = steady or len(cell)
    return Cell(str(used), "" if used == len(cell) else f"of {len(cell)}", used)


def numbers_table(numbers: pandas.DataFrame) -> Table:
    """A figure's numbers, formatted by what each column holds."""
    rows = []
    for _, row in numbers.iterrows():
        of = str(row["metric"]) if "metric" in numbers else ""
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
            cell = trials.of(workload, one)
            if cell:
                values = [format_value(name, trials.estimate(workload, one, name).median)
                          for name in MAIN]
                rows.append([workload, one.label + marks(trials, workload, one),
                             count_cell(cell).text, *(value or "-" for value in values)])
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [text.ljust(width) if at < 2 else text.rjust(width)
                 for at, (text, width) in enumerate(zip(row, widths, strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
