"""What one visitor may ask of the machine, in one place; a host changes a limit with an environment variable.

`PLAYGROUND_EPOCHS=1000 streamlit run streamlit_app.py` lets nobody train for longer. A limit has a lowest value: the
one with which the pages open.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass

PREFIX = "PLAYGROUND_"


@dataclass(frozen=True)
class Limit:
    """A limit.

    Attributes:
        name: of the environment variable, after `PREFIX`.
        default: if the variable is not set.
        lowest: the lowest value that it may have.
        meaning: what it bounds.
    """

    name: str
    default: int
    lowest: int
    meaning: str

    def read(self, environment: Mapping[str, str]) -> int:
        """The limit that a host has set, or the default.

        Raises:
            ValueError: if the variable is not a whole number from `lowest` up.
        """
        text = environment.get(PREFIX + self.name, str(self.default))
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) >= self.lowest):
            raise ValueError(f"{PREFIX}{self.name} must be a whole number from {self.lowest} up, not {text!r}")
        return int(text)


LIMITS: dict[str, Limit] = {}


def limit(name: str, default: int, lowest: int, meaning: str) -> int:
    """Add a limit to `LIMITS`, and read it."""
    LIMITS[name] = Limit(name, default, lowest, meaning)
    return LIMITS[name].read(os.environ)


LAYERS = limit("LAYERS", 10, 10, "Hidden layers of a network.")
WIDTH = limit("WIDTH", 64, 32, "Units of a hidden layer.")
POINTS = limit("POINTS", 1000, 1000, "Points of a dataset in the plane.")
EPOCHS = limit("EPOCHS", 5000, 300, "Passes through the training set.")
HISTORY_MIB = limit("HISTORY_MIB", 24, 1, "Memory for the states that a run can be taken back to, in MiB.")
HISTORY_LENGTH = limit("HISTORY_LENGTH", 300, 10, "States that a run can be taken back to.")
SEEDS = limit("SEEDS", 64, 20, "Seeds of each contestant in a race.")
RACE_LAYERS = limit("RACE_LAYERS", 30, 30, "Hidden layers of the networks in a race.")
DIGIT_WIDTH = limit("DIGIT_WIDTH", 256, 128, "Units of a hidden layer for the digits.")
DEPTH = limit("DEPTH", 100, 50, "Layers through which a signal is sent.")
DEPTH_WIDTH = limit("DEPTH_WIDTH", 512, 256, "Units of each of them.")
MEGAFLOPS = limit("MEGAFLOPS", 1500, 1000, "Millions of operations in one step of all networks of a run.")
UPLOAD_MIB = limit("UPLOAD_MIB", 10, 1, "Size of a picture that is uploaded, in MiB.")
FILMS = limit("FILMS", 1, 0, "Whether browsers play runs as films (1), or the server draws each picture (0).")
FILM_MIB = limit("FILM_MIB", 128, 8, "Memory for segments of films, and as much for the states between them, in MiB.")
FILMS_WAITING = limit("FILMS_WAITING", 200, 10, "Segments of films that may be asked for at the same time.")
WORKERS = limit("WORKERS", 8, 0, "Processes that compute films beside the server's own: not more than cores; 0: none.")
UNATTENDED_MINUTES = limit("UNATTENDED_MINUTES", 20, 1, "Minutes that a run plays on with nobody touching it.")
