"""What a run leaves behind, as tables: its history as CSV, and its weights as a NumPy archive."""

import csv
import io
from dataclasses import fields

import numpy as np

from ..nn import Dense
from ..training import Moment, Trainer


def history_csv(trainer: Trainer) -> str:
    """A row for each recorded moment, in full precision: the fields of `Moment`, with update_ratio_1, _2 ... by layer.

    What does not exist, such as a loss on no test points, is nan.
    """
    *columns, ratios = [each.name for each in fields(Moment)]
    layers = range(1, len(trainer.network.dense) + 1)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*columns, *(f"{ratios.removesuffix('s')}_{layer}" for layer in layers)])
    for moment in tuple(trainer.history.moments):
        figures = [getattr(moment, name) for name in columns]
        table.writerow([repr(figure) for figure in (*figures, *moment.update_ratios)])
    return text.getvalue()


def weights_npz(trainer: Trainer) -> bytes:
    """Weights and running statistics at the newest moment whose state is kept: W1, b1, gamma1, running_mean1, W2 ...

    The number is that of the layer with weights, input first. Load it with `numpy.load`.
    """
    arrays, number = {}, 0
    network, history = trainer.network.select(), trainer.history
    network.restore(history.state(history.kept[-1]))  # at once: a run that plays may drop the state with its next epoch
    for layer in network.layers:
        number += isinstance(layer, Dense)
        arrays |= {f"{name}{number}": getattr(layer, name) for name in layer.parameters + layer.buffers}
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()
