"""The loss as a function of one parameter, with the slopes by backpropagation and by the numerical gradient."""

from functools import lru_cache

import altair as alt
import numpy as np
import pyarrow as pa

from ..text import number
from ..topics.forward_backward.step_check import NUDGES, Checked, errors_by_nudge, losses_along
from .palette import NEGATIVE, NOW, REFERENCE
from .picture import AXIS, Picture, Spec, pack, specification, unpack

HEIGHT, SMALL = 330, 200  # pixels
LINES = ("loss", "backpropagation", "numerical")
TINY = 1e-17  # an error of 0 is drawn here


def slope(checked: Checked) -> Picture:
    """The loss over the parameter in play, and both slopes through the present point."""
    step, i = checked.step, checked.focus
    reach = 2.0
    values, losses = losses_along(step, reach)
    here, at = values[len(values) // 2], np.array([-0.5, 0.5]) * reach
    rows = [{"line": "loss", "w": pack(values, 6), "value": pack(losses, 6)}]
    for line, gradient in (("numerical", checked.numerical[i]), ("backpropagation", checked.analytic[i])):
        rows.append({"line": line, "w": pack(here + at, 6), "value": pack(step.loss + gradient * at, 6)})
    return Picture(
        _slope_spec(checked.labels[i]),
        {"lines": pa.Table.from_pylist(rows), "here": pa.table({"w": [here], "value": [step.loss]})},
        f"The loss for {checked.labels[i]} from {number(values[0])} to {number(values[-1])}; at {number(here)} its "
        f"slope is {number(checked.numerical[i])}, and backpropagation claims {number(checked.analytic[i])}.",
    )


@lru_cache(maxsize=128)
def _slope_spec(label: str) -> Spec:
    x = alt.X("w:Q", scale=alt.Scale(nice=False, zero=False), axis=alt.Axis(title=label, tickCount=6))
    y = alt.Y("value:Q", scale=alt.Scale(zero=False), axis=alt.Axis(title="Loss L", tickCount=5, minExtent=AXIS))
    domain = list(LINES)
    lines = (
        unpack("lines", "w", "value")
        .mark_line(clip=True)
        .encode(
            x, y,
            color=alt.Color(
                "line:N", scale=alt.Scale(domain=domain, range=[REFERENCE, NOW, NEGATIVE]),
                legend=alt.Legend(
                    title=None, orient="bottom", symbolType="stroke", symbolStrokeWidth=3, symbolSize=300
                ),
            ),
            strokeDash=alt.StrokeDash("line:N", scale=alt.Scale(domain=domain, range=[[1, 0], [1, 0], [3, 4]])),
            strokeWidth=alt.StrokeWidth("line:N", scale=alt.Scale(domain=domain, range=[2.5, 3, 3]), legend=None),
        )
    )  # fmt: skip
    here = alt.Chart(alt.NamedData("here")).mark_point(filled=True, size=110, color=NOW, opacity=1).encode(x, y)
    return specification(HEIGHT, lines, here)


def nudges(checked: Checked) -> Picture:
    """The relative error of the check over the size h of the nudge: large is crude, small is rounding."""
    errors = np.maximum(errors_by_nudge(checked.step), TINY)
    best = NUDGES[errors.argmin()]
    return Picture(
        _nudges_spec(),
        {"nudges": pa.table({"h": NUDGES, "error": errors})},
        f"Relative error of the numerical gradient by h, {NUDGES[0]:g} to {NUDGES[-1]:g}: smallest at h = {best:g}.",
    )


@lru_cache(maxsize=1)
def _nudges_spec() -> Spec:
    log = {"type": "log", "nice": False}
    line = (
        alt.Chart(alt.NamedData("nudges"))
        .mark_line(point={"size": 50, "filled": True}, color=NOW)
        .encode(
            alt.X("h:Q", scale=alt.Scale(**log), axis=alt.Axis(title="Nudge h", format="~e", tickCount=6)),
            alt.Y("error:Q", scale=alt.Scale(**log), axis=alt.Axis(title="Relative error", format="~e", tickCount=4)),
        )
    )
    return specification(SMALL, line)
