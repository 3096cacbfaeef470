"""What the papers report is shown by runs at our size: with other seeds too, not before the end, and not by any run."""

from dataclasses import replace

import pytest

from playground.papers import PAPERS
from playground.race import Race, RaceTrainer

each_paper = pytest.mark.parametrize("paper", PAPERS.values(), ids=PAPERS)


def run(race: Race) -> RaceTrainer:
    trainer = RaceTrainer(race)
    trainer.run(10**6)
    return trainer


@each_paper
def test_every_claim_holds_with_another_seed_than_the_pages(paper):
    trainer = run(replace(paper.setup, seed=1000))
    for claim in paper.claims:
        measured = claim.measure(trainer)
        assert measured.holds, (claim.reported, measured.text)


@each_paper
def test_before_the_end_nothing_is_said_to_hold(paper):
    trainer = RaceTrainer(paper.setup)
    for steps in (0, 3):
        trainer.run(steps)
        measured = [claim.measure(trainer) for claim in paper.claims]
        assert [each.holds for each in measured] == [None] * len(paper.claims)
        assert all(each.text for each in measured)


@each_paper
def test_what_the_claims_are_about_taken_away_not_every_claim_holds(paper):
    if paper.name == "glorot_sigmoid":  # both contestants saturate: it is of the activation
        spoilt = {"activation": "tanh"}
    else:
        spoilt = {"contestants": paper.setup.contestants[::-1]}
    trainer = run(replace(paper.setup, n_seeds=8, **spoilt))
    assert not all(claim.measure(trainer).holds for claim in paper.claims)


@each_paper
def test_every_paper_can_be_found_and_its_setup_linked_to(paper):
    assert paper.url.startswith("https://")
    assert paper.reference
    assert paper.note
    assert paper.claims
    assert all(claim.reported for claim in paper.claims)
    assert Race.from_query(paper.setup.to_query()) == (paper.setup, [])
