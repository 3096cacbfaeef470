"""A film's numbers are those of the trainer, bit for bit, however it is cut, and whoever makes it."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from playground.charts.plane import LEVELS, UNKNOWN, leads
from playground.film.packing import unpack
from playground.film.segment import cuts, longest, make, make_batches, taken_up
from playground.film.tracks import VIEWS
from playground.settings.knobs import Change
from playground.training.diagnostics import class_probabilities, snapshot, view_limits
from playground.training.experiment import Experiment
from playground.training.findings import findings
from playground.training.trainer import Trainer

RUNS = {
    "the default": Experiment(epochs=40),
    "batch normalisation and Adam": Experiment(epochs=20, batch_norm=True, optimizer="adam", activation="relu"),
    "three classes": Experiment(epochs=20, dataset="spirals", n_classes=3, hidden=(16,)),
    "no test points": Experiment(epochs=10, train_share=1.0),
    "changes in the run": Experiment(
        epochs=30,
        changes=(Change(5, "learning_rate", 0.5), Change(40, "optimizer", "momentum"), Change(90, "batch_size", 7)),
    ),
    "overflow": Experiment(epochs=60, hidden=(8,) * 10, learning_rate=10.0),
    "zeros": Experiment(epochs=12, initializer="zeros"),
}
each_run = pytest.mark.parametrize("experiment", RUNS.values(), ids=RUNS)


def film(experiment):
    """All segments of a film, unpacked."""
    state, found = None, []
    while not found or not found[-1][0]["last"]:
        made = make(experiment, len(found), state)
        state = made.state
        found.append(unpack(made.segment))
    return found


def trained(experiment):
    """A trainer at the end of its run, with all states."""
    trainer = Trainer(experiment)
    while not trainer.finished and not trainer.diverged:
        trainer.run(trainer.steps_to_epoch_end)
    return trainer


@each_run
def test_the_figures_of_a_film_are_those_of_the_trainer(experiment):
    moments = trained(experiment).history.moments
    segments = film(experiment)
    for name in ("step", "epoch", "train_loss", "held_out_loss", "train_accuracy", "held_out_accuracy"):
        shown = np.concatenate([arrays.get(name, []) for _, arrays in segments])
        np.testing.assert_array_equal(shown, np.array([getattr(each, name) for each in moments], np.float32))


@each_run
def test_a_film_ends_as_the_run_does(experiment):
    trainer = trained(experiment)
    segments = film(experiment)
    assert [about["last"] for about, _ in segments] == [False] * (len(segments) - 1) + [True]
    assert segments[-1][0]["diverged"] == trainer.diverged


def test_the_run_that_overflows_does():
    assert trained(RUNS["overflow"]).diverged


@each_run
def test_the_trainer_of_a_film_has_the_parameters_of_one_that_never_stopped_to_the_last_bit(experiment):
    state = None
    for k in range(4):
        state = make(experiment, k, state).state
    resumed, alone = taken_up(experiment, state), Trainer(experiment)
    alone.run(resumed.steps)
    np.testing.assert_array_equal(resumed.network.parameters, alone.network.parameters)
    resumed.run(30)
    alone.run(30)
    np.testing.assert_array_equal(resumed.network.parameters, alone.network.parameters)


def test_a_segment_is_the_same_from_any_earlier_state():
    experiment = RUNS["changes in the run"]
    states = [None]
    for k in range(3):
        states.append(make(experiment, k, states[-1]).state)
    segments = {make(experiment, 3, state).segment for state in states}
    assert len(segments) == 1


def test_up_to_a_change_two_films_are_the_same():
    before = Experiment(epochs=100)
    after = before.changed(100, learning_rate=0.5)  # in the epoch after the 14th
    state = None
    for k in range(4):
        one, other = make(before, k, state), make(after, k, state)
        assert cuts(before, k) == cuts(after, k)
        assert (one.segment == other.segment) == (k < 3)
        state = one.state
    assert one.steps > 100


@each_run
def test_what_a_film_tells_is_what_the_page_would_tell_of_each_moment(experiment):
    trainer = trained(experiment)
    told = [about["findings"][i]["title"] for about, _ in film(experiment) for _, now in about["told"] for i in now]
    last = len(trainer.history.moments) - 1
    at_each = [replace(snapshot(trainer, i), diverged=trainer.diverged * (i == last)) for i in range(last + 1)]
    assert told == [finding.title for seen in at_each for finding in findings(seen)]


@pytest.mark.parametrize("name", ["the default", "batch normalisation and Adam", "three classes", "zeros"])
def test_a_film_has_the_tables_that_a_picture_of_the_moment_has(name):
    experiment = RUNS[name]
    trainer = trained(experiment)
    about, arrays = film(experiment)[2]
    first = int(np.searchsorted([each.step for each in trainer.history.moments], arrays["step"][0]))
    for m, view in itertools.product(range(len(about["told"])), VIEWS):
        picture = VIEWS[view].picture(snapshot(trainer, first + m))
        for table, column in [(t, c) for t in picture.tables for c in picture.tables[t].column_names]:
            track = f"{view}.{table}.{column}"
            cells = picture.tables[table][column].to_pylist()
            if track in about["texts"]:
                assert about["texts"][track][m] == cells, track
            elif track in arrays and view not in ("loss", "accuracy"):
                expected = [[float(each) for each in cell.split()] if isinstance(cell, str) else cell for cell in cells]
                np.testing.assert_allclose(
                    arrays[track][m], np.array(expected, float), rtol=2e-3, atol=1e-5, err_msg=track
                )


@pytest.mark.parametrize("name", ["the default", "three classes"])
def test_the_plane_of_a_film_is_that_of_the_network(name):
    experiment = RUNS[name]
    trainer = trained(experiment)
    _, arrays = film(experiment)[-1]
    last = len(trainer.history.moments) - 1
    probabilities = class_probabilities(trainer.network_at(last), *view_limits(trainer.data))
    regions = arrays["regions"][-1].reshape(probabilities.shape[:-1])
    np.testing.assert_array_equal(regions // (LEVELS + 1), probabilities.argmax(axis=-1))
    order = np.sort(probabilities, axis=-1)
    np.testing.assert_allclose((regions % (LEVELS + 1)) / LEVELS, order[..., -1] - order[..., -2], atol=0.011)
    X = np.concatenate([trainer.data.X_train, trainer.data.X_test])
    np.testing.assert_array_equal(arrays["guesses"][-1], trainer.network_at(last).predict(X).argmax(axis=-1))


def test_five_classes_and_what_is_no_number_fit_in_a_byte():
    certain = leads(np.eye(5))
    assert certain.tolist() == [k * (LEVELS + 1) + LEVELS for k in range(5)]
    assert certain.max() < UNKNOWN
    assert leads(np.array([[np.nan, 0.5]])).tolist() == [UNKNOWN]


def test_the_mini_batches_of_an_epoch_are_those_of_the_trainer():
    experiment = RUNS["changes in the run"]
    state = make(experiment, 0, None).state
    _, arrays = unpack(make_batches(experiment, 5, state))
    trainer = Trainer(experiment)
    while trainer.epoch < 5:
        trainer.step()
    losses = []
    while trainer.epoch < 6:
        trainer.step()
        losses.append(trainer.network.evaluate(trainer.data.X_train, trainer.data.y_train)[0])
    np.testing.assert_array_equal(arrays["train_loss"], np.array(losses, np.float32))
    assert arrays["step"].tolist() == list(range(trainer.steps - len(losses) + 1, trainer.steps + 1))


def test_an_epoch_of_many_mini_batches_has_not_too_many_moments():
    _, arrays = unpack(make_batches(Experiment(batch_size=1, n_points=1000), 0, None))
    assert 100 <= len(arrays["step"]) <= 200
    assert arrays["epoch"][-1] == 1


@pytest.mark.parametrize("experiment", [Experiment(), Experiment(hidden=(64,) * 10, n_points=1000, batch_size=1)])
def test_segments_follow_each_other_without_a_gap_and_grow(experiment):
    stretches = [cuts(experiment, k) for k in range(12)]
    assert stretches[0][0] == 0
    assert all(before[1] == after[0] for before, after in itertools.pairwise(stretches))
    lengths = [last - first for first, last in stretches]
    assert lengths == sorted(lengths)
    assert lengths[-1] == longest(experiment)
