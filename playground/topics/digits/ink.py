"""Where the ink is in a photo of a digit: darker than the paper around it, whatever the light, and no printed line.

The light on a page falls off and has shadows, so that no one threshold parts ink from paper: each pixel is compared
with the paper at its place. That is the grey closing of the photo (Serra 1982): the largest values of a square
neighbourhood, and of these the smallest. It fills what is dark and narrower than the square, as strokes are, and
leaves what is as wide, as shadows are, edges and all.
"""

import numpy as np
from PIL import Image
from scipy.ndimage import (
    distance_transform_edt,
    gaussian_filter,
    grey_closing,
    grey_opening,
    label,
    median_filter,
)

WINDOW = 0.4  # side of the neighbourhood, as a share of the picture's longer side; no stroke is as thick
SMALL = 48  # pixels of the longer side of the picture from which polarity is judged
DARKEST = 0.005  # share of the pixels: their median is the level of the ink
CONTRAST = 0.12  # between ink and paper, of the paper: less is noise
LINE = 0.02  # width of a printed line, at most, of the picture's longer side
SPECK = 0.05  # of the largest stroke: anything smaller is dust
STROKES = 6  # a digit has no more, with breaks
SMALLEST = 0.08  # height of a digit, of the picture's shorter side
THICKEST = 0.3  # half the width of a stroke, of the digit's longer side: what is thicker is a blot
TOGETHER = 0.9  # share of all that is dark which must be the digit: less is texture
MOST_INK = 0.45  # share of the picture: more is texture
CROSS = np.ones((3, 3), bool)


def ink_in(grey: np.ndarray) -> np.ndarray:
    """The pixels of the digit in a grey picture.

    Args:
        grey: from 0, black, to 1, white; shape (height, width).

    Returns:
        Booleans of the same shape.

    Raises:
        ValueError: there is no digit in it; the message says what is there.
    """
    shades = relative(grey)
    ink_level = np.quantile(shades, DARKEST / 2)
    if 1 - ink_level < CONTRAST:
        raise ValueError("No digit found: nothing stands out from the paper.")
    return digit_of(without_lines(shades < (1 + ink_level) / 2))


def relative(grey: np.ndarray) -> np.ndarray:
    """Each pixel as a share of the paper at its place: paper is 1, ink less. Light on dark is turned over."""
    if light_on_dark(grey):
        grey = 1 - grey
    smooth = gaussian_filter(grey, 1, mode="nearest")
    side = round(WINDOW * max(grey.shape)) | 1
    reach = side // 2  # beyond the edges the paper goes on as it is there
    padded = np.pad(smooth, reach, mode="edge")
    paper = grey_closing(padded, (side, side), mode="nearest")[reach:-reach, reach:-reach]
    return (smooth + 0.02) / (paper + 0.02)


def light_on_dark(grey: np.ndarray) -> bool:
    """Whether the ink is lighter than the paper.

    Where the border of the picture changes between light and dark four times or more, a digit fills the picture, and
    the paper is what most of the border shows. Otherwise it may be the edge of a shadow, which crosses the border
    twice: the ink is what differs from its surroundings, the median of half the picture, and touches no edge.
    """
    shrink = SMALL / max(grey.shape)
    height, width = (max(1, round(shrink * side)) for side in grey.shape)
    small = np.asarray(Image.fromarray(grey.astype(np.float32)).resize((width, height), Image.Resampling.BOX))
    light = around(small) > (small.min() + small.max()) / 2
    if (light != np.roll(light, 1)).sum() >= 4:
        return bool(light.mean() < 0.5)
    difference = small - median_filter(small, SMALL // 2 | 1, mode="reflect")
    lighter, darker = (np.where(sign * difference > CONTRAST / 2, sign * difference, 0) for sign in (1, -1))
    return bool(lighter[inside(lighter > 0)].sum() > darker[inside(darker > 0)].sum())


def around(picture: np.ndarray) -> np.ndarray:
    """The outermost pixels of a picture, once around it, from the upper left corner on."""
    return np.concatenate([picture[0], picture[1:, -1], picture[-1, -2::-1], picture[-2:0:-1, 0]])


def inside(mask: np.ndarray) -> np.ndarray:
    """The connected parts of a mask that touch no edge of the picture."""
    parts, _ = label(mask, CROSS)
    return mask & ~np.isin(parts, around(parts))


def without_lines(ink: np.ndarray) -> np.ndarray:
    """The ink without printed lines: they go on beyond the picture's edges, and are thinner than strokes.

    The ink is opened (Serra 1982) with squares that grow until none of it touches an edge. Where that takes more than
    the width of a line, it is the digit itself, and all stays.
    """
    left = ink
    for width in range(3, max(5, round(LINE * max(ink.shape))), 2):
        if not touches_an_edge(left):
            return left
        left = grey_opening(ink.astype(np.uint8), (width, width)) > 0
    return ink if touches_an_edge(left) else left


def touches_an_edge(ink: np.ndarray) -> bool:
    """Whether any ink is on the outermost pixels."""
    return bool(around(ink).any())


def digit_of(ink: np.ndarray) -> np.ndarray:
    """The ink without dust, if it can be a digit: a few strokes that are most of the ink, large, and not thick.

    Raises:
        ValueError: if it can't.
    """
    parts, n_parts = label(ink, CROSS)
    if not n_parts:
        raise ValueError("No digit found: there are only lines. A thicker pen stands out from them.")
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    kept = sizes >= SPECK * sizes.max()
    digit = kept[parts]
    rows, columns = (np.flatnonzero(digit.any(axis=axis)) for axis in (1, 0))
    length = max(np.ptp(rows), np.ptp(columns)) + 1
    if kept.sum() > STROKES or digit.sum() < TOGETHER * ink.sum() or ink.mean() > MOST_INK:
        raise ValueError("No digit found: there is too much on it. One digit on plain or squared paper, please.")
    if length < SMALLEST * min(ink.shape):
        raise ValueError("No digit found: what stands out is tiny. Come nearer, please.")
    if distance_transform_edt(np.pad(digit, 1)).max() > THICKEST * length:
        raise ValueError("No digit found: what stands out is a blot, or a shadow, and no stroke.")
    return digit
