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
        meaning="Each unit adds up its inputs by weight, and applies a nonlinear function.",
        station="forward_pass",
    ),
    Concept(
        title="Backward pass",
        formula=r"\frac{\partial L}{\partial W} = \frac{\partial L}{\partial a}\,\sigma'(z)\,x^\top",
        meaning="The chain rule through the layers, from the loss back.",
        station="backward_pass",
    ),
    Concept(
        title="Xavier initialisation",
        formula=r"\mathrm{Var}(W) = \frac{2}{n_{in} + n_{out}}",
        meaning="The variance that keeps signals and gradients at one size.",
        station="signal_through_depth",
    ),
    Concept(
        title="Batch normalisation",
        formula=r"\begin{gathered} \hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} \\ "
        r"y = \gamma \hat x + \beta \end{gathered}",
        meaning="Activations are normalised over each batch, then scaled and shifted.",
        station="one_batch_normalised",
    ),
)
