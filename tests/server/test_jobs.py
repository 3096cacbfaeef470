"""Long work is done in slices, on a few cores, once for all visitors; work for one who has left ends."""

import threading
import time

import pytest

from playground.server.jobs import Jobs
from playground.server.scheduler import PATIENCE


class LeftError(Exception):
    pass


class Work:
    """A job that notes its slices, and how many of all jobs computed at once."""

    def __init__(self, slices=3, seconds=0.005):
        self.slices, self.seconds = slices, seconds
        self.noted, self.most, self.begun, self.most_begun, self._now = [], 0, 0, 0, 0
        self.lock = threading.Lock()

    def __call__(self, name, pause):
        with self.lock:
            self.begun += 1
            self.most_begun = max(self.most_begun, self.begun)
        try:
            for number in range(self.slices):
                with self.lock:
                    self._now += 1
                    self.most = max(self.most, self._now)
                    self.noted.append((name, number))
                time.sleep(self.seconds)
                with self.lock:
                    self._now -= 1
                pause()
        finally:
            with self.lock:
                self.begun -= 1
        return name.upper()


def ask(jobs, work, *names):
    """Ask in a thread of its own; the thread, and a list that will hold the results."""
    results = []
    thread = threading.Thread(target=lambda: results.extend(jobs.side_by_side(work, [(name,) for name in names])))
    thread.start()
    return thread, results


def wait_until(condition):
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.mark.parametrize("cores", [1, 2, 3])
def test_results_come_in_order_and_no_more_cores_work_than_there_are(cores):
    jobs, work = Jobs(cores, begun=2 * cores, kept=50), Work()
    asked = [ask(jobs, work, *names) for names in ("abc", "def", "ghi", "jkl", "mno")]
    for (thread, results), names in zip(asked, ("ABC", "DEF", "GHI", "JKL", "MNO"), strict=True):
        thread.join(10)
        assert results == list(names)
    assert work.most == cores
    assert work.most_begun <= 2 * cores


def test_what_many_ask_for_is_computed_once():
    jobs, work = Jobs(2, begun=4, kept=50), Work()
    asked = [ask(jobs, work, "a", "b") for _ in range(6)]
    for thread, results in asked:
        thread.join(10)
        assert results == ["A", "B"]
    assert sorted(work.noted) == [(name, number) for name in "ab" for number in range(3)]
    assert jobs.side_by_side(work, [("b",), ("a",)]) == ["B", "A"]
    assert len(work.noted) == 6


def test_a_short_job_comes_between_the_slices_of_a_long_one():
    jobs = Jobs(1, begun=2, kept=50)
    long, short = Work(slices=400), Work(slices=1)
    thread, _ = ask(jobs, long, "long")
    wait_until(lambda: long.noted)
    assert jobs.side_by_side(short, [("short",)]) == ["SHORT"]
    assert 0 < len(long.noted) < 400
    thread.join(10)
    assert len(long.noted) == 400


def test_what_nobody_waits_for_ends_after_a_while_and_holds_up_nobody(monkeypatch):
    monkeypatch.setattr("playground.server.jobs.GRACE", 2 * PATIENCE)
    jobs, work = Jobs(1, begun=1, kept=50), Work(slices=10**6)

    def leave(done):
        if work.noted:
            raise LeftError

    with pytest.raises(LeftError):
        jobs.side_by_side(work, [("a",), ("b",), ("c",)], leave)
    assert work.begun == 1
    wait_until(lambda: work.begun == 0)
    slices, work.slices = len(work.noted), 1
    assert jobs.side_by_side(work, [("d",)]) == ["D"]
    assert work.noted[slices:] == [("d", 0)]


def test_who_asks_again_in_time_finds_the_work_where_it_was():
    jobs, work = Jobs(1, begun=1, kept=50), Work(slices=40)

    def leave(done):
        if len(work.noted) >= 3:
            raise LeftError

    with pytest.raises(LeftError):
        jobs.side_by_side(work, [("a",)], leave)
    assert jobs.side_by_side(work, [("a",)]) == ["A"]
    assert work.noted == [("a", number) for number in range(40)]


def test_who_is_waited_for_by_another_goes_on():
    jobs, work, gone = Jobs(1, begun=1, kept=50), Work(slices=60), threading.Event()

    def leave(done):
        if gone.is_set():
            raise LeftError

    def first():
        with pytest.raises(LeftError):
            jobs.side_by_side(work, [("a",)], leave)

    leaver = threading.Thread(target=first)
    leaver.start()
    wait_until(lambda: work.noted)
    waiter, results = ask(jobs, work, "a")
    gone.set()
    leaver.join(5)
    waiter.join(10)
    assert results == ["A"]
    assert work.noted.count(("a", 0)) == 1


def test_many_jobs_of_one_do_not_hold_up_the_one_of_another():
    jobs, work = Jobs(1, begun=2, kept=50), Work(slices=5)
    many, _ = ask(jobs, work, *"abcdefgh")
    wait_until(lambda: work.noted)
    assert jobs.side_by_side(work, [("z",)]) == ["Z"]
    assert ("h", 0) not in work.noted
    many.join(10)


def test_progress_is_told_and_grows():
    jobs, told = Jobs(1, begun=2, kept=50), []

    def work(name, pause):
        for number in range(10):
            time.sleep(0.02)
            pause(number / 10)

    jobs.side_by_side(work, [("a",), ("b",)], told.append)
    assert told == sorted(told)
    assert told[-1] == 1
    assert any(0.1 < done < 0.9 for done in told)


def test_results_that_were_not_asked_for_the_longest_are_forgotten():
    jobs, work = Jobs(1, begun=1, kept=2), Work(slices=1)
    for name in "abca":
        jobs.side_by_side(work, [(name,)])
    assert [name for name, _ in work.noted] == list("abca")
    jobs.side_by_side(work, [("a",), ("c",)])
    assert len(work.noted) == 4


def test_an_error_is_raised_to_who_asked_and_is_not_kept():
    jobs, calls = Jobs(2, begun=4, kept=50), []

    def fail(name, pause):
        calls.append(name)
        raise ValueError(name)

    for _ in range(2):
        with pytest.raises(ValueError, match="a"):
            jobs.side_by_side(fail, [("a",)])
    assert calls == ["a", "a"]
