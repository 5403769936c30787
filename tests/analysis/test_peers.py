"""Several stores: what one does not support is no failure, and what is not equal is said."""
# SPDX-License-Identifier: Apache-2.0

import json
from dataclasses import replace
from pathlib import Path

import peers as stores
import pytest
from figure_checks import assert_as_recorded, assert_readable, draw, load, structure, svg_of

from analysis import (answer, caveats, checking, criterion, drawing, records, report, series,
                      tables)
from analysis.errors import AnalysisError

THROUGHPUT = "throughput_ops_per_second"
LEVELDB = "leveldb (process)"
LMDB_NOTE = ("lmdb: its cache is the page cache of the operating system, to which "
             "engine.cache_bytes does not apply; it has no memtable, so that "
             "engine.memtable_bytes does not apply; it does not compress.")


def nothing_supported(folder: Path, **arguments) -> Path:
    """Results of two stores that are not able to run their one workload."""
    other = replace(stores.LMDB, not_supported="delete_heavy")
    return stores.make(folder, [stores.LEVELDB, other], workloads=("delete_heavy",), **arguments)


def one_of(trials: series.Trials, variant: str) -> series.Series:
    return next(one for one in trials.series if one.variant == variant)


# Reading.

def test_what_is_not_supported_is_a_finished_trial_without_numbers(peers: Path):
    results = records.load(peers)
    assert not results.unfinished
    found = [trial for trial in results.trials if trial.not_supported]
    assert {(trial.store, trial.workload) for trial in found} == {("leveldb", "delete_heavy")}
    assert len(found) == 3
    for trial in found:
        assert trial.not_supported == "leveldb: deletes of ranges are not supported"
        assert trial.samples.empty and trial.events == [] and trial.latency == {}
        assert not trial.unverified and trial.steady
        assert all(value != value for value in trial.numbers.values())


def test_the_sentence_is_a_caveat_also_where_the_result_does_not_repeat_it(tmp_path: Path):
    folder = nothing_supported(tmp_path, repetitions=1)
    stores.bend_results(folder, lambda result: result.update(caveats=[]))
    assert records.load(folder).trials[0].caveats == [
        "leveldb: deletes of ranges are not supported"]


def test_the_summary_holds_what_the_system_counted_and_what_is_not_supported(peers: Path):
    frame = records.summary_frame(records.load(peers).trials)
    columns = list(frame)
    at = columns.index("space_amplification_mean")
    assert columns[at + 1:at + 11] == [
        "system_write_amplification", "system_write_amplification_load",
        "system_write_amplification_with_debt", "system_write_amplification_total",
        "system_write_call_amplification", "system_bytes_read_per_byte_returned",
        "system_read_call_bytes_per_byte_returned", "system_space_amplification",
        "system_space_amplification_settled", "system_space_amplification_peak"]
    assert columns[-2:] == ["not_supported", "caveats"]
    cell = frame[(frame["store"] == "leveldb") & (frame["workload"] == "delete_heavy")]
    assert set(cell["not_supported"]) == {"leveldb: deletes of ranges are not supported"}
    assert cell[THROUGHPUT].isna().all()
    peer = frame[(frame["store"] == "rocksdb") & (frame["workload"] == "ycsb_a")]
    assert peer["system_write_amplification"].notna().all()
    assert peer["write_amplification"].isna().all()
    assert set(peer["not_supported"]) == {""}


# Series.

def test_own_defaults_are_in_the_label_of_their_series_and_stand_apart(peers: Path):
    _, trials = load(peers)
    assert [one.label for one in trials.series] == [
        "sqlite (none)", "varve (process)", "rocksdb (process)", LEVELDB, "lmdb (process)",
        "rocksdb_default, own defaults (process)"]
    assert trials.terms == [("none", "equal"), ("process", "equal"), ("process", "default")]


def test_own_defaults_are_in_the_label_also_if_all_have_them(tmp_path: Path):
    alone = replace(stores.ROCKSDB_DEFAULT, name="rocksdb")
    varve = replace(stores.VARVE, profile="default")
    folder = stores.make(tmp_path, [varve, alone], repetitions=1, workloads=("ycsb_a",))
    assert [one.label for one in load(folder)[1].series] == [
        "varve, own defaults", "rocksdb, own defaults"]


def test_a_sweep_over_stores_keeps_its_order_and_says_each_store_once(tmp_path: Path):
    def bend(result):
        result["trial"]["variant"] = ""
    names = ("varve", "rocksdb", "leveldb", "lmdb")
    folder = stores.make(tmp_path, [stores.VARVE, stores.LMDB, stores.ROCKSDB], repetitions=1,
                         workloads=("ycsb_a",))
    (folder / "experiment.toml").write_text(f'[sweep]\n"trial.store" = {json.dumps(names)}\n')
    stores.bend_results(folder, bend)
    assert [one.label for one in load(folder)[1].series] == ["varve", "rocksdb", "lmdb"]


def test_settings_of_a_peer_are_settings_like_ours(tmp_path: Path):
    def bend(result):
        if result["trial"]["variant"] == "rocksdb":
            result["trial"]["rocksdb"] = {"level0_file_num_compaction_trigger": 8}
    folder = stores.make(tmp_path, [stores.VARVE, stores.ROCKSDB], repetitions=1,
                         workloads=("ycsb_a",))
    stores.bend_results(folder, bend)
    _, trials = load(folder)
    [(head, table)] = tables.settings_tables(trials)
    at = table.heads.index("rocksdb.level0_file_num_compaction_trigger")
    assert (head, [row[at].text for row in table.rows]) == ("By variant", ["", "8"])
    with pytest.raises(AnalysisError, match="did you mean rocksdb.level0_file_num_comp"):
        checking.select(trials, {"rocksdb.level0_file_num_compaction_triger": 8})
    assert len(checking.select(trials, {"rocksdb.level0_file_num_compaction_trigger": 8})) == 1


# Notes on stores.

def test_the_caveats_of_a_store_are_one_note_for_all_series_that_say_the_same(peers: Path):
    _, trials = load(peers)
    notes = caveats.store_notes(trials)
    assert [(note.text.split(":")[0], [one.variant for one in note.series])
            for note in notes] == [("sqlite", ["sqlite"]), ("rocksdb", ["rocksdb"]),
                                   ("leveldb", ["leveldb"]), ("lmdb", ["lmdb"]),
                                   ("rocksdb", ["rocksdb_default"])]
    assert notes[3].text == LMDB_NOTE
    assert notes[2].text.endswith("; deletes of ranges are not supported.")


def test_notes_that_differ_in_numbers_alone_are_one_note_with_a_range(tmp_path: Path):
    other = replace(stores.ROCKSDB, name="small", caveats=(
        "rocksdb: its write buffer manager counts an arena of 4096 bytes as full",))
    folder = stores.make(tmp_path, [stores.VARVE, stores.ROCKSDB, other], repetitions=1,
                         workloads=("ycsb_a",))
    [note] = caveats.store_notes(load(folder)[1])
    assert note.text == ("rocksdb: its write buffer manager counts an arena of 4096 to 1048576 "
                         "bytes as full.")
    assert [one.variant for one in note.series] == ["rocksdb", "small"]


@pytest.mark.parametrize("kind", ["throughput", "latency_percentiles", "write_amplification",
                                  "read_amplification", "space_amplification", "metrics",
                                  "throughput_over_time", "ratios"])
def test_the_notes_of_all_stores_stand_under_a_figure_that_draws_them(peers: Path,
                                                                      tmp_path: Path, kind: str):
    drawn = draw(peers, kind)
    text = structure(svg_of(drawn, tmp_path)).replace("\n", " ")
    assert f"ᵈ {LMDB_NOTE}" in text, "in the figure itself"
    assert len(drawn.store_notes) == 5 and f"ᵈ {LMDB_NOTE}" in drawn.store_notes
    assert "lmdb (process)\u202fᵈ" in text
    assert text.count("lmdb: ") == 1, "it is a note, and not told again as a caveat"
    assert "more caveats" not in text


@pytest.mark.parametrize("kind", ["tradeoff", "curve", "filter_bits", "shares_by_level",
                                  "false_positives", "tree_shape_over_time"])
def test_no_note_stands_under_a_figure_that_does_not_draw_its_store(peers: Path, kind: str):
    drawn = draw(peers, kind)
    assert set(drawn.numbers.get("series", ["varve (process)"])) == {"varve (process)"}
    assert drawn.store_notes == ()
    assert not any("Durability classes differ" in note for note in drawn.page.notes)


def test_a_store_without_a_tree_has_no_panel_of_its_shape(peers: Path):
    drawn = draw(peers, "tree_shape_over_time")
    assert len(drawn.page.figure.axes) == 2 * 3, "two panels of each workload, of varve alone"


def test_a_figure_of_two_stores_has_the_notes_of_those(peers: Path):
    drawn = draw(peers, "throughput", variant=["varve", "lmdb"])
    assert drawn.store_notes == (f"ᵃ {LMDB_NOTE}",)


def test_a_tradeoff_that_draws_all_stores_marks_and_notes_them(peers: Path, tmp_path: Path):
    drawn = draw(peers, "tradeoff", x="system_write_amplification", y=THROUGHPUT)
    assert len(drawn.store_notes) == 5
    assert "<!-- rocksdb (process)\u202fᵇ -->" in svg_of(drawn, tmp_path)


def test_letters_go_on_after_the_last():
    letters = [drawing.letter(at) for at in range(60)]
    assert letters[:3] == ["ᵃ", "ᵇ", "ᶜ"] and letters[25:27] == ["ᵃᵃ", "ᵃᵇ"]
    assert len(set(letters)) == 60


def test_a_caveat_of_no_store_is_told_as_before(tmp_path: Path):
    folder = stores.make(tmp_path, [stores.VARVE, stores.LMDB], repetitions=1,
                         workloads=("ycsb_a",))
    stores.bend_results(folder, lambda result: result["caveats"].append("The page cache was cold."))
    notes = draw(folder, "throughput").page.notes
    assert notes == [f"ᵃ {LMDB_NOTE}", "Caveat: The page cache was cold."]


@pytest.mark.parametrize("kind", ["throughput", "latency_percentiles", "metrics", "ratios",
                                  "space_amplification", "throughput_over_time"])
def test_notes_on_many_stores_are_readable(tmp_path: Path, kind: str):
    folder = stores.make(tmp_path, stores.MANY, workloads=("ycsb_a", "delete_heavy"))
    assert_readable(draw(folder, kind))
    assert_readable(draw(folder, kind, workload="ycsb_a"))


# What is not supported.

@pytest.mark.parametrize(("kind", "variants"), [
    ("throughput", "varve leveldb"), ("write_amplification", "varve leveldb"),
    ("read_amplification", "varve leveldb"), ("space_amplification", "varve leveldb"),
    ("throughput_over_time", "varve leveldb"), ("ratios", "varve leveldb lmdb")])
def test_a_row_that_is_not_supported_says_so(peers: Path, tmp_path: Path, kind: str,
                                             variants: str):
    drawn = draw(peers, kind, workload="delete_heavy", variant=variants.split())
    labels = structure(svg_of(drawn, tmp_path)).splitlines()
    assert "not supported" in labels and "not measured" not in labels
    assert f"Not supported: {LEVELDB} (3)." in labels


def test_a_legend_keeps_a_series_of_which_nothing_could_be_run(peers: Path, tmp_path: Path):
    only = draw(peers, "latency_percentiles", workload="delete_heavy")
    assert f"<!-- {LEVELDB}\u202fᶜ: not supported -->" in svg_of(only, tmp_path)
    both = draw(peers, "latency_percentiles")
    assert f"<!-- {LEVELDB}\u202fᶜ -->" in svg_of(both, tmp_path)


def test_captions_count_the_repetitions_that_were_measured(tmp_path: Path):
    folder = stores.make(tmp_path, [stores.VARVE, stores.LEVELDB], workloads=("delete_heavy",))
    missing = next(trial for trial in records.load(folder).trials if trial.not_supported)
    (missing.folder / "result.json").unlink()
    assert "medians of 3 repetitions." in draw(folder, "throughput").caption


def test_what_was_not_measured_for_another_reason_does_not_say_not_supported(peers: Path):
    _, trials = load(peers)
    rocksdb, leveldb = one_of(trials, "rocksdb"), one_of(trials, "leveldb")
    assert trials.missing("delete_heavy", leveldb) == "not supported"
    assert trials.missing("ycsb_a", leveldb) == "not measured"
    assert trials.missing("delete_heavy", rocksdb) == "not measured"
    others = trials.where(workload="ycsb_a")
    assert others.missing("delete_heavy", leveldb) == "not measured", "no trial has finished"


def test_tables_say_not_supported_and_count_no_repetition(peers: Path):
    _, trials = load(peers)
    table = tables.summary_table(trials)
    [row] = [row for row in table.rows if row[0].text == "delete_heavy"
             and row[1].text == LEVELDB]
    assert (row[3].text, row[3].more) == ("0", "of 3")
    assert {cell.text for cell in row[4:]} == {"not supported"}
    [line] = [line for line in tables.text_table(trials).splitlines()
              if line.startswith("delete_heavy") and LEVELDB in line]
    assert line.count("not supported") == 5


def test_the_systems_count_stands_beside_the_stores_own_where_stores_are_compared(
        peers: Path, tmp_path: Path):
    _, several = load(peers)
    heads = tables.summary_table(several).heads
    assert heads[heads.index("write ampl., system") + 1] == "write ampl."
    assert tables.main_metrics(several)[2:] == [
        "system_write_amplification", "system_bytes_read_per_byte_returned",
        "system_space_amplification"]
    _, single = load(stores.make(tmp_path, [stores.VARVE], repetitions=1))
    assert "write ampl., system" not in tables.summary_table(single).heads
    assert tables.main_metrics(single)[2] == "write_amplification"


def test_criteria_of_what_is_not_supported_are_not_checked_and_say_why(tmp_path: Path):
    folder = stores.make(tmp_path, [stores.VARVE, stores.LEVELDB], repetitions=1, figures="""
[[criterion]]
claim = "It deletes"
row = "none"
check = "bound"
metric = "throughput_ops_per_second"
of = { variant = "leveldb", workload = "delete_heavy" }
low = 1

[[criterion]]
claim = "All run"
row = "none"
check = "bound"
metric = "throughput_ops_per_second"
of = { workload = "delete_heavy" }
low = 1
""")
    first, second = criterion.judge(load(folder)[1])
    assert first.state == criterion.NOT_CHECKED
    assert first.detail == "leveldb, workload delete_heavy: " \
        "leveldb: deletes of ranges are not supported"
    assert second.state == criterion.PASS, "the trials that could be run decide"


# Answers.

def test_own_defaults_are_never_ranked_with_equal_settings(peers: Path):
    _, trials = load(peers)
    found = [verdict for verdict in answer.verdicts(trials, THROUGHPUT)
             if verdict.workload == "ycsb_a"]
    best = {verdict.terms: verdict for verdict in found}
    assert best["process", "equal"].best.variant == "rocksdb", "own defaults are faster"
    assert best["process", "default"].next is None
    text = answer.sentence(best["process", "default"], True)
    assert text.startswith("On ycsb_a with durability process, own defaults, rocksdb_default")


def test_a_store_that_does_not_support_a_workload_is_not_ranked_on_it(peers: Path):
    _, trials = load(peers)
    for verdict in answer.verdicts(trials, THROUGHPUT):
        if verdict.workload == "delete_heavy":
            ranked = [verdict.best, verdict.next, *verdict.rivals, *verdict.left_out]
            assert all(one is None or one.variant != "leveldb" for one in ranked)


# The report.

def page_of(folder: Path) -> str:
    report.write_report(folder)
    return (folder / "report.html").read_text()


def test_the_report_lists_what_is_not_supported_and_no_failure(tmp_path: Path, capsys):
    folder = stores.make(tmp_path / "r", [stores.VARVE, stores.LEVELDB],
                         figures='[[figure]]\nkind = "throughput"\n')
    page = page_of(folder)
    listed = page.split('<section id="not_supported">')[1].split("</section>")[0]
    assert "leveldb: deletes of ranges are not supported" in listed and ">3<" in listed
    assert "Trials that did not finish" not in page and "not verified" not in page
    assert "<li>ᵃ leveldb: it has one background thread" in page
    assert "LevelDB 1.23" in page and "libraries.rocksdb" in page
    out = capsys.readouterr().out
    assert ("Not supported: leveldb on delete_heavy (leveldb: deletes of ranges are not "
            "supported)") in out
    assert "did not finish" not in out


def test_a_report_of_nothing_but_what_is_not_supported(tmp_path: Path):
    page = page_of(nothing_supported(tmp_path / "r"))
    assert "throughput: no trial has a throughput" in page
    assert '<table class="ranking">' not in page
    assert "leveldb: deletes of ranges are not supported" in page
    assert ">nan<" not in page.lower()


@pytest.mark.parametrize("kind", [*drawing.STANDARD, "metrics", "curve", "filter_bits",
                                  "shares_by_level", "false_positives"])
def test_nothing_to_draw_is_no_crash(tmp_path: Path, kind: str):
    with pytest.raises(drawing.NothingToDraw):
        draw(nothing_supported(tmp_path, repetitions=1), kind)


@pytest.mark.parametrize("kind", ["throughput", "latency_percentiles", "write_amplification",
                                  "tradeoff", "throughput_over_time", "ratios"])
def test_figures_of_stores_have_the_labels_and_shapes_that_were_recorded(
        peers: Path, tmp_path: Path, kind: str):
    assert_as_recorded(svg_of(draw(peers, kind), tmp_path), f"peers_{kind}")
