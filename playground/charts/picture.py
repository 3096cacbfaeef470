"""A picture is a Vega-Lite specification that stays the same, and small tables that change from frame to frame.

The specification refers to its tables by name and is built once for each shape of network, so that a redraw sends only
data: if each frame had a new chart, the browser would paint half as many frames per second. A table has one row for
each line or area, with its points packed into text (`pack`): the browser reads tables cell by cell, and a row for each
point would halve the frames again. Tables are Arrow's, the format that Streamlit sends: to make them in pandas and
convert them takes half of a frame's time on the server.
"""

from dataclasses import dataclass

import altair as alt
import numpy as np
import pyarrow as pa

AXIS = 40  # pixels for the labels of a vertical axis, so that charts below each other align
Spec = dict


@dataclass(frozen=True)
class Picture:
    """A chart to show.

    Attributes:
        spec: Vega-Lite, which refers to its tables by name.
        tables: the tables.
        alt: what the chart shows, in words, for those who can't see it.
    """

    spec: Spec
    tables: dict[str, pa.Table]
    alt: str


def pack(values: np.ndarray | list[float], digits: int = 4) -> str:
    """Numbers as text, with this many digits: one cell of a table."""
    return " ".join([f"{value:.{digits}g}" for value in values])


def unpack(table: str, *columns: str, as_text: bool = False) -> alt.Chart:
    """A chart of the named table with a row for each of the numbers packed in `columns`, in order.

    `as_text` leaves them as text: a scale with a given domain reads that too, and it is a third faster.
    """
    split = {column: f"split(datum.{column}, ' ')" for column in columns}
    chart = alt.Chart(alt.NamedData(table)).transform_calculate(**split).transform_flatten(list(columns))
    numbers = {column: f"toNumber(datum.{column})" for column in columns}
    return chart if as_text else chart.transform_calculate(**numbers)


def specification(height: int, *layers: alt.Chart) -> Spec:
    """The layers as one chart. Marks have no descriptions of their own (`Picture.alt` speaks for all of them)."""
    return alt.layer(*layers).properties(height=height).configure_mark(aria=False).to_dict()
