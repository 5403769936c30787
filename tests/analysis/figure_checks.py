"""What tests of figures share: drawing one, comparing it with what was recorded, and looking for
texts that are clipped or overlap."""
# SPDX-License-Identifier: Apache-2.0

import os
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

from matplotlib.text import Text

from analysis import drawing, records, series

GOLDEN = Path(__file__).parent / "golden"


def load(folder: Path) -> tuple[records.Results, series.Trials]:
    results = records.load(folder)
    return results, series.group(results)


def draw(folder: Path, kind: str, **entry) -> drawing.Drawn:
    return drawing.draw(drawing.request_of({"kind": kind, **entry}), *load(folder))


def svg_of(drawn: drawing.Drawn, folder: Path) -> str:
    return drawing.save(drawn, folder / drawn.request.name, ["svg"])[0].read_text()


def structure(svg: str) -> str:
    """What is in an SVG, as text that a person can compare: every label, and counts of shapes."""
    labels = re.findall(r"<!-- (.*?) -->", svg)
    counts = [f"{tag} {len(re.findall(f'<{tag} ', svg))}" for tag in ("path", "use", "g")]
    return "\n".join([*labels, *counts]) + "\n"


def assert_as_recorded(svg: str, name: str) -> None:
    """The labels and shapes are those of the golden file; VARVE_RECORD writes it."""
    path = GOLDEN / f"{name}.txt"
    found = structure(svg)
    if os.environ.get("VARVE_RECORD"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(found)
    assert found == path.read_text(), "if this is meant: VARVE_RECORD=1 records it anew"


def assert_readable(drawn: drawing.Drawn) -> None:
    """No text is clipped, overlaps another, or reaches into a panel that it does not belong to."""
    figure, name = drawn.page.figure, drawn.request.name
    width, height = figure.get_size_inches() * figure.dpi
    texts = list(visible_texts(figure))
    for label, (x0, y0, x1, y1) in texts:
        assert x0 >= -1 and y0 >= -1 and x1 <= width + 1 and y1 <= height + 1, \
            f"{name}: {label!r} is clipped"
    for (one, a), (other, b) in combinations(texts, 2):
        assert overlap_px(a, b) < 2, f"{name}: {one!r} overlaps {other!r}"
    for label, box, panel in labels_and_other_panels(figure):
        assert overlap_px(box, panel) < 2, f"{name}: {label!r} reaches into a panel"


def visible_texts(figure) -> Iterator[tuple[str, tuple[float, float, float, float]]]:
    """Every text that is drawn, with its frame in pixels."""
    renderer = figure.canvas.get_renderer()
    figure.draw(renderer)
    hidden = undrawn_ticks(figure)
    for text in figure.findobj(Text):
        if id(text) not in hidden and text.get_visible() and text.get_text().strip():
            box = text.get_window_extent(renderer)
            if box.width > 0:
                yield text.get_text(), box.extents


def overlap_px(a: tuple, b: tuple) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return min(width, height)


def undrawn_ticks(figure) -> set[int]:
    """Labels of ticks outside of the axes' range exist and are not drawn."""
    hidden = set()
    for axes in figure.axes:
        for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            low, high = sorted(limits)
            for tick in axis.get_major_ticks():
                if not low <= tick.get_loc() <= high:
                    hidden |= {id(tick.label1), id(tick.label2)}
    return hidden


def labels_and_other_panels(figure) -> Iterator[tuple[str, tuple, tuple]]:
    """Each label of an axis, with its frame and that of each panel that it does not belong to."""
    renderer = figure.canvas.get_renderer()
    hidden = undrawn_ticks(figure)
    for axes in figure.axes:
        others = [other.get_window_extent(renderer).extents for other in figure.axes
                  if other is not axes]
        for text in (*axes.get_xticklabels(), *axes.get_yticklabels(), axes.yaxis.label):
            if id(text) not in hidden and text.get_visible() and text.get_text().strip():
                yield from ((text.get_text(), text.get_window_extent(renderer).extents, other)
                            for other in others)
