"""Visitors compute in turns: never more at once than allowed, in order, and one who gives up delays nobody."""

import threading
import time

import pytest

from playground.server.scheduler import SLICE, Scheduler


class Crowd:
    """Threads that each want a turn, and note what happens."""

    def __init__(self, turns):
        self.turns, self.order, self.most, self._now = turns, [], 0, 0
        self.lock, self.threads = threading.Lock(), []

    def join_in(self, name, urgent=False, work=0.01):
        def visit():
            with self.turns.turn(urgent):
                with self.lock:
                    self.order.append(name)
                    self._now += 1
                    self.most = max(self.most, self._now)
                time.sleep(work)
                with self.lock:
                    self._now -= 1

        before = self.turns.waiting
        self.threads.append(threading.Thread(target=visit))
        self.threads[-1].start()
        deadline = time.monotonic() + 5
        while self.turns.waiting == before and name not in self.order and time.monotonic() < deadline:
            time.sleep(0.001)

    def go_home(self):
        for thread in self.threads:
            thread.join(10)


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_never_more_than_allowed_work_at_once_and_all_get_their_turn(at_once):
    crowd = Crowd(Scheduler(at_once))
    for number in range(20):
        crowd.join_in(number)
    crowd.go_home()
    assert sorted(crowd.order) == list(range(20))
    assert crowd.most == at_once


def test_turns_come_in_order_and_the_urgent_before_all_who_wait():
    turns = Scheduler(1)
    crowd = Crowd(turns)
    with turns.turn():
        for number in range(5):
            crowd.join_in(number)
        crowd.join_in("click", urgent=True)
        crowd.join_in("second click", urgent=True)
        assert turns.waiting == 7
    crowd.go_home()
    assert crowd.order == ["click", "second click", 0, 1, 2, 3, 4]


class LeftError(Exception):
    pass


def leave():
    raise LeftError


def test_who_leaves_the_line_holds_up_nobody():
    turns = Scheduler(1)
    with turns.turn(), pytest.raises(LeftError), turns.turn(while_waiting=leave):
        pytest.fail("had a turn while another worked")
    assert turns.waiting == 0
    with turns.turn(while_waiting=leave):
        pass


def test_an_error_at_work_ends_the_turn():
    turns = Scheduler(1)
    with pytest.raises(LeftError), turns.turn():
        leave()
    with turns.turn(while_waiting=leave):
        pass


def test_between_two_slices_those_who_wait_come_first():
    turns, order = Scheduler(1), []
    crowd = Crowd(turns)
    with turns.turn() as give_way:
        give_way()  # nobody waits
        crowd.join_in("a")
        crowd.join_in("b")
        crowd.order.append("first slice")
        give_way()  # too early
        assert crowd.order == ["first slice"]
        time.sleep(SLICE)
        give_way()
        crowd.order.append("second slice")
        crowd.join_in("c")
        order = list(crowd.order)
    crowd.go_home()
    assert order == ["first slice", "a", "b", "second slice"]
    assert crowd.order == [*order, "c"]
    with turns.turn(while_waiting=leave):
        pass


def test_who_leaves_between_two_slices_holds_up_nobody():
    turns = Scheduler(1)
    with pytest.raises(LeftError), turns.turn(while_waiting=leave) as give_way:
        give_way()
    with turns.turn(while_waiting=leave):
        pass


def test_a_rest_ends_when_somebody_urgent_waits():
    turns, rested = Scheduler(1), []
    crowd = Crowd(turns)
    with turns.turn():
        began = time.monotonic()
        turns.rest(0.05)
        assert time.monotonic() >= began + 0.05
        crowd.join_in("frame")
        click = threading.Timer(0.1, crowd.join_in, ("click", True))
        click.start()
        turns.rest(10)
        rested.append(time.monotonic() - began)
        click.join()
    crowd.go_home()
    assert 0.1 < rested[0] < 5
    assert crowd.order == ["click", "frame"]
