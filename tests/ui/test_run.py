"""A run is one visitor's: the scripts of two clicks in a row work at it one after the other."""

import threading
from concurrent.futures import ThreadPoolExecutor

from playground.training.experiment import Experiment
from playground.ui.run import Run


def test_scripts_that_train_one_network_take_turns():
    """A script that still plays goes on for a moment when a click has already started the next one."""
    run = Run(Experiment(hidden=(8, 8), epochs=5000), [])
    n_threads, n_each = 4, 40
    with ThreadPoolExecutor(n_threads) as pool:
        for future in [pool.submit(run.step, 1) for _ in range(n_threads * n_each)]:
            future.result()
    assert run.trainer.steps == n_threads * n_each
    alone = Run(run.experiment, [])
    alone.step(n_threads * n_each)
    assert run.trainer.network.dense[0].W.tolist() == alone.trainer.network.dense[0].W.tolist()


def test_a_click_waits_for_the_frame_that_is_being_computed():
    run, order = Run(Experiment(), []), []
    clicked = threading.Thread(target=lambda: (run.reset(), order.append("click")))
    with run.lock:
        clicked.start()
        clicked.join(0.05)
        run.advance(3)
        order.append("frame")
    clicked.join(5)
    assert order == ["frame", "click"]
    assert run.trainer.steps == 0
