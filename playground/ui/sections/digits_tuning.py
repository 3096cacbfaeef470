"""What tuning on the test costs: many networks, one choice, and the same network on images that chose nothing."""

import streamlit as st

from ...charts import tuning_accuracies, tuning_optimism
from ...topics.digits.splits import with_seeds
from ...topics.digits.tuning import DIVISIONS, Tuning, TuningTrainer, reading, table
from .. import player
from ..run import MultiRun, Single
from ..section import open_section
from ..slots import Slot, WordsSlot
from ..take_home import table_button

WHY = """
The accuracy on a few images is partly luck. Whoever takes the best of many takes the luckiest, too, and luck does not
repeat on fresh images. So the images that choose are a **validation** part, whatever they are called, and only images
that have chosen nothing are a **test**.

- Cawley & Talbot (2010), [On over-fitting in model selection](https://jmlr.org/papers/v11/cawley10a.html), Journal of
  Machine Learning Research 11: the bias can be as large as the difference between methods.
- Dwork et al. (2015), [The reusable holdout](https://doi.org/10.1126/science.aaa9375), Science 349: what is looked at
  again and again is fitted, too.
"""


class TuningRun(MultiRun):
    """One visitor's experiment."""

    kind = Tuning
    trainer_kind = TuningTrainer

    def new_seed(self):
        """Other networks, and other splits."""
        self.start(
            with_seeds(self.current.started_afresh(), self.experiment.n_seeds),
            "New seeds: other networks, mini-batches and splits.",
        )

    @property
    def singles(self):
        """The first candidate of the first repetition."""
        return {"First candidate": Single(self.experiment.entry(0), self.trainer.trainers[0], (0,))}


def tuning() -> None:
    """The section of the experiment."""
    run = open_section(
        TuningRun,
        "Press **Play**: candidates train that differ by their seed alone. A few images choose the best of them. "
        "Is it as good on images that chose nothing?",
        "tuning",
    )
    player.buttons(run)
    timeline = player.Timeline(run)

    left, right = st.columns(2)
    left.caption("**Accuracy of the chosen network**: mean over the repetitions")
    accuracies = Slot(left)
    right.caption("**Optimism**: how much too good it looks; band: 95 % interval")
    optimism = Slot(right)
    outcome = WordsSlot(st)
    st.caption(
        f"Each repetition cuts the file anew, trains its own networks, and divides the images that do not train "
        f"{DIVISIONS} times at random into those that choose and fresh ones. Its mean is one value; the interval is "
        "Student's (1908) over the repetitions. All this is about one file of digits."
    )
    with st.expander("Why?", icon=":material/menu_book:"):
        st.markdown(WHY)
    table_button("tuning.csv", lambda: table(run.trainer))
    player.show(run, timeline, {optimism: tuning_optimism}, {accuracies: tuning_accuracies}, {outcome: reading})
