"""Initialisation schemes side by side: the same data, the same mini-batches, many seeds, and only W differs."""

import streamlit as st

from playground.charts import race_curves
from playground.standings import explanation, table
from playground.ui import controls, player
from playground.ui.desk import open_desk, write_address
from playground.ui.race import RaceRun, planes, seed_control
from playground.ui.slots import Slot, TableSlot

PAGE = {"title": "Initialisation", "icon": ":material/casino:", "position": 2}

run = open_desk(RaceRun)
controls.sidebar(run)
write_address(run)

st.title("Initialisation schemes, side by side", anchor=False)
st.markdown("Press **Play**: all contestants see the same points and mini-batches. Only their first weights differ.")
if run.notices:
    st.warning("  \n".join(run.notices), icon=":material/link_off:")

player.buttons(run)
timeline = player.Timeline(run)

left, right = st.columns([11, 10])
with left:
    pictures = planes(run)
    seed_control(run)
curves = Slot(right)

st.subheader("Standings", anchor=False)
standings = TableSlot(st, "The contestants, with share of seeds that learnt, loss and accuracy, and a verdict")
st.caption(explanation(run.experiment))
st.download_button(
    "Download as CSV", table(run.trainer).to_csv(index=False), "standings.csv", icon=":material/download:"
)

each_frame = pictures | {curves: lambda look: race_curves(look.trainer)}
player.show(run, timeline, each_frame, {}, {standings: lambda look: table(look.trainer)})
