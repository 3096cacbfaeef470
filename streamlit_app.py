"""The app: start-up, navigation over the files in `pages/`, and nothing else."""

from playground.ui.navigation import navigate
from playground.ui.startup import start

start()
navigate()
