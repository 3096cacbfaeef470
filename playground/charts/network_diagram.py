"""A small network as a diagram: units with their values, links with their weights, and gradients on the way back."""

from functools import lru_cache

import altair as alt
import pyarrow as pa

from ..text import number
from ..topics.forward_backward.equation import BACKWARD, UPDATE, Equation
from ..topics.forward_backward.training_step import Pass
from .palette import NEGATIVE, NOW, POSITIVE, REFERENCE
from .picture import Picture, Spec, specification

ROW = 84  # pixels from one unit to the next
UNIT, SMALL = 2300, 460  # areas of a unit, and of the 1 that stands for the input of the biases
ONE = "the 1 of the biases"
WIDEST = 9  # pixels of the link with the largest number
POINTED = "pointed"  # name of the selection
NOT_YET = "·"


def diagram(step: Pass, done: list[Equation], current: Equation | None = None) -> Picture:
    """The network with all numbers that the equations so far give, for the example in play.

    Args:
        step: the training step.
        done: these equations.
        current: the equation that the page shows, which may still be hidden: its entries in play are ringed; None: the
            link in play is ringed.
    """
    known = {equation.name for equation in done}
    latest = current or done[-1]
    back = latest.phase in (BACKWARD, UPDATE) and not latest.name.startswith("da")
    units, links = _units(step, known, current), _links(step, known, current, back)
    loss = f"L = {number(step.loss)}" if "L" in known else ""
    rows = max(layer.W.shape[0] for layer in step.dense)
    rows = max(rows, step.y.shape[1])
    sides = _sides(step, loss, rows)
    words = ", ".join(f"{unit['name']}: {unit['text']}" for unit in units if unit["name"] != ONE)
    what = "gradients" if back else "weights"
    return Picture(
        _spec(len(step.dense), rows, "gradients on the links" if back else "weights on the links"),
        {
            "links": pa.Table.from_pylist(links),
            "labels": pa.Table.from_pylist([link for link in links if link["label"]] or links[:1]),
            "units": pa.Table.from_pylist(units),
            "sides": pa.Table.from_pylist(sides),
        },
        f"The network with its {what} on the links, for example {step.example + 1}. {words}. {loss}",
    )


def _heights(count: int) -> list[float]:
    """Vertical places of the units of a layer, the first at the top."""
    return [(count - 1) / 2 - i for i in range(count)]


def _ringed(step: Pass, current: Equation | None) -> tuple[set, set]:
    """The units (column, index) and the links (layer, from, to) whose numbers are in play."""
    if current is None:
        return set(), {step.focus}
    layer, kind = current.layer, current.name.rstrip("0123456789")
    row, column = current.result.used
    fan_in = step.dense[layer - 1].W.shape[0]
    if kind == "z":
        return {(layer, column)}, {(layer, i, column) for i in range(fan_in + 1)}
    if kind in ("a", "p", "dz"):
        return {(layer, column)}, set()
    if kind == "da":
        return {(layer - 1, column)}, {(layer, column, j) for j in range(step.dense[layer - 1].W.shape[1])}
    if kind in ("dW", "update"):
        source = fan_in if current.operands[0].symbol.startswith("b") else row
        return ({(layer - 1, source), (layer, column)} if kind == "dW" else set()), {(layer, source, column)}
    if kind == "db":
        return {(layer, column)}, {(layer, fan_in, column)}
    return {(layer, k) for k in range(step.y.shape[1])}, set()


def _units(step: Pass, known: set[str], current: Equation | None) -> list[dict]:
    n, ringed, rows = step.example, _ringed(step, current)[0], []
    for i, y in enumerate(heights := _heights(step.X.shape[1])):
        value, slope = number(step.X[n, i]), number(step.douts[0][n, i]) if "da0" in known else ""
        tips = {"a": value, "da": slope or NOT_YET}
        rows.append(_unit((0, i), y, f"input {i + 1}", value, gradient=slope, ringed=(0, i) in ringed, tips=tips))
    rows.append(_unit((0, len(heights)), heights[-1] - 1, ONE, "1"))
    for layer, dense in enumerate(step.dense, start=1):
        heights = _heights(dense.W.shape[1])
        for j, y in enumerate(heights):
            rows.append(_working_unit(step, known, layer, j, y, (layer, j) in ringed))
        if layer < len(step.dense):
            rows.append(_unit((layer, len(heights)), heights[-1] - 1, ONE, "1"))
    return rows


def _working_unit(step: Pass, known: set[str], layer: int, j: int, y: float, ringed: bool) -> dict:
    """A unit with weights: its numbers, as far as they are known, and how they are computed."""
    n, dense, last = step.example, step.dense[layer - 1], layer == len(step.dense)
    place = step.place(dense)
    z, a = number(step.outputs[place][n, j]), number(step.outputs[place + 1][n, j])
    dz = number(step.douts[place + 1][n, j])
    da = "" if last else number(step.douts[place + 2][n, j])
    sums = _products(step.input(place)[n], dense.W[:, j]) + f" + {number(dense.b[j])}"
    has_z, has_a = f"z{layer}" in known, ("p" if last else f"a{layer}") in known
    has_dz, has_da = f"dz{layer}" in known, f"da{layer}" in known
    activation = "softmax" if last else step.activation(dense).label
    tips = {
        "z": f"{sums} = {z}" if has_z else NOT_YET,
        "a": f"{activation}({z}) = {a}" if has_a else NOT_YET,
        "da": da if has_da else NOT_YET,
        "dz": dz if has_dz else NOT_YET,
    }
    name = f"output {j + 1}" if last else f"hidden {layer}, unit {j + 1}"
    text = a if has_a else f"z {z}" if has_z else NOT_YET
    slope = dz if has_dz else da if has_da else ""
    return _unit((layer, j), y, name, text, gradient=slope, ringed=ringed, tips=tips)


def _products(left, right) -> str:
    return " + ".join(f"{number(a)}·{number(b)}" for a, b in zip(left, right, strict=True))


def _unit(
    place: tuple[int, int], y: float, name: str, text: str, *,
    gradient: str = "", ringed: bool = False, tips: dict[str, str] | None = None,
) -> dict:  # fmt: skip
    """A row of the table of units.

    Args:
        place: number of the column, and of the unit in it.
        y: its height.
        name: in the tooltip.
        text, gradient: the numbers inside the unit.
        ringed: whether a ring marks the unit.
        tips: what the tooltip says of z, a, da and dz; "–" where it says nothing.
    """
    column, index = place
    return {
        "x": float(column), "y": float(y), "key": f"{column}-{index}", "name": name, "text": text,
        "gradient": gradient and f"∂ {gradient}", "ringed": ringed, **dict.fromkeys(("z", "a", "da", "dz"), "–"),
        **(tips or {}),
    }  # fmt: skip


def _links(step: Pass, known: set[str], current: Equation | None, back: bool) -> list[dict]:
    """A row for each link. In the backward pass a link shows its gradient, once that is known, and not its weight."""
    ringed, rows = _ringed(step, current)[1], []
    largest = max(abs(step.network.gradients if back else step.network.parameters).max(), 1e-12)
    for layer, dense in enumerate(step.dense, start=1):
        fan_in, fan_out = dense.W.shape
        sources, targets = _heights(fan_in), _heights(fan_out)
        sources.append(sources[-1] - 1)
        for i, source in enumerate(sources):
            for j, target in enumerate(targets):
                name, symbol = ("b", f"b{j + 1}") if i == fan_in else ("W", f"W{i + 1}{j + 1}")
                index = (j,) if name == "b" else (i, j)
                weight, slope = getattr(dense, name)[index], getattr(dense, f"d{name}")[index]
                is_known = f"d{name}{layer}" in known
                value = slope if back else weight
                drawn = value if not back or is_known else 0.0
                near = 0.45 + 0.14 * (i % 2)
                rows.append(
                    {
                        "x": layer - 1.0,
                        "y": float(source),
                        "x2": float(layer),
                        "y2": float(target),
                        "sign": "positive" if drawn > 0 else "negative" if drawn < 0 else "none",
                        "width": 1 + (WIDEST - 1) * abs(drawn) / largest if drawn else 0.7,
                        "ringed": (layer, i, j) in ringed,
                        "key": f"{layer}-{i}-{j}",
                        "link": f"{symbol} of layer {layer}",
                        "weight": number(weight),
                        "slope": f"{_slope_sum(step, layer, i, j)} = {number(slope)}" if is_known else NOT_YET,
                        "label": number(value) if (layer, i, j) in ringed and (is_known or not back) else "",
                        "label_x": layer - 1 + near,
                        "label_y": source + near * (target - source),
                    }
                )
    return rows


def _slope_sum(step: Pass, layer: int, i: int, j: int) -> str:
    """The sum over the batch that gives the gradient of a weight, or of a bias, which is the last link of a unit."""
    place = step.place(step.dense[layer - 1])
    given, dz = step.input(place), step.douts[place + 1][:, j]
    return _products(given[:, i], dz) if i < given.shape[1] else " + ".join(number(each) for each in dz)


def _sides(step: Pass, loss: str, rows: int) -> list[dict]:
    """The texts around the units: the names of the layers above, and the labels at the right."""
    last, top = len(step.dense), rows / 2 + 0.15
    heads = ["input x", *(f"hidden {layer}" for layer in range(1, last)), "output p"]
    texts = [{"x": float(x), "y": top, "text": head, "bold": False} for x, head in enumerate(heads)]
    for y, target in zip(_heights(step.y.shape[1]), step.y[step.example], strict=True):
        texts.append({"x": last + 0.42, "y": float(y), "text": f"y = {target:.0f}", "bold": False})
    return [*texts, {"x": last + 0.3, "y": -rows / 2 - 0.4, "text": loss, "bold": True}]


@lru_cache(maxsize=64)
def _spec(n_layers: int, rows: int, title: str) -> Spec:
    x = alt.Scale(domain=[-0.4, n_layers + 0.7], nice=False, zero=False)
    y = alt.Scale(domain=[-rows / 2 - 0.95, rows / 2 + 0.35], nice=False, zero=False)
    at = {"x": alt.X("x:Q", scale=x, axis=None), "y": alt.Y("y:Q", scale=y, axis=None)}
    links = alt.Chart(alt.NamedData("links"))
    to = {"x2": "x2:Q", "y2": "y2:Q"}
    sign = alt.Color(
        "sign:N",
        scale=alt.Scale(domain=["positive", "negative", "none"], range=[POSITIVE, NEGATIVE, REFERENCE]),
        legend=alt.Legend(
            title=title, orient="bottom", symbolType="stroke", symbolStrokeWidth=4, values=["positive", "negative"]
        ),
    )
    lines = links.mark_rule().encode(
        **at, **to, color=sign,
        strokeWidth=alt.StrokeWidth("width:Q", scale=None, legend=None),
        strokeDash=alt.condition("datum.sign == 'negative'", alt.value([5, 3]), alt.value([1, 0])),
        opacity=alt.condition("datum.ringed", alt.value(1), alt.value(0.5)),
    )  # fmt: skip
    tips = [
        alt.Tooltip("link:N", title="link"),
        alt.Tooltip("weight:N", title="value"),
        alt.Tooltip("slope:N", title="gradient"),
    ]
    hits = (
        links.mark_rule(strokeWidth=16, opacity=0.001, cursor="pointer")
        .encode(**at, **to, tooltip=tips)
        .add_params(alt.selection_point(name=POINTED, fields=["key"], toggle=False, empty=False))
    )
    labels = (
        alt.Chart(alt.NamedData("labels"))
        .mark_text(fontSize=12, fontWeight="bold", dy=-8)
        .encode(
            x=alt.X("label_x:Q", scale=x, axis=None),
            y=alt.Y("label_y:Q", scale=y, axis=None),
            text="label:N",
            color=sign,
        )
    )
    units = alt.Chart(alt.NamedData("units"))
    fields = [alt.Tooltip(f"{name}:N", title=title) for name, title in
              (("name", "unit"), ("z", "z"), ("a", "a"), ("da", "dL/da"), ("dz", "dL/dz"))]  # fmt: skip
    circles = (
        units.mark_circle(cursor="pointer", opacity=1)
        .encode(
            **at, tooltip=fields,
            size=alt.condition(f"datum.name == '{ONE}'", alt.value(SMALL), alt.value(UNIT)),
            color=alt.value("#E9E6F2"),
            stroke=alt.condition("datum.ringed", alt.value(NOW), alt.value(REFERENCE)),
            strokeWidth=alt.condition("datum.ringed", alt.value(4), alt.value(1)),
        )
    )  # fmt: skip
    up = alt.expr("datum.gradient ? -7 : 0")
    values = units.mark_text(fontSize=12, color="#24222b", fontWeight="bold", dy=up).encode(**at, text="text:N")
    slopes = units.mark_text(fontSize=11, color="#B23A00", dy=10).encode(**at, text="gradient:N")
    bold = alt.expr("datum.bold ? 'bold' : 'normal'")
    sides = (
        alt.Chart(alt.NamedData("sides"))
        .mark_text(fontSize=13, fontWeight=bold, color=REFERENCE)
        .encode(**at, text="text:N")
    )
    return specification(round(ROW * (rows + 1.3)), lines, hits, circles, values, slopes, labels, sides)
