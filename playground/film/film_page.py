"""A film as one HTML file: player, segments and pictures in one page, which plays from a disk, with nobody's server."""

import importlib.util
import json
import re
from base64 import b64encode
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from ..charts.strip import bound, element
from ..export.script import description
from ..training.experiment import Experiment
from .packing import unpack
from .scene import PARTS, legend, read, scene
from .segment import make, opening_clip
from .tracks import VIEWS, columns, strips

KEY = "film"  # joins the player and the canvas
CAPTIONS = {
    "weights": "Weights now, over those at the start",
    "activations": "Activations of the training points",
    "gradients": "Gradient of the loss",
    "steps": "Step over weights; dashed: usual",
}


def film_page(experiment: Experiment) -> str:
    """The text of the page."""
    clip = opening_clip(experiment.started_afresh())
    shown = strips(clip)
    entry, modules = vega_modules()
    data = {
        "key": KEY,
        "query": "",
        "film": "",
        "epochs": experiment.epochs,
        "held_out": clip.data.held_out,
        "columns": columns(shown),
        "scene": scene(clip),
        "legend": legend(clip),
        "charts": {view: _chart(view, strip) for view, strip in shown.items()},
    }
    figures = {
        view: f'<figure><div class="chart" id="chart-{view}" role="img" aria-label="{escape(strip.alt[0])}"></div>'
        f"<figcaption>{CAPTIONS.get(view, '')}</figcaption></figure>"
        for view, strip in shown.items()
    }
    places = "".join(f'<i id="{element(view)}" hidden></i>' for view in VIEWS)
    return Template(read("page.html")).substitute(
        title=f"A network learns: {escape(experiment.source.label)}",
        words="".join(f"<p>{escape(line)}</p>" for line in description(experiment)),
        css=read("player.css"),
        modules=json.dumps({"imports": modules}),
        player=read("player.html") + places,
        plane=read("plane.html"),
        curves="".join(figures[view] for view in figures if view not in CAPTIONS),
        layers="".join(figures[view] for view in figures if view in CAPTIONS),
        segments=_segments(experiment),
        embed=entry,
        js="\n".join(PARTS.values()),
        data=json.dumps(data).replace("</", "<\\/"),
    )


def _chart(view: str, strip: Any) -> dict[str, Any]:
    """The chart's specification with the tables of the opening moment."""
    tables = {name: table.to_pylist() for name, table in strip.picture(0).tables.items()}
    return {**bound(view, strip), "datasets": tables}


def _segments(experiment: Experiment) -> str:
    """All segments, as elements that hold them as text."""
    state, parts, last = None, [], False
    while not last:
        made = make(experiment, len(parts), state)
        state, last = made.state, unpack(made.segment)[0]["last"]
        text = b64encode(made.segment).decode()
        parts.append(f'<script type="text/plain" id="segment-{len(parts)}">{text}</script>')
    return "\n".join(parts)


def vega_modules() -> tuple[str, dict[str, str]]:
    """Vega-Embed as Streamlit brings it: the name of its module, and {module: an address that contains it}.

    Raises:
        FileNotFoundError: if the installed release has it elsewhere.
    """
    found = importlib.util.find_spec("streamlit")
    [home] = found.submodule_search_locations if found else [""]
    folder = Path(home) / "static/static/js"
    entry = next(iter(sorted(folder.glob("embed.*.js"))), None)
    if entry is None:
        raise FileNotFoundError("This release of Streamlit has no module embed.*.js, which a film as a page needs.")
    wanted, modules = [entry.name], {}
    while wanted:
        name = wanted.pop()
        if f"vega/{name}" in modules:
            continue
        text = (folder / name).read_text("utf-8")
        needed = re.findall(r'(?:from|import)\s*"\./([\w.-]+\.js)"', text)
        wanted += needed
        text = re.sub(r'((?:from|import)\s*")\./', r"\1vega/", text)
        modules[f"vega/{name}"] = "data:text/javascript;base64," + b64encode(text.encode()).decode()
    return entry.name, modules
