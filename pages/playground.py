"""Train a network live and see what happens inside it: one experiment, all its knobs, and every view of one moment."""

import streamlit as st

from playground import charts
from playground.training.findings import findings
from playground.training.findings.headline import headline
from playground.ui import player, source
from playground.ui.run import Run
from playground.ui.section import open_section
from playground.ui.slots import FindingsSlot, HeadlineSlot, Slot

PAGE = {"title": "Playground", "icon": ":material/play_circle:", "position": 1}

st.title("Train a network, and look inside", anchor=False)
run = open_section(
    Run,
    "Press **Play**: the network learns to colour the plane. Then turn any knob in the sidebar and watch what it does.",
)

player.buttons(run)
timeline = player.Timeline(run)
line = HeadlineSlot(st, run.turn)

left, right = st.columns([10, 11])
boundary = Slot(left)
loss, accuracy = Slot(right), Slot(right)

happening = FindingsSlot(st, run.turn)

st.subheader("Layer by layer", anchor=False)
columns = st.columns([3, 3, 2, 2])
columns[0].caption("**Weights** :violet[now] over :gray[start]")
columns[1].caption("**Activations** of the training points")
columns[2].caption("**Gradient** of the loss")
columns[3].caption("**Step** over weights, ┆ usual")
weights, activations, gradients, steps = (Slot(column) for column in columns)

source.of_run(run)

each_frame = {boundary: charts.boundary, loss: charts.loss_curve}
in_turn = {accuracy: charts.accuracy_curve, gradients: charts.gradient_norms, steps: charts.update_ratios}
histograms = {weights: charts.weight_histograms, activations: charts.activation_histograms}
deep = len(run.experiment.hidden) > 5  # with many rows the histograms take the browser longer than all else
(in_turn if deep else each_frame).update(histograms)
player.show(run, timeline, each_frame, in_turn, {line: headline, happening: findings})
