"""A slot shows thousands of things, one in place of the other, at no growing cost."""

from streamlit.testing.v1 import AppTest


def page():
    import pandas as pd
    import streamlit as st

    from playground.ui.slots import TableSlot, WordsSlot

    words, table = WordsSlot(st), TableSlot(st, "a table")
    for number in range(2000):
        words.show(f"number {number}")
        if number % 100 == 0:
            table.show(pd.DataFrame({"number": [number]}))
    st.markdown("below")


def test_thousands_of_words_stand_in_one_place():
    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception
    assert [element.value for element in app.markdown] == ["number 1999", "below"]
    assert app.dataframe[0].value["number"].tolist() == [1900]
