"""What many ask for alike is computed once, in a bounded store; and only what is the same for all."""

import threading
import time

import pytest

from playground.charts import loss_curve
from playground.experiment import Experiment
from playground.race import Race
from playground.shelf import Shelf
from playground.ui.player import is_shared
from playground.ui.race import RaceRun
from playground.ui.run import Run


def test_a_thing_is_made_once_and_the_oldest_is_forgotten_first():
    shelf, made = Shelf(2), []

    def get(key):
        return shelf.get(key, lambda: made.append(key) or key)

    assert [get(key) for key in "aabacab"] == list("aabacab")
    assert made == ["a", "b", "c", "b"]
    assert len(shelf) == 2


def test_an_error_leaves_nothing_on_the_shelf():
    shelf = Shelf(9)
    for _ in range(2):
        try:
            shelf.get("a", lambda: 1 / 0)
        except ZeroDivisionError:
            assert len(shelf) == 0


def test_only_what_no_visitor_has_made_is_shared():
    mine = 3
    assert is_shared(loss_curve)
    assert not is_shared(lambda look: look)
    assert not is_shared(lambda look: mine)


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


def test_who_asks_for_what_another_makes_waits_for_it_or_makes_it_where_the_other_fails():
    shelf, begun, go_on, made = Shelf(9), threading.Event(), threading.Event(), []

    def first_fails():
        begun.set()
        go_on.wait(5)
        raise ZeroDivisionError

    def first():
        with pytest.raises(ZeroDivisionError):
            shelf.get("a", first_fails)

    def second():
        made.append(shelf.get("a", lambda: "second"))

    threads = [threading.Thread(target=first), threading.Thread(target=second), threading.Thread(target=second)]
    threads[0].start()
    begun.wait(5)
    for thread in threads[1:]:
        thread.start()
    time.sleep(0.05)
    assert made == []
    go_on.set()
    for thread in threads:
        thread.join(5)
    assert made == ["second", "second"]


def test_who_waits_may_give_up():
    shelf, begun, go_on = Shelf(9), threading.Event(), threading.Event()
    maker = threading.Thread(target=lambda: shelf.get("a", lambda: begun.set() or go_on.wait(5)))
    maker.start()
    begun.wait(5)

    def give_up():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        shelf.get("a", str, give_up)
    go_on.set()
    maker.join(5)
    assert shelf.get("a", str, give_up) is True
