"""The look of a level, the same in every figure: from light (level 0) to dark (the deepest).

The steps differ in lightness, so they can be told apart in grey as well.
"""
# SPDX-License-Identifier: Apache-2.0

LEVEL_COLOURS = ("#E3EEF7", "#BCD7EC", "#8DBCDD", "#5A9BCB", "#2F78B3", "#135390", "#06305C")
HATCH_COLOUR = "#333333"


def level_colour(level: int) -> str:
    return LEVEL_COLOURS[min(level, len(LEVEL_COLOURS) - 1)]


def hatch_colour(level: int) -> str:
    """What a hatch over this level's colour can be seen in."""
    return "#333333" if level < 3 else "#FFFFFF"
