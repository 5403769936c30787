"""python -m analysis.figures_list: every kind of figure with its title and parameters."""
# SPDX-License-Identifier: Apache-2.0

import argparse
import sys

from analysis import drawing
from analysis.errors import run_command


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m analysis.figures_list", description="Lists the kinds of figures: what a "
        "[[figure]] entry of an experiment may name, and the parameters each takes.")
    parser.parse_args()
    return run_command(print_kinds)


def print_kinds() -> None:
    kinds = drawing.kinds()
    width = max(len(name) for name in kinds)
    for name, kind in kinds.items():
        print(f"{name:<{width}}  {kind.title}{parameters_text(kind)}")


def parameters_text(kind: drawing.Kind) -> str:
    shown = [f"{name} = {default}" for name, default in kind.parameters.items()]
    return f" ({', '.join(shown)})" if shown else ""


if __name__ == "__main__":
    sys.exit(main())
