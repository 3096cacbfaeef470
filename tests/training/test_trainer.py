"""A run is determined by its experiment, to the last bit: not by time, nor by how often somebody looks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import DEGENERATE, assert_same_state, trained
from sklearn.neural_network import MLPClassifier

from playground.nn import NeuralNetwork
from playground.training.experiment import Experiment
from playground.training.loop import experiment_data
from playground.training.trainer import HISTORY_BYTES, HISTORY_LENGTH, History, Moment, Trainer

BRIEF = {"n_points": 60, "epochs": 6, "batch_size": 9}  # 42 to train on: 5 mini-batches an epoch, the last one smaller
RUNS = {
    "sgd": Experiment(**BRIEF),
    "batch normalisation and adam": Experiment(**BRIEF, batch_norm=True, optimizer="adam", hidden=(5,), l2=0.01),
    "turned on the way": Experiment(**BRIEF, optimizer="momentum")
    .changed(7, batch_size=4)
    .changed(11, optimizer="sgd"),
}
each_run = pytest.mark.parametrize("experiment", RUNS.values(), ids=RUNS)


def assert_same_run(one, other):
    """Equal in every bit: network, and each moment that both recorded, which are at least the ends of all epochs."""
    assert (one.steps, one.epoch, one.diverged) == (other.steps, other.epoch, other.diverged)
    assert_same_state(one.network, other.network)
    moments = [
        {m.step: repr(m) for m in trainer.history.moments} for trainer in (one, other)
    ]  # as text, NaN equals NaN
    both = moments[0].keys() & moments[1].keys()
    assert len(both) >= one.epoch + 1
    assert all(moments[0][step] == moments[1][step] for step in both)


def run_to_end(experiment):
    trainer = Trainer(experiment)
    trainer.run(10**6)
    return trainer


def step_by_step(trainer):
    while not trainer.finished:
        trainer.step()


def epoch_by_epoch(trainer):
    while not trainer.finished:
        trainer.run(trainer.steps_to_epoch_end)


def in_slices_of_no_time(trainer):
    while not trainer.finished:
        trainer.run(1000, seconds=0.0)


def recording_each_step(trainer):
    while not trainer.finished:
        trainer.run(1)
        trainer.record()


@each_run
@pytest.mark.parametrize("cut", [step_by_step, epoch_by_epoch, in_slices_of_no_time, recording_each_step])
def test_a_run_is_the_same_however_it_is_cut(experiment, cut):
    trainer = Trainer(experiment)
    cut(trainer)
    assert_same_run(trainer, run_to_end(experiment))


def test_a_run_takes_the_time_it_is_given_and_no_step_more():
    trainer = Trainer(Experiment())
    trainer.run(1000, seconds=0.0)
    assert trainer.steps == 1
    trainer.run(4)
    assert trainer.steps == 5


def batches(experiment, steps=30):
    """The mini-batches that a run trains on, in order."""
    trainer, seen = Trainer(experiment), []
    forward, backward = trainer.network.forward, trainer.network.backward
    trainer.network.forward = lambda X, **how: seen.append(X) or forward(X, **how)
    trainer.network.backward = lambda y: seen.append(np.hstack([seen.pop(), y])) or backward(y)
    trainer.run(steps)
    return seen


def same(one, other):
    """Whether two lists of arrays are equal in every bit."""
    return len(one) == len(other) and all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("knobs", [
    {"initializer": "he_uniform"}, {"activation": "relu"}, {"batch_norm": True}, {"hidden": (3,)},
    {"optimizer": "adam"}, {"learning_rate": 1.0}, {"l2": 0.1},
])  # fmt: skip
def test_two_networks_see_the_same_points_in_the_same_order(knobs):
    assert same(batches(Experiment(**knobs)), batches(Experiment()))


def test_each_seed_draws_its_own_and_leaves_all_else():
    one, other = Trainer(Experiment(seed=0)), Trainer(Experiment(seed=1))
    assert np.array_equal(one.data.X_train, other.data.X_train)
    assert not np.isin(one.network.weights, other.network.weights).any()
    assert same(batches(one.experiment), batches(other.experiment))
    shuffled = Trainer(Experiment(batch_seed=1))
    assert np.array_equal(one.network.weights, shuffled.network.weights)
    assert not same(batches(one.experiment), batches(shuffled.experiment))


def test_the_data_seed_draws_points_and_leaves_the_weights():
    one, other = Trainer(Experiment(data_seed=0)), Trainer(Experiment(data_seed=1))
    assert not np.isin(one.data.X_train, other.data.X_train).any()
    assert_same_state(one.network, other.network)


def test_an_epoch_is_one_pass_through_all_points_in_a_new_order():
    first, second = (np.concatenate(batches(RUNS["sgd"], 10)[part]) for part in (slice(5), slice(5, 10)))
    assert not np.array_equal(first, second)
    for epoch in (first, second):
        assert np.array_equal(np.unique(epoch[:, :2], axis=0), np.unique(experiment_data(RUNS["sgd"]).X_train, axis=0))


def turned(experiment, turns):
    """A trainer whose knobs were turned while it ran: `turns` are pairs of a step and new values."""
    trainer = Trainer(experiment)
    for step, values in turns:
        trainer.run(step - trainer.steps)
        trainer.change(trainer.experiment.changed(trainer.steps, **values))
    trainer.run(10**6)
    return trainer


def assert_replays(trainer):
    """A fresh run of a trainer's experiment, and one from its URL, are the same run."""
    assert_same_run(trainer, run_to_end(trainer.experiment))
    assert_same_run(trainer, run_to_end(Experiment.from_query(trainer.experiment.to_query())[0]))


SCHEDULER = {
    "learning rate": [(7, {"learning_rate": 0.5})],
    "learning rate, there and back": [(7, {"learning_rate": 0.5}), (12, {"learning_rate": 0.1})],
    "learning rate, there and back at once": [(7, {"learning_rate": 0.5}), (7, {"learning_rate": 0.1})],
    "batch size in the midst of an epoch": [(7, {"batch_size": 2})],
    "batch size to more than all": [(7, {"batch_size": 1000})],
    "optimiser": [(7, {"optimizer": "adam"})],
    "optimiser, there and back": [(7, {"optimizer": "adam"}), (12, {"optimizer": "momentum"})],
    "optimiser, there and back at once": [(7, {"optimizer": "adam"}), (7, {"optimizer": "momentum"})],
    "penalty at the end of an epoch": [(5, {"l2": 0.1})],
    "all at once": [(8, {"learning_rate": 0.02, "batch_size": 5, "optimizer": "rmsprop", "l2": 0.03})],
    "before the first step": [(0, {"optimizer": "adam"}), (0, {"learning_rate": 0.01})],
    "at the first step and the next": [(0, {"optimizer": "adam"}), (1, {"learning_rate": 0.01}), (2, {"l2": 0.1})],
}


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
@pytest.mark.parametrize("turns", SCHEDULER.values(), ids=SCHEDULER)
def test_a_run_whose_knobs_were_turned_replays_exactly(turns, batch_norm):
    assert_replays(turned(Experiment(**BRIEF, optimizer="momentum", batch_norm=batch_norm), turns))


@pytest.mark.parametrize("value", [{"learning_rate": 0.5}, {"batch_size": 4}, {"optimizer": "adam"}, {"l2": 0.1}])
def test_a_knob_that_is_turned_takes_hold_at_the_next_step_and_not_before(value):
    plain, other = Trainer(Experiment(**BRIEF)), Trainer(Experiment(**BRIEF).changed(7, **value))
    for step in range(1, 12):
        plain.step()
        other.step()
        assert np.array_equal(plain.network.parameters, other.network.parameters) == (step <= 7)


one_turn = st.fixed_dictionaries({}, optional={
    "learning_rate": st.sampled_from([0.01, 0.3]), "batch_size": st.integers(1, 50), "l2": st.sampled_from([0.0, 0.1]),
    "optimizer": st.sampled_from(["sgd", "momentum", "rmsprop", "adam"]),
})  # fmt: skip


@settings(deadline=None, max_examples=40)
@given(st.dictionaries(st.integers(1, 30), one_turn, max_size=6))
def test_whatever_knobs_are_turned_the_run_replays_exactly(turns):
    assert_replays(turned(Experiment(**BRIEF), sorted(turns.items())))


@pytest.mark.parametrize("epochs", [1, 3, 6, 9])
def test_epochs_can_be_raised_and_lowered_on_the_way(epochs):
    trainer = Trainer(Experiment(**BRIEF))
    trainer.run(15)
    trainer.change(Experiment(**BRIEF | {"epochs": epochs}))
    assert trainer.finished == (epochs <= 3)
    trainer.run(10**6)
    assert_same_run(trainer, run_to_end(Experiment(**BRIEF | {"epochs": max(epochs, 3)})))


def test_the_trainer_knows_how_many_steps_are_left_in_an_epoch():
    trainer = Trainer(Experiment(**BRIEF).changed(7, batch_size=4))
    assert (trainer.steps_per_epoch, trainer.steps_to_epoch_end) == (5, 5)
    trainer.run(8)  # 5 for the first epoch, then 2 of nine and 1 of four
    assert trainer.progress == pytest.approx(1 + 22 / 42)
    assert (trainer.steps_per_epoch, trainer.steps_to_epoch_end) == (11, 5)
    trainer.run(5)
    assert (trainer.progress, trainer.epoch) == (2, 2)


def test_moments_are_recorded_at_the_start_after_each_epoch_and_on_demand_once():
    trainer = Trainer(Experiment(**BRIEF))
    trainer.run(12)
    for _ in range(3):
        trainer.record()
    assert [moment.step for moment in trainer.history.moments] == [0, 5, 10, 12]
    assert [moment.epoch for moment in trainer.history.moments] == pytest.approx([0, 1, 2, 2 + 18 / 42])


def moment_at(step):
    return Moment(step, step, 0.0, 0.0, 0.0, 0.0, ())


@pytest.mark.parametrize("state_bytes", [8, 100_000, 400_000])
def test_the_history_thins_its_states_evenly_and_keeps_the_first_and_the_newest(state_bytes):
    history, most = History(state_bytes), min(HISTORY_LENGTH, HISTORY_BYTES // state_bytes)
    for i in range(1500):
        history.add(moment_at(i), lambda i=i: {"parameters": i})
        kept = history.kept
        assert (kept[0], kept[-1]) == (0, i)
        assert min(i + 1, most // 2) <= len(kept) <= most
    assert len(set(np.diff(kept[:-1]))) == 1
    assert all(history.moments[i].step == i and history.state(i) == {"parameters": i} for i in kept)
    assert len(history.moments) == 1500


def test_a_stack_too_large_for_a_history_has_moments_but_no_states():
    history = History(HISTORY_BYTES)
    for i in range(50):
        history.add(moment_at(i), lambda: pytest.fail("a state was asked for"))
    assert history.kept == []
    assert len(history.moments) == 50


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
def test_a_look_back_gives_the_network_exactly_as_it_was(batch_norm):
    trainer = run_to_end(Experiment(n_points=60, epochs=400, batch_norm=batch_norm, batch_size=20))
    assert 1 < len(trainer.history.kept) < len(trainer.history.moments) == 401
    for index in trainer.history.kept:
        network, moment = trainer.network_at(index), trainer.history.moments[index]
        for part in ("train", "held_out"):
            loss, accuracy = network.evaluate(getattr(trainer.data, f"X_{part}"), getattr(trainer.data, f"y_{part}"))
            assert (loss, accuracy) == (getattr(moment, f"{part}_loss"), getattr(moment, f"{part}_accuracy"))


def test_what_is_done_to_a_network_looked_back_at_leaves_the_run_alone():
    trainer = Trainer(Experiment(**BRIEF, batch_norm=True))
    trainer.run(10)
    for index in trainer.history.kept:
        network = trainer.network_at(index)
        network.forward(trainer.data.X_train)
        network.parameters[...] = 7
    trainer.run(10**6)
    assert_same_run(trainer, run_to_end(Experiment(**BRIEF, batch_norm=True)))


@pytest.mark.parametrize("why", ["overflow", "runaway"])
def test_a_run_that_diverges_stands_still_and_keeps_a_sound_state(why):
    trainer = run_to_end(Experiment(**DEGENERATE[why]))
    assert trainer.diverged == why
    assert not trainer.finished
    steps, parameters = trainer.steps, trainer.network.parameters.copy()
    trainer.step()
    trainer.run(100)
    assert trainer.steps == steps
    assert np.array_equal(trainer.network.parameters, parameters, equal_nan=True)
    assert all(np.isfinite(array).all() for array in trainer.network_at(trainer.last_good).state().values())
    assert trainer.history.moments[trainer.last_good].train_loss <= trainer.tolerable_loss


def test_a_run_that_peaks_and_learns_all_the_same_is_left_to_go_on():
    peaks = {"dataset": "blobs", "activation": "relu", "initializer": "unit_normal"}
    trainer = run_to_end(Experiment(**peaks, optimizer="adam", learning_rate=1.0))
    assert max(moment.train_loss for moment in trainer.history.moments) > 10 * trainer.tolerable_loss
    assert not trainer.diverged
    assert trainer.history.moments[-1].train_accuracy > 0.99


@pytest.mark.parametrize("knobs", DEGENERATE.values(), ids=DEGENERATE)
def test_an_experiment_at_the_edge_trains_all_the_same(knobs):
    trainer = trained(25, **knobs)
    assert trainer.finished or trainer.diverged
    for moment in trainer.history.moments:
        assert np.isfinite([moment.train_loss, moment.train_accuracy]).all()
        assert np.isnan(moment.held_out_loss) == np.isnan(moment.held_out_accuracy) == (len(trainer.data.X_test) == 0)


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
def test_the_networks_of_a_stack_have_the_moments_that_each_has_alone(batch_norm):
    """One of them overflows, and stops."""
    schemes = ("glorot_normal", "zeros", "unit_normal")
    wild = {"activation": "relu", "hidden": (16,) * 8, "batch_norm": batch_norm, "learning_rate": 0.3}
    alone = [Trainer(Experiment(**BRIEF | wild, initializer=scheme)) for scheme in schemes]
    together = Trainer(alone[0].experiment, NeuralNetwork.stack([trainer.network for trainer in alone]))
    for trainer in (*alone, together):
        trainer.run(10**6)
    assert together.finished
    assert not together.diverged
    assert together.overflow.tolist() == [trainer.diverged == "overflow" for trainer in alone]
    assert together.overflow.any() != batch_norm
    for i, trainer in enumerate(alone):
        for one, of_stack in zip(trainer.history.moments, together.history.moments, strict=bool(not trainer.diverged)):
            assert (one.step, one.epoch) == (of_stack.step, of_stack.epoch)
            for name in ("train_loss", "train_accuracy", "held_out_loss", "held_out_accuracy"):
                assert getattr(one, name) == getattr(of_stack, name)[i]
            ratios = [ratio[i] for ratio in of_stack.update_ratios]
            assert ratios == pytest.approx(one.update_ratios, rel=1e-9, nan_ok=True)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize(("name", "solver", "rate"), [("xor_clouds", "sgd", 0.1), ("moons", "adam", 0.01)])
def test_the_default_reaches_about_the_accuracy_of_scikit_learn(name, solver, rate):
    experiment = Experiment(dataset=name, optimizer=solver, learning_rate=rate, noise=0.3, n_points=1000, epochs=60)
    data, moment = experiment_data(experiment), run_to_end(experiment).history.moments[-1]
    peer = MLPClassifier(
        experiment.hidden, "tanh", solver=solver, alpha=0, batch_size=32, learning_rate_init=rate, max_iter=60,
        momentum=0, random_state=0, tol=0, n_iter_no_change=60,
    )  # fmt: skip
    peer.fit(data.X_train, data.y_train.argmax(axis=1))
    for part, accuracy in (("train", moment.train_accuracy), ("test", moment.held_out_accuracy)):
        X, labels = getattr(data, f"X_{part}"), getattr(data, f"y_{part}").argmax(axis=1)
        assert accuracy == pytest.approx(peer.score(X, labels), abs=0.03)


@pytest.mark.parametrize("most", [0, 5])
def test_a_history_holds_no_more_states_than_are_asked_for(most):
    trainer = Trainer(Experiment(**BRIEF), states=most)
    trainer.run(10**6)
    assert len(trainer.history.moments) == trainer.experiment.epochs + 1
    assert len(trainer.history.kept) <= most
    assert not most or trainer.history.kept[0] == 0
