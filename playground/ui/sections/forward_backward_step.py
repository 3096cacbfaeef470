"""A training step, equation by equation: a stepper, a diagram of the network, and numbers to change."""

import streamlit as st

from ...charts import diagram
from ...charts.network_diagram import POINTED
from ...text import number
from ...topics.forward_backward.equation import Equation, agrees, code_lines
from ...topics.forward_backward.equations import equations
from ...topics.forward_backward.training_step import LARGEST, STEPS, Edit, Pass, TrainingStep, follow_step
from ..controls import control
from ..fields import NumberField
from ..session import PageSession
from .forward_backward_matrices import entry, matrices


class StepSession(PageSession):
    """What one visitor follows.

    Attributes:
        revealed: whether the page shows the result of the present stage although the visitor is to predict it.
        guess: the last prediction; None: none yet.
    """

    kind = TrainingStep

    def __init__(self, experiment, notices):
        super().__init__(experiment, notices)
        self.revealed = False
        self.guess: float | None = None
        self._computed: tuple[TrainingStep, Pass, list[Equation]] | None = None

    def _compute(self) -> tuple[TrainingStep, Pass, list[Equation]]:
        """The experiment, its training step and the equations, computed again only for another experiment."""
        if self._computed is None or self._computed[0] != self.experiment:
            step = follow_step(self.experiment)
            self._computed = self.experiment, step, equations(step)
        return self._computed

    @property
    def step(self) -> Pass:
        """The training step."""
        return self._compute()[1]

    @property
    def equations(self) -> list[Equation]:
        """The equations of the training step, in order."""
        return self._compute()[2]

    @property
    def stage(self) -> int:
        """Which of them is on the screen, from 0."""
        return min(self.experiment.stage, len(self.equations) - 1)

    @property
    def equation(self) -> Equation:
        """The equation that the page shows."""
        return self.equations[self.stage]

    @property
    def hidden(self) -> bool:
        """Whether the visitor still has to predict the result of the equation."""
        return self.experiment.predict and not self.revealed

    def turn(self, **values):
        self.revealed, self.guess = False, None
        if any(self.knobs[name].group in ("Data", "Network") for name in values):
            values = {"step": 1, "stage": 0} | values
        super().turn(**values)

    def applies(self, name):
        return self.knobs[name].group != "Training step" and super().applies(name)

    def fans(self):
        return [layer.W.shape for layer in self.step.dense]

    def go(self, by: int) -> None:
        """Go to another stage; after the last one, to the next training step."""
        if self.stage + by >= len(self.equations):
            self.turn(step=min(self.experiment.step + 1, STEPS), stage=0)
        else:
            self.turn(stage=max(self.stage + by, 0))

    def edit(self, name: str, index: tuple[int, ...], value: float) -> None:
        """Change one number from this training step on."""
        change = Edit(self.experiment.step, name, index, float(value))
        kept = [edit for edit in self.experiment.edits if edit[:3] != change[:3]]
        self.turn(edits=self.knobs["edits"].nearest((*kept, change)))

    def predict_result(self, guess: float) -> None:
        """Note a prediction. If it is right, the result is shown."""
        self.guess = guess
        self.revealed = agrees(guess, self.equation.value)

    def reveal(self) -> None:
        """Show the result without a prediction."""
        self.revealed = True

    def point(self) -> None:
        """Set the focus to the unit or link that was clicked in the diagram."""
        chosen = st.session_state["diagram"].selection.get(POINTED)
        try:
            place = tuple(int(part) for part in str(chosen[0]["key"]).split("-"))
        except (TypeError, LookupError, ValueError):
            return  # a click on nothing
        if len(place) == 2:  # a unit: its link from the unit where the link in play starts
            column, index = place
            place = (column, self.step.focus[1], index) if column else (1, index, self.step.focus[2])
        self.turn(focus=self.knobs["focus"].nearest(place))


def stage_name(equation: Equation) -> str:
    """The name of an equation on the stepper."""
    return "dX" if equation.name == "da0" else equation.name.replace("update", "update ")


def stepper(session: StepSession) -> None:
    """Buttons for back and next, and a slider over the equations."""
    last = session.stage == len(session.equations) - 1
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button(
            "Back", icon=":material/arrow_back:", key="back", on_click=session.go, args=(-1,),
            disabled=session.stage == 0,
            shortcut="Left",
        )  # fmt: skip
        st.button(
            "Next training step" if last else "Next", icon=":material/arrow_forward:", icon_position="right",
            key="next", type="primary", on_click=session.go, args=(1,), shortcut="Right",
            disabled=last and session.experiment.step == STEPS,
        )  # fmt: skip
        control(session, "predict", st)
        examples = list(range(len(session.step.X)))
        st.session_state["knob-example"] = session.step.example
        st.segmented_control(
            "Example of the batch", examples, key="knob-example", required=True,
            format_func=lambda i: f"{i + 1}", help=session.knobs["example"].help,
            on_change=lambda: session.turn(example=st.session_state["knob-example"]),
        )  # fmt: skip
    st.session_state["stage"] = session.stage
    st.select_slider(
        f"Training step {session.experiment.step}: **{session.equation.phase.lower()}**",
        list(range(len(session.equations))),
        format_func=lambda i: stage_name(session.equations[i]), key="stage",
        on_change=lambda: session.turn(stage=st.session_state["stage"]),
    )  # fmt: skip


def network(session: StepSession, done: list[Equation], current: Equation | None = None) -> None:
    """The diagram, whose units and links can be clicked, and fields that do the same for those who can't click."""
    picture = diagram(session.step, done, current)
    st.vega_lite_chart(
        {**picture.spec, "datasets": picture.tables}, alt=picture.alt, key="diagram", on_select=session.point
    )
    layer, i, j = session.step.focus
    fan_in, fan_out = session.step.dense[layer - 1].W.shape

    def choose():
        session.turn(focus=tuple(st.session_state[f"focus-{part}"] for part in ("layer", "from", "to")))

    parts = {
        "layer": ("Link of layer", list(range(1, len(session.step.dense) + 1)), layer, str),
        "from": ("from", list(range(fan_in + 1)), i, lambda k: "bias" if k == fan_in else f"unit {k + 1}"),
        "to": ("to", list(range(fan_out)), j, lambda k: f"unit {k + 1}"),
    }
    with st.container(horizontal=True):
        for part, (label, options, value, show) in parts.items():
            st.session_state[f"focus-{part}"] = value
            st.selectbox(label, options, format_func=show, key=f"focus-{part}", on_change=choose, width=112)
    kinds = (f"z{layer}", f"db{layer}" if i == fan_in else f"dW{layer}")
    for equation in done:
        if equation.name in kinds and equation is not current:
            st.latex(entry(equation, hidden=False))


def equation(session: StepSession) -> None:
    """The equation that the page shows, its entry in play with numbers, and where it comes from."""
    equation = session.equation
    st.markdown(f"##### {equation.title}")
    st.latex(equation.formula)
    st.latex(entry(equation, session.hidden))
    prediction(session)
    st.markdown(equation.words)
    if equation.name.startswith("update") and equation is session.equations[-1] and not session.hidden:
        before, after = session.step.loss, loss_after(session.step)
        st.markdown(f"The loss of this batch goes from **{number(before)}** to **{number(after)}** by this step.")


def loss_after(step: Pass) -> float:
    """The loss of the same batch after the update."""
    return float(step.updated.loss.value(step.updated.forward(step.X), step.y))


def prediction(session: StepSession) -> None:
    """A field for the number that the student expects, and the reply to it."""
    if not session.experiment.predict:
        return
    equation = session.equation
    if session.hidden:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            field = NumberField(
                label="What do you expect for this entry?", key=f"guess-{session.stage}", low=-1e6, high=1e6,
                placeholder="a number, such as 0.25",
            )  # fmt: skip
            field.show(session, st, "" if session.guess is None else f"{session.guess:g}", session.predict_result)
            st.button("Show", key="reveal", on_click=session.reveal, icon=":material/visibility:")
    if session.guess is None:
        return
    if agrees(session.guess, equation.value):
        st.success(f"Right: it is {equation.value:.4g}.", icon=":material/check_circle:")
        return
    mistake = equation.mistake_behind(session.guess)
    off = f"off by {number(abs(session.guess - equation.value))}" if session.revealed else "not yet"
    st.warning(
        f"{session.guess:g} is {off}." + (f" It looks as if {mistake}." if mistake else ""),
        icon=":material/psychology_alt:",
    )


def code(equation: Equation) -> None:
    """The lines of the engine that compute the result, read from its source."""
    function, target = equation.code
    lines, first = code_lines(function, target)
    st.code(lines, language="python")
    st.caption(f"`{function.__qualname__}`, line {first} of `{function.__module__.replace('.', '/')}.py`")


def arrays(session: StepSession) -> None:
    """The arrays of the equation with their shapes and numbers."""
    st.latex(matrices(session.equation, session.hidden))


def changes(session: StepSession) -> None:
    """Fields for the numbers in play: the chosen weight or bias, the inputs and the class of the example."""
    step = session.step
    (layer, i, j), n = step.focus, step.example
    dense = step.dense[layer - 1]
    bias = i == dense.W.shape[0]
    name, index = (f"b{layer}", (j,)) if bias else (f"W{layer}", (i, j))
    value = dense.b[j] if bias else dense.W[i, j]
    numbers = [(f"{name}[{', '.join(str(k + 1) for k in index)}]", name, index, value)]
    numbers += [(f"x{k + 1} of example {n + 1}", "X", (n, k), step.X[n, k]) for k in range(step.X.shape[1])]
    columns = st.columns(len(numbers) + 1)
    for place, (label, array, at, present) in zip(columns, numbers, strict=False):
        key = f"edit-{array}-{'-'.join(map(str, at))}"
        field = NumberField(label=label, key=key, low=-LARGEST, high=LARGEST)
        field.show(session, place, f"{present:.6g}", lambda new, array=array, at=at: session.edit(array, at, new))
    st.session_state["edit-y"] = int(step.y[n].argmax())
    columns[-1].segmented_control(
        f"Class of example {n + 1}", list(range(step.y.shape[1])), key="edit-y", required=True,
        on_change=lambda: session.edit("y", (n,), st.session_state["edit-y"]),
    )  # fmt: skip
    if session.experiment.edits:
        st.button(
            f"Undo all {len(session.experiment.edits)} changes", icon=":material/undo:", key="undo",
            on_click=session.turn,
            kwargs={"edits": ()},
        )  # fmt: skip
    if step.overflow:
        st.warning(
            f"In training step {step.overflow} the weights leave the numbers: shown is what was before it. "
            "A smaller learning rate helps.", icon=":material/trending_up:",
        )  # fmt: skip
