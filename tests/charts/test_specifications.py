"""A picture shows its data truthfully, says in words what it shows, and changes nothing but data frame by frame."""

import inspect
import re

import altair as alt
import numpy as np
import pytest
from runs import DEGENERATE, snapshot_after, trained, winding_numbers

from playground import charts
from playground.charts.race_curves import HEIGHT, LINE, spread
from playground.text import number, percent
from playground.topics.initialization.race import Race, RaceTrainer
from playground.training.diagnostics import Snapshot, class_probabilities, snapshot, view_limits

PICTURES = {
    name: picture
    for name, picture in inspect.getmembers(charts, inspect.isfunction)
    if [each.annotation for each in inspect.signature(picture).parameters.values()] == [Snapshot]
}
STATES = {
    "trained": (30, {}),
    "untrained": (0, {}),
    "ten layers": (2, {"hidden": (4,) * 10, "activation": "relu"}),
    "five classes": (5, {"dataset": "blobs", "n_classes": 5, "batch_norm": True}),
} | {name: (25, knobs) for name, knobs in DEGENERATE.items()}
each_picture = pytest.mark.parametrize("name", PICTURES)
each_state = pytest.mark.parametrize(("epochs", "knobs"), STATES.values(), ids=STATES)


def parts(spec, key):
    """All values of a key, anywhere in a specification."""
    if isinstance(spec, list):
        return [found for each in spec for found in parts(each, key)]
    if isinstance(spec, dict):
        return [each for name, each in spec.items() if name == key] + parts(list(spec.values()), key)
    return []


def numbers(packed):
    return np.array(packed.split(), float)


def columns(picture, table):
    return picture.tables[table].to_pydict()


@each_picture
@pytest.mark.parametrize("state", ["trained", "ten layers", "five classes"])
def test_a_specification_is_valid_vega_lite(name, state):
    epochs, knobs = STATES[state]
    chart = alt.Chart.from_dict(PICTURES[name](snapshot_after(epochs, **knobs)).spec)  # validates against the schema
    assert isinstance(chart, alt.LayerChart)


@each_picture
@each_state
def test_a_specification_refers_to_tables_and_columns_that_are_given(name, epochs, knobs):
    picture = PICTURES[name](snapshot_after(epochs, **knobs))
    assert {data["name"] for data in parts(picture.spec, "data")} == picture.tables.keys()
    for layer in picture.spec["layer"]:
        made = [parts(layer.get("transform", []), key) for key in ("as", "flatten")]
        given = picture.tables[layer["data"]["name"]].column_names
        assert set(parts(layer["encoding"], "field")) <= {*given, *np.hstack([[], *made[0], *made[1]])}


@each_picture
@pytest.mark.parametrize("knobs", [{}, {"hidden": (4,) * 10}, {"hidden": ()}, {"dataset": "xor"}, {"batch_norm": True}])
def test_from_frame_to_frame_only_the_tables_change(name, knobs):
    trainer = trained(30, **knobs)
    first, last = (PICTURES[name](snapshot(trainer, index)) for index in (0, 30))
    assert first.spec == last.spec
    assert any(not first.tables[table].equals(last.tables[table]) for table in first.tables)
    assert {table: data.column_names for table, data in first.tables.items()} == {
        table: data.column_names for table, data in last.tables.items()
    }


@each_picture
@each_state
def test_no_cell_is_other_than_a_number_or_words(name, epochs, knobs):
    picture = PICTURES[name](snapshot_after(epochs, **knobs))
    assert len(picture.alt) > 30
    for text in (picture.alt, *(str(table.to_pylist()) for table in picture.tables.values())):
        assert not re.search(r"\b(nan|inf)\b", text)


TITLES = {
    "boundary": {"x₁", "x₂"},
    "loss_curve": {"Epoch", "Loss (log scale)"},
    "accuracy_curve": {"Epoch", "Accuracy"},
    "weight_histograms": {"Weight w"},
    "activation_histograms": {"Activation a"},
    "gradient_norms": {"|dW| (log scale)"},
    "update_ratios": {"|ΔW| / |W| (log scale)"},
}


@each_picture
def test_axes_have_titles_and_rows_the_names_of_the_layers(name):
    axes = parts(PICTURES[name](snapshot_after(0, hidden=(3, 4))).spec, "axis")
    assert {axis["title"] for axis in axes if axis and axis["title"]} == TITLES[name]
    if len(TITLES[name]) == 1:
        rows = "['Output','Hidden 2','Hidden 1']"  # from the bottom up
        assert any(axis.get("labelExpr", "").startswith(rows) for axis in axes)


@pytest.mark.parametrize("what", ["loss", "accuracy"])
@pytest.mark.parametrize("epochs", [30, 400])
def test_curves_are_the_figures_of_the_moments(what, epochs):
    seen = snapshot_after(epochs, n_points=40)
    picture = PICTURES[f"{what}_curve"](seen)
    at = {f"{moment.epoch:.4g}": moment for moment in seen.moments}
    curve, now = columns(picture, "curve"), columns(picture, "now")
    assert curve["part"] == now["part"] == ["train", "test"]
    for epoch, packed, part in zip(curve["epoch"], curve["value"], curve["part"], strict=True):
        shown = epoch.split()
        assert (shown[0], shown[-1]) == ("0", str(epochs))
        assert len(shown) == min(epochs + 1, 200) == len(set(shown))
        name = {"train": "train", "test": "held_out"}[part]
        figures = [getattr(at[each], f"{name}_{what}") for each in shown]
        assert numbers(packed) == pytest.approx(figures, rel=1e-3)
        assert now["value"][now["part"].index(part)] == figures[-1]
    assert set(now["epoch"]) == {epochs}


def test_without_test_points_there_is_one_curve():
    picture = charts.loss_curve(snapshot_after(3, train_share=1.0))
    assert columns(picture, "curve")["part"] == ["train"]
    assert "test" not in picture.alt


@pytest.mark.parametrize("hidden", [(8, 8), (), (4,) * 10])
def test_histograms_show_every_weight_and_activation_in_its_bin(hidden):
    seen = snapshot_after(10, hidden=hidden)
    shown = {"start": seen.start, "now": [layer.weights for layer in seen.layers]}
    activations = {"now": [layer.activations for layer in seen.layers]}
    for name, series in (("weight_histograms", shown), ("activation_histograms", activations)):
        rows = PICTURES[name](seen).tables["ridges"].to_pylist()
        assert len(rows) == len(series) * len(seen.layers)
        for row in rows:
            values, edges = series[row["when"]][row["layer"]], numbers(row["value"])
            heights = numbers(row["top"])[:-1] - row["base"]  # the last stands twice, to close the last step
            counts = np.histogram(values, edges)[0]
            assert counts.sum() == values.size
            assert row["base"] == len(seen.layers) - 1 - row["layer"]
            assert heights.min() >= 0
            assert heights.max() < 0.67
            assert heights / heights.sum() == pytest.approx(counts / values.size, abs=2 / values.size + 0.01)


def misclassified(seen, part):
    X, y = getattr(seen.data, f"X_{part}"), getattr(seen.data, f"y_{part}")
    return X[seen.network.forward(X, training=False).argmax(axis=1) != y.argmax(axis=1)]


@pytest.mark.parametrize(
    "state", ["trained", "untrained", "five classes", "all to train on", "the course's four points"]
)
def test_points_stand_where_they_are_and_the_misclassified_are_marked(state):
    epochs, knobs = STATES[state]
    seen = snapshot_after(epochs, **knobs)
    picture = charts.boundary(seen)
    points, wrong = columns(picture, "points"), columns(picture, "wrong")
    for part, figures in (("train", "train"), ("test", "held_out")):
        here = np.array(points["split"]) == part
        X = np.column_stack([points["x1"], points["x2"]])[here]
        assert np.array_equal(X, getattr(seen.data, f"X_{part}"))
        assert np.array_equal(np.array(points["class"])[here], getattr(seen.data, f"y_{part}").argmax(axis=1))
        share = 1 - len(misclassified(seen, part)) / max(1, len(X))
        assert share == pytest.approx(getattr(seen.moment, f"{figures}_accuracy"), nan_ok=True) or not len(X)
    expected = np.concatenate([misclassified(seen, "train"), misclassified(seen, "test")])
    assert np.array_equal(np.column_stack([wrong["x1"], wrong["x2"]]), expected)


@pytest.mark.parametrize("knobs", [
    {"dataset": "circles"}, {"dataset": "blobs", "n_classes": 5}, {"dataset": "xor_clouds"}, {"dataset": "xor"},
], ids=lambda knobs: knobs["dataset"])  # fmt: skip
def test_regions_cover_where_each_class_leads_by_its_margin(knobs):
    """Tested on the grid, off its margin, and where the lead is so clear that four digits can tell."""
    seen = snapshot_after(200, **knobs)
    low, high = view_limits(seen.data)
    p = class_probabilities(seen.network, low, high)
    x2, x1 = np.meshgrid(*[np.linspace(low, high, len(p))[1:-1]] * 2, indexing="ij")
    rows = charts.boundary(seen).tables["regions"].to_pylist()
    paths = {row["region"]: np.column_stack([numbers(row["x1"]), numbers(row["x2"])]) for row in rows}
    for k in range(seen.data.n_classes):
        lead = (p[..., k] - np.delete(p, k, axis=-1).max(axis=-1))[1:-1, 1:-1]
        for margin in (0.0, 0.4, 0.8):
            clear = np.abs(lead - margin) > 0.02
            covered = winding_numbers(paths[f"{k} {margin}"], np.column_stack([x1[clear], x2[clear]])) != 0
            assert np.array_equal(covered, lead[clear] > margin)
            assert 0.02 < covered.mean() < 0.98


def words_of_the_curve(what, show):
    def words(seen):
        ends = [(getattr(seen.moments[i], f"{part}_{what}") for i in (0, -1)) for part in ("train", "held_out")]
        return [f"{show(start)} → {show(end)}" for start, end in ends]

    return words


WORDS = {  # picture: from a snapshot, words with the figures that its text alternative must hold
    "boundary": lambda seen: [
        f"{len(misclassified(seen, part))} of {len(getattr(seen.data, f'X_{part}'))} {name}"
        for part, name in (("train", "training"), ("test", "test"))
    ],
    "loss_curve": words_of_the_curve("loss", number),
    "accuracy_curve": words_of_the_curve("accuracy", percent),
    "weight_histograms": lambda seen: [
        f"{layer.name} σ {number(np.std(start))} → {number(np.std(now.W))}"
        for layer, start, now in zip(seen.layers, seen.start, seen.network.dense, strict=True)
    ],
    "activation_histograms": lambda seen: [
        f"{layer.name} μ {number(np.mean(layer.activations))}  σ {number(np.std(layer.activations))}"
        for layer in seen.layers
    ],
    "gradient_norms": lambda seen: [f"{layer.name} {number(layer.gradient_norm)}" for layer in seen.layers],
    "update_ratios": lambda seen: [
        f"{layer.name} {number(ratio)}" for layer, ratio in zip(seen.layers, seen.moment.update_ratios, strict=True)
    ],
}


def test_the_words_and_titles_of_every_picture_are_looked_at():
    assert PICTURES.keys() == WORDS.keys() == TITLES.keys()


@each_picture
def test_the_words_hold_the_true_figures(name):
    seen = snapshot_after(12, noise=0.4)
    for words in WORDS[name](seen):
        assert words in PICTURES[name](seen).alt


@pytest.mark.parametrize("name", ["gradient_norms", "update_ratios"])
def test_dots_stand_at_their_figure_in_the_row_of_their_layer(name):
    seen = snapshot_after(12)
    dots = columns(PICTURES[name](seen), "dots")
    figures = {
        "gradient_norms": [layer.gradient_norm for layer in seen.layers],
        "update_ratios": seen.moment.update_ratios,
    }
    assert dots["value"] == pytest.approx([float(figure) for figure in figures[name]])
    assert dots["text"] == [number(figure) for figure in figures[name]]
    assert np.floor(dots["middle"]).tolist() == [2, 1, 0]


def test_what_a_logarithmic_scale_can_not_show_has_no_dot_and_is_said():
    untrained, zeros = snapshot_after(0), snapshot_after(1, initializer="zeros")
    for picture, text in ((charts.update_ratios(untrained), "–"), (charts.gradient_norms(zeros), "0")):
        dots = columns(picture, "dots")
        assert dots["value"] == [None] * 3
        assert dots["text"] == [text] * 3
        assert f"Hidden 1 {text}" in picture.alt


def test_a_small_plane_shows_some_of_the_points_and_neither_titles_nor_legends():
    seen = snapshot_after(3)
    small, large = charts.plane(seen.data, seen.network, small=True), charts.boundary(seen)
    assert small.alt == large.alt
    for table in ("points", "wrong"):
        some, every = (picture.tables[table].to_pylist() for picture in (small, large))
        assert 0 < len(some) <= len(every)
        assert all(row in every for row in some)
    assert not any(parts(small.spec, "axis") + parts(small.spec, "legend"))
    assert isinstance(alt.Chart.from_dict(small.spec), alt.LayerChart)


def test_the_curves_of_a_race_are_median_and_quartiles_over_its_seeds():
    trainer = RaceTrainer(Race(hidden=(4,), n_seeds=5, epochs=3, n_points=40))
    trainer.run(10**6)
    picture = charts.race_curves(trainer)
    assert isinstance(alt.Chart.from_dict(picture.spec), alt.LayerChart)
    rows = picture.tables["race"].to_pylist()
    for row, contestant, losses in zip(rows, trainer.race.contestants, trainer.figures("train_loss"), strict=True):
        assert row["contestant"] == contestant.label
        assert numbers(row["epoch"]).tolist() == [0, 1, 2, 3]
        ordered = np.sort(losses, axis=-1)  # of five seeds the quartiles are the second and the fourth
        for name, place in (("low", 1), ("median", 2), ("high", 3)):
            assert numbers(row[name]) == pytest.approx(ordered[:, place], rel=1e-3)
        assert f"{contestant.label} {number(ordered[0, 2])} → {number(ordered[-1, 2])}" in picture.alt


def test_a_network_that_has_left_the_numbers_has_a_plane_without_regions():
    seen = snapshot_after(0, hidden=(4, 4), activation="relu")
    network = seen.network.select()
    network.parameters[...] = 1e200  # whose products are beyond all numbers
    picture = charts.plane(seen.data, network, small=True)
    assert picture.tables["regions"].num_rows == picture.tables["wrong"].num_rows == 0
    assert picture.tables["points"].num_rows > 0
    assert columns(picture, "word")["word"] == ["diverged"]
    assert picture.alt.startswith("Diverged. ")


def test_a_plane_without_colours_says_why_in_a_word_and_any_other_says_nothing():
    seen = snapshot_after(0, initializer="zeros")
    undecided = charts.boundary(seen)
    assert undecided.tables["regions"].num_rows == 0  # all classes are equally probable
    assert columns(undecided, "word")["word"] == ["undecided"]
    assert columns(charts.boundary(snapshot_after(3)), "word")["word"] == [""]
    stopped = charts.plane(seen.data, snapshot_after(3).network, diverged=True)  # its loss ran away, within the numbers
    assert columns(stopped, "word")["word"] == ["diverged"]
    assert stopped.tables["regions"].num_rows == 0


def test_names_at_the_ends_of_curves_stand_apart_in_the_order_of_the_losses():
    losses = np.array([0.5, 0.01, 0.5, 1000.0, 0.011, 0.5])
    at = spread(losses, 0.01, 1000.0)
    apart = LINE / HEIGHT * np.log(1000 / 0.01)
    order = np.argsort(losses, kind="stable")
    assert np.diff(np.log(at[order])).min() >= apart - 1e-9
    assert at.max() <= 1000 * (1 + 1e-9)
    assert spread(np.array([0.1, 10.0]), 0.1, 10.0) == pytest.approx([0.1, 10.0])
