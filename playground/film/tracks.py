"""What a film of a run shows: a strip for each of its charts, and the plane, as bytes."""

import numpy as np

from ..charts import curves, layer_by_layer
from ..charts.plane import leads
from ..charts.strip import Always, Growing, Strip
from ..training.diagnostics import class_probabilities, view_limits
from .clip import Clip

VIEWS = ("loss", "accuracy", "weights", "activations", "gradients", "steps")


def strips(clip: Clip) -> dict[str, Strip]:
    """The charts of a clip, by name: one for each of `VIEWS`."""
    moments, tested = clip.own_moments, len(clip.data.X_test) > 0
    ratios = np.array([moment.update_ratios for moment in moments])
    made = (
        curves.loss_strip(moments, tested),
        curves.accuracy_strip(moments, tested),
        layer_by_layer.weight_strip(clip.layers, clip.start),
        layer_by_layer.activation_strip(clip.layers),
        layer_by_layer.gradient_strip(clip.layers),
        layer_by_layer.step_strip(clip.names, ratios),
    )
    return dict(zip(VIEWS, made, strict=True))


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
