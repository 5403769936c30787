"""Layout: the symbols that the models share, with the names that the papers give them.

A value. Made by hand in tests, by of() from what a trial was asked for and what it found.
"""
# SPDX-License-Identifier: Apache-2.0

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from analysis.errors import AnalysisError
from analysis.records import Trial, section

UPPER_RUNS: dict[str, Callable[[int], int]] = {
    "leveled": lambda ratio: 1, "tiered": lambda ratio: ratio - 1,
    "lazy_leveled": lambda ratio: ratio - 1}
LAST_RUNS: dict[str, Callable[[int], int]] = {
    "leveled": lambda ratio: 1, "tiered": lambda ratio: ratio - 1,
    "lazy_leveled": lambda ratio: 1}
WRITES = ("update", "insert", "read_modify_write", "delete")


@dataclass(frozen=True)
class Layout:
    """A tree and what is written to it. Entries, unless said otherwise."""

    ratio: int  # T, where `ratios` does not say otherwise
    runs_upper: int  # K: most runs of levels 1 .. L - 1
    runs_last: int  # Z: most runs of level L
    flush: int  # F: entries of one flush
    written: int  # in the window that is measured
    loaded: int = 0  # unique ones, before the window
    updates: bool = False  # entries of the window replace loaded ones
    ratios: tuple[int, ...] = ()  # T_1, T_2, ...: a level over the one above; the last one repeats
    eager: bool = False  # merge mode: one level at a time, or at once what will cascade
    zipfian: float = 0.0  # exponent of the popularity of keys; 0: all alike
    flushes_level0: int = 1  # that are merged into level 1 at once
    level1: float = 0.0  # entries that level 1 may hold, where it is set apart from F·T
    filter: str = "bloom"
    filter_bits: float = 10.0  # b: per key, of all filters together
    filter_allocation: str = "uniform"

    @property
    def unique(self) -> int:
        """U: live entries at the end."""
        return self.loaded if self.updates else self.loaded + self.written

    @cached_property
    def levels(self) -> int:
        """L: the fewest levels that hold the unique entries; exact for a full tree.

        Endure's ceil(log_T(N / F + 1)), with the ratio of each level.
        """
        needed, room, level = self.unique / self.flush, 0, 0
        while room < needed * (1 - 1e-9):
            level += 1
            room = math.prod(self.ratio_of(i) for i in range(1, level + 1))
            room -= 0 if self.ratios else 1
        return max(1, level)

    def ratio_of(self, level: int) -> int:
        """T_i of level i >= 1."""
        if not self.ratios:
            return self.ratio
        return self.ratios[min(level, len(self.ratios)) - 1]

    def capacity(self, level: int) -> float:
        """Entries that level i may hold: that of level 1, or F·T_1, times T_2·…·T_i."""
        size = self.level1 or self.flush * self.ratio_of(1)
        return float(size * math.prod(self.ratio_of(i) for i in range(2, level + 1)))


def of(trial: Trial) -> Layout:
    """The layout of a trial. AnalysisError if the models know nothing of its strategy."""
    engine = section(trial.asked, "engine")
    workload = section(trial.asked, "workload")
    strategy, ratio = str(engine.get("compaction", "")), int(engine.get("size_ratio", 10))
    # Where levels hold several runs, the papers' level 1 is level 0 of the engine.
    level1 = int(engine.get("level1_bytes", 0)) / (1 if strategy == "leveled" else ratio)
    if strategy not in UPPER_RUNS and strategy != "fluid":
        raise AnalysisError(f"The cost models know nothing of compaction {strategy!r}.")
    fluid = strategy == "fluid"
    counts = section(trial.result, "operations")
    written = sum(int(counts.get(name, 0)) for name in WRITES)
    return Layout(
        ratio=ratio,
        runs_upper=int(engine["runs_upper"]) if fluid else UPPER_RUNS[strategy](ratio),
        runs_last=int(engine["runs_last"]) if fluid else LAST_RUNS[strategy](ratio),
        flush=flush_entries(trial), written=written, loaded=loaded_records(trial),
        updates=int(counts.get("insert", 0)) < written,
        ratios=tuple(int(part) for part in str(engine.get("size_ratios", "")).split(",") if part),
        eager=engine.get("merge_mode") != "preemptive",
        zipfian=zipfian_exponent(workload),
        flushes_level0=int(engine.get("level0_runs", 1)),
        level1=level1 / entry_bytes(trial),
        filter=str(engine.get("filter", "bloom")),
        filter_bits=float(engine.get("filter_bits_per_key", 10)),
        filter_allocation=str(engine.get("filter_allocation", "uniform")))


def loaded_records(trial: Trial) -> int:
    asked = int(section(trial.asked, "trial").get("records", 0))
    return asked or int(section(trial.asked, "workload").get("records", 0))


def zipfian_exponent(workload: dict[str, Any]) -> float:
    chooser = str(workload.get("key_chooser", "uniform"))
    return float(workload.get("zipfian_constant", 0.99)) if "zipfian" in chooser else 0.0


def flush_entries(trial: Trial) -> int:
    """F: as asked for, or as the trial's flushes had it on average."""
    asked = int(section(trial.asked, "engine").get("memtable_entries_max", 0))
    if asked:
        return asked
    counters = [section(phase, "counters") for phase in trial.result.get("phases") or []]
    flushes = sum(int(row.get("flushes", 0)) for row in counters)
    writes = sum(int(row.get("puts", 0)) + int(row.get("deletes", 0)) for row in counters)
    return max(1, round(writes / flushes)) if flushes else max(1, writes)


def entry_bytes(trial: Trial) -> float:
    """Bytes of an entry in a table, as the tree at the end of measure has them."""
    levels = section(trial.result, "tree").get("levels") or []
    entries = sum(row.get("entries", 0) for row in levels)
    found = sum(row.get("bytes", 0) for row in levels)
    return found / entries if entries else math.nan
