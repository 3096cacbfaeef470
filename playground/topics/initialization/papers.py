"""Experiments of papers: each is a race set up as it was published, with what the paper reports.

The first contestant of a race is the one that the paper warns against, the last is the one that it proposes.
To add an experiment, add a `Paper` to `PAPERS`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from .paper_measures import (
    Measured,
    all_learn_last_sooner,
    first_diverges,
    gradients_shrink,
    inputs_are_stable,
    jacobians_are_the_papers,
    last_errs_less,
    last_learns,
    last_learns_alone,
    learns_out_of_saturation,
    lower_layers_rise,
    scale_does_not_matter,
    singular_values_are_one,
    singular_values_vanish,
    top_layer_saturates,
    units_stay_copies,
)
from .race import Race, RaceTrainer


@dataclass(frozen=True)
class Claim:
    """What a paper reports, with the place in the paper, and the measure of the same thing in a race.

    Attributes:
        reported, measure: these two.
        by_construction: whether it is a theorem, which a race can't refute: it shows that the engine does as it says.
    """

    reported: str
    measure: Callable[[RaceTrainer], Measured]
    by_construction: bool = False


@dataclass(frozen=True, kw_only=True)
class Paper:
    """An experiment of a paper.

    Attributes:
        name: key in `PAPERS`.
        title: what the experiment shows, in a few words.
        reference: authors, year, title, venue.
        url: address of the paper.
        note: how the setup differs from the paper's.
        setup: the race.
        claims: what the paper reports.
    """

    name: str
    title: str
    reference: str
    url: str
    note: str
    setup: Race
    claims: tuple[Claim, ...]


def race(*names: str, **knobs) -> Race:
    """The race between contestants, given by their names in URLs."""
    return Race(contestants=Race.knobs()["contestants"].read("~".join(names)), **knobs)


GLOROT = {
    "reference": "Glorot & Bengio (2010), Understanding the difficulty of training deep feedforward neural networks, "
    "AISTATS",
    "url": "https://proceedings.mlr.press/v9/glorot10a.html",
}
HE = {
    "reference": "He, Zhang, Ren & Sun (2015), Delving deep into rectifiers: surpassing human-level performance on "
    "ImageNet classification, ICCV",
    "url": "https://arxiv.org/abs/1502.01852",
    "note": "Circles for ImageNet, dense layers of 32 units for convolutions, the output layer counted as one. Try 300 "
    "epochs with 30 layers, too: in networks so narrow, a few seeds with Xavier start after all.",
}
SAXE = {
    "reference": "Saxe, McClelland & Ganguli (2014), Exact solutions to the nonlinear dynamics of learning in deep "
    "linear neural networks, ICLR",
    "url": "https://arxiv.org/abs/1312.6120",
    "note": "Points in the plane for MNIST, 8 units a layer for 1000. The rate is 0.1/depth, as the best one falls "
    "like 1/depth in the paper (section 2). It also reports that with orthogonal weights the time to learn does not "
    "grow with depth, and with scaled random ones it does: one race has one depth, so compare 10 with 30 layers.",
}
IOFFE = {
    "reference": "Ioffe & Szegedy (2015), Batch normalization: accelerating deep network training by reducing internal "
    "covariate shift, ICML",
    "url": "https://arxiv.org/abs/1502.03167",
}

# fmt: off
DEEP_RELU = partial(
    race, "glorot_normal", "he_normal", dataset="circles", n_points=180, noise=0.05, train_share=0.4, n_seeds=14,
    activation="relu", optimizer="momentum", learning_rate=0.004, batch_size=24,
)
DEEP_LINEAR = partial(
    race, "glorot_normal", "orthogonal", dataset="blobs", n_classes=5, n_points=300, n_seeds=16,
    activation="linear", batch_size=32, epochs=60,
)
DEEP_LINEAR_CLAIMS = (
    Claim("Deep linear networks learn sooner from orthogonal weights than from scaled random ones (section 3, figure "
          "6A).", last_learns),
    Claim("All singular values of a product of orthogonal matrices are 1 (section 3, figure 6B).",
          singular_values_are_one, by_construction=True),
    Claim("With Gaussian matrices, the more of them are multiplied, the more singular values vanish (section 3, figure "
          "6B).", singular_values_vanish),
)

PAPERS: dict[str, Paper] = {paper.name: paper for paper in (
    Paper(
        name="symmetry", title="Zeros: units stay copies",
        reference="Goodfellow, Bengio & Courville (2016), Deep learning, MIT Press, section 8.4; Rumelhart, Hinton & "
        "Williams (1986), Learning representations by back-propagating errors, Nature 323",
        url="https://www.deeplearningbook.org/contents/optimization.html",
        note="Both argue, and measure nothing: the experiment is ours. Copies draw one straight boundary, XOR needs "
        "more.",
        setup=race("zeros", "constant", "glorot_normal", dataset="xor_clouds", n_seeds=16,
                   hidden=(8, 8), activation="tanh", learning_rate=0.1, batch_size=32, epochs=100),
        claims=(
            Claim("Hidden units with the same inputs and the same initial weights get the same update at every step, "
                  "so they stay copies of each other (Goodfellow et al., section 8.4).", units_stay_copies,
                  by_construction=True),
            Claim("“To break symmetry we start with small random weights” (Rumelhart et al.).", last_learns_alone),
        ),
    ),
    Paper(
        name="glorot_sigmoid", title="Sigmoid: the top layer saturates", **GLOROT,
        note="Points in the plane for images, 32 units a layer for 1000; standard initialisation, SGD, and "
        "mini-batches of ten as in the paper. The first layer's mean stays at 0.5 here, within 0.01. Add a fifth "
        "hidden layer.",
        setup=race("standard_uniform", "glorot_uniform", dataset="blobs", n_classes=5, n_points=600, n_seeds=8,
                   hidden=(32,) * 4, activation="sigmoid", learning_rate=1.0, batch_size=10, epochs=80),
        claims=(
            Claim("“Very quickly at the beginning” all activations of the last hidden layer are pushed to 0, where a "
                  "sigmoid is saturated (section 3.1, figure 2: four hidden layers).", top_layer_saturates),
            Claim("Then the means of the other layers are above 0.5, and decrease towards the input (section 3.1, "
                  "figure 2).", lower_layers_rise),
            Claim("This slows down all learning, until around epoch 100 the layer slowly leaves saturation (figure 2). "
                  "With five hidden layers it never did (section 3.1).", learns_out_of_saturation),
        ),
    ),
    Paper(
        name="glorot_tanh", title="tanh: Xavier keeps gradients", **GLOROT,
        note="Two spirals for images, 32 units a layer for 1000; one learning rate for both, where the paper takes the "
        "best for each.",
        setup=race("standard_uniform", "glorot_uniform", dataset="spirals", n_points=1000, noise=0.0, n_seeds=16,
                   hidden=(32,) * 5, activation="tanh", learning_rate=0.05, batch_size=10, epochs=60),
        claims=(
            Claim("At the start gradients get smaller from layer to layer on their way back with the standard "
                  "initialisation, but not with the normalised one (section 4.3, figure 7).", gradients_shrink),
            Claim("The mean singular value of a layer's Jacobian is about 0.5 with the standard initialisation and "
                  "0.8 with the normalised one (section 4.2.2).",
                  partial(jacobians_are_the_papers, first=0.5, last=0.8)),
            Claim("Test error with five hidden layers, standard and normalised: 27.15 % and 15.60 % on Shapeset, "
                  "1.76 % and 1.64 % on MNIST, 55.9 % and 52.92 % on CIFAR-10 (table 1).", last_errs_less),
            Claim("The standard initialisation converges more slowly (section 5, figures 11 and 12).", last_learns),
        ),
    ),
    Paper(
        name="he_22", title="22 ReLU layers: He is sooner", **HE, setup=DEEP_RELU(hidden=(32,) * 21, epochs=300),
        claims=(
            Claim("With 22 layers both Xavier and He lead to convergence, but He starts reducing the error earlier "
                  "(section 2.2, figure 2).", all_learn_last_sooner),
        ),
    ),
    Paper(
        name="he_30", title="30 ReLU layers: Xavier stalls", **HE, setup=DEEP_RELU(hidden=(32,) * 29, epochs=150),
        claims=(
            Claim("With 30 layers He converges, and Xavier completely stalls, even given more epochs (section 2.2, "
                  "figure 3).", last_learns_alone),
            Claim("With Xavier the gradients are all diminishing (figure 3).", gradients_shrink),
        ),
    ),
    *(Paper(name=f"saxe_{depth}", title=f"{depth} linear layers: orthogonal", **SAXE,
            setup=DEEP_LINEAR(hidden=(8,) * depth, learning_rate=0.1 / depth), claims=DEEP_LINEAR_CLAIMS)
      for depth in (10, 30)),
    Paper(
        name="ioffe_weights", title="Batch norm: careless weights", **IOFFE,
        note="Moons for MNIST, 32 units a layer for 100, and fewer steps; three hidden layers of sigmoids, small "
        "Gaussian weights and mini-batches of 60 as in the paper.",
        setup=race("small_normal", "small_normal.bn", dataset="moons", n_points=400, n_seeds=16,
                   hidden=(32,) * 3, activation="sigmoid", learning_rate=1.0, batch_size=60, epochs=200),
        claims=(
            Claim("From small random Gaussian weights, a network of sigmoids trains faster with batch normalisation "
                  "(section 4.1, figure 1a) …", last_learns),
            Claim("… and to a higher test accuracy (figure 1a).", last_errs_less),
            Claim("The inputs of a typical sigmoid in the last hidden layer change far less in the course of training: "
                  "their 15th, 50th and 85th percentiles (figure 1b, c).", inputs_are_stable),
        ),
    ),
    Paper(
        name="ioffe_rate", title="Batch norm: a higher rate", **IOFFE,
        note="Moons for ImageNet, six layers of 32 ReLUs for Inception. Not measured: that a fifth of this rate is no "
        "danger (try 0.3), and that at five times its rate Inception with batch normalisation needed 14 times fewer "
        "steps to the same accuracy.",
        setup=race("he_normal", "he_normal.bn", dataset="moons", n_points=400, n_seeds=16,
                   hidden=(32,) * 6, activation="relu", learning_rate=1.5, batch_size=32, epochs=60),
        claims=(
            Claim("At a high learning rate the parameters of the network without batch normalisation reach “machine "
                  "infinity”; with it the network trains (section 4.2.2, BN-x5).", first_diverges),
            Claim("The scale of a layer's weights does not matter to back-propagation through it, as BN(Wu) = "
                  "BN((aW)u) (section 3.3).", scale_does_not_matter, by_construction=True),
        ),
    ),
)}
