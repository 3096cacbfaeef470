"""The course week as a path: what to open, to foretell and to do at each station, and a question that is computed."""
