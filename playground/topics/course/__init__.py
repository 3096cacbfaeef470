"""The course week as a path: at each station what to open, to predict and to do, and a question."""

from . import coding, project, theory  # noqa: F401  # importing them fills `STATIONS`
