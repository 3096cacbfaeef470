"""The server: it prepares what visits share, serves films, and runs `playground/ui/visit.py` at each visit and click.

A host that takes this file for a script, which runs at each visit, gets the same pages, without films.
"""

import streamlit as st

from playground.film.routes import routes
from playground.ui.navigation import navigate
from playground.ui.startup import open_browser, start

start()
if __name__ == "__main__":
    navigate()
else:
    app = st.App("playground/ui/visit.py", lifespan=open_browser, routes=routes())
