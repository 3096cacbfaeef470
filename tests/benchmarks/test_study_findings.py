"""A sample of the study of findings: rules agree with the measures, and remedies help more often than another seed."""

import numpy as np
import pytest

from tests.benchmarks.causes import BETTER, CAUSES
from tests.benchmarks.study_findings import study

RUNS = 40


@pytest.fixture(scope="module")
def sample():
    return study(RUNS, seed=3)


@pytest.mark.exhaustive
def test_alarms_are_right(sample):
    """Of all rules together: a single rule speaks too seldom in a sample."""
    tallies = [sample.tallies[name] for name in CAUSES]
    right, wrong = (sum(getattr(tally, name) for tally in tallies) for name in ("right", "wrong"))
    assert right > 100
    assert right / (right + wrong) > 0.9


@pytest.mark.exhaustive
def test_remedies_help_and_another_seed_does_not(sample):
    remedies = np.array([gain for tally in sample.tallies.values() for gain in tally.remedy])
    seeds = np.array([gain for tally in sample.tallies.values() for gain in tally.seed])
    assert len(remedies) > 30
    assert (remedies >= BETTER).mean() > 0.7 > 0.4 > (seeds >= BETTER).mean()
    assert (remedies <= -BETTER).mean() < 0.1


@pytest.mark.exhaustive
def test_something_is_said_of_every_run_that_ends_badly(sample):
    assert sample.poor > RUNS / 3
    assert sample.silent <= 0.05 * sample.poor
