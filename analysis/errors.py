"""Errors that a person reads: one sentence, with the nearest right name where there is one.

Raised anywhere in analysis, printed once by run_command at the edge of each program.
"""
# SPDX-License-Identifier: Apache-2.0

import difflib
import os
import sys
from collections.abc import Callable, Iterable


class AnalysisError(Exception):
    """What is wrong, in one sentence for the person who ran the command."""


def nearest(name: str, names: Iterable[str]) -> str:
    """The name that was probably meant, or "" if none is near."""
    found = difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)
    return found[0] if found else ""


def unknown(what: str, name: str, names: Iterable[str]) -> AnalysisError:
    """The error for a name that no table has."""
    names = list(names)
    near = nearest(name, names)
    hint = f"did you mean {near}?" if near else f"known are {', '.join(names)}."
    return AnalysisError(f"There is no {what} {name!r}; {hint}")


def run_command(command: Callable[[], None]) -> int:
    """Runs a program's body; returns its exit status. An AnalysisError becomes one line."""
    try:
        command()
        sys.stdout.flush()
    except AnalysisError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"error: {error.filename}: {error.strerror}.", file=sys.stderr)
        return 1
    return 0
