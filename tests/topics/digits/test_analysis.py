"""What a network makes of images is counted, ordered and projected as the definitions say."""

from dataclasses import replace

import altair as alt
import numpy as np
import pytest
from runs import assert_same_state

from playground import charts
from playground.topics.digits.analysis import (
    Places,
    answers,
    confusion,
    entropy,
    how_sure,
    images_to_show,
    misclassified,
    places,
    weight_images,
)
from playground.topics.digits.digits_experiment import Digits
from playground.training.trainer import Trainer

SMALL = Digits(hidden=(16, 8), activation="tanh", epochs=3)


@pytest.fixture(scope="module")
def trainer():
    trainer = Trainer(SMALL)
    trainer.run(10**6)
    return trainer


@pytest.fixture
def network(trainer):
    return trainer.network_at(trainer.history.kept[-1])


@pytest.fixture(scope="module")
def images(trainer):
    return images_to_show(trainer.data)


def one_hot(said, sure, n_classes=10):
    probabilities = np.full((len(said), n_classes), 0.0)
    probabilities[np.arange(len(said)), said] = sure
    return probabilities


def distances(points):
    return np.linalg.norm(points[:, None] - points, axis=-1)


def numbers(packed):
    return np.array(packed.split(), float)


# Which images, and what the network says of them


def test_validation_images_are_shown_where_there_are_any_and_never_the_test_part(trainer):
    shown = images_to_show(trainer.data)
    assert shown.name == "validation images"
    assert np.array_equal(shown.X, trainer.data.X_validation)
    everything = Trainer(replace(SMALL, train_share=1.0)).data
    assert images_to_show(everything).name == "training images"
    assert len(images_to_show(everything).labels) == 1797


def test_answers_are_probabilities_in_evaluation_and_leave_the_network_as_it_was():
    trainer = Trainer(replace(SMALL, batch_norm=True))
    network = trainer.network_at(0)
    X = trainer.data.X_validation
    together = answers(network, X)
    assert together.sum(axis=1) == pytest.approx(np.ones(len(X)))
    assert np.allclose(answers(network, X[5:6])[0], together[5])  # whatever its neighbours are
    assert_same_state(network, trainer.network)


def test_the_confusion_matrix_counts_true_digits_in_rows_and_answers_in_columns(network, images):
    assert confusion(np.array([0, 0, 1]), one_hot([0, 1, 1], 1, n_classes=3)).tolist() == [
        [1, 1, 0], [0, 1, 0], [0, 0, 0]
    ]  # fmt: skip
    matrix = confusion(images.labels, answers(network, images.X))
    _, accuracy = network.evaluate(images.X, np.eye(10)[images.labels])
    assert matrix.sum(axis=1).tolist() == np.bincount(images.labels, minlength=10).tolist()
    assert np.trace(matrix) == pytest.approx(accuracy * len(images.labels))


def test_mistakes_come_with_the_most_certain_first():
    found = misclassified(np.array([8, 3, 1, 4]), one_hot([3, 3, 7, 9], [0.5, 1.0, 0.9, 0.6]))
    assert [(each.index, each.label, each.said, each.sure) for each in found] == [
        (2, 1, 7, 0.9), (3, 4, 9, 0.6), (0, 8, 3, 0.5)
    ]  # fmt: skip
    assert misclassified(np.array([3]), one_hot([3], 1.0)) == []


@pytest.mark.parametrize(
    ("probability", "text"), [(1, "100 %"), (0.9999, "> 99 %"), (0.994, "99 %"), (0.5, "50 %"), (0, "0 %")]
)
def test_what_is_nearly_certain_is_not_called_certain(probability, text):
    assert how_sure(probability) == text


def test_entropy_lies_between_certainty_and_a_guess():
    assert entropy(np.eye(10)[3]) == 0
    assert entropy(np.full(10, 0.1)) == pytest.approx(np.log(10))
    assert entropy(np.array([0.5, 0.5, 0, 0])) == pytest.approx(np.log(2))


# The first layer, and what a layer sees


def test_a_weight_stands_at_the_pixel_that_it_weighs(network):
    W = network.dense[0].W
    pictures = weight_images(W)
    image = np.zeros((8, 8))
    image[2, 5] = 1
    assert pictures.shape == (16, 8, 8)
    assert np.array_equal(pictures[:, 2, 5], image.ravel() @ W)


@pytest.mark.parametrize("layer", [1, 2])
def test_places_are_the_first_two_principal_components_turned(network, images, layer):
    network.forward(images.X, training=False)
    activations = network.layers[2 * layer - 1].output.astype(np.float64)
    U, S, _ = np.linalg.svd(activations - activations.mean(axis=0), full_matrices=False)
    found = places(network, images.X, layer)
    assert np.allclose(distances(found.points), distances(U[:, :2] * S[:2]), rtol=1e-9, atol=1e-9)
    assert found.share == pytest.approx((S[:2] ** 2).sum() / (S**2).sum())


def test_places_do_not_depend_on_the_names_and_signs_of_hidden_units(network, images):
    """A tanh network with its units in another order and their signs turned computes the same."""
    before = places(network, images.X, 1)
    order = np.random.default_rng(0).permutation(16)
    signs = np.random.default_rng(1).choice([-1, 1], 16)
    first, second = network.dense[:2]
    first.W, first.b = (first.W * signs)[:, order], (first.b * signs)[order]
    second.W = (second.W * signs[:, None])[order]
    after = places(network, images.X, 1)
    assert np.allclose(after.points, before.points, atol=1e-4)
    assert np.allclose(places(network, images.X, 2).points, places(network, images.X, 2).points)


def test_places_are_as_near_to_those_of_the_pixels_as_a_turn_can_bring_them(network, images):
    pixels = places(network, images.X, 0).points
    found = places(network, images.X, 2).points
    size = np.linalg.norm(found) / np.linalg.norm(pixels)
    gap = np.linalg.norm(found - size * pixels)
    for angle in np.linspace(0, 2 * np.pi, 33):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        for flip in ([1, 1], [1, -1]):
            assert np.linalg.norm(found @ turn * flip - size * pixels) >= gap - 1e-9


def test_the_places_of_pixels_are_the_same_for_all_networks(trainer, images):
    start, end = (places(trainer.network_at(moment), images.X, 0) for moment in (0, trainer.history.kept[-1]))
    assert np.array_equal(start.points, end.points)


@pytest.mark.parametrize(
    "knobs", [{"hidden": (1,)}, {"hidden": (3,), "initializer": "zeros"}, {"hidden": (4,), "batch_norm": True}]
)
def test_there_are_places_for_whatever_a_layer_gives(knobs):
    trainer = Trainer(replace(SMALL, **knobs))
    found = places(trainer.network_at(0), trainer.data.X_validation, 1)
    assert np.isfinite(found.points).all()
    assert 0 < found.share <= 1 + 1e-12


# Pictures


def test_the_heatmap_shows_every_count_and_colours_mistakes_alone():
    matrix = np.diag([30, 20, 10])
    matrix[2, 1], matrix[0, 2] = 8, 1
    picture = charts.confusion_heatmap(matrix, "validation images")
    [cells] = picture.tables["confusion"].to_pylist()
    cells = {name: numbers(packed) for name, packed in cells.items()}
    shown = np.zeros((3, 3))
    shown[cells["label"].astype(int), cells["said"].astype(int)] = cells["count"]
    assert np.array_equal(shown, matrix)
    assert np.array_equal(cells["right"] == 1, cells["label"] == cells["said"])
    assert (cells["strength"][cells["right"] == 1] == 0).all()
    assert cells["strength"].max() == 1
    assert "60 are right" in picture.alt
    assert "a 2 taken for a 1, 8 times" in picture.alt
    assert "mistake" not in charts.confusion_heatmap(np.diag([3, 3]), "validation images").alt


def test_the_map_draws_each_image_as_its_digit_and_rings_the_mistakes(images):
    n = 40
    points = np.random.default_rng(0).standard_normal((n, 2))
    said = images.labels.copy()
    said[[3, 7, 100]] = (said[[3, 7, 100]] + 1) % 10
    picture = charts.image_map(Places(points, 0.5), images, said, "hidden 1")
    [drawn], [rings] = (picture.tables[name].to_pylist() for name in ("images", "wrong"))
    assert np.array_equal(numbers(drawn["digit"]), images.labels[:n])
    assert numbers(rings["x"]) == pytest.approx(points[[3, 7], 0], rel=1e-3)
    assert "hold 50 %" in picture.alt
    assert "2 are misclassified" in picture.alt


def test_the_bars_are_the_probabilities():
    probabilities = np.arange(10) / 45
    picture = charts.probability_bars(probabilities)
    table = picture.tables["answer"].to_pydict()
    assert table["probability"] == probabilities.tolist()
    assert table["best"] == [False] * 9 + [True]
    assert "9: 20 %" in picture.alt


def test_specifications_are_valid_vega_lite_and_stay_from_frame_to_frame(network, images):
    def pictures(network):
        probabilities = answers(network, images.X)
        return [
            charts.confusion_heatmap(confusion(images.labels, probabilities), images.name),
            charts.image_map(places(network, images.X, 2), images, probabilities.argmax(axis=1), "hidden 2"),
            charts.probability_bars(probabilities[0]),
        ]

    start = Trainer(SMALL).network_at(0)
    for before, after in zip(pictures(start), pictures(network), strict=True):
        assert isinstance(alt.Chart.from_dict(before.spec), alt.LayerChart)
        assert before.spec == after.spec
        assert before.tables != after.tables
