"""Controls are made from the knobs: one kind of widget for each kind of knob, in the order of the record."""

from functools import singledispatch
from typing import Any

import streamlit as st

from ..nn import INITIALIZERS, Initializer, weight_gain
from ..settings.knobs import Choice, Flag, Integer, Knob, Real, Widths
from ..training.contestants import Contestant, Contestants
from .session import PageSession

NEW_LAYER = 8  # units of the first hidden layer that is added


def sidebar(session: PageSession) -> None:
    """All knobs of a run, group by group; minor ones are inside an expander."""
    groups = dict.fromkeys(knob.group for knob in session.knobs.values())
    for group in groups:
        shown = [name for name, knob in session.knobs.items() if knob.group == group and session.shows(name)]
        if shown:
            st.sidebar.subheader(group)
        for name in shown:
            if not session.knobs[name].minor:
                control(session, name, st.sidebar)
        minor = [name for name in shown if session.knobs[name].minor]
        if minor:
            with st.sidebar.expander(", ".join(session.knobs[name].label for name in minor)) as more:
                for name in minor:
                    control(session, name, more)


def control(session: PageSession, name: str, place) -> None:
    """One knob's widget, which always shows the value in the experiment, and an explanation of the chosen option."""
    knob, value = session.knobs[name], getattr(session.current, name)
    widget(knob, name, value, session, place)
    if isinstance(knob, Choice):
        place.caption("  \n".join(explanation(knob.options[value], session)))


def explanation(option: Any, session: PageSession) -> list[str]:
    """Formula and meaning of an option; of an initialiser also its variances in this network, and its source."""
    lines = [f"${option.formula}$"] if hasattr(option, "formula") else []
    lines.append(option.meaning)
    if isinstance(option, Initializer):
        gain = weight_gain(session.current.activation, option.name) if "activation" in session.knobs else 1.0
        variances = [gain**2 * option.variance(*fans) for fans in session.fans()]
        lines.append("Var(W), layer by layer: " + ", ".join(f"**{variance:.3g}**" for variance in variances))
        lines.append(f"*{option.source}*")
    return lines


def bound(session: PageSession, name: str, value: Any) -> dict[str, Any]:
    """Arguments that bind a widget to a knob: it shows `value`, and a change of the widget turns the knob."""
    key = f"knob-{name}"
    st.session_state[key] = value
    return {"key": key, "on_change": lambda: session.turn(**{name: st.session_state[key]})}


@singledispatch
def widget(knob: Knob, name: str, value: Any, session: PageSession, place) -> None:
    """The widget for a kind of knob."""
    raise NotImplementedError(type(knob))


@widget.register
def _(knob: Choice, name, value, session, place):
    place.selectbox(
        knob.label,
        list(knob.options),
        format_func=lambda option: knob.options[option].label,
        help="\n\n".join([knob.help, getattr(knob.options[value], "source", "")]),
        **bound(session, name, value),
    )


@widget.register
def _(knob: Flag, name, value, session, place):
    place.toggle(knob.label, help=knob.help, **bound(session, name, value))


@widget.register
def _(knob: Real, name, value, session, place):
    if knob.log:
        place.select_slider(
            knob.label, log_options(knob, value, knob.high), format_func=lambda number: f"{number:g}", help=knob.help,
            **bound(session, name, value),
        )  # fmt: skip
    else:
        digits = max(0, -int(f"{knob.step:e}".split("e")[1]))
        place.slider(
            knob.label, knob.low, knob.high, step=knob.step, format=f"%.{digits}f", help=knob.help,
            **bound(session, name, value),
        )  # fmt: skip


@widget.register
def _(knob: Integer, name, value, session, place):
    if knob.log:
        top = session.highest(name)
        place.select_slider(
            knob.label, log_options(knob, value, top), help=knob.help,
            format_func=lambda number: f"all {top}" if number > top else f"{number:,}", **bound(session, name, value),
        )  # fmt: skip
    elif knob.high > 10_000:
        place.number_input(knob.label, knob.low, knob.high, step=1, help=knob.help, **bound(session, name, value))
    else:
        place.slider(knob.label, knob.low, knob.high, step=knob.step, help=knob.help, **bound(session, name, value))


def log_options(knob: Real | Integer, value: float, top: float) -> list[float]:
    """1, 2, 5, 10 ... times the knob's lowest value up to `top`, and its present value if that is another one."""
    steps = [knob.low * factor * 10**power for power in range(8) for factor in (1, 2, 5)]
    steps = {knob.nearest(float(f"{step:.3g}")) for step in steps if step < top}
    return sorted(steps | {value if value >= top else knob.high, value})


@widget.register
def _(knob: Contestants, name, value, session, place):
    options = {each.name: each for bn in (False, True) for each in (Contestant(scheme, bn) for scheme in INITIALIZERS)}

    def choose():
        chosen = tuple(options[option] for option in st.session_state[f"knob-{name}"])
        if len(chosen) >= knob.fewest:
            session.turn(**{name: chosen})
        else:
            session.message = f"At least {knob.fewest} of them must stay: choose another one first."

    st.session_state[f"knob-{name}"] = [contestant.name for contestant in value]
    place.multiselect(
        knob.label, list(options), format_func=lambda option: options[option].label, max_selections=knob.most,
        help=knob.help, key=f"knob-{name}", on_change=choose,
    )  # fmt: skip


@widget.register
def _(knob: Widths, name, value, session, place):
    def set_depth():
        depth = st.session_state[f"knob-{name}"]
        added = (value or (NEW_LAYER,))[-1:] * (depth - len(value))
        session.turn(**{name: (value + added)[:depth]})

    def set_width(layer):
        width = st.session_state[f"width-{layer}"]
        session.turn(**{name: (*value[:layer], width, *value[layer + 1 :])})

    st.session_state[f"knob-{name}"] = len(value)
    place.slider(knob.label, 0, knob.most, help=knob.help, key=f"knob-{name}", on_change=set_depth)
    if knob.uniform:
        st.session_state["width"] = (value or (NEW_LAYER,))[0]
        place.slider(
            "Width", 1, knob.widest, key="width", help="Number of units in each hidden layer.",
            on_change=lambda: session.turn(**{name: (st.session_state["width"],) * len(value)}),
        )  # fmt: skip
        return
    columns = place.columns(2)
    for layer, width in enumerate(value):
        st.session_state[f"width-{layer}"] = width
        columns[layer % 2].slider(
            f"Hidden {layer + 1}",
            1,
            knob.widest,
            key=f"width-{layer}",
            on_change=set_width,
            args=(layer,),
            help="Width: number of units in this layer.",
        )
