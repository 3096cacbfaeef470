"""The signal through depth, of several schemes side by side: the same input, depth, width, activation and gain."""

from collections.abc import Callable
from dataclasses import dataclass, fields

from ...server.scheduler import nothing
from ...settings import limits
from ...settings.knobs import Integer
from ...settings.record import knob, knob_like
from ...training.contestants import Contestant, Contestants, SideBySide
from .critical_gain import critical_gain
from .many_networks import draws
from .mean_field import Theory, theory
from .signal_propagation import Propagation, Signal, propagate


# fmt: off
@dataclass(frozen=True)
class SchemeComparison(SideBySide, Propagation):
    """Every knob of a comparison through depth. The schemes and batch normalisation are the contestants' own."""

    FIRST = "Schemes"

    contestants: tuple[Contestant, ...] = knob(
        Contestants, (
            Contestant("small_normal"), Contestant("unit_normal"), Contestant("standard_uniform"),
            Contestant("glorot_normal"), Contestant("he_normal"), Contestant("orthogonal"),
        ), fewest=1, group="Schemes", label="Contestants",
        help="The schemes to compare, each with batch normalisation or without.",
    )
    n_seeds: int = knob(
        Integer, 20, low=1, high=limits.SEEDS, log=True, group="Schemes", label="Seeds",
        help="Networks for each scheme, each with other weights. More seeds show the scatter better.",
    )
    width: int = knob_like(Propagation, "width", default=64)
    batch_size: int = knob_like(Propagation, "batch_size", default=128)
    # fmt: on

    def entry(self, contestant: Contestant) -> Propagation:
        """What one contestant sends through its network."""
        shared = {each.name: getattr(self, each.name) for each in fields(Propagation)}
        return Propagation(**shared | contestant._asdict())


def signal(p: Propagation, pause: Callable[..., object] = nothing) -> Signal:
    """`propagate`; `pause` is called between two slices of the work."""
    return propagate(p, pause)


def further_signals(p: Propagation, n_seeds: int, pause: Callable[..., object] = nothing) -> list[Signal]:
    """Those of all networks but the first; none where nothing is random in the weights."""
    return [
        propagate(p, lambda done, draw=draw: pause((draw - 1 + done) / n_seeds), draw)
        for draw in range(1, draws(p, n_seeds))
    ]


def expected(p: Propagation, pause: Callable[..., object] = nothing) -> Theory:
    """`theory`, in one slice."""
    return theory(p)


def gain_or_reason(
    activation: str, initializer: str, width: int, pause: Callable[..., object] = nothing
) -> float | str:
    """The critical gain, or a sentence that says why there is none."""
    try:
        return critical_gain(activation, initializer, width, pause=pause)
    except ValueError as error:
        return str(error)
