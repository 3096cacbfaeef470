"""The app: a server with the routes of films, for which this file is also the script of each visit."""

import streamlit as st

from playground.film.routes import routes
from playground.ui.navigation import navigate
from playground.ui.startup import start

start()
if __name__ == "__main__":  # a visit
    navigate()
else:  # `streamlit run` imports the file once
    app = st.App(__file__, routes=routes())
