"""A walk on the screen: a stepper through one training step, the network to point at, and numbers to change."""

import streamlit as st

from ...charts import network_diagram
from ...charts.network_diagram import POINTED
from ...text import number
from ...topics.forward_backward.equations import Move, agrees, code_lines, moves
from ...topics.forward_backward.training_step import LARGEST, STEPS, Edit, Pass, Walk, walk_through
from ..controls import control
from ..fields import number_field
from ..session import Desk
from .forward_backward_matrices import entry, matrices


class WalkDesk(Desk):
    """One visitor's walk.

    Attributes:
        revealed: whether the result of the present stage is shown, although it is to be foretold.
        guess: what was foretold last; None: nothing yet.
    """

    kind = Walk

    def __init__(self, experiment, notices):
        super().__init__(experiment, notices)
        self.revealed = False
        self.guess: float | None = None
        self._seen: tuple[Walk, Pass, list[Move]] | None = None

    def _look(self) -> tuple[Walk, Pass, list[Move]]:
        if self._seen is None or self._seen[0] != self.experiment:
            step = walk_through(self.experiment)
            self._seen = self.experiment, step, moves(step)
        return self._seen

    @property
    def step(self) -> Pass:
        """The training step, computed when the experiment has changed."""
        return self._look()[1]

    @property
    def moves(self) -> list[Move]:
        return self._look()[2]

    @property
    def stage(self) -> int:
        return min(self.experiment.stage, len(self.moves) - 1)

    @property
    def move(self) -> Move:
        """The move that is looked at."""
        return self.moves[self.stage]

    @property
    def hidden(self) -> bool:
        """Whether the result of the move is still to be foretold."""
        return self.experiment.predict and not self.revealed

    def turn(self, **values):
        self.revealed, self.guess = False, None
        if any(self.knobs[name].group in ("Data", "Network") for name in values):
            values = {"step": 1, "stage": 0} | values
        super().turn(**values)

    def applies(self, name):
        source = self.experiment.source
        if name == "n_classes":
            return source.many_classes
        return self.knobs[name].group != "Walk" and not (source.given and name in ("n_points", "noise", "data_seed"))

    def fans(self):
        return [layer.W.shape for layer in self.step.dense]

    def go(self, by: int) -> None:
        """To the next stage or the one before; past the last, on to the next training step."""
        if self.stage + by >= len(self.moves):
            self.turn(step=min(self.experiment.step + 1, STEPS), stage=0)
        else:
            self.turn(stage=max(self.stage + by, 0))

    def edit(self, name: str, index: tuple[int, ...], value: float) -> None:
        """Change one number from this training step on."""
        change = Edit(self.experiment.step, name, index, float(value))
        kept = [edit for edit in self.experiment.edits if edit[:3] != change[:3]]
        self.turn(edits=self.knobs["edits"].nearest((*kept, change)))

    def foretell(self, guess: float) -> None:
        """Take a prediction; a right one shows the result."""
        self.guess = guess
        self.revealed = agrees(guess, self.move.value)

    def reveal(self) -> None:
        self.revealed = True

    def point(self) -> None:
        """Look at what was pointed at in the diagram."""
        chosen = st.session_state["diagram"].selection.get(POINTED)
        try:
            place = tuple(int(part) for part in str(chosen[0]["key"]).split("-"))
        except (TypeError, LookupError, ValueError):
            return  # a click beside everything
        if len(place) == 2:  # a unit: of its links, the one from where the link in play comes from
            column, index = place
            place = (column, self.step.focus[1], index) if column else (1, index, self.step.focus[2])
        self.turn(focus=self.knobs["focus"].nearest(place))


def stage_name(move: Move) -> str:
    """A move as it stands on the stepper."""
    return "dX" if move.name == "da0" else move.name.replace("update", "update ")


def stepper(desk: WalkDesk) -> None:
    """Back, next, and where the step stands."""
    last = desk.stage == len(desk.moves) - 1
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button(
            "Back", icon=":material/arrow_back:", key="back", on_click=desk.go, args=(-1,), disabled=desk.stage == 0,
            shortcut="Left",
        )  # fmt: skip
        st.button(
            "Next training step" if last else "Next", icon=":material/arrow_forward:", icon_position="right",
            key="next", type="primary", on_click=desk.go, args=(1,), shortcut="Right",
            disabled=last and desk.experiment.step == STEPS,
        )  # fmt: skip
        control(desk, "predict", st)
        examples = list(range(len(desk.step.X)))
        st.session_state["knob-example"] = desk.step.example
        st.segmented_control(
            "Example of the batch", examples, key="knob-example", required=True,
            format_func=lambda i: f"{i + 1}", help=desk.knobs["example"].help,
            on_change=lambda: desk.turn(example=st.session_state["knob-example"]),
        )  # fmt: skip
    st.session_state["stage"] = desk.stage
    st.select_slider(
        f"Training step {desk.experiment.step}: **{desk.move.phase.lower()}**", list(range(len(desk.moves))),
        format_func=lambda i: stage_name(desk.moves[i]), key="stage",
        on_change=lambda: desk.turn(stage=st.session_state["stage"]),
    )  # fmt: skip


def network(desk: WalkDesk, done: list[Move], current: Move | None = None) -> None:
    """The diagram, which can be pointed at; the same with fields for those who can't point."""
    picture = network_diagram(desk.step, done, current)
    st.vega_lite_chart(
        {**picture.spec, "datasets": picture.tables}, alt=picture.alt, key="diagram", on_select=desk.point
    )
    layer, i, j = desk.step.focus
    fan_in, fan_out = desk.step.dense[layer - 1].W.shape

    def look():
        desk.turn(focus=tuple(st.session_state[f"focus-{part}"] for part in ("layer", "from", "to")))

    parts = {
        "layer": ("Link of layer", list(range(1, len(desk.step.dense) + 1)), layer, str),
        "from": ("from", list(range(fan_in + 1)), i, lambda k: "bias" if k == fan_in else f"unit {k + 1}"),
        "to": ("to", list(range(fan_out)), j, lambda k: f"unit {k + 1}"),
    }
    with st.container(horizontal=True):
        for part, (label, options, value, show) in parts.items():
            st.session_state[f"focus-{part}"] = value
            st.selectbox(label, options, format_func=show, key=f"focus-{part}", on_change=look, width=112)
    kinds = (f"z{layer}", f"db{layer}" if i == fan_in else f"dW{layer}")
    for move in done:
        if move.name in kinds and move is not current:
            st.latex(entry(move, hidden=False))


def equation(desk: WalkDesk) -> None:
    """The move that is looked at: its equation, its entry in play with numbers, and where it comes from."""
    move = desk.move
    st.markdown(f"##### {move.title}")
    st.latex(move.formula)
    st.latex(entry(move, desk.hidden))
    prediction(desk)
    st.markdown(move.words)
    if move.name.startswith("update") and move is desk.moves[-1] and not desk.hidden:
        before, after = desk.step.loss, loss_after(desk.step)
        st.markdown(f"The loss of this batch goes from **{number(before)}** to **{number(after)}** by this step.")


def loss_after(step: Pass) -> float:
    """The loss of the same batch after the update."""
    return float(step.updated.loss.value(step.updated.forward(step.X), step.y))


def prediction(desk: WalkDesk) -> None:
    """A field for what the student expects, and what is to be said of it."""
    if not desk.experiment.predict:
        return
    move = desk.move
    if desk.hidden:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            number_field(
                desk, st, "What do you expect for this entry?", f"guess-{desk.stage}",
                "" if desk.guess is None else f"{desk.guess:g}", desk.foretell, -1e6, 1e6,
                placeholder="a number, such as 0.25",
            )  # fmt: skip
            st.button("Show", key="reveal", on_click=desk.reveal, icon=":material/visibility:")
    if desk.guess is None:
        return
    if agrees(desk.guess, move.value):
        st.success(f"Right: it is {move.value:.4g}.", icon=":material/check_circle:")
        return
    slip = move.slip_behind(desk.guess)
    off = f"off by {number(abs(desk.guess - move.value))}" if desk.revealed else "not yet"
    st.warning(
        f"{desk.guess:g} is {off}." + (f" It looks as if {slip}." if slip else ""), icon=":material/psychology_alt:"
    )


def code(move: Move) -> None:
    """The lines of the engine that compute the move, read from the running class."""
    function, target = move.code
    lines, first = code_lines(function, target)
    st.code(lines, language="python")
    st.caption(f"`{function.__qualname__}`, line {first} of `{function.__module__.replace('.', '/')}.py`")


def arrays(desk: WalkDesk) -> None:
    """The arrays of the move with their shapes and numbers."""
    st.latex(matrices(desk.move, desk.hidden))


def changes(desk: WalkDesk) -> None:
    """Fields for the numbers in play: the chosen weight or bias, the inputs and the class of the example."""
    step = desk.step
    (layer, i, j), n = step.focus, step.example
    dense = step.dense[layer - 1]
    bias = i == dense.W.shape[0]
    name, index = (f"b{layer}", (j,)) if bias else (f"W{layer}", (i, j))
    value = dense.b[j] if bias else dense.W[i, j]
    fields = [(f"{name}[{', '.join(str(k + 1) for k in index)}]", name, index, value)]
    fields += [(f"x{k + 1} of example {n + 1}", "X", (n, k), step.X[n, k]) for k in range(step.X.shape[1])]
    columns = st.columns(len(fields) + 1)
    for place, (label, array, at, number_now) in zip(columns, fields, strict=False):
        number_field(
            desk, place, label, f"edit-{array}-{'-'.join(map(str, at))}", f"{number_now:.6g}",
            lambda new, array=array, at=at: desk.edit(array, at, new), -LARGEST, LARGEST,
        )  # fmt: skip
    st.session_state["edit-y"] = int(step.y[n].argmax())
    columns[-1].segmented_control(
        f"Class of example {n + 1}", list(range(step.y.shape[1])), key="edit-y", required=True,
        on_change=lambda: desk.edit("y", (n,), st.session_state["edit-y"]),
    )  # fmt: skip
    if desk.experiment.edits:
        st.button(
            f"Undo all {len(desk.experiment.edits)} changes", icon=":material/undo:", key="undo", on_click=desk.turn,
            kwargs={"edits": ()},
        )  # fmt: skip
    if step.overflow:
        st.warning(
            f"In training step {step.overflow} the weights leave the numbers: shown is what was before it. "
            "A smaller learning rate helps.", icon=":material/trending_up:",
        )  # fmt: skip
