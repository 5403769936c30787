"""Finds the kinds of figures, draws one, and saves it.

What figures/*.py import from here: NothingToDraw and the helpers that make rows of numbers. What
the programs import: kinds, requests, draw, save. The same data gives the same bytes: dates are
left out, identifiers are salted (paper.mplstyle), and no user's matplotlib settings are read.
"""
# SPDX-License-Identifier: Apache-2.0

import importlib
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.style
import pandas

from analysis import caveats
from analysis.errors import AnalysisError, unknown
from analysis.page import Page
from analysis.provenance import stamps
from analysis.records import Results, Trial, number, section
from analysis.series import OWN_DEFAULTS, Series, Trials
from analysis.summary import CONFIDENCE, REPETITIONS_MIN, Estimate, middle

HERE = Path(__file__).parent
FORMATS = ("svg", "pdf", "png")
STANDARD = ("throughput", "latency_percentiles", "write_amplification", "read_amplification",
            "space_amplification", "tradeoff", "throughput_over_time", "tree_shape_over_time")
OF_CRITERIA = ("agreement",)  # where the experiment has criteria
FILTERS = ("workload", "variant")
CAVEATS_SHOWN_MAX = 4  # of those that no store says of itself
LETTERS = "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"


class NothingToDraw(Exception):
    """Why this figure cannot be drawn from these trials: a part of a sentence."""


@dataclass(frozen=True)
class Kind:
    name: str
    title: str
    caption: str  # a template: {repetitions}, {interval}, and the parameters of draw
    draw: Callable[..., pandas.DataFrame]

    @property
    def parameters(self) -> dict[str, Any]:
        """What a [[figure]] entry may set, with defaults: the further arguments of draw."""
        arguments = list(inspect.signature(self.draw).parameters.values())[2:]
        return {argument.name: argument.default for argument in arguments}


@dataclass(frozen=True)
class Request:
    """One figure to draw: what a [[figure]] entry says."""

    kind: Kind
    name: str
    filters: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Drawn:
    request: Request
    title: str
    caption: str
    page: Page
    numbers: pandas.DataFrame
    store_notes: tuple[str, ...]  # those of the page that are about stores


def kinds() -> dict[str, Kind]:
    """Every kind of figure: the standard ones first, then others by name."""
    names = sorted(path.stem for path in (HERE / "figures").glob("*.py")
                   if not path.stem.startswith("_"))
    order = [name for name in STANDARD if name in names]
    return {name: read_kind(name) for name in [*order, *(n for n in names if n not in order)]}


def read_kind(name: str) -> Kind:
    module = importlib.import_module(f"analysis.figures.{name}")
    title, _, caption = (inspect.getdoc(module) or "").partition("\n")
    if not title or not hasattr(module, "draw"):
        raise AnalysisError(f"analysis/figures/{name}.py needs a docstring and a draw().")
    return Kind(name, title.strip().rstrip("."), " ".join(caption.split()), module.draw)


def kind_named(name: str) -> Kind:
    known = kinds()
    if name not in known:
        raise unknown("figure", name, known)
    return known[name]


def requests(results: Results) -> list[Request]:
    """The experiment's [[figure]] entries, or every standard figure if it has none; and how its
    criteria came out, if it has any."""
    entries = results.experiment.get("figure") or []
    if not isinstance(entries, list):
        raise AnalysisError("In experiment.toml a figure is written [[figure]], in two brackets.")
    made = [request_of(entry) for entry in entries] or [
        Request(kind_named(name), name) for name in STANDARD]
    asked = {request.kind.name for request in made}
    if results.experiment.get("criterion"):
        made += [Request(kind_named(name), name) for name in OF_CRITERIA if name not in asked]
    return unique_names(made)


def request_of(entry: Mapping[str, Any]) -> Request:
    """One [[figure]] entry: kind, name, filters, and what the kind's draw takes."""
    if not isinstance(entry.get("kind"), str):
        raise AnalysisError("A [[figure]] entry of experiment.toml has no kind.")
    kind = kind_named(entry["kind"])
    allowed = [*FILTERS, *kind.parameters]
    for key in entry:
        if key not in ("kind", "name", *allowed):
            raise unknown(f"parameter of figure {kind.name}", key, ["name", *allowed])
    name = str(entry.get("name", kind.name))
    if not name.replace("-", "_").isidentifier():
        raise AnalysisError(f"A figure's name {name!r} is not made of letters, digits, _ and -.")
    return Request(kind, name, {key: entry[key] for key in FILTERS if key in entry},
                   {key: entry[key] for key in kind.parameters if key in entry})


def unique_names(made: Sequence[Request]) -> list[Request]:
    """Numbers the figures that would be written to the same file."""
    taken: set[str] = set()
    named = []
    for request in made:
        name, count = request.name, 2
        while name in taken:
            name, count = f"{request.name}-{count}", count + 1
        taken.add(name)
        named.append(Request(request.kind, name, request.filters, request.parameters))
    return named


def draw(request: Request, results: Results, trials: Trials) -> Drawn:
    """Draws one figure, with stamp and notes. NothingToDraw if the trials hold nothing for it."""
    shown = trials.where(**request.filters)
    if not shown.all:
        raise NothingToDraw("no finished trial is of that workload and variant")
    notes_of_stores = caveats.store_notes(shown)
    letters = {one: letter(at) for at, note in enumerate(notes_of_stores) for one in note.series}
    shown = shown.noted(letters)
    parameters = {**request.kind.parameters, **request.parameters}
    with matplotlib.rc_context():
        use_style()
        page = StampedPage(stamps(shown.all))
        numbers = request.kind.draw(page, shown, **parameters)
        drawn = shown.series if page.shows is None else page.shows
        of_stores = drawn_notes(notes_of_stores, drawn)
        told = shown.where(workload=drawn_workloads(shown, numbers))
        of_trials = notes(results, told.only(one for one in told.series
                                             if one in drawn or told.unsupported(one)))
        for note in [*of_stores, *of_trials]:
            page.note(note)
        page.finish()
    words = {**{name: str(value).replace("_", " ") for name, value in parameters.items()},
             "repetitions": repetitions(shown), "interval": interval_words(shown)}
    caption = request.kind.caption.format_map(words)
    caption = caption[:1].upper() + caption[1:]
    return Drawn(request, request.kind.title, caption, page, numbers, tuple(of_stores))


def letter(at: int) -> str:
    """What notes are told apart by: a, b, …, z without q, aa, ab and so on."""
    rest, last = divmod(at, len(LETTERS))
    return (letter(rest - 1) if rest else "") + LETTERS[last]


def drawn_notes(found: Sequence[caveats.StoreNote], series: Sequence[Series]) -> list[str]:
    """The notes on stores of which a series is drawn, each with its letter."""
    drawn = {one.index for one in series}
    return [f"{letter(at)} {note.text}" for at, note in enumerate(found)
            if any(one.index in drawn for one in note.series)]


def drawn_workloads(trials: Trials, numbers: pandas.DataFrame) -> list[str]:
    """The workloads of which the figure has numbers."""
    if "workload" not in numbers:
        return trials.workloads
    return [name for name in trials.workloads if name in set(numbers["workload"])]


def use_style() -> None:
    """Our style on matplotlib's defaults, whatever the user's own settings are."""
    matplotlib.rcdefaults()
    matplotlib.style.use(HERE / "paper.mplstyle")


class StampedPage(Page):
    """A page that opens with a warning in red if there is reason for one."""

    def __init__(self, reasons: Sequence[str]):
        super().__init__()
        self.reasons = reasons

    def begin(self, panels: int, labels: Sequence[str] = (), left_in: float = 0.0) -> None:
        super().begin(panels, labels, left_in)
        if self.reasons:
            self.stamp("Not a measurement: " + ", ".join(self.reasons))


def save(drawn: Drawn, stem: Path, formats: Sequence[str] = FORMATS) -> list[Path]:
    """Writes stem.svg, .pdf, .png and the numbers as stem.csv; returns the paths."""
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {"Software": None}}
    stem.parent.mkdir(parents=True, exist_ok=True)
    paths = []
    with matplotlib.rc_context():
        use_style()
        for ending in formats:
            path = stem.with_name(f"{stem.name}.{ending}")
            drawn.page.figure.savefig(path, metadata=metadata[ending])
            paths.append(path)
    numbers = stem.with_name(f"{stem.name}.csv")
    drawn.numbers.to_csv(numbers, index=False)
    return [*paths, numbers]


def repetitions(trials: Trials) -> str:
    """How many repetitions a cell has: "3 repetitions", "1 to 3 repetitions"."""
    counts = cell_sizes(trials)
    low, high = min(counts), max(counts)
    if low != high:
        return f"{low} to {high} repetitions"
    return "1 repetition" if high == 1 else f"{high} repetitions"


def cell_sizes(trials: Trials) -> list[int]:
    """Of every cell that measured something, how many trials did; [0] if none did."""
    return [len(cell) for workload in trials.workloads for one in trials.series
            if (cell := trials.of(workload, one))] or [0]


def interval_words(trials: Trials) -> str:
    """What the drawn intervals are: a sentence for captions."""
    if max(cell_sizes(trials)) < REPETITIONS_MIN:
        return f"No intervals are drawn for fewer than {REPETITIONS_MIN} repetitions."
    return f"Whiskers are {100 * CONFIDENCE:.0f} % bootstrap intervals of the median."


def notes(results: Results, trials: Trials) -> list[str]:
    """What a reader of the figure has to know: failures, doubts, caveats."""
    lines = []
    total = len(results.trials) + len(results.unfinished)
    if results.unfinished:
        lines.append(f"{len(results.unfinished)} of {total} trials did not finish and are not "
                     "drawn.")
    if unsupported := [trial for trial in trials.all if trial.not_supported]:
        lines.append(f"Not supported: {which(unsupported, trials)}.")
    if unsteady := [trial for trial in trials.all if not trial.steady]:
        lines.append(f"Not steady (†: in no repetition): {which(unsteady, trials)}.")
    if unverified := [trial for trial in trials.all if trial.unverified]:
        lines.append(f"Answers not verified: {which(unverified, trials)}.")
    if len(trials.durabilities) > 1:
        lines.append("Durability classes differ (" + ", ".join(trials.durabilities)
                     + "): compare only within one.")
    if len({one.profile for one in trials.series}) > 1:
        lines.append(f"Series with {OWN_DEFAULTS} do not have the settings of the others: they "
                     "are not compared with them.")
    told = [caveat for caveat, _ in caveats.grouped(trials.all, caveats.general)]
    lines += [f"Caveat: {caveat}" for caveat in told[:CAVEATS_SHOWN_MAX]]
    if len(told) > CAVEATS_SHOWN_MAX:
        lines.append(f"{len(told) - CAVEATS_SHOWN_MAX} more caveats are in the report.")
    return lines


def which(bad: Sequence[Trial], trials: Trials) -> str:
    """"all 9 trials", or the series and cells with how many of each."""
    if len(bad) == len(trials.all):
        return f"all {len(bad)} trials" if len(bad) > 1 else "the one trial"
    cells: dict[str, int] = {}
    for trial in bad:
        one = trials.series_of[trial.id]
        whole = all(t in bad for t in trials.all if trials.series_of[t.id] == one)
        label = one.label if whole else f"{one.label} on {trial.workload}"
        cells[label] = cells.get(label, 0) + 1
    if len(cells) > 6:
        return f"{len(bad)} of {len(trials.all)} trials"
    return "; ".join(f"{label} ({count})" for label, count in cells.items())


def estimate_row(workload: str, one: Series, metric: str, found: Estimate) -> dict[str, Any]:
    """One row of a figure's numbers."""
    return {"workload": workload, "series": one.label, "metric": metric, "median": found.median,
            "low": found.low, "high": found.high, "n": found.n}


def median_trials(trials: Sequence[Trial], metric: str) -> list[Trial]:
    """The one or two trials whose mean is the median; steady ones only, if there are any."""
    measured = [trial for trial in trials if math.isfinite(trial.number(metric))]
    used = [trial for trial in measured if trial.steady] or measured
    return [used[at] for at in middle([trial.number(metric) for trial in used])]


def median_parts(trials: Sequence[Trial], metric: str, parts: str) -> dict[str, float]:
    """The parts of the median trial: they add up to the median."""
    return mean_of_rows([{name: number(share) for name, share in
                          section(trial.amplification, parts).items()}
                         for trial in median_trials(trials, metric)])


def mean_of_rows(rows: Sequence[Mapping[Any, float]]) -> dict[Any, float]:
    """The mean by name; a part that one of the rows does not have is none of it there."""
    names = {name for row in rows for name in row}
    return {name: sum(row.get(name, 0.0) for row in rows) / len(rows) for name in names}
