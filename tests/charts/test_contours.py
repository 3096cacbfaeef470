"""A contour encloses the region above the level, no more and no less, with its holes left open."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import winding_numbers
from scipy.ndimage import map_coordinates

from playground.charts.contours import rings

x, y = np.meshgrid(np.arange(41.0), np.arange(31.0))
r = np.hypot(x - 20, y - 15)
corner = np.hypot(x, y)


def above_hyperbola(rectangle, level):
    """Area of the part of a rectangle, with one corner at the origin, in which u v is above the level."""
    return rectangle - level - level * np.log(rectangle / level)


REGIONS = {  # name: function, level, number of rings (None where the grid can't tell), enclosed area in cells
    "disc": (10 - r, 0, 1, np.pi * 10**2),
    "disc at another level": (10 - r, 4, 1, np.pi * 6**2),
    "paraboloid": (100 - r**2, 19, 1, np.pi * 9**2),
    "annulus": (4 - np.abs(r - 9), 0, 2, np.pi * (13**2 - 5**2)),
    "all but a disc": (r - 10, 0, 2, 40 * 30 - np.pi * 10**2),
    "two discs": (6 - np.hypot(np.abs(x - 20) - 10, y - 15), 0, 2, 2 * np.pi * 6**2),
    "saddle": ((x - 20.3) * (y - 15.2), 30, 2, above_hyperbola(20.3 * 15.2, 30) + above_hyperbola(19.7 * 14.8, 30)),
    "saddle at its pass": ((x - 20.3) * (y - 15.2), 0, None, 20.3 * 15.2 + 19.7 * 14.8),
    "half plane": (x - 12.3, 0, 1, (40 - 12.3) * 30),
    "half plane aslant": (x - y - 5, 0, 1, 35**2 / 2 - 5**2 / 2),
    "half plane through the points": (x - 12.0, 0, 1, 28 * 30),
    "quarter of a disc in the corner": (20 - corner, 0, 1, np.pi * 20**2 / 4),
    "half a disc at the margin": (10 - np.hypot(x - 20, y), 0, 1, np.pi * 10**2 / 2),
    "all above": (1 + 0 * x, 0, 1, 40 * 30),
    "all below": (-1 + 0 * x, 0, 0, 0),
    "all at the level": (0 * x, 0, 0, 0),
    "very high and steep": (1e4 * (10 - r), 0, 1, np.pi * 10**2),
}
each_region = pytest.mark.parametrize(("F", "level", "n_rings", "area"), REGIONS.values(), ids=REGIONS)


def signed_area(ring):
    """Shoelace formula: the area within a ring, negative if it runs the other way round."""
    after = np.roll(ring, -1, axis=0)
    return (ring[:, 0] * after[:, 1] - after[:, 0] * ring[:, 1]).sum() / 2


@each_region
def test_rings_enclose_the_area_of_the_region(F, level, n_rings, area):
    found = rings(F, level)
    assert n_rings in (None, len(found))
    assert abs(sum(map(signed_area, found))) == pytest.approx(area, rel=0.01)


@each_region
def test_points_lie_at_the_level_or_on_the_margin(F, level, n_rings, area):
    top_right = np.array(F.shape)[::-1] - 1.0
    for ring in rings(F, level):
        inside = np.clip(ring, 0, top_right)
        assert inside == pytest.approx(ring, abs=1e-3)
        at_margin = (np.minimum(inside, top_right - inside) < 1e-3).any(axis=1)
        values = map_coordinates(F, inside.T[::-1], order=1)
        assert values[~at_margin] == pytest.approx(level, abs=1e-6 * np.ptp(F))
        assert (values[at_margin] >= level - 1e-6 * np.ptp(F)).all()


def test_a_hole_runs_the_other_way_round():
    areas = sorted(map(signed_area, rings(4 - np.abs(r - 9), 0)), key=abs)
    assert np.sign(areas[0]) == -np.sign(areas[1])
    assert np.abs(areas) == pytest.approx([np.pi * 5**2, np.pi * 13**2], rel=0.02)


def test_all_regions_run_the_same_way_round():
    ways = {np.sign(max(map(signed_area, rings(F, level)), key=abs)) for F, level, n, _ in REGIONS.values() if n != 0}
    assert len(ways) == 1


def test_columns_come_before_rows():
    (ring,) = rings(3 - np.hypot(x - 30, y - 8), 0)
    assert ring.mean(axis=0) == pytest.approx([30, 8], abs=0.1)


def test_straight_borders_have_points_at_their_corners_alone():
    (ring,) = rings(1 + 0 * x, 0)
    assert len(ring) == 4


@st.composite
def smooth_grids(draw):
    """A few waves on a grid of any size."""
    rows, columns = draw(st.integers(3, 16)), draw(st.integers(3, 16))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    row, column = np.mgrid[:rows, :columns]
    waves = [
        size * np.cos(along * row + across * column + phase)
        for size, along, across, phase in rng.uniform(
            [0, -1, -1, 0], [1, 1, 1, 2 * np.pi], (draw(st.integers(1, 4)), 4)
        )
    ]
    return sum(waves)


@settings(deadline=None, max_examples=150)
@given(smooth_grids(), st.floats(-1, 1))
def test_a_point_is_within_the_rings_where_the_function_is_above_the_level(F, level):
    """Tested off the margin, and not near the border: where F is more than half of the steepest step off the level."""
    steepest = max(np.abs(np.diff(F, axis=axis)).max() for axis in (0, 1))
    row, column = np.nonzero(np.abs(F - level) > steepest / 2)
    off = (row > 0) & (row < len(F) - 1) & (column > 0) & (column < F.shape[1] - 1)
    row, column = row[off], column[off]
    turns = sum((winding_numbers(ring, np.column_stack([column, row])) for ring in rings(F, level)), 0 * row)
    assert np.array_equal(turns != 0, F[row, column] > level)
    assert np.isin(np.abs(turns), (0, 1)).all()
