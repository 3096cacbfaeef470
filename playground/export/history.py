"""What a run leaves behind, as tables: its history as CSV, and its weights as a NumPy archive."""

import csv
import io
from dataclasses import fields

import numpy as np

from ..nn import Dense, NeuralNetwork
from ..training.trainer import Moment, Trainer


def history_csv(trainer: Trainer, place: tuple[int, ...] = ()) -> str:
    """A row for each recorded moment, in full precision: the fields of `Moment`, with update_ratio_1, _2 ... by layer.

    Figures on the part held out have its name, as in test_loss. What does not exist, such as a loss on no points, is
    nan. For a stack, of the network at `place`.
    """
    *columns, ratios = [each.name for each in fields(Moment)]
    layers = range(1, len(trainer.network.dense) + 1)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    names = [column.replace("held_out", trainer.data.held_out) for column in columns]
    table.writerow([*names, *(f"{ratios.removesuffix('s')}_{layer}" for layer in layers)])
    for moment in tuple(trainer.history.moments):
        figures = [*(getattr(moment, name) for name in columns), *moment.update_ratios]
        table.writerow([repr(_of(figure, place)) for figure in figures])
    return text.getvalue()


def _of(figure: float | np.ndarray, place: tuple[int, ...]) -> float:
    """The figure of one network: arrays have one for each network of a stack."""
    return figure[place].item() if np.ndim(figure) else figure


def network_at(trainer: Trainer, place: tuple[int, ...] = (), moment: int | None = None) -> NeuralNetwork:
    """The network at a moment of the history, or at the newest whose state is kept.

    For a stack that keeps none, the one at `place` now.
    """
    if not trainer.history.kept:
        return trainer.network.select(place)
    if moment not in trainer.history.kept:
        moment = trainer.history.kept[-1]
    return trainer.network_at(moment).select(place)


def weights_npz(network: NeuralNetwork) -> bytes:
    """Weights and running statistics: W1, b1, gamma1, running_mean1, W2 ...

    The number is that of the layer with weights, input first. Load it with `numpy.load`.
    """
    arrays, number = {}, 0
    for layer in network.layers:
        number += isinstance(layer, Dense)
        arrays |= {f"{name}{number}": getattr(layer, name) for name in layer.parameters + layer.buffers}
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()
