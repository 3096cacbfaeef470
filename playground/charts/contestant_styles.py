"""How a contestant looks: its colour and dashes are those of its scheme, on every page and in every selection.

They follow from the scheme's place in `INITIALIZERS`: the schemes take the colours in turn, and those of each further
turn have other dashes. With batch normalisation a scheme has a shade of its colour, and dots between the dashes. A
scheme that is added at the end changes no other. That is enough for 18 schemes: then the styles come round again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import altair as alt

from ..nn import INITIALIZERS
from ..training.contestants import Contestant
from .palette import CONTESTANTS, DASHES, REFERENCE, SHADE_DASHES, SHADES

SAMPLES = ("━━", "╍╍", "┅┅")  # of the dashes, as characters
SHADE_SAMPLES = ("━•", "╍•", "┅•")


@dataclass(frozen=True)
class Style:
    """How the line of a contestant looks.

    Attributes:
        color: written #rrggbb.
        dash: pixels of line and gap, in turn.
        sample: a piece of the line as characters, for text.
    """

    color: str
    dash: tuple[int, ...]
    sample: str


@cache
def style(contestant: Contestant) -> Style:
    """The style of a contestant."""
    turn, place = divmod(list(INITIALIZERS).index(contestant.initializer), len(CONTESTANTS))
    turn %= len(DASHES)
    if contestant.batch_norm:
        return Style(SHADES[place], SHADE_DASHES[turn], SHADE_SAMPLES[turn])
    return Style(CONTESTANTS[place], DASHES[turn], SAMPLES[turn])


def color_of(label: str) -> str:
    """The colour of the contestant with this label; that of a reference for any other line."""
    everyone = (Contestant(scheme, batch_norm) for scheme in INITIALIZERS for batch_norm in (False, True))
    return next((style(each).color for each in everyone if each.label == label), REFERENCE)


def name_in_color(contestant: Contestant) -> str:
    """Markdown of its name after a sample of its line."""
    about = style(contestant)
    return f':color[{about.sample}]{{foreground="{about.color}"}} **{contestant.label}**'


def color_and_dash(
    contestants: Iterable[Contestant], labels: Iterable[str] = (), legend: alt.Legend | None = None
) -> dict[str, alt.Color | alt.StrokeDash]:
    """Encodings of the column "contestant", which holds the labels: by default the contestants' own."""
    contestants = tuple(contestants)
    domain = [*labels] or [contestant.label for contestant in contestants]
    styles = [style(contestant) for contestant in contestants]
    colors = alt.Scale(domain=domain, range=[each.color for each in styles])
    dashes = alt.Scale(domain=domain, range=[list(each.dash) for each in styles])
    return {
        "color": alt.Color("contestant:N", scale=colors, legend=legend),
        "strokeDash": alt.StrokeDash("contestant:N", scale=dashes, legend=legend),
    }
