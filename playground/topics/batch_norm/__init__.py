"""Batch normalisation: one batch, running statistics, runs with it and without, and sweeps."""
