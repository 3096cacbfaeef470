"""A definition that lacks something fails where it is written, with a message that says what."""

from dataclasses import dataclass

import numpy as np
import pytest

from playground.data.datasets import dataset, way_to_split
from playground.nn import ACTIVATIONS, INITIALIZERS, OPTIMIZERS, Activation, Catalogue, Optimizer, Tanh, initializer
from playground.topics.forward_backward.mistakes import mistake

ABOUT = {"label": "New", "formula": "W", "variance": lambda fan_in, fan_out: 1.0, "meaning": "New.", "source": "me"}
TEXTS = {"name": "new", "label": "New", "formula": "z", "derivative": "1", "meaning": "New.", "source": "me"}
METHODS = {"function": lambda self, z: z, "backward": lambda self, dout: dout}


def new(rng, fan_in, fan_out):
    return np.zeros((fan_in, fan_out))


@pytest.fixture(autouse=True)
def nothing_is_entered():
    """After a test, the catalogues are as before."""
    before = [(catalogue, dict(catalogue)) for catalogue in (ACTIVATIONS, INITIALIZERS, OPTIMIZERS)]
    yield
    for catalogue, entries in before:
        catalogue.clear()
        catalogue.update(entries)


@pytest.mark.parametrize("missing", ABOUT)
def test_an_initialiser_that_lacks_something_fails_with_a_sentence(missing):
    about = {key: value for key, value in ABOUT.items() if key != missing}
    with pytest.raises(TypeError, match=rf"^The initialiser `new` lacks: {missing}\.$"):
        initializer(**about)(new)
    assert "new" not in INITIALIZERS


@pytest.mark.parametrize("missing", TEXTS)
def test_an_activation_that_lacks_an_attribute_fails_with_a_sentence(missing):
    said = "The activation `Soft` has no `name`" if missing == "name" else f"The activation `new` lacks: {missing}."
    with pytest.raises(TypeError, match=said):
        type("Soft", (Activation,), {key: value for key, value in TEXTS.items() if key != missing} | METHODS)
    assert "new" not in ACTIVATIONS


@pytest.mark.parametrize("missing", METHODS)
def test_an_activation_that_lacks_a_method_fails_with_a_sentence(missing):
    with pytest.raises(TypeError, match=f"The activation `new` lacks the method: {missing}."):
        type("Soft", (Activation,), TEXTS | {key: value for key, value in METHODS.items() if key != missing})


def test_an_activation_that_has_all_of_it_is_entered_and_works():
    soft = type("Soft", (Activation,), TEXTS | METHODS)
    assert ACTIVATIONS["new"] is soft
    assert soft().forward(np.eye(2)).tolist() == np.eye(2).tolist()


def test_a_variant_of_an_entry_without_a_name_of_its_own_does_not_take_its_place():
    type("Other", (Tanh,), {"backward": lambda self, dout: dout})
    assert ACTIVATIONS["tanh"] is Tanh


def test_an_optimiser_needs_its_step():
    texts = {"name": "new", "label": "New", "formula": "g", "meaning": "New.", "source": "me"}
    with pytest.raises(TypeError, match="The optimiser `new` lacks the method: step"):
        type("Slow", (Optimizer,), texts)
    with pytest.raises(TypeError, match="The optimiser `new` lacks: label, meaning"):
        type("Slow", (Optimizer,), {"name": "new", "formula": "g", "source": "me", "step": lambda self: None})


@pytest.mark.parametrize(
    ("define", "about", "message"),
    [
        (initializer, ABOUT | {"colour": "red"}, "The initialiser `new` has unknown: colour"),
        (initializer, ABOUT | {"label": " "}, "The initialiser `new` has an empty: label"),
        (initializer, ABOUT | {"label": "Zeros"}, "The initialiser `new` has the label of `zeros`: Zeros"),
        (dataset, {"label": "New"}, "The dataset `new` lacks: meaning"),
        (
            dataset,
            {"label": "New", "meaning": "New."},
            r"take \(rng, n_points, noise, n_classes\), not \(rng, fan",
        ),
        (way_to_split, {"meaning": "New."}, "The split `new` lacks: label"),
        (mistake, {"label": "New", "meaning": "New."}, "The mistake `new` lacks: kind"),
    ],
)
def test_what_is_wrong_with_a_definition_is_said(define, about, message):
    with pytest.raises(TypeError, match=message):
        define(**about)(new)


def test_a_name_is_taken_once():
    initializer(**ABOUT)(new)
    with pytest.raises(TypeError, match="The initialiser `new` is defined twice"):
        initializer(**ABOUT | {"label": "Newer"})(new)


def test_a_part_of_a_catalogue_has_what_is_defined_later():
    @dataclass
    class Thing:
        name: str
        function: object
        size: int

    things = Catalogue("thing", kind=Thing)
    large = things.where(lambda thing: thing.size > 1)
    assert list(large) == []
    for size in (1, 2, 3):
        things.define(size=size)(type("f", (), {"__name__": f"thing{size}", "__call__": lambda self: None})())
    assert list(large) == ["thing2", "thing3"]
    assert len(large) == 2
    assert large["thing3"].size == 3
    assert "thing1" not in large
