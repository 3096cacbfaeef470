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


def element(view: str, table: str) -> str:
    """The id of the element of the page whose `value` has the rows of a table of a view."""
    return f"film-{view}-{table}"


def bound(view: str, strip: Strip) -> Spec:
    """The specification of a strip's chart that takes its tables from elements of the page.

    Each table is a parameter bound to `element(view, table)`: the rows are the element's `value`, an array of objects,
    and the chart changes at each of its "input" events.
    """
    spec = _rewired(strip.spec, {table: (f"{view}_{table}", columns) for table, columns in strip.tables.items()})
    parameters = [
        {"name": f"{view}_{table}", "value": [], "bind": {"element": f"#{element(view, table)}", "event": "input"}}
        for table in strip.tables
    ]
    return spec | {"params": parameters + spec.get("params", [])}


def _rewired(part: Any, sources: dict[str, tuple[str, Any]]) -> Any:
    """A part of a specification, in which tables by name are made of parameters."""
    if isinstance(part, list):
        return [_rewired(each, sources) for each in part]
    if not isinstance(part, dict):
        return part
    part = {key: _rewired(value, sources) for key, value in part.items()}
    name = part["data"].get("name") if isinstance(part.get("data"), dict) else None
    if name in sources:
        parameter, columns = sources[name]
        row = [{"calculate": parameter, "as": "row"}, {"flatten": ["row"]}]
        cells = [{"calculate": f"datum.row.{column}", "as": column} for column in columns]
        part["data"] = {"sequence": {"start": 0, "stop": 1}}
        part["transform"] = [*row, *cells, *part.get("transform", [])]
    return part
