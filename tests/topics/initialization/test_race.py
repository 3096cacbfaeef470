"""In a race only the first weights differ: each network of it trains as it would alone, and its URL says all of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.nn import INITIALIZERS
from playground.topics.initialization.race import FAST, Race, RaceTrainer
from playground.training.contestants import Contestant
from playground.training.trainer import Trainer

FIELD = (Contestant("zeros"), Contestant("glorot_normal"), Contestant("he_normal"), Contestant("he_normal", True))


def small(**knobs) -> Race:
    return Race(**{"contestants": FIELD, "n_seeds": 3, "hidden": (5, 5), "n_points": 60, "epochs": 6} | knobs)


def finished(race: Race) -> RaceTrainer:
    trainer = RaceTrainer(race)
    trainer.run(10**6)
    return trainer


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_every_network_starts_as_it_does_alone_and_seed_0_trains_as_it_does_alone(optimizer):
    race = small(optimizer=optimizer, l2=0.01)
    start, end = RaceTrainer(race), finished(race)
    for contestant in FIELD:
        for seed in range(race.n_seeds):
            alone = Trainer(race.entry(contestant, seed))
            assert np.array_equal(start.network(contestant, seed).parameters, alone.network.parameters)
        alone = Trainer(race.entry(contestant, 0))
        alone.run(10**6)
        assert np.array_equal(end.network(contestant, 0).parameters, alone.network.parameters)


def test_seeds_differ_in_their_weights_alone():
    trainer = RaceTrainer(small())
    stack = trainer.stack(Contestant("he_normal"))
    assert len({network.tobytes() for network in stack.parameters}) == 3
    assert len({each.order.tobytes() for each in trainer.trainers}) == 1  # one order of mini-batches for both stacks


def test_a_race_is_the_same_however_it_is_cut_and_from_its_url():
    race = small()
    whole, cut = finished(race), RaceTrainer(Race.from_query(race.to_query())[0])
    while not cut.finished:
        cut.run(1, seconds=0)
    assert np.array_equal(whole.figures("train_loss"), cut.figures("train_loss"))
    assert np.array_equal(whole.reached, cut.reached, equal_nan=True)


def test_live_knobs_turned_on_the_way_stand_in_the_url():
    turned = RaceTrainer(small())
    turned.run(5)
    turned.change(turned.race.changed(turned.steps, learning_rate=0.5))
    turned.run(10**6)
    replayed = finished(Race.from_query(turned.race.to_query())[0])
    assert np.array_equal(turned.figures("train_loss"), replayed.figures("train_loss"))


def test_reached_is_the_first_epoch_at_which_the_accuracy_was_there():
    trainer = finished(small(epochs=40, learning_rate=0.3))
    accuracy = trainer.figures("held_out_accuracy")  # (contestants, moments, seeds)
    for contestant, seed in np.ndindex(*trainer.reached.shape):
        fast = np.flatnonzero(accuracy[contestant, :, seed] >= FAST)
        expected = fast[0] if len(fast) else np.nan
        assert np.array_equal(trainer.reached[contestant, seed], expected, equal_nan=True)
    assert not np.isnan(trainer.reached[2]).all()


def test_one_contestant_that_diverges_leaves_the_others_alone():
    race = small(
        contestants=(Contestant("unit_normal"), Contestant("he_normal")),
        hidden=(32,) * 8, activation="relu", learning_rate=0.1, epochs=3,
    )  # fmt: skip
    trainer = finished(race)
    assert trainer.diverged_runs(Contestant("unit_normal")).all()
    assert not trainer.diverged_runs(Contestant("he_normal")).any()
    assert trainer.finished
    assert not trainer.diverged
    assert np.isfinite(trainer.figures("train_loss")[1]).all()


def test_a_race_in_which_all_diverge_stands_still():
    trainer = finished(
        small(contestants=(Contestant("unit_normal"), Contestant("constant")), hidden=(64,) * 10, activation="linear",
              learning_rate=10.0, epochs=50)
    )  # fmt: skip
    assert trainer.diverged == "overflow"
    assert not trainer.finished


contestants = st.lists(
    st.builds(Contestant, st.sampled_from(sorted(INITIALIZERS)), st.booleans()), min_size=2, max_size=6, unique=True
)


@given(contestants.map(tuple))
def test_contestants_survive_the_url(chosen):
    race = small(contestants=chosen)
    assert Race.from_query(race.to_query()) == (race, [])


@given(st.text())
@settings(max_examples=100)
def test_any_text_gives_two_to_six_different_contestants(text):
    race, notices = Race.from_query({"contestants": text})
    assert 2 <= len(set(race.contestants)) == len(race.contestants) <= 6
    assert notices or race.to_query()["contestants"] == text


def test_contestants_have_their_own_scheme_so_a_race_has_none():
    assert not {"initializer", "batch_norm"} & Race.knobs().keys()
    with pytest.raises(ValueError, match="Contestants must be 2 to 6"):
        small(contestants=(Contestant("zeros"),))
