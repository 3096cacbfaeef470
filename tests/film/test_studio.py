"""The studio makes each segment once, for all who ask, and gives up what nobody waits for."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from runs import finish

from playground.film import studio as module
from playground.film.segment import make
from playground.film.studio import Busy, Studio
from playground.training.experiment import Experiment
from playground.training.trainer import Trainer

EXPERIMENT = Experiment(epochs=100)


@pytest.fixture
def studio(monkeypatch):
    """A studio without workers, that notes what it makes in `made`."""
    found = Studio()
    found.made = []

    def noted(experiment, k, state):
        found.made.append((experiment, k, state is not None))
        return make(experiment, k, state)

    monkeypatch.setattr(module, "make", noted)
    monkeypatch.setattr(found, "_workers_ready", lambda: False)
    return found


def test_many_who_ask_for_a_segment_get_it_from_one_computation(studio):
    async def ask():
        return await asyncio.gather(*(studio.segment(EXPERIMENT, 1) for _ in range(20)))

    got = finish(ask())
    assert len(set(got)) == 1
    assert [k for _, k, _ in studio.made] == [0, 1]
    assert finish(studio.segment(EXPERIMENT, 1)) == got[0]
    assert len(studio.made) == 2


def test_a_segment_is_that_of_the_film_made_alone(studio):
    state = None
    for k in range(4):
        made = make(EXPERIMENT, k, state)
        state = made.state
        assert finish(studio.segment(EXPERIMENT, k)) == made.segment


def test_after_a_change_a_film_goes_on_from_the_states_of_the_one_before(studio):
    finish(studio.segment(EXPERIMENT, 4))
    changed = EXPERIMENT.changed(300, learning_rate=0.5)  # in the 43rd epoch, which is in segment 4
    studio.made.clear()
    finish(studio.segment(changed, 4))
    assert studio.made == [(changed, 4, True)]


def test_more_epochs_need_no_new_start(studio):
    finish(studio.segment(EXPERIMENT, 3))
    studio.made.clear()
    longer = replace(EXPERIMENT, epochs=2000)
    finish(studio.segment(longer, 4))
    assert studio.made == [(longer, 4, True)]


def test_a_state_from_before_another_change_is_not_taken(studio):
    changed = EXPERIMENT.changed(10, learning_rate=0.5)
    finish(studio.segment(changed, 3))
    assert studio.state(EXPERIMENT, 3) is None
    assert studio.state(changed, 3) is not None


def test_what_nobody_waits_for_any_more_is_given_up(studio):
    async def leave():
        waiting = asyncio.ensure_future(studio.segment(EXPERIMENT, 8))
        while not studio.made:
            await asyncio.sleep(0.001)
        waiting.cancel()
        await asyncio.sleep(0.3)
        return len(studio.made)

    assert finish(leave()) < 9
    assert studio.segments.find((EXPERIMENT, 8)) is None


def test_one_who_leaves_takes_nothing_from_another(studio):
    async def leave():
        one, other = (asyncio.ensure_future(studio.segment(EXPERIMENT, 2)) for _ in range(2))
        await asyncio.sleep(0.005)
        one.cancel()
        return await other

    assert finish(leave()) == finish(studio.segment(EXPERIMENT, 2))


def test_too_many_at_once_are_told_to_come_later(studio):
    small = Studio(waiting=2)

    async def ask():
        asked = [small.segment(replace(EXPERIMENT, seed=seed), 0) for seed in range(5)]
        return await asyncio.gather(*asked, return_exceptions=True)

    got = finish(ask())
    assert [type(each) for each in got] == [bytes, bytes, Busy, Busy, Busy]


@pytest.mark.parametrize("step", [0, 1, 13, 14, 100, 699])
def test_the_trainer_of_a_moment_is_that_of_the_run(studio, step):
    finish(studio.segment(EXPERIMENT, 3))
    alone = Trainer(EXPERIMENT)
    alone.run(step)
    found = studio.trainer(EXPERIMENT, step)
    assert found.steps == step
    np.testing.assert_array_equal(found.network.parameters, alone.network.parameters)


def test_caches_stay_within_their_bytes():
    small = Studio(mebibytes=0)
    small.segments._most = 10_000
    for k in range(4):
        finish(small.segment(EXPERIMENT, k))
        assert sum(map(len, small.segments._things.values())) <= 10_000


@pytest.mark.exhaustive  # two processes start, and import all that a film needs
def test_a_worker_makes_the_same_bytes():
    found = Studio()

    async def ask():
        while not found._workers_ready():
            await asyncio.sleep(0.1)
        return await found.segment(EXPERIMENT, 2)

    state = None
    for k in range(3):
        made = make(EXPERIMENT, k, state)
        state = made.state
    assert finish(ask()) == made.segment
