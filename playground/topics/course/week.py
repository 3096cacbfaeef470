"""The course week in short: four core concepts, each with its formula, where to see it, and where to read more."""

from dataclasses import dataclass

RESOURCES = {
    "CS231n: Neural Networks": "http://cs231n.github.io/neural-networks-1/",
    "Deep Learning Book, chapter 6": "https://www.deeplearningbook.org/contents/mlp.html",
}


@dataclass(frozen=True, kw_only=True)
class Concept:
    """A core concept of the course.

    Attributes:
        title: its name on the screen.
        formula: in LaTeX.
        meaning: one sentence.
        station: name of the station whose link shows it at work.
    """

    title: str
    formula: str
    meaning: str
    station: str


CONCEPTS = (
    Concept(
        title="Forward pass",
        formula=r"\begin{gathered} z = W x + b \\ a = \sigma(z) \end{gathered}",
        meaning="Each unit adds up its inputs by weight, and applies a nonlinear function. Here x is one example, a "
        "column; code has a batch, an example a row, and so computes XW + b.",
        station="forward_pass",
    ),
    Concept(
        title="Backward pass",
        formula=r"\begin{gathered} \delta = \frac{\partial L}{\partial a} \odot \sigma'(z) \\ "
        r"\frac{\partial L}{\partial W} = \delta\, x^\top \end{gathered}",
        meaning="The chain rule through the layers, from the loss back; ⊙ multiplies entry by entry.",
        station="backward_pass",
    ),
    Concept(
        title="Xavier initialisation",
        formula=r"\mathrm{Var}(W) = \frac{2}{n_{in} + n_{out}}",
        meaning="Between the variances that keep signals and gradients at one size where units have slope 1.",
        station="xavier",
    ),
    Concept(
        title="Batch normalisation",
        formula=r"\begin{gathered} \hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} \\ "
        r"y = \gamma \hat x + \beta \end{gathered}",
        meaning="What a unit gets, z, is normalised over each batch, then scaled and shifted: x is its z here.",
        station="one_batch_normalised",
    ),
)
