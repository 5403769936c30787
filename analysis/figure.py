"""python -m analysis.figure DIR KIND: draws one figure of a results directory.

Any kind, with any of its parameters, whether or not the experiment asks for it.
"""
# SPDX-License-Identifier: Apache-2.0

import argparse
import sys
from pathlib import Path
from typing import Any

from analysis import drawing
from analysis.errors import AnalysisError, run_command, unknown
from analysis.report import load_finished


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m analysis.figure", description="Draws one figure of a results directory.",
        epilog="Kinds and their parameters: python -m analysis.figures_list")
    parser.add_argument("dir", metavar="DIR", help="a results directory")
    parser.add_argument("kind", metavar="KIND", help="a kind of figure, such as throughput")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to, ending in .svg, .pdf or "
                        ".png; all three in DIR/figures if not given")
    parser.add_argument("-s", "--set", metavar="NAME=VALUE", action="append", default=[],
                        help="a parameter of the kind, or workload or variant (repeatable)")
    arguments = parser.parse_args()
    return run_command(lambda: draw_one(arguments))


def draw_one(arguments: argparse.Namespace) -> None:
    entry = {"kind": arguments.kind, **parameters(arguments.set)}
    request = drawing.request_of(entry)
    output = Path(arguments.output) if arguments.output else None
    ending = output.suffix.removeprefix(".") if output else ""
    if output and ending not in drawing.FORMATS:
        raise unknown("figure format", ending or output.name, drawing.FORMATS)
    results, trials = load_finished(Path(arguments.dir))
    try:
        drawn = drawing.draw(request, results, trials)
    except drawing.NothingToDraw as reason:
        raise AnalysisError(f"Figure {request.name} cannot be drawn: {reason}.") from reason
    stem = output.with_suffix("") if output else results.folder / "figures" / request.name
    for path in drawing.save(drawn, stem, [ending] if output else drawing.FORMATS):
        print(path)


def parameters(texts: list[str]) -> dict[str, Any]:
    """name=value, each once; several values of one name become a list."""
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise AnalysisError(f"--set takes NAME=VALUE, not {text!r}.")
        if name in found:
            found[name] = [*([found[name]] if isinstance(found[name], str) else found[name]), value]
        else:
            found[name] = value
    return found


if __name__ == "__main__":
    sys.exit(main())
