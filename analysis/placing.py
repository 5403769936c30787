"""Puts labels beside points so that they do not cover points or each other.

Greedy: each label, in order, takes the first of a fixed list of places around its point, nearest
first, that is free; with a thin line to its point if it had to go far. Deterministic.
"""
# SPDX-License-Identifier: Apache-2.0

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

PAD = 1.5  # pixels between a label and anything else
FAR = 14  # pixels from which on a line leads to the point
DISTANCES = (5, 10, 18, 28, 40, 54, 70)
DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (0.7, 0.7), (0.7, -0.7), (-0.7, 0.7), (-0.7, -0.7))


@dataclass(frozen=True)
class Label:
    x: float
    y: float
    text: str
    colour: str


def place_labels(axes: Axes, labels: Sequence[Label], points: Sequence[tuple[float, float]],
                 size: float = 6.5) -> None:
    """Writes the labels. Called when the panel has its final place."""
    renderer = axes.figure.canvas.get_renderer()
    frame = axes.get_window_extent(renderer)
    taken = [around(x, y, 2.5) for x, y in axes.transData.transform(points)] if points else []
    for label in labels:
        artist = axes.annotate(label.text, (label.x, label.y), xytext=(0, 0), fontsize=size,
                               textcoords="offset pixels", color=label.colour, zorder=5)
        box = artist.get_window_extent(renderer)
        x, y = axes.transData.transform((label.x, label.y))
        spot, distance = best_spot(x, y, box.width, box.height, taken, frame)
        offset = (spot.x0 - x, spot.y0 - y)
        artist.remove()
        per_point = axes.figure.dpi / 72
        line = {"arrowstyle": "-", "color": "#888888", "linewidth": 0.5, "shrinkA": 0,
                "shrinkB": 2} if distance > FAR else None
        axes.annotate(label.text, (label.x, label.y), fontsize=size, color=label.colour,
                      xytext=(offset[0] / per_point, offset[1] / per_point),
                      textcoords="offset points", arrowprops=line, zorder=5)
        taken.append(spot)


def around(x: float, y: float, half: float) -> Bbox:
    return Bbox.from_extents(x - half, y - half, x + half, y + half)


def best_spot(x: float, y: float, width: float, height: float, taken: Sequence[Bbox],
              frame: Bbox) -> tuple[Bbox, float]:
    """The first free place, or the one that covers least."""
    best, best_cost, best_distance = around(x, y, 1), float("inf"), 0
    for distance in DISTANCES:
        for dx, dy in DIRECTIONS:
            centre_x = x + dx * distance + (width / 2 if dx > 0 else -width / 2 if dx < 0 else 0)
            centre_y = y + dy * distance + (height / 2 if dy > 0 else -height / 2 if dy < 0 else 0)
            spot = Bbox.from_bounds(centre_x - width / 2, centre_y - height / 2, width, height)
            cost = sum(overlap(spot.padded(PAD), other) for other in taken)
            cost += 3 * (width * height - overlap(spot, frame))
            if cost < best_cost - 1e-6:
                best, best_cost, best_distance = spot, cost, distance
        if best_cost < 1:
            break
    return best, best_distance


def overlap(a: Bbox, b: Bbox) -> float:
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    return width * height if width > 0 and height > 0 else 0.0
