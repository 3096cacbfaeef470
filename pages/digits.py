"""Digits from scratch: a network learns to read, shows what it mistakes and why, and answers to a drawing."""

import streamlit as st

from playground.ui.sections import digits_draw, digits_split, digits_train
from playground.ui.session import choose_section

PAGE = {"title": "Digits", "icon": ":material/draw:", "position": 5}

st.title("Digits from scratch", anchor=False)
{"train": digits_train.train, "split": digits_split.splits, "draw": digits_draw.draw}[
    choose_section({"train": "Train", "split": "Two ways to split", "draw": "Draw a digit"})
]()
