"""The app: navigation over the files in `pages/`, and nothing else."""

from playground.ui.navigation import navigate

navigate()
