"""How far the visitor is with the course week: a bar for each part, with hours done, looked up and to do."""

from collections.abc import Mapping
from functools import lru_cache

import altair as alt
import pyarrow as pa

from .palette import NOW, REFERENCE
from .picture import Picture, Spec, specification

HEIGHT = 220  # pixels
DONE, SHOWN, LEFT = STATES = ("done", "answer looked up", "to do")


def week_progress(parts: Mapping[str, tuple[float, float, float]]) -> Picture:
    """One bar for each part of the week.

    Args:
        parts: name of the part -> its hours: done, with an answer that was looked up, and all.
    """
    rows, labels, words = [], [], []
    for part, (done, shown, total) in parts.items():
        hours = (done, shown, total - done - shown)
        rows += [
            {"part": part, "state": state, "place": place, "hours": length}
            for place, (state, length) in enumerate(zip(STATES, hours, strict=True))
        ]
        labels.append({"part": part, "end": total, "label": f"{done:g} of {total:g} h"})
        words.append(f"{part} {done:g} of {total:g} hours")
    return Picture(
        _spec(tuple(parts)),
        {"hours": pa.Table.from_pylist(rows), "labels": pa.Table.from_pylist(labels)},
        "Done: " + ", ".join(words) + ".",
    )


@lru_cache(maxsize=8)
def _spec(parts: tuple[str, ...]) -> Spec:
    y = alt.Y("part:N", sort=None, scale=alt.Scale(domain=list(parts)), axis=alt.Axis(title=None, labelFontSize=14))
    scale = {"domain": list(STATES)}
    axis = alt.Axis(title="Hours", values=list(range(6)))
    about = {"sort": list(STATES), "legend": alt.Legend(title=None, orient="bottom", labelLimit=0)}
    bars = (
        alt.Chart(alt.NamedData("hours"))
        .mark_bar(height=18)
        .encode(
            alt.X("hours:Q", stack="zero", scale=alt.Scale(domainMax=6), axis=axis),
            y,
            alt.Color("state:O", scale=alt.Scale(**scale, range=[NOW, NOW, REFERENCE]), **about),
            alt.Opacity("state:O", scale=alt.Scale(**scale, range=[1, 0.45, 0.25]), **about),
            order="place:Q",
        )
    )  # fmt: skip
    labels = (
        alt.Chart(alt.NamedData("labels"))
        .mark_text(align="left", dx=8, fontSize=13, color=REFERENCE)
        .encode(alt.X("end:Q"), y, alt.Text("label:N"))
    )
    return specification(HEIGHT, bars, labels)
