"""The Streamlit side: controls that make an experiment, a player that trains it, and slots that show pictures of it."""
