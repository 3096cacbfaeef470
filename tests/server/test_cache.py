"""What many visitors need is computed once, in a store of limited size; and only what is the same for all."""

from playground.charts import loss_curve
from playground.server.cache import Cache, is_shared
from playground.topics.initialization.race import Race
from playground.training.experiment import Experiment
from playground.ui.run import Run
from playground.ui.sections.initialization_race import RaceRun


def test_a_thing_is_made_once_and_the_oldest_is_forgotten_first():
    cache, made = Cache(2), []

    def get(key):
        return cache.get(key, lambda: made.append(key) or key)

    assert [get(key) for key in "aabacab"] == list("aabacab")
    assert made == ["a", "b", "c", "b"]
    assert len(cache) == 2


def test_an_error_leaves_nothing_in_the_cache():
    cache = Cache(9)
    for _ in range(2):
        try:
            cache.get("a", lambda: 1 / 0)
        except ZeroDivisionError:
            assert len(cache) == 0


def test_only_what_no_visitor_has_made_is_shared():
    mine = 3
    assert is_shared(loss_curve)
    assert not is_shared(lambda snapshot: snapshot)
    assert not is_shared(lambda snapshot: mine)


def test_runs_alike_have_one_key_and_others_have_another():
    one, same, other = Run(Experiment(), []), Run(Experiment(), []), Run(Experiment(seed=1), [])
    assert one.key == same.key != other.key
    one.step(3)
    assert one.key != same.key
    same.step(3)
    assert one.key == same.key
    one.step_epoch()
    same.step(1)
    same.step_epoch()  # the same network, but with one more moment in its curves
    assert one.trainer.steps == same.trainer.steps
    assert one.key != same.key
    one.turn(learning_rate=0.2)
    assert one.key[0] != same.key[0]


def test_a_race_has_no_key():
    assert RaceRun(Race(n_seeds=1, epochs=1), []).key is None
