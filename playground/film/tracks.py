"""What a film of a run shows: its views, each as a picture of one moment and as a strip of many; and the plane."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..charts import curves, layer_by_layer
from ..charts.picture import Picture
from ..charts.plane import leads
from ..charts.strip import Always, Growing, Strip
from ..training.diagnostics import Snapshot, class_probabilities, view_limits
from .clip import Clip


class View(NamedTuple):
    """A chart of a run.

    Attributes:
        picture: of one moment.
        strip: of many.
    """

    picture: Callable[[Snapshot], Picture]
    strip: Callable[[Clip], Strip]


def _ratios(clip: Clip) -> np.ndarray:
    return np.array([moment.update_ratios for moment in clip.own_moments])


VIEWS = {
    "loss": View(curves.loss_curve, lambda clip: curves.loss_strip(clip.own_moments, clip.data)),
    "accuracy": View(curves.accuracy_curve, lambda clip: curves.accuracy_strip(clip.own_moments, clip.data)),
    "weights": View(
        layer_by_layer.weight_histograms, lambda clip: layer_by_layer.weight_strip(clip.layers, clip.start)
    ),
    "activations": View(
        layer_by_layer.activation_histograms, lambda clip: layer_by_layer.activation_strip(clip.layers)
    ),
    "gradients": View(layer_by_layer.gradient_norms, lambda clip: layer_by_layer.gradient_strip(clip.layers)),
    "steps": View(layer_by_layer.update_ratios, lambda clip: layer_by_layer.step_strip(clip.names, _ratios(clip))),
}


def strips(clip: Clip) -> dict[str, Strip]:
    """The charts of a clip, by name."""
    return {name: view.strip(clip) for name, view in VIEWS.items()}


def columns(shown: dict[str, Strip]) -> dict[str, dict[str, dict[str, list]]]:
    """How a browser makes the rows of each view's tables: {view: {table: {column: how}}}.

    `how` is ["always", values], or ["now", name] or ["growing", name], with the name of an array or of texts.
    """
    return {
        view: {
            table: {column: _how(f"{view}.{table}.{column}", values) for column, values in columns.items()}
            for table, columns in strip.tables.items()
        }
        for view, strip in shown.items()
    }


def _how(name: str, values: object) -> list:
    if isinstance(values, Always):
        return ["always", values.values]
    return ["growing" if isinstance(values, Growing) else "now", name]


def packed(shown: dict[str, Strip]) -> tuple[dict[str, np.ndarray], dict[str, list]]:
    """The arrays and the texts of all columns that differ from moment to moment, by name."""
    arrays, texts = {}, {}
    for view, strip in shown.items():
        for table, columns in strip.tables.items():
            for column, values in columns.items():
                name = f"{view}.{table}.{column}"
                if isinstance(values, Growing):
                    arrays[name] = values.values
                elif isinstance(values, list):
                    texts[name] = values
                elif not isinstance(values, Always):
                    arrays[name] = values
    return arrays, texts


@np.errstate(all="ignore")  # the network may have diverged
def regions(clip: Clip) -> dict[str, np.ndarray]:
    """The plane at each moment: "regions" as `leads` has them, and "guesses", the class of each point."""
    low, high = view_limits(clip.data)
    X = np.concatenate([clip.data.X_train, clip.data.X_test])
    return {
        "regions": leads(class_probabilities(clip.network, low, high)),
        "guesses": clip.network.predict(X).argmax(axis=-1).astype(np.uint8),
    }
