"""Every knob has an effect: turned alone, it changes what is computed or what is shown."""

from dataclasses import replace

import numpy as np
import pytest
from variations import others

from playground.nn import NeuralNetwork
from playground.settings.knobs import Choice
from playground.settings.lesson import Lesson
from playground.settings.record import Record
from playground.topics.batch_norm.one_batch import OneBatch, one_batch
from playground.topics.batch_norm.paired_runs import Pairs, PairsTrainer
from playground.topics.batch_norm.running_statistics import Evaluation, estimate_noise, stream
from playground.topics.batch_norm.sweep import Sweep, SweepTrainer
from playground.topics.digits.digits_experiment import Digits
from playground.topics.digits.splits import TwoSplits, TwoSplitsTrainer
from playground.topics.digits.tuning import Tuning, TuningTrainer
from playground.topics.forward_backward.training_step import TrainingStep
from playground.topics.initialization.many_networks import draws
from playground.topics.initialization.race import Race, RaceTrainer
from playground.topics.initialization.scheme_comparison import SchemeComparison
from playground.topics.initialization.signal_propagation import Propagation, propagate
from playground.training.experiment import IN_RUN, Experiment
from playground.training.trainer import Trainer
from playground.ui.sections.forward_backward_step import StepSession


def trained(trainer):
    """The figures of a run to its end."""
    trainer.run()
    return [moment for each in getattr(trainer, "trainers", [trainer]) for moment in each.history.moments]


def chosen(trainer):
    """What is seen of a choice at the end of its run."""
    return [*trained(trainer), trainer.outcomes()]


def followed(settings):
    """What is shown of a training step."""
    session = StepSession(settings, [])
    step = session.step
    return [*step.outputs, session.hidden, session.equation.name, step.focus, step.example, step.network, step.updated,
            settings.mistake]  # fmt: skip


SHORT = {"n_points": 40, "epochs": 3, "hidden": (6, 5), "batch_size": 16}
STACK = {"n_points": 40, "epochs": 2, "hidden": (5, 5), "n_seeds": 4}
SEEN = {  # kind of record: what is seen of one, and records in which its knobs have an effect
    Experiment: (lambda p: trained(Trainer(p)), [Experiment(**SHORT), Experiment(dataset="blobs", **SHORT)]),
    Digits: (lambda p: trained(Trainer(p)), [Digits(hidden=(8,), epochs=2), Digits(split="stratified", epochs=1)]),
    TwoSplits: (lambda p: trained(TwoSplitsTrainer(p)), [TwoSplits(hidden=(8,), epochs=2, n_seeds=3)]),
    Tuning: (lambda p: chosen(TuningTrainer(p)), [Tuning(hidden=(8,), epochs=2, n_candidates=3, n_seeds=3)]),
    Race: (lambda p: trained(RaceTrainer(p)), [Race(**STACK), Race(dataset="blobs", **STACK)]),
    Pairs: (lambda p: trained(PairsTrainer(p)), [Pairs(**STACK), Pairs(dataset="blobs", **STACK)]),
    Sweep: (lambda p: trained(SweepTrainer(p)), [
        Sweep(n_values=3, **STACK), Sweep(n_values=3, dataset="blobs", swept="gain", **STACK),
    ]),
    TrainingStep: (followed, [
        TrainingStep(step=2), TrainingStep(dataset="moons"), TrainingStep(dataset="blobs", n_points=6),
    ]),
    OneBatch: (lambda p: [*vars(one_batch(p)).values()], [OneBatch(gamma=2.0)]),
    Evaluation: (lambda p: [*vars(stream(p)).values(), *vars(estimate_noise(p)).values(), p.experiment],
                 [Evaluation(n_batches=20)]),
    Propagation: (lambda p: [*vars(propagate(p)).values()], [Propagation(depth=3, width=16, batch_size=8)]),
    SchemeComparison: (lambda p: [(p.entry(each), draws(p.entry(each), p.n_seeds)) for each in p.contestants],
                       [SchemeComparison()]),
}  # fmt: skip


def kinds(kind=Record):
    """All records, without those classes that are only bases."""
    found = [each for sub in kind.__subclasses__() for each in (sub, *kinds(sub))]
    return [each for each in found if "__dataclass_fields__" in vars(each)]


def fingerprint(seen) -> list[bytes | str]:
    """What is seen, so that two can be compared; NaN equals NaN."""
    seen = [each.parameters if isinstance(each, NeuralNetwork) else each for each in seen]
    return [each.tobytes() if isinstance(each, np.ndarray) else repr(each) for each in seen]


def cases():
    pairs = [(kind, name, knob) for kind in SEEN for name, knob in kind.knobs().items()]
    pairs = [pair for pair in pairs if not (isinstance(pair[2], Choice) and len(pair[2].options) == 1)]
    return [
        pytest.param(kind, name, id=f"{kind.__name__}-{name}", marks=[pytest.mark.exhaustive] * inherited(kind, name))
        for kind, name, _ in pairs
    ]


def inherited(kind, name):
    """Whether a knob is that of `Experiment`, where it is tested already, and trains in the same loop."""
    return issubclass(kind, Experiment) and kind is not Experiment and name in Experiment.knobs()


@pytest.mark.parametrize(("kind", "name"), cases())
def test_every_knob_changes_what_is_seen(kind, name):
    see, bases = SEEN[kind]
    changed = []
    for base in bases:
        if base.applies(name):
            before = fingerprint(see(base))
            other = [replace(base, **{name: value}) for value in others(kind.knobs()[name], getattr(base, name))[:3]]
            changed += [fingerprint(see(each)) != before for each in other]
    assert any(changed), f"{kind.__name__}.{name} changes nothing: it is not read anywhere, or `applies` is wrong"


@pytest.mark.parametrize("name", Experiment.knobs())
def test_a_knob_that_is_said_to_do_nothing_does_nothing(name):
    bases = [Experiment(dataset="xor", **SHORT), Experiment(**SHORT)]
    for base in bases:
        for value in [] if base.applies(name) else others(Experiment.knobs()[name], getattr(base, name)):
            assert fingerprint(trained(Trainer(replace(base, **{name: value})))) == fingerprint(trained(Trainer(base)))


@pytest.mark.parametrize("name", IN_RUN)
def test_a_live_knob_that_is_turned_in_a_run_changes_the_rest_of_it(name):
    base = Experiment(**SHORT)
    values = others(IN_RUN[name], getattr(base, name))
    turned = [base.changed(3, **{name: value}) for value in values]
    before, *after = [fingerprint(trained(Trainer(each))) for each in (base, *turned)]
    assert all(each[:2] == before[:2] for each in after)  # two mini-batches an epoch
    assert any(each[-1] != before[-1] for each in after)


def test_every_kind_of_record_is_tested():
    assert {kind for kind in kinds() if kind.__module__.startswith("playground.")} == {*SEEN, Lesson}
