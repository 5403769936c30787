"""Ratios to a reference: every verdict is earned, and a loss looks like a win."""
# SPDX-License-Identifier: Apache-2.0

import math
from dataclasses import replace
from pathlib import Path

import peers as stores
import pytest
from figure_checks import draw, load, structure, svg_of

from analysis import ratios, report, tables
from analysis.drawing import NothingToDraw
from analysis.errors import AnalysisError
from analysis.summary import CONFIDENCE, geometric_ratio

THROUGHPUT = "throughput_ops_per_second"
SPACE = "system_space_amplification"


def make(folder: Path, *peers: stores.Peer, **arguments) -> Path:
    return stores.make(folder, peers, **{"workloads": ("ycsb_a",), **arguments})


def verdicts(folder: Path, metric: str = THROUGHPUT, to: str = "varve",
             workload: str = "ycsb_a") -> dict[str, str]:
    return {one.series.variant: one.verdict for one in ratios.compare(load(folder)[1], metric, to)
            if one.workload == workload}


def test_better_and_worse_are_said_of_the_series_and_follow_the_metric(peers: Path):
    assert verdicts(peers) == {"sqlite": "other durability", "rocksdb": "better",
                               "leveldb": "worse", "lmdb": "no difference shown",
                               "rocksdb_default": "other profile"}
    space = verdicts(peers, SPACE)
    assert (space["rocksdb"], space["leveldb"]) == ("better", "worse"), "lower is better"
    assert verdicts(peers, workload="delete_heavy")["leveldb"] == "not supported"


def test_the_ratio_is_that_of_the_series_to_the_reference(peers: Path):
    [one] = [one for one in ratios.compare(load(peers)[1], THROUGHPUT, "varve")
             if (one.workload, one.series.variant) == ("ycsb_a", "rocksdb")]
    assert one.reference.variant == "varve"
    assert one.ratio.low < 1.4 < one.ratio.high and one.ratio.n == 3


def test_intervals_are_corrected_for_the_claims_that_could_be_made(peers: Path):
    _, trials = load(peers)
    found = {one.series.variant: one for one in ratios.compare(trials, THROUGHPUT, "varve")
             if one.workload == "ycsb_a"}
    values = {name: trials.estimate("ycsb_a", found[name].series, THROUGHPUT).values
              for name in found}
    varve = trials.estimate("ycsb_a", found["lmdb"].reference, THROUGHPUT).values
    three = 1 - (1 - CONFIDENCE) / 3  # rocksdb, leveldb and lmdb; nothing of sqlite and defaults
    assert found["lmdb"].ratio == geometric_ratio(values["lmdb"], varve, three)
    assert found["sqlite"].ratio == geometric_ratio(values["sqlite"], varve, three)
    on_delete = {one.series.variant: one for one in ratios.compare(trials, THROUGHPUT, "varve")
                 if one.workload == "delete_heavy"}
    lmdb = trials.estimate("delete_heavy", found["lmdb"].series, THROUGHPUT).values
    varve = trials.estimate("delete_heavy", found["lmdb"].reference, THROUGHPUT).values
    assert on_delete["lmdb"].ratio == geometric_ratio(lmdb, varve, 1 - (1 - CONFIDENCE) / 2)


def test_two_repetitions_claim_nothing(tmp_path: Path):
    folder = make(tmp_path, stores.VARVE, stores.ROCKSDB, repetitions=2)
    [one] = ratios.compare(load(folder)[1], THROUGHPUT, "varve")
    assert one.verdict == "too few repetitions" and one.ratio.ratio == pytest.approx(1.4, 0.1)


def test_a_series_that_was_not_steady_is_not_compared_with_one_that_was(tmp_path: Path):
    def unsteady(result):
        result["steady"] = result["trial"]["variant"] != "rocksdb"
    folder = make(tmp_path, stores.VARVE, stores.ROCKSDB, stores.LEVELDB)
    assert verdicts(stores.bend_results(folder, unsteady)) == {"rocksdb": "not steady",
                                                        "leveldb": "worse"}
    stores.bend_results(folder, lambda result: result.update(steady=False))
    assert verdicts(folder) == {"rocksdb": "better", "leveldb": "worse"}


def test_a_reference_without_a_number_and_zeros_have_no_ratio(tmp_path: Path):
    folder = make(tmp_path, replace(stores.VARVE, not_supported="ycsb_a"), stores.ROCKSDB)
    assert verdicts(folder) == {"rocksdb": "the reference has no number"}
    folder = make(tmp_path / "zeros", stores.VARVE, stores.ROCKSDB)
    stores.bend_results(folder, lambda result: result["amplification"].update(stall_seconds=0))
    assert verdicts(folder, "stall_seconds") == {"rocksdb": "no ratio of zeros"}


def test_of_a_metric_without_a_better_way_neither_is_better(tmp_path: Path):
    def bend(result):
        faster = result["trial"]["variant"] == "rocksdb"
        result["operations"]["total"] = 2000 if faster else 1000
    folder = stores.bend_results(make(tmp_path, stores.VARVE, stores.ROCKSDB), bend)
    assert verdicts(folder, "operations") == {"rocksdb": "higher"}
    assert verdicts(folder, "operations", "rocksdb") == {"varve": "lower"}


# What is meant by a name.

def sized(tmp_path: Path, names: tuple[str, ...]) -> Path:
    """Each of these stores with two sizes of its cache."""
    folder = make(tmp_path, *(replace(stores.VARVE, name=f"{name}_{size}", store=name)
                              for name in names for size in (1, 8)), repetitions=1)

    def bend(result):
        name, size = result["trial"]["variant"].rsplit("_", 1)
        result["trial"]["variant"] = ""
        result["trial"]["point"] = {"trial.store": name, "engine.cache_bytes": int(size) << 20}
    return stores.bend_results(folder, bend)


def test_of_several_references_the_one_at_the_same_place_of_the_sweep_is_meant(tmp_path: Path):
    folder = sized(tmp_path, ("varve", "rocksdb", "lmdb"))
    found = ratios.compare(load(folder)[1], THROUGHPUT, "varve")
    assert [(one.series.label, one.reference.label) for one in found] == [
        (f"{store}, cache_bytes {size} MiB", f"varve, cache_bytes {size} MiB")
        for size in (1, 8) for store in ("lmdb", "rocksdb")]


def test_of_several_references_one_of_the_same_durability_class_is_meant(tmp_path: Path):
    peers = [replace(one, name="", durability=durability) for one in (stores.VARVE, stores.LMDB)
             for durability in ("process", "none")]
    folder = make(tmp_path, *peers, repetitions=1)
    found = ratios.compare(load(folder)[1], THROUGHPUT, "varve")
    assert [(one.series.label, one.reference.label) for one in found] == [
        ("lmdb (none)", "varve (none)"), ("lmdb (process)", "varve (process)")]
    assert {one.verdict for one in found} == {"too few repetitions"}


def test_if_it_is_not_clear_which_is_meant_a_label_or_variant_has_to_say(tmp_path: Path):
    other = replace(stores.VARVE, name="varve_tiered", speed=2.0)
    first = replace(stores.VARVE, name="varve_leveled")
    folder = make(tmp_path, first, other, stores.ROCKSDB)
    with pytest.raises(AnalysisError, match="may mean varve_leveled and varve_tiered"):
        verdicts(folder)
    assert verdicts(folder, to="varve_tiered") == {"varve_leveled": "worse", "rocksdb": "worse"}
    assert ratios.clear_names(load(folder)[1], "varve") == ["varve_leveled", "varve_tiered"]


def test_a_name_that_nothing_has_is_answered_with_the_nearest(peers: Path, results: Path):
    with pytest.raises(AnalysisError, match="compare with 'rocksbd'; did you mean rocksdb"):
        draw(peers, "ratios", to="rocksbd")
    assert ratios.clear_names(load(results)[1], "varve") == [], "there is no other store"
    assert ratios.clear_names(load(peers)[1], "map") == []


# The figure.

def marks_of(drawn) -> dict[str, list]:
    """Marker -> lines of the marks at ratios; ends of intervals and the line at 1 are others."""
    found: dict[str, list] = {}
    for axes in drawn.page.figure.axes:
        for line in axes.lines:
            if line.get_marker() in "^voD" and len(line.get_xdata()) == 1:
                found.setdefault(line.get_marker(), []).append(line)
    return found


def test_losses_are_drawn_as_plainly_as_wins_and_told_by_their_marks(peers: Path):
    marks = marks_of(draw(peers, "ratios", workload="ycsb_a"))
    assert {marker: len(lines) for marker, lines in marks.items()} == {"^": 1, "v": 1, "o": 1,
                                                                       "D": 2}
    win, loss = marks["^"][0], marks["v"][0]
    assert win.get_markersize() == loss.get_markersize()
    assert win.get_zorder() == loss.get_zorder() and win.get_alpha() == loss.get_alpha()
    assert win.get_xdata()[0] > 1 > loss.get_xdata()[0]
    assert all(line.get_markerfacecolor() == "white" for line in [*marks["o"], *marks["D"]])


def test_the_axis_is_logarithmic_and_as_long_on_both_sides_of_one(peers: Path):
    drawn = draw(peers, "ratios")
    limits = {axes.get_xlim() for axes in drawn.page.figure.axes}
    assert len(limits) == 1, "the same for all workloads"
    [(low, high)] = limits
    assert drawn.page.figure.axes[0].get_xscale() == "log"
    assert 1 / low < high, "with room for numbers"
    assert low < drawn.numbers["ratio"].min() and drawn.numbers["ratio"].max() < 1 / low


def test_an_interval_that_leaves_the_axis_ends_in_an_arrow(tmp_path: Path):
    def bend(result):
        if result["trial"]["variant"] == "rocksdb":
            result["throughput_ops_per_second"] *= 8.0 ** (result["trial"]["repetition"] - 2)
    folder = stores.bend_results(make(tmp_path, stores.VARVE, stores.ROCKSDB), bend)
    drawn = draw(folder, "ratios")
    ends = [line.get_marker() for line in drawn.page.figure.axes[0].lines
            if line.get_marker() in ("<", ">", "|")]
    assert ends == ["<", ">"]


def test_the_figure_returns_ratio_interval_n_and_verdict(peers: Path):
    numbers = draw(peers, "ratios", metrics=[THROUGHPUT, SPACE]).numbers
    assert list(numbers) == ["workload", "series", "metric", "to", "ratio", "low", "high", "n",
                             "verdict"]
    assert len(numbers) == 2 * 3 * 5 and set(numbers["to"]) == {"varve (process)"}
    [row] = numbers[numbers["verdict"] == "not supported"].to_dict("records")[:1]
    assert row["n"] == 0 and math.isnan(row["ratio"])
    cells = tables.numbers_table(numbers).rows[1][4:7]
    assert [cell.text for cell in cells] == [
        tables.digits(numbers[name][1]) for name in ("ratio", "low", "high")], "without a unit"


def test_which_way_is_better_stands_at_the_axis(peers: Path, tmp_path: Path):
    svg = svg_of(draw(peers, "ratios", metrics=f"{THROUGHPUT},{SPACE}"), tmp_path)
    assert "<!-- throughput ÷ that of varve (→\u202fbetter) -->" in svg
    assert "<!-- space amplification by the system ÷ that of varve (←\u202fbetter) -->" in svg
    assert "<!-- worse than varve -->" in svg
    assert "<!-- not compared: other durability, other profile -->" in svg


def test_without_a_second_series_there_is_nothing_to_draw(tmp_path: Path):
    with pytest.raises(NothingToDraw, match="no trial can be compared with varve"):
        draw(make(tmp_path, stores.VARVE, repetitions=1), "ratios")


def test_the_stamp_and_a_whole_caption_are_there(tmp_path: Path):
    folder = stores.bend_results(make(tmp_path, stores.VARVE, stores.LMDB, repetitions=1),
                          lambda result: result["build"].update(type="Debug"))
    drawn = draw(folder, "ratios")
    assert "Not a measurement: debug build" in structure(svg_of(drawn, tmp_path))
    assert "Each series ÷ varve" in drawn.caption and "{" not in drawn.caption


# The tables of the report.

def test_the_report_has_the_numbers_of_the_figure_in_the_order_of_the_experiment(peers: Path):
    _, trials = load(peers)
    made = dict(tables.ratio_tables(trials, "varve"))
    numbers = draw(peers, "ratios").numbers
    table = made["throughput ÷ that of varve (higher is better)"]
    assert table.heads[1:] == list(dict.fromkeys(numbers["series"]))
    assert [row[0].text for row in table.rows] == trials.workloads
    cells = [cell for row in table.rows for cell in row[1:]]
    for cell, ratio, verdict in zip(cells, numbers["ratio"], numbers["verdict"], strict=True):
        if math.isfinite(ratio):
            assert cell.text.startswith(f"{tables.digits(ratio)} × [") and cell.more == verdict
        else:
            assert cell.text == verdict == "not supported"
    assert "space amplification by the system ÷ that of varve (lower is better)" in made
    assert not any(head.startswith("blocks read") for head in made), "only varve tells of them"


def test_the_page_shows_them_only_where_there_is_another_store(tmp_path: Path):
    figure = '[[figure]]\nkind = "throughput"\n'
    folder = make(tmp_path / "two", stores.VARVE, stores.LEVELDB, figures=figure)
    report.write_report(folder)
    page = (folder / "report.html").read_text()
    section = page.split('<section id="ratios">')[1].split("</section>")[0]
    assert "<h2>Ratios to varve</h2>" in section and "<small>worse</small>" in section
    folder = make(tmp_path / "one", stores.VARVE, figures=figure)
    report.write_report(folder)
    assert "Ratios to" not in (folder / "report.html").read_text()
