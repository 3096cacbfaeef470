"""A grid to draw a digit on with mouse, finger, pen or keyboard; Python gets the bitmap.

The strokes are stored as 32x32 pixels, as in the data set; the visitor sees the counts of ink in its 8x8 blocks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from ..topics.digits.preprocessing import FINE, bitmap_of, centred, counts

HTML = """
<div class="drawing">
  <canvas tabindex="0" role="application" width="640" height="640"></canvas>
  <div class="buttons">
    <button type="button" class="undo">Undo</button>
    <button type="button" class="clear">Clear</button>
  </div>
  <p class="hint">Mouse, finger or pen; or the arrow keys, with Space for more ink and Backspace for less.</p>
  <div class="spoken" aria-live="polite"></div>
</div>
"""
LABEL = "Grid to draw a digit on"  # for screen readers
CSS, JS = (Path(__file__).with_suffix(suffix).read_text("utf-8") for suffix in (".css", ".js"))
_component = st.components.v2.component("digit_drawing", html=HTML, css=CSS, js=JS)


@dataclass(frozen=True)
class Drawing:
    """What is on a grid.

    Attributes:
        bitmap: the strokes, (32, 32) booleans.
        on_image: whether the visitor draws on an image that Python has put on the grid.
    """

    bitmap: np.ndarray
    on_image: bool

    @property
    def shown(self) -> np.ndarray:
        """The image that the grid shows, (8, 8) numbers from 0 to 16."""
        return counts(self.bitmap)

    @property
    def pixels(self) -> np.ndarray:
        """The input of a network, (8, 8) numbers from 0 to 16: an image as it is shown, a free drawing centred."""
        return self.shown if self.on_image else centred(self.bitmap)


def canvas(key: str, image: np.ndarray | None = None, version: int | str = 0) -> Drawing | None:
    """Show the grid, and return the drawing on it; None if the grid is empty.

    The script, or the fragment, runs again after each stroke, and up to five times a second during one.

    Args:
        key: the component's key, one for each grid on a page.
        image: what is on the grid before anything is drawn: (8, 8) whole numbers from 0 to 16; None: nothing.
        version: names the image. The grid shows `image` at first and whenever `version` has changed; until then, it
            keeps what the visitor draws.
    """
    untouched = Drawing(np.zeros((FINE, FINE), bool) if image is None else bitmap_of(image), image is not None)
    try:
        known = _drawing(getattr(st.session_state.get(key), "drawing", None), untouched, version)
    except ValueError:
        known = untouched
    shown = _component(
        key=key,
        data={"label": LABEL, "rows": to_rows(known.bitmap), "onImage": known.on_image, "version": version},
        on_drawing_change=lambda: None,
    )
    try:
        drawing = _drawing(shown.drawing, untouched, version)
    except ValueError as error:
        st.error(str(error))
        return None
    return drawing if drawing.bitmap.any() else None


def to_rows(bitmap: np.ndarray) -> list[int]:
    """A bitmap, (32, 32) booleans, as 32 whole numbers: a row each, its leftmost pixel the highest bit of 32."""
    return [int(row) for row in np.packbits(bitmap, axis=1).view(">u4")[:, 0]]


def from_rows(rows: Any) -> np.ndarray:
    """The bitmap, (32, 32) booleans, that `to_rows` turns into `rows`.

    Raises:
        ValueError: `rows` is anything else: a manipulated browser can send that.
    """
    listed = isinstance(rows, list) and len(rows) == FINE
    if not listed or not all(type(row) is int and 0 <= row < 2**FINE for row in rows):
        raise ValueError("What came from the grid is no drawing. Please draw again.")
    return np.unpackbits(np.array(rows, ">u4").view(np.uint8)).reshape(FINE, FINE).astype(bool)


def _drawing(sent: Any, untouched: Drawing, version: int | str) -> Drawing:
    """The drawing on the grid: the one that the browser sent, if it belongs to this version of the image."""
    if sent is None or (isinstance(sent, Mapping) and sent.get("version", version) != version):
        return untouched
    sent = sent if isinstance(sent, Mapping) else {}
    return Drawing(from_rows(sent.get("rows")), untouched.on_image and sent.get("onImage") is True)
