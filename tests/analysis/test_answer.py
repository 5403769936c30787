"""Answers: the best is named, and a difference is claimed only where one is shown."""
# SPDX-License-Identifier: Apache-2.0

from collections.abc import Callable
from pathlib import Path
from typing import Any

import synthetic

from analysis import answer, records, series

THROUGHPUT = "throughput_ops_per_second"


def trials_with(folder: Path, value: Callable[[dict[str, Any]], float], repetitions: int = 3,
                variants: int = 3, more: Callable[[dict[str, Any]], None] | None = None,
                metric: str = THROUGHPUT) -> series.Trials:
    def bend(result: dict[str, Any]) -> None:
        target = result if metric == THROUGHPUT else result["amplification"]
        target[metric] = value(result["trial"])
        if more is not None:
            more(result)
    return series.group(records.load(synthetic.make(
        folder, variants=variants, repetitions=repetitions, workloads=("ycsb_a",), bend=bend)))


def far_apart(asked: dict[str, Any]) -> float:
    base = {"leveled": 1000.0, "tiered": 3000.0, "lazy_leveled": 2000.0}[asked["variant"]]
    return base + asked["repetition"]


def test_a_clear_winner_is_named_with_its_ratio_to_the_next(tmp_path: Path):
    [verdict] = answer.verdicts(trials_with(tmp_path, far_apart), THROUGHPUT)
    text = answer.sentence(verdict, False)
    assert verdict.best.label == "tiered" and verdict.rivals == ()
    assert "tiered does the most operations per second (3.00 K/s" in text
    assert "n = 3" in text and "1.50 × [1.50, 1.50] the next, lazy_leveled" in text


def test_lower_is_better_for_amplifications(tmp_path: Path):
    trials = trials_with(tmp_path, far_apart, metric="write_amplification")
    [verdict] = answer.verdicts(trials, "write_amplification")
    assert verdict.best.label == "leveled"


def test_no_difference_is_claimed_between_overlapping_numbers(tmp_path: Path):
    def noisy(asked: dict[str, Any]) -> float:
        return {1: 900.0, 2: 1000.0, 3: 1100.0}[asked["repetition"]] + len(asked["variant"])
    [verdict] = answer.verdicts(trials_with(tmp_path, noisy), THROUGHPUT)
    assert len(verdict.rivals) == 2
    assert "no difference is shown from" in answer.sentence(verdict, False)
    assert "does the most" not in answer.sentence(verdict, False)


def test_one_repetition_shows_nothing(tmp_path: Path):
    [verdict] = answer.verdicts(trials_with(tmp_path, far_apart, repetitions=1), THROUGHPUT)
    assert "no difference is shown" in answer.sentence(verdict, False)
    assert answer.short(verdict)["note"] == "no difference shown (too few repetitions)"


def test_one_variant_is_reported_and_not_ranked(tmp_path: Path):
    [verdict] = answer.verdicts(trials_with(tmp_path, far_apart, variants=1), THROUGHPUT)
    assert answer.sentence(verdict, False).startswith("On ycsb_a, leveled has throughput 1.00 K/s")


def test_durability_classes_are_never_ranked_together(tmp_path: Path):
    def no_durability(result: dict[str, Any]) -> None:
        if result["trial"]["variant"] == "tiered":
            result["settings_used"]["durability"] = "none"
    trials = trials_with(tmp_path, far_apart, more=no_durability)
    verdicts = {verdict.durability: verdict for verdict in answer.verdicts(trials, THROUGHPUT)}
    assert verdicts["none"].next is None
    assert verdicts["process"].best.variant == "lazy_leveled"
    assert "with durability none" in answer.sentence(verdicts["none"], True)


def test_what_was_not_steady_is_not_ranked_and_said_so(tmp_path: Path):
    def unsteady(result: dict[str, Any]) -> None:
        result["steady"] = result["trial"]["variant"] != "tiered"
    [verdict] = answer.verdicts(trials_with(tmp_path, far_apart, more=unsteady), THROUGHPUT)
    assert verdict.best.label == "lazy_leveled"
    assert "not ranked because not steady: tiered" in answer.sentence(verdict, False)
