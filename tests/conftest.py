"""What holds for all tests: one thread for each matrix product, since tests that run side by side share the cores."""

import os

for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")  # read when NumPy is first imported, which is after this
