"""Digits from scratch: a network learns to read, shows what it mistakes and why, and answers to a drawing."""

import streamlit as st

from playground.ui import digit_splits, digits, draw_digit
from playground.ui.desk import choose_section

PAGE = {"title": "Digits", "icon": ":material/draw:", "position": 5}

st.title("Digits from scratch", anchor=False)
{"train": digits.train, "split": digit_splits.splits, "draw": draw_digit.draw}[
    choose_section({"train": "Train", "split": "Two ways to split", "draw": "Draw a digit"})
]()
