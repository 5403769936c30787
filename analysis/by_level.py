"""What a trial has of something in each level of the tree."""
# SPDX-License-Identifier: Apache-2.0

import math
from collections.abc import Callable

from analysis.errors import unknown
from analysis.records import Trial, number, per_level, section


def written(trial: Trial) -> dict[int, float]:
    """Entries that flushes and compactions of all phases wrote to each level."""
    found: dict[int, float] = {}
    for phase in trial.result.get("phases") or []:
        flushed = number(section(phase, "counters").get("flush_entries_written", 0))
        rows = [(0, flushed)] if flushed > 0 else []
        rows += [(int(job["to_level"]),
                  number(job["entries_read"]) - number(job["entries_dropped"]))
                 for job in phase.get("compactions") or []]
        for level, entries in rows:
            found[level] = found.get(level, 0.0) + entries
    return {level: entries for level, entries in found.items() if entries > 0}


def blocks_read(trial: Trial) -> dict[int, float]:
    rows = trial.amplification.get("blocks_per_get_by_level")
    cached, stored = per_level(rows, "cache"), per_level(rows, "storage")
    return {level: cached.get(level, 0) + stored.get(level, 0) for level in cached | stored}


def of_tree(trial: Trial, name: str) -> dict[int, float]:
    """Of levels that hold something."""
    rows = section(trial.result, "tree").get("levels")
    held = per_level(rows, "tables")
    return {level: value for level, value in per_level(rows, name).items()
            if math.isfinite(value) and held.get(level, 0) > 0}


def filter_bits(trial: Trial) -> dict[int, float]:
    """Bits per entry."""
    entries = of_tree(trial, "entries")
    return {level: 8 * held / entries[level]
            for level, held in of_tree(trial, "filter_bytes").items()}


BY_LEVEL: dict[str, Callable[[Trial], dict[int, float]]] = {
    "entries_written": written,
    "blocks_read_per_get": blocks_read,
    "filter_bytes": lambda trial: of_tree(trial, "filter_bytes"),
    "filter_bits_per_entry": filter_bits,
    "entries": lambda trial: of_tree(trial, "entries"),
}


def by_level(trial: Trial, name: str) -> dict[int, float]:
    """Level -> value, ascending; empty if the trial does not know. AnalysisError for a name that
    is not in BY_LEVEL."""
    if name not in BY_LEVEL:
        raise unknown("metric by level", name, BY_LEVEL)
    return dict(sorted(BY_LEVEL[name](trial).items()))
