"""Each network of a sweep trains as it would alone, and its summary says no more than was tried."""

from dataclasses import fields

import altair as alt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.charts import sweep_losses, sweep_shares
from playground.charts.sweep_curves import CEILING, FLOOR
from playground.topics.batch_norm.sweep import (
    SWEPT,
    Sweep,
    SweepTrainer,
    range_words,
    reading,
    stretches,
    sweep_headline,
    table,
)
from playground.training.experiment import Experiment
from playground.training.findings.headline import Mood
from playground.training.significance import WORST_LOSS
from playground.training.trainer import Trainer


class Alone(Experiment):
    """An experiment whose network has the precision of a sweep's."""

    DTYPE = Sweep.DTYPE


def small(**knobs) -> Sweep:
    return Sweep(**{"n_values": 4, "n_seeds": 2, "hidden": (5, 4), "n_points": 40, "epochs": 5} | knobs)


def finished(trainer):
    trainer.run(10**6)
    return trainer


def alone(sweep: Sweep, batch_norm: bool, **knobs) -> Trainer:
    """The first seed of a sweep by itself, untrained."""
    shared = {each.name: getattr(sweep, each.name) for each in fields(Experiment)}
    return Trainer(Alone(**shared | {"batch_norm": batch_norm} | knobs))


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_each_learning_rate_trains_as_it_does_alone(optimizer, batch_norm):
    sweep = small(optimizer=optimizer, n_values=7, l2=0.01)
    stack = finished(SweepTrainer(sweep)).trainers[batch_norm].network
    assert sweep.values == pytest.approx([1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100])
    for at, value in enumerate(sweep.values[:-1]):  # the last is more than the knob of an experiment allows
        by_itself = finished(alone(sweep, batch_norm, learning_rate=float(value)))
        assert np.array_equal(stack.select((at, 0)).parameters, by_itself.network.parameters, equal_nan=True)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_each_gain_trains_as_it_does_alone_and_gain_1_is_the_plain_run(batch_norm):
    sweep = small(swept="gain", n_values=5)
    assert sweep.values == pytest.approx([0.01, 0.1, 1, 10, 100])
    trainer = finished(SweepTrainer(sweep))
    for at, gain in enumerate(sweep.values):
        by_itself = alone(sweep, batch_norm)
        if gain != 1:
            for layer in by_itself.network.dense:
                layer.W *= np.float32(gain)
        finished(by_itself)
        stacked = trainer.trainers[batch_norm].network.select((at, 0))
        assert np.array_equal(stacked.parameters, by_itself.network.parameters)


@pytest.mark.parametrize("swept", SWEPT)
def test_with_and_without_start_from_the_same_weights_at_every_value(swept):
    without, with_it = SweepTrainer(small(swept=swept)).trainers
    for one, other in zip(without.network.dense, with_it.network.dense, strict=True):
        assert one.W.shape[:2] == (4, 2)
        assert np.array_equal(one.W, other.W)
        assert not np.array_equal(one.W[0, 0], one.W[0, 1])
    assert np.array_equal(without.order, with_it.order)


def test_networks_that_diverge_leave_the_others_alone_and_count_as_untrained():
    sweep = small(hidden=(16,) * 4, dataset="blobs", n_values=7, epochs=30, n_points=100)
    trainer = finished(SweepTrainer(sweep))
    diverged = trainer.diverged_runs()
    assert diverged.shape == (2, 7, 2)
    assert diverged[0, -1].all()
    assert not diverged[:, :4].any()
    assert trainer.finished
    assert not trainer.trained()[diverged].any()
    assert (trainer.losses()[diverged] == WORST_LOSS).all()
    assert trainer.trained()[0, 3].all()
    assert np.isfinite(trainer.losses()).all()
    by_itself = finished(alone(sweep, False, learning_rate=0.1))
    assert trainer.losses()[0, 3, 0] == by_itself.history.moments[-1].train_loss


def test_a_sweep_is_the_same_however_it_is_cut_and_from_its_url():
    whole, cut = finished(SweepTrainer(small())), SweepTrainer(Sweep.from_query(small().to_query())[0])
    while not cut.finished:
        cut.run(1, seconds=0)
    assert np.array_equal(whole.losses(), cut.losses())


@pytest.mark.parametrize(("swept", "takes_hold"), [("learning_rate", False), ("gain", True)])
def test_a_learning_rate_turned_on_the_way_takes_hold_where_it_is_not_swept(swept, takes_hold):
    plain, turned = SweepTrainer(small(swept=swept)), SweepTrainer(small(swept=swept))
    turned.run(3)
    turned.change(turned.experiment.changed(turned.steps, learning_rate=0.5))
    assert np.array_equal(finished(plain).losses(), finished(turned).losses()) != takes_hold


@pytest.mark.parametrize("swept", SWEPT)
@pytest.mark.parametrize("n_values", [2, 25, 32])
def test_values_go_from_end_to_end_in_equal_factors(swept, n_values):
    values = Sweep(swept=swept, n_values=n_values).values
    assert len(values) == n_values
    assert (values[0], values[-1]) == (SWEPT[swept].low, SWEPT[swept].high)
    factors = values[1:] / values[:-1]
    assert factors == pytest.approx(np.full(n_values - 1, factors[0]), rel=2e-3)


# What is read off

VALUES = np.array([0.01, 0.1, 1, 10, 100])


@pytest.mark.parametrize(
    ("shares", "found", "words"),
    [
        ([0, 0, 0, 0.4, 0], [], "nowhere from 0.01 to 100"),
        ([0, 0.5, 1, 0, 0], [(1, 2)], "from 0.1 to 1 (a factor of 10)"),
        ([0, 1, 1, 1, 0], [(1, 3)], "from 0.1 to 10 (a factor of 100)"),
        ([1, 1, 1, 1, 1], [(0, 4)], "from 0.01 or less to 100 or more (a factor of at least 10,000)"),
        ([1, 1, 0, 0, 0], [(0, 1)], "from 0.01 or less to 0.1 (a factor of at least 10)"),
        ([0, 0, 0, 1, 1], [(3, 4)], "from 10 to 100 or more (a factor of at least 10)"),
        ([0, 0, 1, 0, 0], [(2, 2)], "only at 1"),
        ([1, 0, 0, 0, 0], [(0, 0)], "only at 0.01 or less"),
        ([0, 0, 0, 0, 1], [(4, 4)], "only at 100 or more"),
        ([0, 1, 0, 1, 1], [(1, 1), (3, 4)], "at 0.1, and again from 10 to 100 or more (a factor of at least 10)"),
    ],
)
def test_ranges_are_read_off_and_no_more_is_said_than_was_tried(shares, found, words):
    assert stretches(np.array(shares)) == found
    assert range_words(VALUES, np.array(shares)) == words


@given(st.lists(st.floats(0, 1), min_size=2, max_size=32))
def test_stretches_hold_just_the_values_at_which_half_train(shares):
    inside = np.zeros(len(shares), bool)
    for first, last in stretches(np.array(shares)):
        inside[first : last + 1] = True
    assert np.array_equal(inside, np.array(shares) >= 0.5)


def test_a_sweep_is_summed_up_with_both_and_how_fine_it_is():
    trainer = finished(SweepTrainer(small(dataset="blobs", n_values=7, epochs=20)))
    without, with_it = (range_words(trainer.experiment.values, share) for share in trainer.trained().mean(axis=-1))
    headline = sweep_headline(trainer)
    assert f"**without** batch normalisation {without}" in headline.text
    assert f"**with** batch normalisation {with_it}" in headline.text
    assert headline.title == "After 20 epochs"
    assert headline.mood is (Mood.GOOD if (trainer.trained().mean(axis=-1) >= 0.5).any() else Mood.BAD)
    assert "a factor of 10;" in reading(trainer)


def test_where_all_have_diverged_no_value_has_the_lowest_loss():
    trainer = SweepTrainer(small(n_values=3))
    assert "Lowest median loss: without 0." in reading(trainer)
    for each in trainer.trainers:
        each.runaway[...] = True
    assert "Lowest median loss: without none, as most diverge at each, with none, as most" in reading(trainer)


def test_the_table_has_a_row_for_each_value_without_and_with():
    trainer = finished(SweepTrainer(small(n_values=7)))
    rows = table(trainer)
    assert list(rows["Batch normalisation"]) == ["without"] * 7 + ["with"] * 7
    assert list(rows["Learning rate η"]) == [*trainer.experiment.values] * 2
    assert list(rows["Training loss, median"]) == pytest.approx(np.median(trainer.losses(), axis=-1).ravel())
    assert list(rows["Diverged"]) == list(trainer.diverged_runs().sum(axis=-1).ravel())


def test_a_sweep_survives_the_url_and_has_no_knob_for_batch_normalisation():
    chosen = small(swept="gain", activation="tanh", seed=7)
    assert Sweep.from_query(chosen.to_query()) == (chosen, [])
    assert "batch_norm" not in Sweep.knobs()
    assert next(iter(Sweep.knobs())) == "swept"


@given(st.text())
@settings(max_examples=30)
def test_any_text_gives_a_valid_sweep(text):
    for name in Sweep.knobs():
        Sweep.from_query({name: text})


# Pictures


@pytest.mark.parametrize("swept", SWEPT)
def test_pictures_show_losses_and_shares_at_every_value(swept):
    trainer = finished(SweepTrainer(small(swept=swept, hidden=(16,) * 4, n_values=7)))
    losses, shares = sweep_losses(trainer), sweep_shares(trainer)
    for picture in (losses, shares):
        assert isinstance(alt.Chart.from_dict(picture.spec), alt.LayerChart)
        assert SWEPT[swept].label in picture.alt
    drawn = losses.tables["losses"].to_pydict()
    median = np.clip(np.median(trainer.losses(), axis=-1), FLOOR, CEILING)
    assert [row.split() for row in drawn["value"]] == [[f"{value:.4g}" for value in trainer.experiment.values]] * 2
    assert np.array([row.split() for row in drawn["median"]], float) == pytest.approx(median, rel=1e-3)
    assert losses.tables["guessing"].to_pydict()["loss"] == [pytest.approx(np.log(2))]
    drawn = np.array([row.split() for row in shares.tables["shares"].to_pydict()["share"]], float)
    assert np.array_equal(drawn, trainer.trained().mean(axis=-1))
