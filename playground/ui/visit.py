"""What Streamlit runs at each visit and each click: the navigation, and the page that was chosen.

It stands apart from `pages/`: beside a folder of that name, Streamlit would take over, and show whoever comes first to
a new server a raw list of the files.
"""

from playground.ui.navigation import navigate

if __name__ == "__main__":  # as Streamlit runs it
    navigate()
