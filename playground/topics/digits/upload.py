"""A file that a visitor sends becomes the image that the network sees: bounded before it is decoded, and small at once.

A JPEG, which is what phones send, shrinks while it is decoded: of each block of 8x8 pixels only the coarsest waves are
computed. So it may have many pixels; all other formats are decoded whole, and may have fewer.
"""

import io
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from ...settings import limits
from .ink import ink_in
from .preprocessing import counts, normalised

MOST_BYTES = limits.UPLOAD_MIB * 2**20
MOST_PIXELS = 12_500_000  # of what is decoded whole
MOST_PIXELS_SHRINKING = 64_000_000  # of a JPEG that shrinks on decoding
DECODING = 220 * 2**20  # bytes that decoding takes for a moment, at most
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP")
WORKING_SIDE, THUMBNAIL_SIDE, FEWEST_SIDE = 384, 256, 64  # pixels

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


def from_upload(data: bytes) -> Seen:
    """The digit in an image file: dark on light or light on dark, of any size, anywhere in the picture.

    Args:
        data: the file, of at most `MOST_BYTES`: PNG, JPEG, GIF, BMP or WebP, of at most `most_pixels`. Of an animation,
            the first frame counts.

    Raises:
        ValueError: no digit can be found in it; the message tells the visitor why.
    """
    picture = _opened(data)
    grey = np.asarray(picture.convert("L"), float) / 255
    thumbnail = picture.copy()
    thumbnail.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    bitmap = normalised(ink_in(grey))
    return Seen(np.asarray(thumbnail), bitmap, counts(bitmap))


def _opened(data: bytes) -> Image.Image:
    """The image in a file as RGB, upright, on white, at most 384 pixels either way. No large array is ever made."""
    if not data:
        raise ValueError("The file is empty.")
    if len(data) > MOST_BYTES:
        raise ValueError(f"The file is too large: at most {MOST_BYTES // 2**20} MiB, please.")
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)  # reads the header alone
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValueError(f"The image is too large: at most {MOST_PIXELS / 10**6:g} million pixels, please.") from error
    except Exception as error:  # on bytes that are no image, Pillow's readers raise errors of every kind
        raise ValueError("This is not an image that can be read: PNG, JPEG, GIF, BMP or WebP, please.") from error
    if image.width * image.height > most_pixels(image):
        raise ValueError(f"The image is too large: at most {most_pixels(image) / 10**6:g} million pixels, please.")
    try:
        return _small(image)
    except Exception as error:
        raise ValueError("The image is damaged: it can't be read to its end.") from error


def most_pixels(image: Image.Image) -> int:
    """How many pixels an image may have. A progressive JPEG keeps the waves of all blocks until its end."""
    shrinks = image.format == "JPEG" and "progressive" not in image.info
    return MOST_PIXELS_SHRINKING if shrinks else MOST_PIXELS


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
