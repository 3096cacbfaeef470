"""Digits from scratch: a network learns to read, shows what it mistakes and why, and answers to a drawing."""

import streamlit as st

from playground.ui.section import Section, show_sections
from playground.ui.sections import digits_draw, digits_split, digits_train, digits_tuning

PAGE = {"title": "Digits", "icon": ":material/draw:", "position": 5}

st.title("Digits from scratch", anchor=False)
show_sections(
    train=Section("Train", digits_train.train),
    split=Section("Two ways to split", digits_split.splits),
    tuning=Section("Tuning on the test", digits_tuning.tuning),
    draw=Section("Draw a digit", digits_draw.draw),
)
