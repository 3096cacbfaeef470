"""Contours: the border of the region in which a function on a grid is above a level, as closed rings of points.

Marching squares (Lorensen & Cline 1987, in two dimensions): the border crosses an edge of a cell if one end of the edge
is above the level and the other is not. In each cell these crossings are joined, and all cells together give rings.
"""

from functools import lru_cache

import numpy as np

STRAIGHT = 1e-5  # radians: a smaller change of direction is a rounding error
SAME = 1e-3  # cells: points nearer than this look like one on any screen
TOP, RIGHT, BOTTOM, LEFT = range(4)
# For each of the 16 kinds of cells (top left 8, top right 4, bottom right 2, bottom left 1, added up where the corner
# is above the level): the edges at which the border enters and leaves, with the region always on the same side.
SEGMENTS = {
    1: [(LEFT, BOTTOM)], 2: [(BOTTOM, RIGHT)], 3: [(LEFT, RIGHT)], 4: [(RIGHT, TOP)],
    5: [(LEFT, TOP), (RIGHT, BOTTOM)], 6: [(BOTTOM, TOP)], 7: [(LEFT, TOP)], 8: [(TOP, LEFT)],
    9: [(TOP, BOTTOM)], 10: [(TOP, RIGHT), (BOTTOM, LEFT)], 11: [(TOP, RIGHT)], 12: [(RIGHT, LEFT)],
    13: [(RIGHT, BOTTOM)], 14: [(BOTTOM, LEFT)],
}  # fmt: skip


def rings(F: np.ndarray, level: float) -> list[np.ndarray]:
    """Borders of the region F > level, closed along the margin of the grid.

    Args:
        F: values on a grid, (rows, columns).
        level: F is above this in the region.

    Returns:
        Rings of shape (points, 2): column and row, as fractional indices of the grid. The border of a hole has the
        opposite direction to the border around it, so that a fill by winding number leaves holes open.
    """
    F = np.pad(F, 1, constant_values=level - 1e6)  # so low that the border runs along the margin
    above = level < F
    kind = 8 * above[:-1, :-1] + 4 * above[:-1, 1:] + 2 * above[1:, 1:] + above[1:, :-1]
    n_rows, n_columns = F.shape
    cells = {edge: _edge_numbers(edge, n_rows, n_columns) for edge in range(4)}

    follows = {}
    for each, segments in SEGMENTS.items():
        where = kind == each
        for enters, leaves in segments:
            follows.update(zip(cells[enters][where].tolist(), cells[leaves][where].tolist(), strict=True))

    crossings = _crossings(F, level)
    found = []
    while follows:
        first, edge = follows.popitem()
        ring = [first]
        while edge != first:
            ring.append(edge)
            edge = follows.pop(edge)
        found.append(_without_straight_points(crossings[ring] - 1))
    return found


def _without_straight_points(ring: np.ndarray) -> np.ndarray:
    """The ring without double points, and without points on a straight line: most of those along the margin."""
    moved = np.abs(ring - np.roll(ring, 1, axis=0)).max(axis=1) > SAME
    ring = ring[moved] if moved.sum() > 2 else ring
    step = np.roll(ring, -1, axis=0) - ring
    before = np.roll(step, 1, axis=0)
    cross = np.abs(before[:, 0] * step[:, 1] - before[:, 1] * step[:, 0])
    bends = cross > STRAIGHT * np.hypot(*before.T) * np.hypot(*step.T)
    return ring[bends] if bends.sum() > 2 else ring


@lru_cache(maxsize=16)
def _edge_numbers(edge: int, n_rows: int, n_columns: int) -> np.ndarray:
    """For each cell, the number of one of its edges: first all horizontal edges, row by row, then all vertical ones."""
    rows, columns = np.mgrid[: n_rows - 1, : n_columns - 1]
    if edge in (TOP, BOTTOM):
        return (rows + (edge == BOTTOM)) * n_columns + columns
    return n_rows * n_columns + rows * n_columns + columns + (edge == RIGHT)


def _crossings(F: np.ndarray, level: float) -> np.ndarray:
    """For each edge, by its number, column and row of the point where F, linear along the edge, equals the level."""
    rows, columns = np.mgrid[: F.shape[0], : F.shape[1]].astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        along_row = np.nan_to_num((level - F) / (np.roll(F, -1, axis=1) - F))
        along_column = np.nan_to_num((level - F) / (np.roll(F, -1, axis=0) - F))
    horizontal = np.stack([columns + along_row, rows], axis=-1)
    vertical = np.stack([columns, rows + along_column], axis=-1)
    return np.concatenate([horizontal.reshape(-1, 2), vertical.reshape(-1, 2)])
