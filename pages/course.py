"""The course week as a path through all pages: what to open, to predict and to do, and questions that are computed."""

import streamlit as st

from playground.ui.sections import course_week

PAGE = {"title": "The course week", "icon": ":material/school:", "position": 6}

week = course_week.open_week()
st.title("The course week", anchor=False)
st.markdown("**Predict, open, do, answer**: fourteen hours, one station after the other. The app computes the answers.")
course_week.overview(week)
course_week.file(week)

st.subheader("Core concepts", anchor=False)
course_week.concepts(week)
course_week.stations(week)
