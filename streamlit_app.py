"""The server: it prepares all that visits share, and then runs `playground/ui/visit.py` at each visit and click."""

import streamlit as st

from playground.ui.startup import open_browser, start

start()
app = st.App("playground/ui/visit.py", lifespan=open_browser)
