"""A figure whose parts are placed in inches, from the top down, so that nothing overlaps.

Text is measured before room is given to it: the left margin fits the longest label, the legend
takes as many columns as fit, notes are wrapped to the width. finish() fixes the height and puts
every part in its place; drawing.py calls it after the kind's draw().
"""
# SPDX-License-Identifier: Apache-2.0

import textwrap
from collections.abc import Callable, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.legend import Legend
from matplotlib.text import Text

from analysis.series import Series

ONE_COLUMN_IN, TWO_COLUMNS_IN = 3.5, 7.16
PANELS_ACROSS_MAX = 3
LABEL_CHARACTERS_MAX = 26
MARGIN_IN = 0.06
RIGHT_IN = 0.1  # half of the last number of an axis
TITLE_IN = 0.2
TICKS_IN = 0.19
LINE_IN = 0.15
STAMP_COLOUR = "#C00000"
NOTE_SIZE = 6
NOTE_LINE_IN = 0.115


class Page:
    """One figure in the making."""

    def __init__(self) -> None:
        self.figure = Figure(figsize=(TWO_COLUMNS_IN, 3))
        FigureCanvasAgg(self.figure)
        self.width_in = 0.0
        self.left_in = 0.0
        self.y_in = MARGIN_IN
        self.notes: list[str] = []
        self.shows: list[Series] | None = None  # the series drawn; None: all that were given
        self._axes: list[tuple[Axes, float, float, float, float]] = []
        self._texts: list[tuple[Text, float, float]] = []
        self._legends: list[tuple[Legend, float, float]] = []
        self._after: list[Callable[[], None]] = []

    def text_width_in(self, text: str, size: float, weight: str = "normal") -> float:
        renderer = self.figure.canvas.get_renderer()
        font = FontProperties(size=size, weight=weight)
        width, _, _ = renderer.get_text_width_height_descent(text, font, False)
        return width / self.figure.dpi

    def begin(self, panels: int, labels: Sequence[str] = (), left_in: float = 0.0) -> None:
        """Fixes width and left margin: one paper column for one panel, two for more."""
        self.width_in = ONE_COLUMN_IN if panels <= 1 else TWO_COLUMNS_IN
        widths = [self.text_width_in(line, 7) for label in labels
                  for line in wrap_label(label).split("\n")]
        self.left_in = max(left_in, max(widths, default=0) + 0.12) + MARGIN_IN

    def stamp(self, text: str) -> None:
        """The warning in red above everything. Called before anything is placed."""
        for line in self.wrapped(text, 8, "bold"):
            self.place_text(MARGIN_IN, self.y_in + 0.12, line, fontsize=8, fontweight="bold",
                            color=STAMP_COLOUR)
            self.y_in += 0.16
        self.y_in += 0.04

    def facets(self, names: Sequence[str], height_in: float, below_in: float = TICKS_IN,
               gap_in: float = 0.16, columns: int = 0) -> list[Axes]:
        """One panel a name, titled with it, three or fewer side by side; returned in order."""
        columns = columns or panels_across(len(names))
        panels: list[Axes] = []
        for begin in range(0, len(names), columns):
            row = self.row(columns, height_in, gap_in, TITLE_IN, len(names[begin:begin + columns]))
            for axes, name in zip(row, names[begin:begin + columns], strict=True):
                self.title(axes, name)
            panels += row
            self.y_in += below_in
        return panels

    def title(self, axes: Axes, text: str, size: float = 8, weight: str = "bold") -> None:
        """A panel's title, smaller or shortened if it would reach the next panel."""
        room_in = next(width for one, _, _, width, _ in self._axes if one is axes) + 0.08
        while size > 5.5 and self.text_width_in(text, size, weight) > room_in:
            size -= 0.5
        whole = text
        while len(text) > 4 and self.text_width_in(text, size, weight) > room_in:
            text = whole[:len(text) - 2].rstrip(" ,") + "…"
        axes.set_title(text, fontsize=size, fontweight=weight)

    def row(self, columns: int, height_in: float, gap_in: float = 0.16, above_in: float = 0.0,
            count: int = 0) -> list[Axes]:
        """`count` (default: all) panels of a row of `columns`, below everything placed so far."""
        self.y_in += above_in
        space = self.width_in - self.left_in - MARGIN_IN - RIGHT_IN
        width = (space - gap_in * (columns - 1)) / columns
        made = []
        for column in range(count or columns):
            axes = self.figure.add_axes([0.1, 0.1, 0.5, 0.5], label=f"panel {len(self._axes)}")
            left = self.left_in + column * (width + gap_in)
            self._axes.append((axes, left, self.y_in, width, height_in))
            made.append(axes)
        self.y_in += height_in
        return made

    def x_label(self, text: str) -> None:
        """A label centred under the panels placed last, or as near to that as the page lets it."""
        middle = (self.left_in + self.width_in - MARGIN_IN) / 2
        for line in self.wrapped(text, 8):
            farthest = self.width_in - MARGIN_IN - self.text_width_in(line, 8) / 2
            self.place_text(min(middle, farthest), self.y_in + 0.12, line, fontsize=8, ha="center")
            self.y_in += LINE_IN
        self.y_in += 0.2 - LINE_IN

    def place_text(self, x_in: float, y_in: float, text: str, **style: Any) -> None:
        artist = self.figure.text(0, 0, text, va="baseline", **style)
        self._texts.append((artist, x_in, y_in))

    def legend(self, handles: Sequence[Any], labels: Sequence[str]) -> None:
        """A legend under everything placed so far, over the whole width."""
        if not handles:
            return
        renderer = self.figure.canvas.get_renderer()
        room_in = self.width_in - 2 * MARGIN_IN
        for columns in range(len(handles), 0, -1):
            legend = self.figure.legend(handles, labels, ncol=columns, loc="upper left",
                                        borderaxespad=0, borderpad=0, columnspacing=1.2,
                                        handletextpad=0.5, labelspacing=0.35)
            box = legend.get_window_extent(renderer)
            if box.width / self.figure.dpi <= room_in or columns == 1:
                break
            legend.remove()
        self.y_in += 0.05
        self._legends.append((legend, (self.width_in - box.width / self.figure.dpi) / 2, self.y_in))
        self.y_in += box.height / self.figure.dpi + 0.04

    def note(self, text: str) -> None:
        """A small line under the figure."""
        if text not in self.notes:
            self.notes.append(text)

    def after(self, callback: Callable[[], None]) -> None:
        """Calls back when every panel has its final place (for what is measured in pixels)."""
        self._after.append(callback)

    def wrapped(self, text: str, size: float, weight: str = "normal") -> list[str]:
        """The text in lines that fit the page."""
        room_in = self.width_in - 2 * MARGIN_IN
        per_character = self.text_width_in(text, size, weight) / max(1, len(text))
        lines = textwrap.wrap(text, max(20, int(room_in / per_character)))
        while any(self.text_width_in(line, size, weight) > room_in for line in lines):
            longest = max(len(line) for line in lines)
            shorter = textwrap.wrap(text, max(10, longest - 2))
            if longest <= 12:
                break
            lines = shorter
        return lines

    def finish(self) -> None:
        """Writes the notes, fixes the height and puts every part where it belongs."""
        self.y_in += 0.06 if self.notes else 0
        for note in self.notes:
            for line in self.wrapped(note, NOTE_SIZE):
                self.place_text(MARGIN_IN, self.y_in + 0.08, line, fontsize=NOTE_SIZE,
                                color="#444444")
                self.y_in += NOTE_LINE_IN
        height = self.y_in + MARGIN_IN
        self.figure.set_size_inches(self.width_in, height)
        for axes, left, top, width, tall in self._axes:
            axes.set_position([left / self.width_in, 1 - (top + tall) / height,
                               width / self.width_in, tall / height])
        for text, x_in, y_in in self._texts:
            text.set_position((x_in / self.width_in, 1 - y_in / height))
        for legend, x_in, y_in in self._legends:
            legend.set_bbox_to_anchor((x_in / self.width_in, 1 - y_in / height),
                                      self.figure.transFigure)
        for callback in self._after:
            callback()


def panels_across(panels: int) -> int:
    """How many panels stand side by side: three at most, and four are two by two."""
    return 2 if panels == 4 else min(PANELS_ACROSS_MAX, panels)


def wrap_label(label: str) -> str:
    """A label in lines short enough for a margin."""
    return "\n".join(textwrap.wrap(label, LABEL_CHARACTERS_MAX)) or label


def label_lines(labels: Sequence[str]) -> int:
    return max((wrap_label(label).count("\n") + 1 for label in labels), default=1)
