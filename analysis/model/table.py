"""The models by name: what check = "model" and overlays of figures can name."""
# SPDX-License-Identifier: Apache-2.0

from collections.abc import Callable
from dataclasses import dataclass, replace

from analysis.errors import unknown
from analysis.model import filters, fluid, layout, lim, oneil, runs
from analysis.model.layout import Layout
from analysis.records import Trial

COPIES, SPACE = "entries_written_per_entry", "space_overhead"
BLOCKS = "blocks_read_per_get"  # of gets of absent keys


@dataclass(frozen=True)
class Model:
    name: str
    metric: str  # that it predicts, unless a criterion names another
    source: str
    cost: Callable[[Layout], float]

    def predict(self, trial: Trial) -> float:
        return self.cost(layout.of(trial))


MODELS = {model.name: model for model in (
    Model("dostoevsky", COPIES, "Dostoevsky Eq. 12: closed form, growth, preemptive",
          fluid.dostoevsky),
    Model("wacky", COPIES, "Wacky Eq. 14: closed form, steady state, preemptive", fluid.wacky),
    Model("runs", COPIES, "run by run, in the trial's merge mode", runs.copies),
    Model("runs_eager", COPIES, "run by run, eager merging",
          lambda of: runs.copies(replace(of, eager=True))),
    Model("runs_preemptive", COPIES, "run by run, preemptive merging",
          lambda of: runs.copies(replace(of, eager=False))),
    Model("lim", COPIES, "Lim et al. §4.2: leveled, file by file, steady state", lim.copies),
    Model("leveled_worst", COPIES, "one more than the ratio for every level", lim.worst),
    Model("oneil", COPIES, "O'Neil et al. §3.3: rolling merges, full components", oneil.copies),
    Model("fluid_space", SPACE, "Dostoevsky Eq. 13: worst case", fluid.space),
    Model("filters", BLOCKS, "Monkey Eq. 3: sum of the rates of all runs", filters.false_positives),
    Model("runs_space", SPACE, "run by run, at the end of measure", runs.space),
)}


def model_named(name: str) -> Model:
    if name not in MODELS:
        raise unknown("model", name, MODELS)
    return MODELS[name]
