"""Each finding appears where it is true, stays away where it is not, states the true figures, and offers what helps."""

import re
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from runs import DEGENERATE, snapshot_after, trained
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from playground.text import number, percent
from playground.training.diagnostics import snapshot
from playground.training.experiment import KNOBS, Experiment
from playground.training.findings import RULES, Finding, findings, findings_by_rule, rule
from playground.training.trainer import Trainer


class Case(NamedTuple):
    """After so many epochs, a rule speaks, and is silent with another value of a knob or two."""

    rule: str
    epochs: int
    told: dict
    silent: dict


def case(rule, told, silent):
    """A case whose experiment has its epochs among its knobs."""
    return Case(rule, told["epochs"], {name: value for name, value in told.items() if name != "epochs"}, silent)


LONG = 30  # epochs after which a network that needs help has been seen to
SMALL_SET = {"n_points": 100, "noise": 0.5, "hidden": (32,), "optimizer": "adam"}
WILD_RELU = {"activation": "relu", "learning_rate": 3.0, "hidden": (6, 8)}
CASES = [
    *(case(name, rule.fires, rule.silent) for name, rule in RULES.items()),
    Case("divergence", 5, DEGENERATE["overflow"], {"initializer": "he_normal", "learning_rate": 0.1}),
    Case("copies", 30, {"initializer": "constant"}, {"initializer": "lecun_normal"}),
    Case("dead_units", 5, WILD_RELU, {"learning_rate": 0.03}),
    Case("saturation", 5, {"learning_rate": 10.0}, {"learning_rate": 0.1}),
    Case("vanishing", 2, {"initializer": "small_normal", "hidden": (8,) * 5}, {"batch_norm": True}),
    Case("only_linear", 25, {"hidden": ()}, {"hidden": (8, 8)}),
    Case("only_linear", 25, {"hidden": (), "dataset": "circles"}, {"dataset": "blobs"}),
    Case("overfitting", 100, SMALL_SET | {"learning_rate": 0.1}, {"l2": 0.05}),
    Case("vanishing", 0, {"activation": "tanh", "initializer": "small_normal", "hidden": (8,) * 5}, {"hidden": ()}),
    Case("batch_of_one", 1, {"batch_norm": True, "n_points": 2}, {"train_share": 1.0}),
]
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{', '.join(case.silent)}")


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"fires": {"epochs": 1}}, "The rule `new` lacks: silent"),
        ({"fires": {"epochs": 1, "learning_rate": -1}, "silent": {}}, "Learning rate η must be from"),
        ({"fires": {"epochs": 1}, "silent": {"activation": "no"}}, "Activation must be one of"),
    ],
)
def test_a_rule_without_a_valid_run_in_which_it_speaks_and_one_in_which_it_does_not_fails(about, message):
    def new(snapshot):
        return None

    with pytest.raises((TypeError, ValueError), match=message):
        rule(**about)(new)
    assert "new" not in RULES


@each_case
def test_a_finding_is_told_where_it_is_true(case):
    seen = snapshot_after(case.epochs, **case.told)
    found = RULES[case.rule](seen)
    assert isinstance(found, Finding)
    assert found.title in [finding.title for finding in findings(seen)]


@each_case
def test_a_finding_is_not_told_where_it_is_not(case):
    assert RULES[case.rule](snapshot_after(case.epochs, **case.told | case.silent)) is None


@each_case
def test_a_remedy_is_a_change_to_valid_values_and_says_so(case):
    seen = snapshot_after(case.epochs, **case.told)
    for finding in findings(seen):
        changed = replace(seen.experiment, **finding.remedy)
        assert all(getattr(changed, name) != getattr(seen.experiment, name) for name in finding.remedy)
        for name, value in finding.remedy.items():
            label = getattr(KNOBS[name], "options", {}).get(value, KNOBS[name]).label
            assert label in finding.remedy_label


@each_case
def test_all_that_is_told_offers_one_remedy_which_has_what_each_wants(case):
    seen = snapshot_after(max(case.epochs, LONG), **case.told)
    remedies = [finding.remedy for finding in findings(seen) if finding.remedy]
    assert all(remedy == remedies[0] for remedy in remedies)
    alone = [RULES[name](seen).remedy for name in findings_by_rule(seen)]
    for name in {name for remedy in alone for name in remedy if name != "initializer"}:
        wanted = [remedy[name] for remedy in alone if name in remedy]
        assert remedies[0][name] == wanted[0]


def by_hand(seen):
    """Norm of dL/dz in first and last layer, and the activations, of all training points: computed anew."""
    network = seen.network.select()
    output = network.forward(seen.data.X_train)
    dout = (output - seen.data.y_train) / len(output)
    norms = [np.linalg.norm(dout)]
    for layer in network.layers[-2::-1]:
        dout = layer.backward(dout)
        if not hasattr(layer, "W"):
            norms.append(np.linalg.norm(dout))
    activations = [layer.output for layer in network.layers if not hasattr(layer, "W")]
    return (norms[-1], norms[0]), activations[:-1]


def recent(seen):
    """The median size of a step, over the weights, in the layer where it is largest."""
    return max(np.median([moment.update_ratios for moment in seen.moments[-5:] if moment.step], axis=0))


def figures_of_copies(seen):
    units = [np.vstack([layer.W, layer.b]).round(9) for layer in seen.network.dense[:-1]]
    return ["The 8 units of hidden", f"only {min(len(np.unique(unit, axis=1).T) for unit in units)}:"]


def figures_of_dead_units(seen):
    dead = [(output == 0).all(axis=0).sum() for output in by_hand(seen)[1]]
    layer = int(np.argmax(np.divide(dead, seen.experiment.hidden)))
    return [f"{dead[layer]} of the {seen.experiment.hidden[layer]} units of hidden {layer + 1} "]


def figures_of_saturation(seen):
    shares = [(np.abs(output) > np.sqrt(0.95)).mean() for output in by_hand(seen)[1]]
    layer = int(np.argmax(shares))
    W = seen.network.dense[layer].W
    size = np.sqrt((W**2).mean())
    return [f"hidden {layer + 1}, {percent(shares[layer])}", f"square of {number(size)};", f"with {len(W)} inputs"]


def figures_of_the_gradient(seen):
    (first, last), _ = by_hand(seen)
    return [f"dL/dz is {number(last)} at the output", f"{number(first)} in hidden 1"]


def figures_of_overfitting(seen):
    """Losses are medians of five moments, up to the one that is named."""
    ends = range(5, len(seen.moments) + 1)
    train, test = ([float(np.median([getattr(m, loss) for m in seen.moments[k - 5 : k]])) for k in ends]
                   for loss in ("train_loss", "held_out_loss"))  # fmt: skip
    best = int(np.argmin(test))
    losses = (train[best], train[-1], test[best], test[-1])
    epoch = seen.moments[best + 4].epoch
    return [f"Since epoch {epoch:.0f} ", f"set ({seen.data.n_train})", *(number(loss) for loss in losses)]


def figures_of_guessing(seen):
    p = seen.data.y_train.mean(axis=0)
    entropy = -(p * np.log(p)).sum()
    return [f"{seen.moment.epoch:.0f} epochs", number(seen.moment.train_loss), f"give {number(entropy)}"]


def figures_of_the_logits(seen):
    network = seen.network.select()
    network.forward(seen.data.X_train)
    return [f"deviation of {number(seen.data.X_train.std())}", f"one of {number(network.dense[-1].output.std())}"]


def figures_of_the_penalty(seen):
    weights = np.concatenate([layer.W.ravel() for layer in seen.network.dense])
    loss = seen.moment.train_loss
    total = loss + seen.experiment.l2 / 2 * weights @ weights
    return [f"|W| is {number(np.linalg.norm(weights))},", f"shown, {number(loss)},", f"it is {number(total)}."]


def figures_of_lines(seen):
    X, labels = seen.data.X_train, seen.data.y_train.argmax(axis=1)
    line, curve = LogisticRegression(C=1e4).fit(X, labels), SVC(C=100.0).fit(X, labels)
    reached = [percent(seen.moment.train_accuracy), percent(line.score(X, labels)), percent(curve.score(X, labels))]
    return [number(seen.moment.train_loss), *reached]


FIGURES = {  # rule: from a snapshot, words with the figures that its text must hold
    "divergence": lambda seen: [f"rate of {seen.experiment.learning_rate:g} ", f"epoch {seen.moment.epoch:.3g}."],
    "copies": figures_of_copies,
    "no_gradient": lambda seen: [f"({percent(max(seen.data.y_train.mean(axis=0)))} "],
    "dead_units": figures_of_dead_units,
    "saturation": figures_of_saturation,
    "vanishing": figures_of_the_gradient,
    "exploding": figures_of_the_gradient,
    "exploding_activations": figures_of_the_logits,
    "strong_penalty": figures_of_the_penalty,
    "small_batches": lambda seen: [f"those of {seen.experiment.batch_size} examples"],
    "steps_too_large": lambda seen: [f"rate of {seen.experiment.learning_rate:g}", number(seen.moment.train_loss)],
    "steps_too_small": lambda seen: [f"than {number(100 * recent(seen))} %"],
    "only_linear": figures_of_lines,
    "overfitting": figures_of_overfitting,
    "batch_of_one": lambda seen: [],
    "no_better_than_guessing": figures_of_guessing,
}


@each_case
def test_the_figures_that_are_told_are_true(case):
    """Checked for the rules above; the text of any other, if it has figures, must at least differ between runs."""
    seen, other = snapshot_after(case.epochs, **case.told), snapshot_after(case.epochs, **case.told | {"data_seed": 9})
    found = RULES[case.rule](seen)
    if case.rule in FIGURES:
        assert all(words in found.text for words in FIGURES[case.rule](seen))
    elif (elsewhere := RULES[case.rule](other)) is not None and re.search(r"\d", found.text):
        assert elsewhere.text != found.text


@pytest.mark.parametrize("dataset", ["xor_clouds", "circles", "moons", "blobs"])
def test_there_is_nothing_to_say_of_a_healthy_run(dataset):
    trainer = trained(200, dataset=dataset)
    assert trainer.history.moments[-1].train_accuracy >= 0.95
    told = {finding.title for index in trainer.history.kept for finding in findings(snapshot(trainer, index))}
    assert told <= {"The test loss is below the training loss"}  # which is no fault


def test_zeros_are_told_as_copies_and_the_remedy_trains():
    seen = snapshot_after(20, initializer="zeros")
    first = findings(seen)[0]
    assert first == RULES["copies"](seen)
    assert first.remedy == {"initializer": "glorot_normal"}
    assert first.remedy_label == "Try Xavier/Glorot normal"
    trainer = Trainer(replace(Experiment(initializer="zeros"), **first.remedy))
    trainer.run(10**6)
    assert trainer.history.moments[-1].train_accuracy >= 0.95


@each_case
def test_what_is_offered_takes_the_cause_away(case):
    """Some remedies are offered only once the network is seen not to learn, and some findings have none."""
    for epochs in sorted({case.epochs, max(case.epochs, LONG)}):
        found = RULES[case.rule](snapshot_after(epochs, **case.told))
        if found is not None and found.remedy:
            assert RULES[case.rule](snapshot_after(epochs, **case.told | found.remedy)) is None


HELPED = {  # runs that don't learn, and the rule whose remedy lets them
    "copies": {"initializer": "zeros"},
    "dead_units": {"activation": "relu", "hidden": (6, 8), "learning_rate": 3.0},
    "saturation": {"initializer": "unit_normal", "hidden": (32,) * 8, "dataset": "circles", "learning_rate": 3.0},
    "vanishing": {"activation": "sigmoid", "hidden": (8,) * 5},
    "steps_too_large": {"learning_rate": 3.0, "optimizer": "momentum"},
    "steps_too_small": {"learning_rate": 1e-3},
    "strong_penalty": {"l2": 0.1},
    "only_linear": {"activation": "linear"},
    "small_batches": {"batch_norm": True, "batch_size": 2, "dataset": "circles", "hidden": (8, 8, 8)},
}


@pytest.mark.parametrize("name", HELPED)
def test_the_remedy_helps_where_the_run_alone_learns_nothing(name):
    seen = snapshot_after(LONG, **HELPED[name])
    remedy = RULES[name](seen).remedy
    assert remedy
    assert snapshot_after(LONG, **HELPED[name] | remedy).moment.train_accuracy > seen.moment.train_accuracy + 0.1


@pytest.mark.parametrize("epochs", [0, 25])
@pytest.mark.parametrize("knobs", DEGENERATE.values(), ids=DEGENERATE)
def test_an_experiment_at_the_edge_is_told_of_without_fail(knobs, epochs):
    trainer = trained(epochs, **knobs)
    for index in (0, trainer.last_good, trainer.history.kept[-1]):
        for finding in findings(snapshot(trainer, index)):
            assert finding.title
            assert not re.search(r"\b(nan|inf|None)\b", finding.text)
            assert not finding.remedy or finding.remedy_label.startswith("Try ")


@pytest.mark.parametrize(("value", "shown"), [
    (0, "0"), (0.5, "0.5"), (0.123, "0.12"), (-2.34, "-2.3"), (0.001, "0.001"), (0.00012, "1.2e-04"),
    (150.0, "150"), (34567.0, "34,567"), (345678.0, "3.5e+05"), (-0.0, "0"),
])  # fmt: skip
def test_figures_have_two_digits(value, shown):
    assert number(value) == shown


@pytest.mark.parametrize(("share", "shown"), [(0, "0 %"), (0.256, "26 %"), (1, "100 %")])
def test_shares_are_whole_percents(share, shown):
    assert percent(share) == shown
