"""Where numbers come from: machine, build, settings, and reasons not to trust them."""
# SPDX-License-Identifier: Apache-2.0

import json
from collections.abc import Sequence
from typing import Any

from analysis.metrics import format_value
from analysis.records import Results, Trial, section

MEASURED_BUILDS = ("release", "relwithdebinfo", "minsizerel")
MEMORY_FILE_SYSTEMS = ("tmpfs", "ramfs")


def stamps(trials: Sequence[Trial]) -> list[str]:
    """Why these are not measurements, for the stamp on every figure; [] if they are."""
    reasons: list[str] = []
    for trial in trials:
        build, machine = section(trial.result, "build"), section(trial.result, "machine")
        if build.get("type") is not None and (
                str(build["type"]).lower() not in MEASURED_BUILDS):
            reasons.append(f"{str(build['type']).lower() or 'untyped'} build")
        if build.get("assertions") is True:
            reasons.append("assertions are on")
        if build.get("sanitizer"):
            reasons.append(f"built with sanitizer {build['sanitizer']}")
        if str(machine.get("filesystem", "")).lower() in MEMORY_FILE_SYSTEMS:
            reasons.append(f"files are in memory ({machine['filesystem']})")
    return list(dict.fromkeys(reasons))


def flatten(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested tables as dotted names."""
    flat: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def text_of(value: Any) -> str:
    """A value as files spell it."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def setting_groups(trial: Trial) -> list[str]:
    """What a trial has settings of: itself, engine and workload, and other stores by name."""
    own = ["trial", "engine", "workload"]
    return own + [name for name, value in trial.asked.items()
                  if isinstance(value, dict) and name not in (*own, "point")]


def settings(trial: Trial) -> dict[str, str]:
    """Everything that was asked of a trial, by dotted name."""
    asked = {name: section(trial.asked, name) for name in setting_groups(trial)}
    return {name: text_of(value) for name, value in flatten(asked).items()}


def varying_settings(trials: Sequence[Trial]) -> list[str]:
    """The settings that are not the same in all trials, in order of first appearance."""
    tables = [settings(trial) for trial in trials]
    names = dict.fromkeys(name for table in tables for name in table)
    return [name for name in names if len({table.get(name) for table in tables}) > 1]


def facts(results: Results, name: str) -> list[tuple[str, str]]:
    """Machine or build as (name, value) rows; values that differ between trials are all given."""
    tables = [flatten(section(trial.result, name)) for trial in results.trials]
    tables = [table for table in tables if table] or [flatten(section(results.manifest, name))]
    names = dict.fromkeys(key for table in tables for key in table)
    return [(key, " | ".join(dict.fromkeys(fact_text(key, table[key]) for table in tables
                                           if key in table)))
            for key in names]


def fact_text(name: str, value: Any) -> str:
    """A fact as people read it: bytes with a unit."""
    if name.endswith("_bytes") and isinstance(value, int):
        return format_value(name, value)
    return text_of(value)
