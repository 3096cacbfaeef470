"""A strip is a chart at many moments: a specification that stays, and columns of numbers with a row for each moment.

A browser that has a strip shows any of its moments without the server: see `bound`.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from .picture import Picture, Spec, pack


class Always(NamedTuple):
    """A column that is the same at all moments: one value for each row of the table."""

    values: list


class Growing(NamedTuple):
    """A column whose cells hold, at each moment, the values at all moments up to it: shape (moments, rows)."""

    values: np.ndarray


# Other columns: an array of shape (moments, rows); or (moments, rows, numbers), packed into text; or texts, as lists.
Column = Always | Growing | np.ndarray | list
Tables = dict[str, dict[str, Column]]


@dataclass(frozen=True)
class Strip:
    """A chart at many moments.

    Attributes:
        spec: Vega-Lite, which refers to its tables by name.
        tables: the columns of each table.
        alt: what the chart shows at each moment, in words, for those who can't see it.
    """

    spec: Spec
    tables: Tables
    alt: list[str]

    def picture(self, m: int) -> Picture:
        """The chart at its m-th moment."""
        tables = {
            name: pa.table({column: _cells(values, m) for column, values in columns.items()})
            for name, columns in self.tables.items()
        }
        return Picture(self.spec, tables, self.alt[m])


def _cells(column: Column, m: int) -> Any:
    """The cells of a column at a moment."""
    if isinstance(column, Always):
        return column.values
    if isinstance(column, Growing):
        return [pack(row) for row in column.values[: m % len(column.values) + 1].T]
    now = column[m]
    if np.ndim(now) == 2:
        return [pack(row, digits=7) for row in now]
    return [None if isinstance(value, float) and np.isnan(value) else value for value in now]


def element(view: str) -> str:
    """The id of the element of the page whose `value` has the rows of a view's tables."""
    return f"film-{view}"


def bound(view: str, strip: Strip) -> Spec:
    """The specification of a strip's chart that takes its tables from an element of the page.

    A parameter is bound to `element(view)`, whose `value` has an array of rows for each table; the chart changes at
    each of its "input" events. Before it has a value, the chart shows the tables that it is given by name.
    """
    parameter = f"film_{view}"
    return _rewired(strip.spec, parameter, strip.tables) | {
        "params": [
            {"name": parameter, "value": None, "bind": {"element": f"#{element(view)}", "event": "input"}},
            *strip.spec.get("params", []),
        ]
    }


def _rewired(part: Any, parameter: str, tables: Tables) -> Any:
    """A part of a specification, in which the rows of tables are those of a parameter, as soon as it has a value."""
    if isinstance(part, list):
        return [_rewired(each, parameter, tables) for each in part]
    if not isinstance(part, dict):
        return part
    part = {key: _rewired(value, parameter, tables) for key, value in part.items()}
    name = part["data"].get("name") if isinstance(part.get("data"), dict) else None
    if name in tables:
        part["transform"] = [
            {"window": [{"op": "row_number", "as": "place"}]},
            {"filter": f"!{parameter} || datum.place == 1"},  # one row is enough to make those of the parameter from
            {"calculate": f"{parameter} ? {parameter}.{name} : [datum]", "as": "row"},
            {"flatten": ["row"]},
            *[{"calculate": f"datum.row.{column}", "as": column} for column in tables[name]],
            *part.get("transform", []),
        ]
    return part
