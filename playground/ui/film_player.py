"""The player of films: a run as segments, which the browser plays; the server only hears where the viewer is."""

from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from ..charts.strip import bound, element
from ..film.clip import Clip
from ..film.routes import VERSION
from ..film.scene import PARTS, legend, read, scene
from ..film.segment import Recorder, opening_clip
from ..film.studio import STUDIO, version
from ..film.tracks import VIEWS, columns, strips
from ..training.budget import affordable
from ..training.experiment import Experiment
from . import take_home
from .run import Run, Single
from .session import alone

MOUNT = """
export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".film-player");
  const tell = (name, what) => (name === "seen" ? setStateValue : setTriggerValue)(name, what);
  root.player ||= new Player(root, tell);
  root.player.tell = tell;
  root.player.show(data);
}
"""
PLANE = """
export default function ({ data, parentElement }) {
  parentElement.querySelector("canvas").dataset.film = data.key;
  showLegend(parentElement.querySelector(".film-legend"), data.legend);
}
"""
FINDINGS = """
export default function ({ data, parentElement }) {
  parentElement.querySelector(".film-findings").dataset.film = data.key;
}
"""
UNSERVED = "without films"  # key in the session: set where the browser can't reach them
PLAYER = "film"  # key of the component
LATEST = 10**9  # mini-batches: more than any run has


_player = st.components.v2.component(
    "film_player",
    html=read("player.html"),
    css=read("player.css"),
    js="\n".join([*PARTS.values(), MOUNT]),
    isolate_styles=False,
)

_plane = st.components.v2.component(
    "film_plane",
    html=read("plane.html"),
    css=read("player.css"),
    js="\n".join([PARTS["plane.js"], PLANE]),
    isolate_styles=False,
)

_findings = st.components.v2.component(
    "film_findings",
    html='<div class="film-findings"></div>',
    css=read("player.css"),
    js=FINDINGS,
    isolate_styles=False,
)


class FilmRun(Run):
    """One visitor's run of an experiment, played by the browser.

    Attributes:
        seen: mini-batches at the moment that the viewer saw when the browser last said so.
        asked: how often the browser was asked where the viewer is.
        went_on: the film before a change of live knobs, and the mini-batches after which the present one differs.
    """

    def __init__(self, experiment: Experiment, notices: list[str]):
        self.asked = 0
        self._pending: dict[str, Any] = {}
        super().__init__(experiment, notices)

    @alone
    def start(self, experiment, message=""):
        self.experiment, smaller = affordable(experiment)
        self.seen = 0
        self.went_on = ("", 0)
        self.message = smaller or message

    @property
    def trainer(self) -> Recorder:
        """The trainer at the moment that the viewer sees."""
        return _trainer(self.experiment, self.seen)

    @property
    def steps(self):
        return self.seen

    @property
    def current(self):
        return replace(self.experiment.at(self.seen), **self._pending)

    def show_actions(self):
        take_home.popover(self)

    @property
    def singles(self):
        return {"": Single(self.experiment, self.trainer, moment=-1 if self.seen else None)}

    @property
    def film(self) -> str:
        """The name of the film: the experiment as in a URL."""
        return urlencode(self.experiment.to_query())

    @alone
    def turn(self, **values):
        """Set knobs: at once, or while the film plays as soon as the browser has said where the viewer is."""
        if self.playing:
            self._pending |= values
            self.asked += 1
        else:
            super().turn(**values)

    @alone
    def go_on(self):
        pass

    @alone
    def answer(self, told: Any) -> None:
        """The browser says where the viewer is, because knobs were turned."""
        values, self._pending = self._pending, {}
        if values and self._see(told):
            before = self.film
            Run.turn(self, **values)
            self.went_on = (before, self.seen)

    @alone
    def act(self, told: Any) -> None:
        """A button of the player was pressed: Reset, New seed, or a remedy."""
        if not self._see(told):
            return
        name = told.get("name")
        self.playing = False
        if name == "reset":
            self.reset()
        elif name == "seed":
            self.new_seed()
        elif name == "remedy" and isinstance(told.get("knobs"), dict):
            knobs = {str(key): str(value) for key, value in told["knobs"].items()}
            wanted, notices = self.kind.from_query(knobs)
            if not notices:
                Run.turn(self, **{key: getattr(wanted, key) for key in knobs})

    @alone
    def watch(self, told: Any) -> None:
        """The browser says which moment it shows, and whether it plays."""
        if isinstance(told, dict) and told.get("film") == self.film and self._see(told):
            self.playing = told.get("playing") is True

    def _see(self, told: Any) -> bool:
        """Take over where the viewer is; False if what the browser has sent makes no sense."""
        step = told.get("step") if isinstance(told, dict) else None
        if isinstance(step, bool) or not isinstance(step, int | float) or not 0 <= step <= LATEST or step % 1:
            return False
        self.seen = int(step)
        return True


@lru_cache(maxsize=64)
def _trainer(experiment: Experiment, step: int) -> Recorder:
    return STUDIO.trainer(experiment, step)


@lru_cache(maxsize=64)
def _opening(experiment: Experiment) -> Clip:
    """The clip of the moment before the first step: what all charts of the film have in common with it is shown."""
    return opening_clip(experiment)


class FilmStage:
    """The views of a run that the browser plays."""

    def __init__(self, run: FilmRun):
        self._run = run
        self._clip = _opening(run.experiment.started_afresh())
        self._strips = strips(self._clip)

    def player(self) -> None:
        """Show the player, and what is happening; and make the places in which it leaves the numbers for charts."""
        run = self._run
        with st.container(gap=None):
            self._mount()
        if run.message:
            st.caption(f":material/info: {run.message}")

    def _mount(self) -> None:
        run = self._run
        _player(
            key=PLAYER,
            data={
                "key": PLAYER,
                "address": "film/",
                "film": run.film,
                "query": f"{run.film}&{urlencode({VERSION: version()})}",
                "goes_on_from": run.went_on[0],
                "from_step": run.went_on[1],
                "ask": run.asked,
                "epochs": run.experiment.epochs,
                "held_out": self._clip.data.held_out,
                "columns": columns(self._strips),
                "scene": scene(self._clip),
            },
            on_seen_change=lambda: run.watch(_sent("seen")),
            on_turned_change=lambda: run.answer(_sent("turned")),
            on_act_change=lambda: run.act(_sent("act")),
            on_unserved_change=lambda: st.session_state.update({UNSERVED: True}),
        )
        st.html("".join(f'<i id="{element(view)}"></i>' for view in VIEWS))

    def plane(self, place) -> None:
        """Show the plane, coloured by class."""
        with place:
            _plane(key="plane", data={"key": PLAYER, "legend": legend(self._clip)})

    def chart(self, place, view: str) -> None:
        """Show a chart, one of `VIEWS`."""
        strip = self._strips[view]
        opening = strip.picture(0)
        place.vega_lite_chart({**bound(view, strip), "datasets": opening.tables}, alt=opening.alt)

    def findings(self) -> None:
        """Show all that there is to say of the moment."""
        _findings(key="findings", data={"key": PLAYER})

    def play(self) -> None:
        """Nothing to do: the browser plays."""


def _sent(name: str) -> Any:
    """What the browser has sent."""
    return getattr(st.session_state[PLAYER], name, None)
