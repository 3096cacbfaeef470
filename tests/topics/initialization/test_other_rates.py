"""A claim at another learning rate is measured anew there, and said in a few words."""

from dataclasses import replace

import pytest

from playground.topics.initialization import other_rates as module
from playground.topics.initialization.other_rates import in_words, other_rates, verdicts
from playground.topics.initialization.papers import PAPERS
from playground.topics.initialization.race import RaceTrainer


@pytest.mark.parametrize("name", PAPERS)
def test_the_rates_are_a_third_and_three_times(name):
    race = PAPERS[name].setup
    assert [rate / race.learning_rate for rate in other_rates(race)] == pytest.approx([1 / 3, 3], rel=0.05)


def test_a_verdict_is_that_of_the_race_at_this_rate(monkeypatch):
    """That the network without batch normalisation diverges hangs on the rate: at a fifth it does not."""
    paper = PAPERS["ioffe_rate"]
    shorter = replace(paper, setup=replace(paper.setup, epochs=20, n_seeds=8))
    monkeypatch.setitem(module.PAPERS, paper.name, shorter)
    shares = []
    assert verdicts(paper.name, 1.5, shares.append) == (True, True)
    assert verdicts(paper.name, 0.3) == (False, True)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    run = RaceTrainer(shorter.setup)
    run.run()
    assert verdicts(paper.name, 1.5) == tuple(claim.measure(run).holds for claim in paper.claims)


@pytest.mark.parametrize(
    ("holds", "words"),
    [
        ({0.3: False, 0.03: True, 0.1: True}, "holds at 0.03 and 0.1; not at 0.3"),
        ({0.03: True, 0.1: True, 0.3: True}, "holds at 0.03, 0.1 and 0.3"),
        ({0.03: False, 0.3: False}, "does not hold at 0.03 and 0.3"),
        ({1 / 3: True, 3.0: False}, "holds at 0.33; not at 3"),
    ],
)
def test_where_a_claim_holds_is_said_in_a_few_words(holds, words):
    assert in_words(holds) == words
