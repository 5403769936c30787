"""Cost models: the numbers of the papers, and of independent simulations of them."""
# SPDX-License-Identifier: Apache-2.0

import itertools
import math
from dataclasses import replace
from pathlib import Path

import pytest
import synthetic

from analysis import records
from analysis.errors import AnalysisError
from analysis.model import filters, fluid, layout, lim, oneil, runs
from analysis.model.layout import Layout
from analysis.model.table import MODELS, model_named
from analysis.model.unique import Keys

FLUSH = 1000


def leveled(ratio: int, **more) -> Layout:
    return Layout(ratio, 1, 1, FLUSH, **{"written": FLUSH, **more})


def tiered(ratio: int, **more) -> Layout:
    return Layout(ratio, ratio - 1, ratio - 1, FLUSH, **{"written": FLUSH, **more})


def lazy(ratio: int, **more) -> Layout:
    return Layout(ratio, ratio - 1, 1, FLUSH, **{"written": FLUSH, **more})


def full(ratio: int, levels: int) -> dict:
    """What fills a tree to the last flush before it grows a level."""
    return {"written": FLUSH * (ratio**levels - 1)}


def updated(ratio: int, levels: int, rounds: int = 10) -> dict:
    """A full last level, every entry of which is updated so many times."""
    unique = FLUSH * ratio**levels * (ratio - 1) // ratio
    return {"loaded": unique, "written": rounds * unique, "updates": True}


@pytest.mark.parametrize(("ratio", "levels"), [(2, 10), (4, 5), (10, 3), (32, 2)])
def test_a_full_tree_has_the_levels_that_it_was_filled_for(ratio: int, levels: int):
    assert leveled(ratio, **full(ratio, levels)).levels == levels
    more = {"written": FLUSH * (ratio**levels + 1)}
    assert leveled(ratio, **more).levels == levels + 1
    assert leveled(ratio, **updated(ratio, levels)).levels == levels


@pytest.mark.parametrize(("of", "ratio", "levels", "copies"), [
    (leveled, 4, 5, 7.5), (tiered, 4, 5, 3.75), (lazy, 4, 5, 4.5),
    (leveled, 10, 3, 13.5), (tiered, 10, 3, 2.7), (lazy, 10, 3, 6.3)])
def test_dostoevsky_eq_12_on_full_trees(of, ratio: int, levels: int, copies: float):
    assert fluid.dostoevsky(of(ratio, **full(ratio, levels))) == pytest.approx(copies)


@pytest.mark.parametrize(("of", "copies"), [(leveled, 22.5), (lazy, 11.7)])
def test_wacky_eq_14_in_the_steady_state(of, copies: float):
    assert fluid.wacky(of(10, **updated(10, 4))) == pytest.approx(copies)


@pytest.mark.parametrize(("of", "ratio", "levels", "copies"), [
    (leveled, 4, 5, 7.51), (tiered, 4, 5, 3.75), (leveled, 10, 3, 13.51), (tiered, 10, 3, 2.70)])
def test_preemptive_merging_agrees_with_eq_12(of, ratio: int, levels: int, copies: float):
    grown = of(ratio, **full(ratio, levels))
    assert runs.copies(grown) == pytest.approx(copies, abs=0.005)
    shape = [len(level) for level in runs.simulate(grown).levels]
    assert shape == [grown.runs_upper] * (levels - 1) + [grown.runs_last]


def test_at_ratio_two_all_policies_are_one_in_preemptive_mode():
    costs = [runs.copies(of(2, **full(2, 10))) for of in (leveled, tiered, lazy)]
    assert costs[0] == costs[1] == costs[2]
    assert costs[0] == pytest.approx(fluid.dostoevsky(leveled(2, **full(2, 10))), rel=0.002)


def test_a_lazy_leveled_tree_pays_for_having_been_shallow():
    grown = lazy(10, **full(10, 3))
    assert 6.3 < runs.copies(grown) < 1.08 * 6.3


@pytest.mark.parametrize(("of", "levels", "copies"), [(leveled, 3, 15.4), (tiered, 3, 2.89)])
def test_eager_merging_writes_up_to_a_copy_more_for_each_level(of, levels: int, copies: float):
    grown = of(10, **full(10, levels), eager=True)
    assert runs.copies(grown) == pytest.approx(copies, abs=0.02)
    assert 0 < runs.copies(grown) - runs.copies(replace(grown, eager=False)) < levels


@pytest.mark.parametrize(("of", "copies"), [(leveled, 24.7), (lazy, 12.0)])
def test_eager_merging_in_the_steady_state(of, copies: float):
    steady = of(10, **updated(10, 4, rounds=3), eager=True)
    assert runs.copies(steady) == pytest.approx(copies, abs=0.06)
    assert runs.copies(steady) > fluid.dostoevsky(steady), "its last level is half full"


def test_every_new_key_is_somewhere_and_updates_leave_as_many():
    grown = leveled(4, **full(4, 4))
    assert runs.simulate(grown).size == pytest.approx(grown.written)
    steady = lazy(4, **updated(4, 3))
    assert 0 <= runs.space(steady) < 0.5
    assert fluid.space(steady) == pytest.approx(1 / 3)
    assert fluid.space(tiered(4)) == pytest.approx(2 + 1 / 3)


def test_the_interval_of_lim_is_the_papers():
    keys = Keys(10**8)
    assert keys.interval(10 * 2**20) == pytest.approx(2.26e7, rel=0.005)
    assert keys.requests(10 * 2**20) == pytest.approx(1.11e7, rel=0.005)


def test_unique_keys_are_counted_as_theory_has_them():
    keys = Keys(1000)
    assert keys.unique(500) == pytest.approx(1000 * (1 - 0.999**500))
    assert keys.requests(keys.unique(700)) == pytest.approx(700)
    assert keys.merge(300, 200) == pytest.approx(300 + 200 - 60, rel=0.001)
    assert keys.merge(1000, 10) == 1000


def test_skewed_keys_are_fewer_and_their_bins_are_exact_enough():
    skewed = Keys(100_000, 0.99)
    total = sum(rank**-0.99 for rank in range(1, 100_001))
    exact = sum(1 - (1 - rank**-0.99 / total) ** 20_000 for rank in range(1, 100_001))
    assert skewed.unique(20_000) == pytest.approx(exact, rel=1e-3)
    assert skewed.unique(20_000) < 0.6 * Keys(100_000).unique(20_000)


@pytest.mark.parametrize(("unique", "copies"), [(10**5, 6.9), (10**6, 13.0), (10**7, 19.4)])
def test_lim_with_the_sizes_of_leveldb(unique: int, copies: float):
    leveldb = Layout(10, 1, 1, 4096, 10 * unique, loaded=unique, updates=True, flushes_level0=4,
                     level1=10240)
    assert 1 + lim.copies(leveldb) == pytest.approx(copies, abs=0.06), "with the log, as there"
    assert lim.worst(leveldb) > 1.5 * lim.copies(leveldb)
    assert lim.copies(replace(leveldb, zipfian=0.99)) < 0.7 * lim.copies(leveldb)


def test_oneil_theorem_3_1():
    equal = oneil.equal_ratios(1000, 3)
    assert equal == pytest.approx([10, 10, 10])
    assert oneil.page_rate(1, 1, equal) == pytest.approx(2 * (3 * 11 - 0.5))
    for ratios in itertools.product((5, 8, 10, 12.5, 20), repeat=3):
        if math.prod(ratios) == pytest.approx(1000) and set(ratios) != {10}:
            assert oneil.page_rate(1, 1, ratios) > oneil.page_rate(1, 1, equal)


def test_levels_may_have_ratios_of_their_own():
    uneven = leveled(10, loaded=FLUSH * 200, ratios=(5, 40))
    assert (uneven.levels, uneven.capacity(2), uneven.ratio_of(3)) == (3, FLUSH * 200, 40)
    assert oneil.copies(replace(uneven, loaded=FLUSH * 199, written=0)) == 6 + 41


def test_a_layout_comes_from_what_a_trial_was_asked_for(tmp_path: Path):
    def bend(result):
        result["trial"]["engine"] |= {"memtable_entries_max": 1024, "merge_mode": "preemptive",
                                      "size_ratios": "4,8"}
        result["operations"] = {"total": 5000, "update": 3000, "read": 2000}
        result["trial"]["workload"]["key_chooser"] = "zipfian_scrambled"
    folder = synthetic.make(tmp_path / "r", variants=5, repetitions=1, workloads=("ycsb_a",),
                            bend=bend)
    trials = {trial.variant: trial for trial in records.load(folder).trials}
    found = layout.of(trials["lazy_leveled"])
    assert (found.ratio, found.runs_upper, found.runs_last) == (10, 9, 1)
    assert (found.flush, found.written, found.loaded, found.unique) == (1024, 3000, 100000, 100000)
    assert (found.updates, found.eager, found.zipfian, found.ratios) == (True, False, 0.99, (4, 8))
    with pytest.raises(AnalysisError, match="know nothing of compaction 'one_leveled'"):
        layout.of(trials["one_leveled"])


@pytest.mark.parametrize(("of", "ratio", "levels", "bits", "uniform", "monkey"), [
    (leveled, 10, 3, 10, 0.02458, 0.01166), (tiered, 10, 3, 10, 0.2212, 0.1050),
    (lazy, 10, 3, 10, 0.1557, 0.0145), (leveled, 4, 5, 10, 0.04096, 0.01721),
    (tiered, 4, 5, 10, 0.1229, 0.0516), (lazy, 4, 5, 10, 0.1065, 0.0226)])
def test_false_positives_of_full_trees(of, ratio: int, levels: int, bits: float, uniform: float,
                                       monkey: float):
    loaded = of(ratio, loaded=full(ratio, levels)["written"], written=0, filter_bits=bits)
    assert filters.false_positives(loaded) == pytest.approx(uniform, rel=0.01)
    spread = replace(loaded, filter_allocation="monkey")
    assert filters.false_positives(spread) == pytest.approx(monkey, rel=0.01)
    memory = sum(size * each for _, size, each in filters.run_bits(spread))
    assert memory == pytest.approx(bits * loaded.loaded, rel=1e-6)


def test_monkey_gives_each_level_as_many_bits_more_than_the_next():
    spread = leveled(4, loaded=full(4, 5)["written"], written=0, filter_allocation="monkey")
    bits = [each for _, _, each in filters.run_bits(spread)]
    steps = [above - below for above, below in itertools.pairwise(bits)]
    assert steps == pytest.approx([math.log(4) / math.log(2)**2] * 4)
    poor = [each for _, _, each in filters.run_bits(replace(spread, filter_bits=0.5))]
    assert poor[-1] == 0 and poor[0] > 5


def test_a_bloom_filter_has_whole_probes():
    assert filters.bloom_rate(10) == pytest.approx(0.00819, rel=0.001)
    assert filters.bloom_rate(0) == 1
    assert filters.bloom_rate(1) == pytest.approx(1 - math.exp(-1))


def test_filters_that_the_model_does_not_know_are_told():
    loaded = leveled(4, loaded=full(4, 5)["written"], written=0)
    assert filters.false_positives(replace(loaded, filter="none")) == 5
    last = [each for _, _, each in filters.run_bits(replace(loaded, filter_allocation="not_last"))]
    assert last == [10, 10, 10, 10, 0]
    with pytest.raises(AnalysisError, match="know nothing of filter 'ribbon'"):
        filters.false_positives(replace(loaded, filter="ribbon"))
    with pytest.raises(AnalysisError, match="know nothing of filter_allocation 'levels'"):
        filters.run_bits(replace(loaded, filter_allocation="levels"))


def test_the_copies_of_a_load_are_those_of_a_window_that_loads_it():
    loaded = leveled(4, loaded=full(4, 5)["written"], written=0, eager=False)
    assert runs.copies(loaded) == runs.copies(leveled(4, **full(4, 5), eager=False))


def test_models_are_named_and_a_wrong_name_is_answered_with_the_nearest():
    assert all(model.source and model.metric for model in MODELS.values())
    with pytest.raises(AnalysisError, match="did you mean dostoevsky"):
        model_named("dostoyevsky")
