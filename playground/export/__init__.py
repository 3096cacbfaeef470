"""Take it home: a run as a script, a notebook, tables, and exercises, made from the engine's own source."""
