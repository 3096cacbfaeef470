"""Train a network live and see what happens inside it: one experiment, all its knobs, and every view of one moment."""

import streamlit as st

from playground.ui import source
from playground.ui.section import open_section
from playground.ui.stage import kind_of_run, stage

PAGE = {"title": "Playground", "icon": ":material/play_circle:", "position": 1}

st.title("Train a network, and look inside", anchor=False)
run = open_section(
    kind_of_run(),
    "Press **Play**: the network learns to colour the plane. Then turn any knob in the sidebar and watch what it does.",
)
show = stage(run)
show.player()

left, right = st.columns([10, 11])
show.plane(left)
show.chart(right, "loss")
show.chart(right, "accuracy")
show.findings()

st.subheader("Layer by layer", anchor=False)
columns = st.columns([3, 3, 2, 2])
columns[0].caption("**Weights** :violet[now] over :gray[start]")
columns[1].caption("**Activations** of the training points")
columns[2].caption("**Gradient** of the loss")
columns[3].caption("**Step** over weights, ┆ usual")
for column, view in zip(columns, ("weights", "activations", "gradients", "steps"), strict=True):
    show.chart(column, view)

source.of_run(run)
show.play()
