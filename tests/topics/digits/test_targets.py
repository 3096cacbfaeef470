"""The test part is opened by an explicit act, each look at it counts, and targets count only what is fair."""

from dataclasses import replace

import numpy as np
import pytest

from playground.topics.digits.digits_experiment import Digits
from playground.topics.digits.splits import with_seeds
from playground.topics.digits.targets import (
    N_PROOF,
    TARGETS,
    Proof,
    Result,
    Results,
    counts,
    interval,
    part_name,
    run_result,
)
from playground.training.loop import experiment_data
from playground.training.trainer import Trainer

SMALL = {"hidden": (12,), "epochs": 3, "learning_rate": 0.5}
RANDOM = "stratified"


def finished(**knobs):
    trainer = Trainer(Digits(**SMALL | knobs))
    trainer.run(10**6)
    return trainer


def test_a_run_counts_once_all_its_epochs_are_done():
    trainer = Trainer(Digits(**SMALL))
    trainer.run(trainer.steps_per_epoch)
    assert run_result(trainer) is None
    trainer.run(10**6)
    data = trainer.data
    right = trainer.network.predict(data.X_test).argmax(axis=1) == data.y_test.argmax(axis=1)
    assert run_result(trainer) == Result(trainer.experiment, (pytest.approx(right.mean()),))


def test_a_run_of_more_epochs_than_its_experiment_says_does_not_count():
    trainer = finished()
    trainer.change(replace(trainer.experiment, epochs=2))
    assert trainer.finished
    assert not counts(trainer)


@pytest.mark.parametrize(("share", "does"), [(0.8, True), (0.5, True), (0.85, False), (1.0, False)])
def test_a_tenth_of_the_images_must_be_for_testing(share, does):
    assert counts(finished(train_share=share, epochs=1)) == does


def test_nothing_is_seen_of_the_test_part_until_it_is_opened():
    """A training in which the test labels are others gives the same figures; only the result differs."""
    honest, other = finished(), Trainer(Digits(**SMALL))
    labels = np.roll(other.data.y_test, 1, axis=1)
    object.__setattr__(other.data, "y_test", labels)
    other.run(10**6)
    assert repr(other.history.moments) == repr(honest.history.moments)
    assert run_result(other).accuracy < run_result(honest).accuracy


def test_a_proof_trains_the_experiment_with_other_seeds_and_takes_the_median():
    experiment = Digits(split=RANDOM, **SMALL)
    proof = Proof(experiment)
    assert proof.result is None
    proof.run(10**6)
    alone = [run_result(finished(split=RANDOM, seed=k, batch_seed=k, data_seed=k)).accuracy for k in range(N_PROOF)]
    assert proof.result == Result(experiment, tuple(alone))
    assert proof.result.accuracy == sorted(alone)[N_PROOF // 2]
    assert proof.result.proven


def test_a_proof_is_the_same_however_it_is_cut():
    experiment = Digits(split=RANDOM, **SMALL)
    whole, cut = Proof(experiment), Proof(experiment)
    whole.run(10**6)
    while not cut.finished:
        cut.run(10**6, 0.0)
    assert cut.result == whole.result


def test_a_proof_with_too_few_test_images_gives_nothing():
    proof = Proof(Digits(train_share=0.9, **SMALL | {"epochs": 1}))
    proof.run(10**6)
    assert proof.finished
    assert proof.result is None


def test_seeds_move_on_together_and_go_round():
    moved = with_seeds(Digits(seed=999_999, data_seed=3), 2)
    assert (moved.seed, moved.batch_seed, moved.data_seed) == (1, 2, 5)


def test_the_best_of_each_kind_is_kept_and_reaches_its_targets():
    results, last, random = Results(), Digits(seed=1), Digits(seed=1, split="shuffled")
    assert results.best("last_part") is None
    for experiment, *accuracies in (
        (last, 0.94), (replace(last, seed=2), 0.9), (random, 0.969), (random, *[0.98] * 4, 0.99), (Digits(), 0.5),
    ):  # fmt: skip
        results.note(Result(experiment, tuple(accuracies)))
    assert results.best("last_part").experiment == last
    assert results.reached(TARGETS["course"])
    assert not results.reached(TARGETS["random"])  # the proof is no single run
    assert not results.reached(TARGETS["hard"])
    assert results.known(Digits()).accuracy == 0.5
    results.note(Result(replace(random, split=RANDOM), (0.97,)))
    assert results.reached(TARGETS["random"]).experiment.split == RANDOM
    results.note(Result(replace(random, seed=3), (1.0,)))
    assert not results.reached(TARGETS["hard"])  # one lucky split is no proof
    results.note(Result(replace(random, seed=4), (0.9, 0.98, 0.99, 0.99, 1.0)))
    assert results.reached(TARGETS["hard"])


# Looks at a test part


def test_each_other_experiment_that_opens_a_test_part_is_a_further_look():
    results = Results()
    looks = [results.note(Result(Digits(seed=k), (0.9,))).look for k in (0, 1, 2)]
    assert looks == [1, 2, 3]
    assert results.note(Result(Digits(seed=1), (0.9,))).look == 2  # the same again is no news
    assert results.looks(part_name(Digits(seed=9))) == 3
    assert results.note(Result(Digits(split=RANDOM), (0.9,))).honest  # other images


def test_a_target_that_a_later_look_reaches_is_reached_but_not_honestly():
    results = Results()
    results.note(Result(Digits(), (0.9,)))
    results.note(Result(Digits(seed=1), (0.99,)))
    assert not results.reached(TARGETS["course"]).honest
    assert results.reached(TARGETS["course"]).look == 2


def test_a_proof_opens_the_test_parts_of_all_its_seeds():
    results, experiment = Results(), Digits(split=RANDOM, data_seed=2)
    results.note(Result(experiment, (0.9,)))
    proof = results.note(Result(experiment, (0.9,) * N_PROOF))
    assert proof.honest  # the single run was one of its networks
    assert all(results.looks(part_name(with_seeds(experiment, k))) == 1 for k in range(N_PROOF))
    assert results.looks(part_name(with_seeds(experiment, N_PROOF))) == 0
    assert not results.note(Result(replace(experiment, data_seed=4, l2=0.01), (0.9,))).honest


@pytest.mark.parametrize("split", ["last_part", "shuffled", RANDOM])
def test_with_one_name_the_smaller_test_part_lies_in_the_larger(split):
    few, many = (Digits(split=split, data_seed=5, train_share=share) for share in (0.8, 0.5))
    assert part_name(few) == part_name(many)
    few, many = ({row.tobytes() for row in experiment_data(each).X_test} for each in (few, many))
    assert few < many


def test_the_last_part_is_one_whatever_the_seed_and_a_drawn_one_is_not():
    assert part_name(Digits(data_seed=1)) == part_name(Digits(data_seed=2))
    assert part_name(Digits(split=RANDOM, data_seed=1)) != part_name(Digits(split=RANDOM, data_seed=2))


def test_the_interval_of_an_accuracy_is_wilsons():
    """Newcombe (1998), Statistics in Medicine 17, table I, method 3: 81 of 263, and 0 of 20."""
    assert interval(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert interval(0.0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
