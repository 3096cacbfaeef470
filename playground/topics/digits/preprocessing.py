"""A picture becomes the 8x8 image that a network of digits sees, prepared like the digits that it was trained on.

Those are from 32x32 bitmaps, black or white, cut into blocks of 4x4 pixels: a pixel of the 8x8 image is the number of
black ones in its block, 0 to 16 (Alpaydin & Kaynak 1998). The bitmaps came out of NIST's form reader, which removes
differences that don't matter: place, size, slant, thickness of the stroke (Garris et al. 1994, NISTIR 5469,
"normalisation"). Without this, the network gets what it has never seen. The figures below are measured on
`sklearn.datasets.load_digits`: its digits fill all 8 rows, start in column 1 and end in column 6.
"""

import io
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps
from scipy.ndimage import distance_transform_edt, label

from ...settings import limits

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

MOST_BYTES = limits.UPLOAD_MIB * 2**20
MOST_PIXELS = 12_500_000  # a WebP of this size takes 200 MB for a moment, other formats less
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP")
WORKING_SIDE, THUMBNAIL_SIDE, FEWEST_SIDE = 512, 256, 64  # pixels
CONTRAST = 0.1  # between digit and paper, with black to white as 1
SPECK = 0.05  # of the largest stroke: anything smaller is dust

# The number of pixels is checked below, before any is decoded; Pillow would only warn.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


@dataclass(frozen=True)
class Seen:
    """A picture on its way to the network.

    Attributes:
        thumbnail: the picture itself, upright and on white, (height, width, 3) bytes, at most 256 either way.
        bitmap: the digit in it, cut out and made like the digits of the data, (32, 32) booleans.
        pixels: what the network sees, (8, 8) numbers from 0 to 16.
    """

    thumbnail: np.ndarray
    bitmap: np.ndarray
    pixels: np.ndarray


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


def from_upload(data: bytes) -> Seen:
    """The digit in an image file: dark on light or light on dark, of any size, anywhere in the picture.

    Args:
        data: the file, of at most `MOST_BYTES`: PNG, JPEG, GIF, BMP or WebP, of at most 12.5 megapixels. Of an
            animation, the first frame counts.

    Raises:
        ValueError: no digit can be found in it; the message tells the visitor why.
    """
    picture = _opened(data)
    grey = np.asarray(picture.convert("L"), float) / 255
    thumbnail = picture.copy()
    thumbnail.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    bitmap = normalised(_ink(grey))
    return Seen(np.asarray(thumbnail), bitmap, counts(bitmap))


def _opened(data: bytes) -> Image.Image:
    """The image in a file as RGB, upright, on white, at most 512 pixels either way. No large array is ever made."""
    if not data:
        raise ValueError("The file is empty.")
    if len(data) > MOST_BYTES:
        raise ValueError(f"The file is too large: at most {MOST_BYTES // 2**20} MiB, please.")
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)  # reads the header alone
        n_pixels = image.width * image.height
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        n_pixels = MOST_PIXELS + 1
    except Exception as error:  # on bytes that are no image, Pillow's readers raise errors of every kind
        raise ValueError("This is not an image that can be read: PNG, JPEG, GIF, BMP or WebP, please.") from error
    if n_pixels > MOST_PIXELS:
        raise ValueError(f"The image is too large: at most {MOST_PIXELS / 10**6:g} million pixels, please.")
    try:
        return _small(image)
    except Exception as error:
        raise ValueError("The image is damaged: it can't be read to its end.") from error


def _small(image: Image.Image) -> Image.Image:
    """Decode an image, as small as possible: first it shrinks, then it is turned and put on white."""
    size = (WORKING_SIDE, WORKING_SIDE)
    image.draft("RGB", size)  # a JPEG is decoded at a fraction of its size
    if image.mode.startswith("I"):  # 16 bits of grey: converted as it is, all but the darkest would be white
        image.thumbnail(size, Image.Resampling.NEAREST)
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    transparent = "transparency" in image.info or image.mode in ("LA", "PA", "RGBA", "La", "RGBa")
    mode = "RGBA" if transparent else "L" if image.mode == "1" else "RGB"
    image = image if image.mode == mode else image.convert(mode)
    image.thumbnail(size, Image.Resampling.BOX)
    if max(image.size) < FEWEST_SIDE:  # its few pixels are shades of a finer drawing
        scale = FEWEST_SIDE / max(image.size)
        image = image.resize([max(1, round(scale * side)) for side in image.size], Image.Resampling.BICUBIC)
    image = ImageOps.exif_transpose(image)
    if transparent:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def _ink(grey: np.ndarray) -> np.ndarray:
    """Where the digit is in a grey picture, (height, width) booleans. The paper is what most of the border shows."""
    if np.ptp(grey) < CONTRAST:
        raise ValueError("Nothing is drawn on it.")
    light = grey > _otsu(grey)
    border = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
    ink = ~light if border.mean() >= 0.5 else light
    if abs(grey[ink].mean() - grey[~ink].mean()) < CONTRAST:
        raise ValueError("Nothing is drawn on it.")
    strokes, _ = label(ink, np.ones((3, 3)))
    sizes = np.bincount(strokes.ravel())
    sizes[0] = 0
    return (sizes >= SPECK * sizes.max())[strokes] & ink


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
