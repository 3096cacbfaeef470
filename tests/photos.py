"""Photos of digits on paper, made from the data's digits: light that falls off, shadows, squared paper, noise, JPEG."""

import io

import numpy as np
from PIL import Image
from scipy.ndimage import distance_transform_edt, gaussian_filter, maximum_filter

PAPER, INK, LINES = 0.88, 0.18, 0.62  # reflectance
SHADE = 0.45  # what is left of the light where there is least
PENUMBRA = 0.02  # width of the edge of a shadow, as a share of the photo
KINDS = ("even light", "light falls", "shadow", "squared paper", "squared paper, light falls", "squared paper, shadow")


def photo(image: np.ndarray, kind: str, rng: np.random.Generator, height: int = 1200) -> Image.Image:
    """A photo of a digit.

    Args:
        image: (8, 8) counts of ink from 0 to 16.
        kind: one of `KINDS`.
        rng: draws where the digit is, its size and angle, from where the light falls, and the noise.
        height: of the photo in pixels; it is three quarters as wide.
    """
    return taken(strokes(image, rng, height), kind, rng)


def blank(kind: str, rng: np.random.Generator, height: int = 1200) -> Image.Image:
    """The same photo of paper on which nothing is written."""
    return taken(np.zeros((height, height * 3 // 4)), kind, rng)


def strokes(image: np.ndarray, rng: np.random.Generator, height: int) -> np.ndarray:
    """How much ink is where, from 0 to 1, shape (height, 3/4 height)."""
    width = height * 3 // 4
    side = int(height * rng.uniform(0.3, 0.55))
    ink = np.asarray(Image.fromarray(np.asarray(image / 16, np.float32)).resize((side, side), Image.Resampling.BICUBIC))
    ink = gaussian_filter(ink, side / 40) > 0.45
    depth = distance_transform_edt(ink)
    ridge = (depth > 0.6 * maximum_filter(depth, round(side / 10))) & ink  # the middle of the strokes
    pen = side * rng.uniform(0.02, 0.05)  # half the width of a stroke
    ink = 1 / (1 + np.exp(2 * (distance_transform_edt(~ridge) - pen)))
    tilt = rng.uniform(-6, 6)
    ink = np.asarray(Image.fromarray(ink.astype(np.float32)).rotate(tilt, Image.Resampling.BILINEAR, expand=True))
    top = rng.integers(height // 20, height - len(ink) - height // 20)
    left = rng.integers(0, width - ink.shape[1])
    return np.pad(ink, ((top, height - len(ink) - top), (left, width - ink.shape[1] - left)))


def taken(ink: np.ndarray, kind: str, rng: np.random.Generator) -> Image.Image:
    """The photo of paper with this ink on it."""
    height, width = ink.shape
    rows, columns = np.mgrid[:height, :width] / height
    paper = np.full(ink.shape, PAPER)
    if "squared" in kind:
        angle = np.deg2rad(rng.uniform(-4, 4))
        square, line = rng.uniform(0.07, 0.12), 0.004  # 5 mm, and 0.2 to 0.3 mm
        for across in (columns * np.cos(angle) + rows * np.sin(angle), rows * np.cos(angle) - columns * np.sin(angle)):
            distance = np.abs((across / square + rng.uniform()) % 1 - 0.5) * square
            paper += (LINES - PAPER) * np.clip(1.5 - distance / (line / 2), 0, 1) * (paper > LINES)
    direction = rng.uniform(0, 2 * np.pi)
    across = (columns - columns.mean()) * np.cos(direction) + (rows - 0.5) * np.sin(direction)
    light = np.ones(ink.shape)
    if "light falls" in kind:
        light = 1 - (1 - SHADE) * (across - across.min()) / np.ptp(across)
    if "shadow" in kind:
        edge = rng.uniform(-0.15, 0.15)
        light = SHADE + (1 - SHADE) / (1 + np.exp((across - edge) * 4 / PENUMBRA))
    seen = light * np.clip(paper * (1 - ink) + INK * ink, 0, 1)
    seen += rng.normal(0, 0.02, ink.shape)
    warm = np.array([1.0, 0.97, 0.9])
    return Image.fromarray((255 * np.clip(seen[..., None] * warm, 0, 1)).astype(np.uint8))


def jpeg(picture: Image.Image, **options) -> bytes:
    """The file that a phone sends."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85, **options)
    return file.getvalue()
