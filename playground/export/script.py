"""A script of one experiment: the engine's own source, which needs NumPy alone and prints the losses of the app."""

import ast
import inspect
import platform
import re
import sys
import textwrap
from dataclasses import replace
from functools import lru_cache
from importlib.metadata import version
from urllib.parse import urlencode

import numpy as np

from ..data import datasets
from ..data.datasets import DATASETS, SPLITS
from ..nn import ACTIVATIONS, INITIALIZERS, OPTIMIZERS, reductions
from ..settings.knobs import Choice, Knob, Number, Real, Widths
from ..topics.digits.digits_experiment import Digits
from ..training import experiment as experiment_module
from ..training.experiment import Experiment
from ..training.loop import build_network, experiment_data
from . import report
from .check_tools import NUMPY_2
from .listing import Definition, Listing, gather
from .program import specialised
from .rewriting import WIDTH, literal, parsed
from .simplify import Known

# For 1437 examples times weights of 64 x 128, one thread and two differ in the last digits; the app computes with one.
ONE_THREAD = [
    "# Matrix products with one thread, as in the app: with several, sums are cut elsewhere, and end in other digits.",
    'os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"',
]
NEEDS_NUMPY_2 = ["", 'if np.__version__.startswith("1."):', f'    raise ImportError("{NUMPY_2}")']
CATALOGUES = {
    "DATASETS": DATASETS,
    "SPLITS": SPLITS,
    "ACTIVATIONS": ACTIVATIONS,
    "INITIALIZERS": INITIALIZERS,
    "OPTIMIZERS": OPTIMIZERS,
}
RUN = """
if __name__ == "__main__":
    network = PrintedTraining(Experiment()).run()
    with np.errstate(all="ignore"):  # the weights of a network that has diverged are no numbers
        print("For the first examples, the probability of each class:")
        print(network.predict(experiment_data(Experiment()).X_train[:4]))
""".strip()


def until(main: str, steps: int | None) -> str:
    """The code that runs at the end, where training stops after so many mini-batches."""
    return main if steps is None else main.replace("run(", f"run(steps={literal(steps)}, ").replace(", )", ")")


def before(experiment: Experiment, steps: int | None) -> Experiment:
    """The experiment with those changes alone that come before the end."""
    if steps is None:
        return experiment
    return replace(experiment, changes=tuple(change for change in experiment.changes if change.step <= steps))


def description(experiment: Experiment) -> list[str]:
    """The experiment in words: one line each for data, network and training, with every knob that has an effect."""
    told: dict[str, list[str]] = {}
    for name, knob in _knobs(experiment).items():
        if experiment.applies(name):
            told.setdefault(knob.group, []).append(knob.describe(getattr(experiment, name)))
    return [f"{group}: {', '.join(settings)}." for group, settings in told.items()]


def _knobs(experiment: Experiment) -> dict[str, Knob]:
    """The knobs of the fields that an `Experiment` has, as the experiment's own class defines them."""
    return Experiment.knobs() | {name: knob for name, knob in experiment.knobs().items() if name in Experiment.knobs()}


def promise(experiment: Experiment, steps: int | None = None) -> str:
    """What the script guarantees, up to which moment it goes, and where to find the experiment in the app."""
    if steps is not None:
        return f"It stops after {steps:,} mini-batches: at the moment that was looked at.\n" + promise(experiment)
    if type(experiment) not in (Experiment, Digits):
        dtype = np.dtype(experiment.DTYPE).name
        return (
            f"It is one network of many that the app trains side by side, in {dtype}. With the same versions on the\n"
            "same machine, it prints the same numbers by itself, to the last digit."
        )
    return (
        "With the same versions on the same machine, it prints the numbers of the app, to the last digit.\n"
        "In the app, the experiment is at its address, followed by\n" + link(experiment)
    )


def link(experiment: Experiment) -> str:
    """The end of the URL that opens an experiment; its characters need no escape in any text."""
    return experiment.PAGE + "?" + urlencode(experiment.to_query())


def made_with(diverges: bool = False) -> str:
    """The versions with which a script gives the same numbers, and what it lacks unless it `diverges`."""
    numpy, sklearn = np.__version__, version("scikit-learn")
    text = f"Made with Python {platform.python_version()}, NumPy {numpy} and scikit-learn {sklearn}."
    return text if diverges else text + " Where a run diverges, the app stops, and this goes on."


def script_knobs(experiment: Experiment) -> dict[str, Knob]:
    """The knobs that the script has: its numbers, as far as they have an effect, and what changes in the run.

    What else an experiment chooses is written out in the script: the dataset, the activation and so on.
    """
    turned = {change.knob for change in experiment.changes}
    turned |= {"changes"} if turned else set()
    return {name: knob for name, knob in Experiment.knobs().items() if name in turned or _is_number(name, experiment)}


def _is_number(name: str, experiment: Experiment) -> bool:
    """Whether a knob is a number, or numbers, with an effect."""
    is_number = isinstance(Experiment.knobs()[name], Number | Widths)
    return is_number and experiment.applies(name) and not _off(name, experiment)


def _off(name: str, experiment: Experiment) -> bool:
    """Whether a number switches something off: 0, as it is by default."""
    knob = Experiment.knobs()[name]
    return isinstance(knob, Real) and getattr(experiment, name) == knob.default == 0


def knobs_code(experiment: Experiment) -> str:
    """The class `Experiment` of a script: a field for each of its knobs, with the values of this one, and no checks.

    Values are numbers, names from catalogues, and tuples of these: `literal` writes nothing else.
    """
    lines = ["@dataclass(frozen=True)", "class Experiment:"]
    lines += ['    """The numbers of the experiment: change one, and run it again."""', ""]
    for name, knob in script_knobs(experiment).items():
        value, annotation = getattr(experiment, name), inspect.get_annotations(Experiment)[name]
        annotation = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
        annotation = re.sub(r"\w+\.(?=\w)", "", annotation)  # a class by its name alone
        comment = f"{knob.help} Here: {', '.join(used(experiment, name))}." if isinstance(knob, Choice) else knob.help
        if name == "changes":
            lines += [f"    # {knob.help}", *_changes(annotation, value)]
            continue
        text = f"    {name}: {annotation} = {literal(value)}"
        if len(text) > WIDTH:
            parts = [f"        {literal(part)}," for part in value]
            lines += [f"    # {comment}", text.split(" = ")[0] + " = (", *parts, "    )"]
        elif len(text) + 4 + len(comment) > WIDTH:
            lines += [f"    # {comment}", text]
        else:
            lines.append(f"{text}  # {comment}")
    if experiment.changes:
        lines += ["", inspect.getsource(Experiment.at).rstrip()]
    return "\n".join(lines)


def used(experiment: Experiment, name: str) -> list[str]:
    """The values that a knob has in the run, from its start to its end."""
    values = [getattr(experiment, name), *(change.value for change in experiment.changes if change.knob == name)]
    return list(dict.fromkeys(values))


def _changes(annotation: str, changes: tuple) -> list[str]:
    if not changes:
        return [f"    changes: {annotation} = ()"]
    parts = [f"        Change({literal(step)}, {literal(knob)}, {literal(value)})," for step, knob, value in changes]
    return [f"    changes: {annotation} = (", *parts, "    )"]


def chosen(experiment: Experiment) -> list[tuple]:
    """The catalogues and those of their entries that a run of an experiment uses, from its start to its end."""
    choices = {name: knob for name, knob in _knobs(experiment).items() if isinstance(knob, Choice)}
    choices["dataset"] = replace(choices["dataset"], options=DATASETS)  # the knob may offer only some of them
    first = [(knob.options, getattr(experiment, name)) for name, knob in choices.items()]
    later = [(choices[change.knob].options, change.value) for change in experiment.changes if change.knob in choices]
    return list({(id(options), entry): (options, entry) for options, entry in [*first, *later]}.values())


@lru_cache(maxsize=8)
def experiment_listing(experiment: Experiment, main: str, diverges: bool) -> tuple[Listing, str]:
    """All definitions that `main` needs for a run of an experiment, and `main`, as simple as they are for it alone.

    What tells that a run has diverged is only there if it `diverges`.
    """
    listing = gather(
        [(experiment_module, "Experiment"), (datasets, "make_data"), (report, "PrintedTraining")],
        chosen(experiment),
        {(experiment_module.__name__, "Experiment"): knobs_code(experiment)},
        main=main,
    )
    return specialised(listing, known(experiment, diverges), main)


def known(experiment: Experiment, diverges: bool) -> Known:
    """What is known of a run of an experiment."""
    network = build_network(experiment, np.random.default_rng(0), 2, 2)
    data = experiment_data(experiment)
    constant = {
        "loss": network.loss.__name__,
        "stack_shape": repr(network.stack_shape),
        "held_out": literal(data.held_out),
        "learning_rates": "None",
        "first": "False",  # to spare the first layer its dX is faster, and changes no number
    }
    constant |= {} if experiment.changes else {"now": "self.experiment"}
    constant |= {} if DATASETS[experiment.dataset].tested else {"n_held_out": "0"}
    constant |= {} if diverges else {"overflow": "False", "runaway": "False", "stopped": "False"}
    return Known(
        experiment,
        names=frozenset({"experiment", "now", "self.experiment", "self.now"}),
        fields=frozenset({*script_knobs(experiment), "at"}),
        attributes=constant,
        catalogues=CATALOGUES,
        one_network=network.stack_shape == (),
        float64=experiment.DTYPE is np.float64,
        helpers=frozenset(name for name, each in vars(reductions).items() if inspect.isfunction(each)),
        calm=not diverges,
    )


def heading(module: str) -> str:
    """The main idea of a module: the first sentence of its docstring."""
    return inspect.getdoc(sys.modules[module]).splitlines()[0]


def head(listing: Listing) -> str:
    """The imports of a listing, what must come before that of NumPy, and an end where it is too old for `.mT`."""
    needs_numpy_2 = any(".mT" in each.code for section in listing.sections.values() for each in section)
    standard, others = listing.import_lines()
    standard = sorted({*standard, "import os"}, key=lambda line: (not line.startswith("import"), line))
    return "\n".join([*standard, "", *ONE_THREAD, "", *others, *NEEDS_NUMPY_2 * needs_numpy_2])


def script(experiment: Experiment, steps: int | None = None, diverges: bool = False) -> str:
    """The text of the script, which trains to the end, or for so many mini-batches.

    If the run is known to diverge, the script has what tells it, and stops where the app does.
    """
    experiment = before(experiment, steps)
    words = [textwrap.fill(line, WIDTH, subsequent_indent="    ") for line in description(experiment)]
    opening = [
        '"""A neural network in NumPy alone, and one experiment with it.',
        "",
        *words,
        "",
        made_with(diverges),
        promise(experiment, steps),
        '"""',
    ]
    listing, main = experiment_listing(experiment, until(RUN, steps), diverges)
    parts = ["\n".join(opening) + "\n\n" + head(listing)]
    for module, definitions in listing.sections.items():
        first, *others = blocks(definitions)
        parts += [f"# {heading(module)}\n{first}", *others]
    return "\n\n\n".join([*parts, main]) + "\n"


def blocks(definitions: list[Definition]) -> list[str]:
    """The code of definitions, as separate blocks; constants stay together."""
    found: list[str] = []
    constants = False
    for definition in definitions:
        now = isinstance(parsed(definition.code).body[0], ast.Assign | ast.AnnAssign)
        if now and constants:
            found[-1] += "\n" + definition.code
        else:
            found.append(definition.code)
        constants = now
    return found
