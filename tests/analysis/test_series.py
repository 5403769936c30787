"""Series: one label each, in the order that the experiment lists them."""
# SPDX-License-Identifier: Apache-2.0

from pathlib import Path

import pytest
import synthetic

from analysis import records, series
from analysis.errors import AnalysisError


def grouped(folder: Path, **arguments) -> series.Trials:
    return series.group(records.load(synthetic.make(folder, **{"workloads": ("ycsb_a",),
                                                               "repetitions": 1, **arguments})))


def test_variants_stand_in_the_order_of_the_experiment(tmp_path: Path):
    trials = grouped(tmp_path, variants=12)
    assert [one.label for one in trials.series] == list(synthetic.VARIANTS)


def test_workloads_stand_in_the_order_of_the_experiment(tmp_path: Path):
    trials = grouped(tmp_path, workloads=("ycsb_f", "ycsb_a", "fill_random"))
    assert trials.workloads == ["ycsb_f", "ycsb_a", "fill_random"]


def test_a_setting_that_follows_from_the_variant_is_not_in_labels(tmp_path: Path):
    trials = grouped(tmp_path, variants=2)
    assert [one.label for one in trials.series] == ["leveled", "tiered"]


def test_sweep_values_are_sorted_as_numbers_and_bytes_have_units(tmp_path: Path):
    trials = grouped(tmp_path, variants=1, sweep={"engine.memtable_bytes": [8 << 20, 1 << 20],
                                                  "engine.size_ratio": [10, 2]})
    assert [one.label for one in trials.series] == [
        "memtable_bytes 8 MiB, size_ratio 10", "memtable_bytes 8 MiB, size_ratio 2",
        "memtable_bytes 1 MiB, size_ratio 10", "memtable_bytes 1 MiB, size_ratio 2"]


def test_labels_tell_durability_classes_and_stores_apart(tmp_path: Path):
    def bend(result):
        if result["trial"]["variant"] == "tiered":
            result["settings_used"] = {"store": "null", "durability": "none"}
    trials = grouped(tmp_path, variants=2, bend=bend)
    assert [one.label for one in trials.series] == ["tiered, null (none)",
                                                    "leveled, varve (process)"]


def test_a_trial_without_a_variant_is_called_by_its_store(tmp_path: Path):
    def bend(result):
        result["trial"]["variant"] = ""
        result["trial"]["point"] = {}
    assert [one.label for one in grouped(tmp_path, variants=1, bend=bend).series] == ["varve"]


def test_looks_differ_between_any_two_of_twelve_series(tmp_path: Path):
    looks = {(one.colour, one.marker, str(one.line))
             for one in grouped(tmp_path, variants=12).series}
    assert len(looks) == 12


def test_choosing_keeps_looks_and_an_unknown_name_is_answered_with_the_nearest(tmp_path: Path):
    trials = grouped(tmp_path, variants=3)
    chosen = trials.where(variant=["tiered"])
    assert chosen.series == [trials.series[1]]
    with pytest.raises(AnalysisError, match="did you mean leveled"):
        trials.where(variant="levelled")
