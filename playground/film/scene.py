"""What the browser needs to show a film: its code, and what stays the same at all moments."""

from pathlib import Path
from typing import Any

import numpy as np

from ..charts import palette
from ..training.diagnostics import view_limits
from .clip import Clip

NO_COLOUR, ROUND = "transparent", "50%"  # in CSS


def read(name: str) -> str:
    """A file of the player."""
    return Path(__file__).with_name(name).read_text("utf-8")


PARTS = {name: read(name) for name in ("segments.js", "plane.js", "player.js")}  # each may need those before it


def legend(clip: Clip) -> list[dict[str, Any]]:
    """What the colours and shapes on the plane mean."""
    entries = [(f"class {k}", palette.CLASSES[k], NO_COLOUR, ROUND) for k in range(clip.data.n_classes)]
    entries.append(("train", palette.REFERENCE, NO_COLOUR, ROUND))
    entries += [("test", palette.REFERENCE, NO_COLOUR, "0")] * clip.tested
    entries.append(("misclassified", NO_COLOUR, palette.WRONG, ROUND))
    return [
        {
            "label": label,
            "style": {
                "--film-colour": fill or "transparent",
                "--film-edge": edge or "transparent",
                "--film-round": round_,
            },
        }
        for label, fill, edge, round_ in entries
    ]


def scene(clip: Clip) -> dict[str, Any]:
    """What the canvas shows at all moments: the points, and the colours."""
    data = clip.data
    low, high = view_limits(data)
    x1, x2 = np.concatenate([data.X_train, data.X_test]).T.round(4).tolist()
    return {
        "low": low,
        "high": high,
        "x1": x1,
        "x2": x2,
        "labels": np.concatenate([data.y_train, data.y_test]).argmax(axis=1).tolist(),
        "n_train": data.n_train,
        "colours": list(palette.CLASSES),
        "wrong": palette.WRONG,
    }
