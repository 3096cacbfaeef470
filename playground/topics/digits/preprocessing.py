"""A picture becomes the 8x8 image that a network of digits sees, prepared like the digits that it was trained on.

Those are from 32x32 bitmaps, black or white, cut into blocks of 4x4 pixels: a pixel of the 8x8 image is the number of
black ones in its block, 0 to 16 (Alpaydin & Kaynak 1998). The bitmaps came out of NIST's form reader, which removes
differences that don't matter: place, size, slant, thickness of the stroke (Garris et al. 1994, NISTIR 5469,
"normalisation"). Without this, the network gets what it has never seen. The figures below are measured on
`sklearn.datasets.load_digits`: its digits fill all 8 rows, start in column 1 and end in column 6.
"""

import numpy as np
from PIL import Image
from scipy.ndimage import distance_transform_edt

SIDE, BLOCK = 8, 4  # pixels of an image, and of a block that makes one of them
FINE = SIDE * BLOCK  # pixels of a bitmap

WIDTH = 20  # of a digit in its bitmap, 32 high; a narrow one is made wider by `STRETCH` at most
STRETCH = 1.5
SLANT = 0.3  # columns per row: the most that is removed
INK = (
    261,
    368,
)  # black pixels of a bitmap, 5 to 95 % of the digits; thinner strokes are thickened, thicker ones thinned
CENTRE = 16.3  # mean column of the black pixels


def counts(bitmap: np.ndarray) -> np.ndarray:
    """The 8x8 image of a bitmap, (32, 32) booleans: for each block of 4x4 the number of those that are set."""
    return bitmap.reshape(SIDE, BLOCK, SIDE, BLOCK).sum(axis=(1, 3)).astype(float)


def bitmap_of(pixels: np.ndarray) -> np.ndarray:
    """A bitmap, (32, 32) booleans, from which `counts` makes `pixels`, (8, 8) whole numbers from 0 to 16.

    In each block the pixels are set that are darkest when the image is enlarged smoothly.
    """
    smooth = _resized(pixels, FINE, FINE, Image.Resampling.BICUBIC)
    blocks = smooth.reshape(SIDE, BLOCK, SIDE, BLOCK).transpose(0, 2, 1, 3).reshape(SIDE, SIDE, BLOCK**2)
    rank = np.argsort(np.argsort(-blocks, axis=-1, kind="stable"), axis=-1, kind="stable")
    chosen = rank < np.asarray(pixels)[:, :, None]
    return chosen.reshape(SIDE, SIDE, BLOCK, BLOCK).transpose(0, 2, 1, 3).reshape(FINE, FINE)


def centred(drawing: np.ndarray) -> np.ndarray:
    """The 8x8 image of a digit that is drawn anywhere, at any size: the counts of `normalised`."""
    return counts(normalised(drawing))


def normalised(drawing: np.ndarray) -> np.ndarray:
    """The digit of a drawing at the place, size, slant and thickness of the data's digits, (32, 32) booleans.

    Args:
        drawing: (height, width) booleans, or shares of ink from 0 to 1; what is below one half is not part of
            the digit. A drawing without ink gives an empty bitmap.
    """
    drawing = np.asarray(drawing, float)
    if not (drawing >= 0.5).any():
        return np.zeros((FINE, FINE), bool)
    digit = _cropped(drawing, drawing >= 0.5)
    height, width = digit.shape
    width = max(1, round(min(WIDTH, STRETCH * FINE * width / height)))
    grey = _resized(digit, FINE, width, Image.Resampling.BOX)
    upright = _without_slant(grey > _otsu(grey) if np.ptp(grey) else grey > 0)
    return _with_ink(_in_the_middle(upright), *INK)


def _otsu(values: np.ndarray) -> float:
    """The threshold that splits numbers into two groups with means as far apart as possible, weighted by their sizes.

    It maximises the variance between the groups (Otsu 1979, equation 18) over 256 levels. The numbers must differ.
    """
    histogram, edges = np.histogram(values, 256)
    below = np.cumsum(histogram)[:-1]
    above = values.size - below
    levels = (edges[:-1] + edges[1:]) / 2
    sums = np.cumsum(histogram * levels)
    difference = sums[:-1] / below - (sums[-1] - sums[:-1]) / above
    return float(edges[1 + np.argmax(below * above * difference**2)])


def _cropped(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The smallest rectangle of `image` that holds all of `mask`."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _resized(image: np.ndarray, height: int, width: int, how: Image.Resampling) -> np.ndarray:
    """An image of floats at another size."""
    return np.asarray(Image.fromarray(np.asarray(image, np.float32)).resize((width, height), how))


def _without_slant(digit: np.ndarray) -> np.ndarray:
    """Push the rows sideways until the top of the digit begins above its bottom, as in NIST's bitmaps."""
    first = [rows.any(axis=0).argmax() for rows in (digit[:2], digit[-2:])]
    slant = np.clip((first[1] - first[0]) / (FINE - 2), -SLANT, SLANT)
    pushed = np.round(slant * (FINE / 2 - np.arange(FINE))).astype(int)
    room = np.pad(digit, ((0, 0), (FINE, FINE)))
    return np.array([np.roll(row, by) for row, by in zip(room, pushed, strict=True)])


def _in_the_middle(digit: np.ndarray) -> np.ndarray:
    """Put a digit, (32, width), into a bitmap, its mean column as in the data, but no part outside."""
    digit = digit[:, digit.any(axis=0).argmax() :]
    digit = digit[:, : digit.shape[1] - digit[:, ::-1].any(axis=0).argmax()][:, :FINE]
    width = digit.shape[1]
    mean = np.average(np.arange(width) + 0.5, weights=digit.sum(axis=0))
    left = int(np.clip(round(CENTRE - mean), 0, FINE - width))
    return np.pad(digit, ((0, 0), (left, FINE - width - left)))


def _with_ink(bitmap: np.ndarray, fewest: int, most: int) -> np.ndarray:
    """Thicken or thin the strokes, evenly on all sides, until the number of black pixels lies between two bounds."""
    n = int(np.clip(bitmap.sum(), fewest, most))
    outwards = distance_transform_edt(~bitmap) - distance_transform_edt(bitmap)
    chosen = np.zeros(bitmap.size, bool)
    chosen[np.argsort(outwards, axis=None, kind="stable")[:n]] = True
    return chosen.reshape(bitmap.shape)
