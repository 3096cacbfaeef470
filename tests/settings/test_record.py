"""A knob that is half made fails where it is written."""

import pytest

from playground.settings.knobs import Choice, Real
from playground.settings.record import knob, knob_like
from playground.training.experiment import Experiment

ABOUT = {"low": 0.0, "high": 1.0, "group": "Training", "label": "Share", "help": "A share."}


@pytest.mark.parametrize("missing", ABOUT)
def test_a_knob_that_lacks_something_says_what(missing):
    with pytest.raises(TypeError, match=f"'{missing}'"):
        knob(Real, 0.5, **{key: value for key, value in ABOUT.items() if key != missing})


def test_a_knob_whose_default_is_not_valid_says_what_is():
    with pytest.raises(ValueError, match="Share must be from 0 to 1, not 2"):
        knob(Real, 2.0, **ABOUT)
    with pytest.raises(ValueError, match="Dataset must be one of xor_clouds"):
        knob_like(Experiment, "dataset", default="nowhere")
    with pytest.raises(ValueError, match="Thing must be one of a, not 'b'"):
        knob(Choice, "b", options={"a": None}, group="Data", label="Thing", help="A thing.")
