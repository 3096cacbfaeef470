"""The course week in short: its four core concepts, each with its formula, where to see it, and where to read on."""

from dataclasses import dataclass

RESOURCES = {
    "CS231n: Neural Networks": "http://cs231n.github.io/neural-networks-1/",
    "Deep Learning Book, chapter 6": "https://www.deeplearningbook.org/contents/mlp.html",
}


@dataclass(frozen=True)
class Concept:
    """A core concept of the course.

    Attributes:
        title: its name on the screen.
        formula: in LaTeX.
        meaning: one sentence.
        station: name of the station whose link shows it live.
    """

    title: str
    formula: str
    meaning: str
    station: str


CONCEPTS = (
    Concept(
        "Forward pass",
        r"\begin{gathered} z = W x + b \\ a = \sigma(z) \end{gathered}",
        "Each unit adds up its inputs by weight, and applies a nonlinear function.",
        "forward_pass",
    ),
    Concept(
        "Backward pass",
        r"\frac{\partial L}{\partial W} = \frac{\partial L}{\partial a}\,\sigma'(z)\,x^\top",
        "The chain rule through the layers, from the loss back.",
        "backward_pass",
    ),
    Concept(
        "Xavier initialisation",
        r"\mathrm{Var}(W) = \frac{2}{n_{in} + n_{out}}",
        "The variance that keeps signals and gradients at one size.",
        "signal_through_depth",
    ),
    Concept(
        "Batch normalisation",
        r"\begin{gathered} \hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} \\ "
        r"y = \gamma \hat x + \beta \end{gathered}",
        "Activations are normalised over each batch, then scaled and shifted.",
        "one_batch_normalised",
    ),
)
