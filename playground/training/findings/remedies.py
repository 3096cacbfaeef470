"""What a finding offers to try: values of knobs, together with what else would keep the network from learning."""

from typing import Any

from ...nn import ACTIVATIONS
from ..diagnostics import Snapshot
from ..experiment import KNOBS, Experiment
from .evidence import needs_help

ADAM = {"optimizer": "adam", "learning_rate": 0.01}  # steps that suit nearly any network of this size
ADAMS_RATES = 0.001, 0.03  # between these, Adam's learning rate may stay as it is
MILD_L2 = 0.001  # a penalty up to this hardly holds a network back
SMALL_BATCH = 8  # examples, below which batch normalisation knows mean and variance badly
ROOM = (16, 16)  # hidden layers that learn any dataset which does not say otherwise: see `Dataset.learnt_with`
NARROW, DEEP = 4, 6  # units of a layer, below which it lets little through; layers, from which a plain network is slow


def sound_start(seen: Snapshot, **knobs: Any) -> dict[str, Any]:
    """A new network with these knobs, and with all else that is usual: only what differs from the present values.

    One cause seldom comes alone. A remedy that leaves the others in place would not help, and seem to be wrong.
    """
    experiment = seen.experiment
    activation = knobs.get("activation", experiment.activation)
    sound = {"initializer": ACTIVATIONS[activation].initializer, **sound_steps(experiment), **knobs}
    if experiment.l2 > MILD_L2:
        sound["l2"] = 0.0
    if experiment.batch_norm and experiment.batch_size < SMALL_BATCH:
        sound["batch_size"] = roomy_batch(seen.data.n_train)
    if experiment.hidden and (min(experiment.hidden) < NARROW or len(experiment.hidden) >= DEEP):
        sound.setdefault("hidden", room(experiment))
    return differing(seen, **sound)


def together(seen: Snapshot, remedies: list[dict[str, Any]]) -> dict[str, Any]:
    """One remedy in place of several: where two want different values of a knob, that of the more urgent counts.

    Args:
        seen: the moment.
        remedies: those of all findings, most urgent first; {} of those that have none.
    """
    offered = [remedy for remedy in remedies if remedy]
    if all(remedy == offered[0] for remedy in offered):
        return offered[0] if offered else {}
    wanted = {name: value for remedy in reversed(offered) for name, value in remedy.items()}
    wanted.pop("initializer", None)  # it follows from the activation
    return sound_start(seen, **wanted)


def room(experiment: Experiment) -> tuple[int, ...]:
    """Hidden layers with which the dataset is learnt."""
    return (experiment.source.learnt_with or {}).get("hidden", ROOM)


def sound_steps(experiment: Experiment) -> dict[str, Any]:
    """The default optimiser with its default rate, where it is in use; otherwise Adam, whose steps suit most."""
    low, high = ADAMS_RATES
    if experiment.optimizer == KNOBS["optimizer"].default:
        return {"learning_rate": KNOBS["learning_rate"].default}
    if experiment.optimizer == ADAM["optimizer"] and low <= experiment.learning_rate <= high:
        return {}
    return ADAM


def roomy_batch(n_train: int) -> int:
    """The batch size nearest to 32 whose last mini-batch is not small, for batch normalisation."""
    return min(range(24, 41), key=lambda size: (0 < n_train % size < SMALL_BATCH, abs(size - 32)))


def differing(seen: Snapshot, **knobs: Any) -> dict[str, Any]:
    """Those of the values that are not the present ones."""
    return {name: value for name, value in knobs.items() if getattr(seen.experiment, name) != value}


def once_stuck(seen: Snapshot, remedy: dict[str, Any]) -> dict[str, Any]:
    """The remedy, where the network is seen to need one: what looks bad at the start may still learn."""
    return remedy if needs_help(seen) else {}
