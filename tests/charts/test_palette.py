"""Colours that mean something can be distinguished by everyone, and seen on light and on dark."""

from itertools import combinations

import numpy as np
import pytest

from playground.charts import contestant_styles
from playground.charts.contestant_styles import style
from playground.charts.palette import CLASSES, CONTESTANTS, NEGATIVE, NOW, POSITIVE, REFERENCE, SHADES, WRONG
from playground.nn import INITIALIZERS
from playground.training.contestants import Contestant

# Colours as the dichromats see them, in linear RGB: Machado, Oliveira & Fernandes (2009), table 1, severity 1.
SIGHT = {
    "all cones": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]])

# CIE76 colour difference. 2.3 is just noticeable side by side (Mahy et al. 1994). Points are small and lie apart, so
# six times this; pure red and green, the classic mistake, are 10 apart for a protanope.
APART = 6 * 2.3

# Contrast ratio (WCAG 2.2). Signal colours reach the 3:1 of criterion 1.4.11. Class colours are large areas, or points
# with an outline, whose position says the rest: 2:1, which Okabe and Ito's orange and light blue still have on white.
BACKGROUNDS = ("#ffffff", "#16151b")


def linear(colour):
    """Linear RGB, 0 to 1, of a colour written #rrggbb."""
    encoded = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """CIE L*a*b* of linear RGB, for the white of sRGB."""
    t = XYZ @ np.clip(rgb, 0, 1) / XYZ.sum(axis=1)
    x, y, z = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def difference(one, other, sight):
    seen = [lab(SIGHT[sight] @ linear(colour)) for colour in (one, other)]
    return np.linalg.norm(seen[0] - seen[1])


def contrast(one, other):
    darker, lighter = sorted(XYZ[1] @ linear(colour) for colour in (one, other))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_measures_know_what_is_known():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert lab(linear("#ff0000")) == pytest.approx([53.24, 80.09, 67.20], abs=0.02)
    assert all(np.sum(SIGHT[sight], axis=1) == pytest.approx(1, abs=1e-5) for sight in SIGHT)  # white stays white
    assert difference("#ff0000", "#008000", "protanopia") < APART < difference("#ff0000", "#008000", "all cones")


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize(
    "colours",
    [*combinations(CLASSES, 2), *combinations(CONTESTANTS, 2), (NOW, REFERENCE), (POSITIVE, NEGATIVE)],
    ids="-".join,
)
def test_colours_that_are_compared_can_be_told_apart(colours, sight):
    assert difference(*colours, sight) > APART


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_every_colour_is_seen_on_light_and_on_dark(background):
    assert min(contrast(colour, background) for colour in (NOW, REFERENCE, WRONG, POSITIVE, NEGATIVE)) >= 3
    assert min(contrast(colour, background) for colour in CLASSES + CONTESTANTS + SHADES) >= 2


@pytest.mark.parametrize("sight", SIGHT)
def test_any_two_contestants_on_one_picture_differ_in_colour_or_in_their_dashes(sight):
    contestants = [Contestant(name, batch_norm) for name in INITIALIZERS for batch_norm in (False, True)]
    for one, other in combinations(map(style, contestants), 2):
        assert one.dash != other.dash or difference(one.color, other.color, sight) > APART
    for name in INITIALIZERS:  # with and without batch normalisation they are compared most: by both
        plain, shade = style(Contestant(name)), style(Contestant(name, True))
        assert plain.dash != shade.dash
        assert difference(plain.color, shade.color, sight) > APART


def test_a_scheme_that_is_added_at_the_end_changes_the_look_of_no_other(monkeypatch):
    before = {name: style(Contestant(name)) for name in INITIALIZERS}
    monkeypatch.setattr(contestant_styles, "INITIALIZERS", [*INITIALIZERS, "another"])
    style.cache_clear()
    assert {name: style(Contestant(name)) for name in before} == before
    assert style(Contestant("another")) not in before.values()
    style.cache_clear()
