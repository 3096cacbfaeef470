"""A notebook of one experiment: the cells of its script, and between them what each part is, with its formula."""

import json
from typing import Any

from ..nn import ACTIVATIONS, INITIALIZERS, OPTIMIZERS
from ..nn.catalogue import made_of
from ..training.experiment import Experiment
from . import plot
from .listing import Definition, gather
from .script import before, blocks, description, experiment_listing, head, heading, made_with, promise, until

RUN = "history = []\nnetwork = PrintedTraining(Experiment()).run(history=history)"
TITLES = {"base": "Layer", "loop": "Training"}  # of the modules whose names say little by themselves
FORMULAS = {  # of the parts that are in no catalogue
    "Dense": r"""
A **dense layer** adds up its inputs, each times a weight: $Z = X W + b$, one example a row. With $G = \partial L /
\partial Z$, the chain rule gives

$$\frac{\partial L}{\partial W} = X^\top G, \qquad \frac{\partial L}{\partial b} = \sum_i G_i, \qquad
\frac{\partial L}{\partial X} = G\, W^\top.$$
""",
    "BatchNorm": r"""
**Batch normalisation** brings each feature to mean 0 and variance 1 over the $n$ examples of the mini-batch, and then
to a mean and variance that are learned:

$$\hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}, \qquad y = \gamma\, \hat x + \beta.$$

The mean $\mu$ and the variance $\sigma^2$ depend on every $x$ of the batch, so with $D = \gamma\, \partial L /
\partial y$ the gradient has three parts:

$$\frac{\partial L}{\partial x} = \frac{1}{\sqrt{\sigma^2 + \epsilon}} \left(D - \frac{1}{n} \sum D
- \hat x\, \frac{1}{n} \sum D\, \hat x\right), \qquad
\frac{\partial L}{\partial \gamma} = \sum \frac{\partial L}{\partial y}\, \hat x, \qquad
\frac{\partial L}{\partial \beta} = \sum \frac{\partial L}{\partial y}.$$
""",
    "Softmax": r"""
**Softmax** turns logits into probabilities: $p_k = e^{z_k} / \sum_j e^{z_j}$. Together with the cross-entropy, of which
$n$ examples give a mean, its gradient is $\partial L / \partial z = (p - y) / n$.
""",
    "CrossEntropy": r"""
The **cross-entropy** is the mean surprise at the labels: $L = -\frac{1}{n} \sum_i \sum_k y_{ik} \log p_{ik}$.
""",
}


def markdown(text: str) -> dict[str, Any]:
    """A cell of text."""
    return {"cell_type": "markdown", "metadata": {}, "source": text.strip()}


def code(text: str) -> dict[str, Any]:
    """A cell of code that has not run yet."""
    return {"cell_type": "code", "metadata": {}, "source": text.strip(), "outputs": [], "execution_count": None}


def notebook(cells: list[dict[str, Any]]) -> str:
    """The JSON of a notebook, in version 4.5 of its format."""
    about = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    cells = [cell | {"id": f"cell-{number}"} for number, cell in enumerate(cells)]
    text = {"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(text, ensure_ascii=False, indent=1) + "\n"


def explanation(name: str) -> str:
    """What to know about a definition, with its formula; "" where its docstring says it."""
    entries = {**INITIALIZERS, **ACTIVATIONS, **OPTIMIZERS}.values()
    for entry in entries:
        if made_of(entry).__name__ == name:
            return f"**{entry.label}**: ${entry.formula}$\n\n{entry.meaning}\n\n*{entry.source}*"
    return FORMULAS.get(name, "").strip()


def part(module: str, definitions: list[Definition]) -> list[dict[str, Any]]:
    """The cells of one module: its main idea, and its definitions, each formula before its definition."""
    own = module.split(".")[-1]
    title = TITLES.get(own, own.replace("_", " ").capitalize())
    cells = [markdown(f"## {title}\n\n{heading(module)}")]
    together: list[Definition] = []
    for definition in definitions:
        text = explanation(definition.name)
        if text:
            if together:
                cells.append(code("\n\n\n".join(blocks(together))))
            cells.append(markdown(text))
            together = []
        together.append(definition)
    return [*cells, code("\n\n\n".join(blocks(together)))]


def experiment_notebook(experiment: Experiment, steps: int | None = None, diverges: bool = False) -> str:
    """The notebook of an experiment: run from top to bottom, it prints what the script prints, and draws the loss."""
    experiment = before(experiment, steps)
    opening = [
        "# A neural network in NumPy alone",
        "This is the code that trains the networks of the playground, and one experiment with it.",
        "\n".join(f"- {line}" for line in description(experiment)),
        f"{made_with(diverges)}\n{promise(experiment, steps)}",
    ]
    listing, main = experiment_listing(experiment, until(RUN, steps), diverges)
    cells = [markdown("\n\n".join(opening)), code(head(listing))]
    for module, definitions in listing.sections.items():
        cells += part(module, definitions)
    [[picture]] = gather([(plot, "draw")]).sections.values()
    cells += [
        markdown("## Run it\n\nChange a number of `Experiment`, run its cell again, and then this one."),
        code(main),
        markdown(heading(plot.__name__)),
        code(f"{picture.code}\n\n\ndraw(history)"),
    ]
    return notebook(cells)
