"""The course week as a path: what to open, to predict and to do at each station, and a question that is computed."""

from . import coding, project, theory  # noqa: F401  # each enters its stations
