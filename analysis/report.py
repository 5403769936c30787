"""python -m analysis.report DIR: draws the figures of a results directory and writes report.html.

The page is one file that opens offline: figures are inside as data, nothing is fetched. It holds
no date of its own, so the same results give the same bytes.
"""
# SPDX-License-Identifier: Apache-2.0

import argparse
import base64
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import pandas

from analysis import answer, caveats, criterion, drawing, tables
from analysis.errors import AnalysisError, run_command
from analysis.metrics import MAIN, metric
from analysis.provenance import facts, stamps
from analysis.records import Results, load
from analysis.series import Trials, group, profile_words
from analysis.summary import CONFIDENCE, REPETITIONS_MIN, coverage_limit

HERE = Path(__file__).parent
SCREEN_SCALE = 1.32  # a paper's 8 points are small on a screen
PIXELS_PER_INCH = 96
REFERENCE = "varve"  # the store that others are compared with
NOT_CONTROLLED = ("Not controlled here: write amplification inside the device, its preconditioning "
                  "and over-provisioning, and what else used it.")


@dataclass(frozen=True)
class Figure:
    """A figure as the page shows it."""

    name: str
    title: str
    caption: str
    source: str
    width_px: int
    numbers: tables.Table
    notes: tuple[str, ...]  # on stores


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m analysis.report", description="Draws the figures of a results directory "
        "into DIR/figures and writes DIR/report.html, one page that opens offline.")
    parser.add_argument("dir", metavar="DIR", help="a results directory, as docs/results.md has it")
    parser.add_argument("--strict", action="store_true",
                        help="exit with 1 if a criterion of the experiment is not met")
    arguments = parser.parse_args()
    return run_command(lambda: make_report(Path(arguments.dir), arguments.strict))


def make_report(folder: Path, strict: bool) -> None:
    """The report; then, if strict, an AnalysisError unless every criterion is met."""
    judged = write_report(folder)
    unmet = [one for one in judged if one.state != criterion.PASS]
    if strict and unmet:
        raise AnalysisError(f"{len(unmet)} of {len(judged)} criteria are not met, the first: "
                            f"{unmet[0].claim}")


def write_report(folder: Path) -> list[criterion.Judged]:
    results, trials = load_finished(folder)
    judged = criterion.judge(trials)
    if judged:
        criterion.write(judged, folder)
    figures, not_drawn = draw_figures(results, trials)
    page = render(results, trials, judged, figures, not_drawn)
    path = folder / "report.html"
    path.write_text(page, encoding="utf-8")
    print(tables.text_table(trials))
    for line in [*after_table(results, trials), *criterion.text_lines(judged)]:
        print(line)
    print(f"report: {path}")
    return judged


def load_finished(folder: Path) -> tuple[Results, Trials]:
    """The results and their trials in series. AnalysisError if no trial has finished."""
    results = load(folder)
    if not results.trials:
        count = len(results.unfinished)
        first = f"; the first of {count}: {results.unfinished[0].reason}" if count else ""
        raise AnalysisError(f"No trial of {folder} has finished{first.rstrip('.')}.")
    return results, group(results)


def after_table(results: Results, trials: Trials) -> list[str]:
    """What the text table does not say: units, marks, failures."""
    heads = zip(tables.SHORT_HEADS, tables.main_metrics(trials), strict=True)
    meant = ", ".join(f"{head} {metric(name).title}" for head, name in heads if head.isupper())
    lines = [f"Medians of n repetitions. {meant}."]
    lines += [f"{mark}." for mark in used_marks(trials)]
    if reasons := stamps(trials.all):
        lines.append("Not a measurement: " + ", ".join(reasons))
    if results.unfinished:
        total = len(results.trials) + len(results.unfinished)
        lines.append(f"{len(results.unfinished)} of {total} trials did not finish")
    lines += [f"Not supported: {row[1].text} on {row[0].text} ({row[3].text})"
              for row in tables.not_supported_table(trials).rows]
    return lines


def draw_figures(results: Results, trials: Trials) -> tuple[list[Figure], list[str]]:
    """Draws and saves every figure asked for; also says which could not be drawn, and why."""
    figures, not_drawn = [], []
    for request in drawing.requests(results):
        try:
            drawn = drawing.draw(request, results, trials)
        except drawing.NothingToDraw as reason:
            not_drawn.append(f"{request.name}: {reason}")
            continue
        paths = drawing.save(drawn, results.folder / "figures" / request.name)
        figures.append(figure_of(drawn, paths[0]))
    return figures, not_drawn


def figure_of(drawn: drawing.Drawn, svg: Path) -> Figure:
    data = base64.b64encode(svg.read_bytes()).decode("ascii")
    width = round(drawn.page.width_in * PIXELS_PER_INCH * SCREEN_SCALE)
    return Figure(drawn.request.name, drawn.title, drawn.caption,
                  f"data:image/svg+xml;base64,{data}", width, tables.numbers_table(drawn.numbers),
                  drawn.store_notes)


def render(results: Results, trials: Trials, judged: list[criterion.Judged],
           figures: list[Figure], not_drawn: list[str]) -> str:
    """The page as text."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template("report.html.j2").render(
        {**context(results, trials, figures, not_drawn), "criteria": judged})


def context(results: Results, trials: Trials, figures: list[Figure],
            not_drawn: list[str]) -> dict[str, Any]:
    """Everything that the template shows."""
    return {
        "question": results.question,
        "title": results.title if results.title != results.question else "",
        "experiment": results.name, "folder": results.folder.resolve().name,
        "when": when(results), "finished": len(results.trials),
        "unfinished": results.unfinished, "stamps": stamps(trials.all),
        "answers": answers(trials), "ranking": ranking(trials),
        "summary": tables.summary_table(trials), "marks": used_marks(trials),
        "figures": figures, "not_drawn": not_drawn,
        "ratios": tables.ratio_tables(trials, REFERENCE), "reference": REFERENCE,
        "not_supported": tables.not_supported_table(trials), "stores": stores(trials),
        "settings": tables.settings_tables(trials), "common": tables.common_settings(trials),
        "machine": facts(results, "machine"), "build": facts(results, "build"),
        "caveats": [(caveat, drawing.which(about, trials))
                    for caveat, about in caveats.grouped(trials.all)],
        "not_controlled": NOT_CONTROLLED,
        "repeat": repeat_commands(results), "definitions": definitions(trials),
        "statistics": statistics(trials), "null_ns": null_cost(trials),
    }


def when(results: Results) -> str:
    """From when to when the trials ran, as the journal says."""
    path = results.folder / "journal.jsonl"
    times = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            times.append(str(json.loads(line)["time"]))
        except (ValueError, KeyError, TypeError):
            continue  # a torn line says nothing
    return f"{times[0]} to {times[-1]}" if times else str(results.manifest.get("created", ""))


def answers(trials: Trials) -> list[str]:
    """A sentence for each workload on its throughput, the one number that every trial has."""
    differs = len(trials.durabilities) > 1
    return [answer.sentence(verdict, differs)
            for verdict in answer.verdicts(trials, "throughput_ops_per_second")]


def ranking(trials: Trials) -> dict[str, Any] | None:
    """The best series by workload (and durability class) and main metric."""
    if len(trials.series) < 2:
        return None
    measured = tuple(name for name in tables.main_metrics(trials) if trials.having(name))
    found = {(verdict.workload, verdict.terms, name): verdict
             for name in measured for verdict in answer.verdicts(trials, name)}
    rows = []
    for workload, terms in dict.fromkeys((key[0], key[1]) for key in found):
        where = [workload]
        if len(trials.durabilities) > 1:
            where.append(f"durability {terms[0]}")
        if words := profile_words(terms[1]):
            where.append(words)
        rows.append((", ".join(where), [answer.short(found.get((workload, terms, name)))
                                        for name in measured]))
    return {"heads": answer.titles(measured), "rows": rows} if rows else None


def used_marks(trials: Trials) -> list[str]:
    lines = []
    cells = [trials.of(workload, one) for workload in trials.workloads for one in trials.series]
    if any(cell and not any(trial.steady for trial in cell) for cell in cells):
        lines.append("† no repetition was steady")
    if not all(trial.steady for trial in trials.all):
        lines.append("Where some repetitions were not steady, only the others enter the median")
    if any(trial.unverified for trial in trials.all):
        lines.append("‡ the answers of some repetition were not verified")
    return lines


def repeat_commands(results: Results) -> list[tuple[str, str]]:
    """Commands that do all this again."""
    here = f"results/{results.folder.resolve().name}"
    commit = dict(facts(results, "build")).get("commit", "")
    steps = [(f"git checkout {commit}", "the program that was measured")] if commit else []
    return [*steps, (f"./varve run {results.name}", "the experiment again"),
            (f"./varve run {here}/experiment.toml", "with exactly the settings of these trials"),
            (f"./varve report {here}", "this page again, from the same results")]


def definitions(trials: Trials) -> list[tuple[str, str]]:
    """What each metric of the tables means; only those that were measured."""
    return [(metric(name).title, metric(name).definition) for name in
            dict.fromkeys((*MAIN, *tables.summary_metrics(trials), "space_amplification_settled"))
            if trials.having(name)]


def stores(trials: Trials) -> list[tuple[str, str]]:
    """Each store that is a library's, with the library and its version."""
    return list(dict.fromkeys((trial.store, trial.library) for trial in trials.all
                              if trial.library))


def statistics(trials: Trials) -> list[str]:
    """How intervals were made and what they can promise with these repetitions."""
    fewest = min(drawing.cell_sizes(trials))
    lines = [f"Numbers are medians over repetitions; brackets are {100 * CONFIDENCE:.0f} % "
             "percentile bootstrap intervals of the median, with a fixed seed."]
    if fewest < REPETITIONS_MIN:
        lines.append(f"Where there are fewer than {REPETITIONS_MIN} repetitions no interval is "
                     "given; every single trial is drawn.")
    else:
        lines.append(f"With {fewest} repetitions an interval of a median can hold the true one in "
                     f"at most {100 * coverage_limit(fewest):.3g} % of all cases: more repetitions "
                     "are needed for more.")
    lines.append("Ratios are those of geometric means with Welch's t interval of the mean "
                 "logarithms, corrected for the number of comparisons (Bonferroni); a difference "
                 "is claimed only if the interval leaves out 1.")
    lines.append("Durability classes are never ranked together, nor are stores with their own "
                 "defaults and stores with the trial's settings. Trials found not steady are "
                 "marked and never mixed with steady ones.")
    return lines


def null_cost(trials: Trials) -> str:
    """What the harness itself costs, measured against the null store."""
    costs = pandas.Series([trial.result.get("harness", {}).get("null_ns_per_operation")
                           for trial in trials.all], dtype=float).dropna()
    return f"{costs.median():.0f}" if len(costs) else ""


if __name__ == "__main__":
    sys.exit(main())
