"""Small images side by side, as many in a row as fit on the screen, each with a few words below it."""

import io
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

import numpy as np
from PIL import Image

from ..charts.palette import NEGATIVE, POSITIVE
from .slots import Place


@dataclass(frozen=True)
class Tile:
    """One image.

    Attributes:
        html: the image.
        words: the text below it; "" for none.
    """

    html: str
    words: str = ""


class TilesSlot:
    """A place for tiles: as wide as its container, or ("content") only as wide as the tiles."""

    def __init__(self, place, width: str = "stretch"):
        self._place = Place(place, width=width)
        self._width = width

    def show(self, tiles: Iterable[Tile]) -> None:
        """Replace the tiles."""
        figures = [
            f'<figure style="margin:0;text-align:center">{tile.html}'
            f'<figcaption style="font-size:0.8rem;line-height:1.25">{escape(tile.words)}</figcaption></figure>'
            for tile in tiles
        ]
        self._place.show(
            "html",
            f'<div style="display:flex;flex-wrap:wrap;gap:0.9rem 0.6rem;margin-bottom:0.5rem">{"".join(figures)}</div>',
            width=self._width,
        )


def ink(pixels: np.ndarray, alt: str, size: int = 72) -> str:
    """An image of a digit in the colour of the page's text.

    Args:
        pixels: shares of ink from 0 to 1, (height, width).
        alt: what it shows, in words.
        size: its width on the screen, in pixels.
    """
    mask = np.zeros((*np.shape(pixels), 4), np.uint8)
    mask[..., 3] = np.round(255 * np.clip(pixels, 0, 1))
    height = round(size * len(mask) / mask.shape[1])
    link = _link(np.kron(mask, np.ones((8, 8, 1), np.uint8)))  # large pixels, so that they stay sharp when scaled
    masked = f"width:{size}px;height:{height}px;background:currentColor;mask:url({link}) 0 0/100% 100%"
    frame = "display:inline-block;border:1px solid color-mix(in srgb, currentColor 25%, transparent);border-radius:4px"
    return f'<div role="img" aria-label="{escape(alt)}" style="{frame}"><div style="{masked}"></div></div>'


def signs(values: np.ndarray, largest: float, alt: str, size: int = 46) -> str:
    """An image of weights: teal if positive, vermilion if negative, and stronger for a larger weight.

    Args:
        values: (height, width); NaN for no colour.
        largest: the absolute value that has the full colour.
        alt: what it shows, in words.
        size: its width on the screen, in pixels.
    """
    share = np.nan_to_num(np.clip(np.abs(values) / (largest or 1), 0, 1))
    colours = np.array([_rgb(NEGATIVE), _rgb(POSITIVE)], np.uint8)[(np.asarray(values) > 0).astype(int)]
    picture = np.concatenate([colours, np.round(255 * share)[..., None].astype(np.uint8)], axis=-1)
    height = round(size * len(picture) / picture.shape[1])
    style = f"width:{size}px;height:{height}px;display:block;image-rendering:pixelated"
    return f'<img src="{_link(picture)}" alt="{escape(alt)}" decoding="sync" style="{style}">'


def photo(picture: np.ndarray, alt: str, size: int) -> str:
    """A picture in its own colours.

    Args:
        picture: (height, width, 3) bytes.
        alt: what it shows, in words.
        size: its height on the screen, in pixels.
    """
    style = f"height:{size}px;max-width:100%;display:block;border-radius:4px"
    return f'<img src="{_link(picture)}" alt="{escape(alt)}" style="{style}">'


def _rgb(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def _link(picture: np.ndarray) -> str:
    """A picture, (height, width, 3 or 4) bytes, as an address that contains it."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG", compress_level=1)
    return "data:image/png;base64," + b64encode(file.getvalue()).decode()
