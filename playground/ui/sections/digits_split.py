"""Two ways to split the digits, and how the last part differs from the rest."""

from html import escape

import numpy as np
import streamlit as st

from ...charts import split_curves, split_distances, split_recalls
from ...data.datasets import SPLITS
from ...text import percent
from ...topics.digits.digits_experiment import SIDE
from ...topics.digits.splits import (
    PAIR,
    TwoSplits,
    TwoSplitsTrainer,
    compared_parts,
    explanation,
    failing,
    mean_images,
    table,
    verdict,
    with_seeds,
)
from ...topics.digits.targets import IN_ORDER
from ...training.loop import experiment_data
from .. import player
from ..run import MultiRun, Single
from ..section import open_section
from ..slots import Slot, WordsSlot
from ..take_home import table_button
from ..tiles import Tile, TilesSlot, ink, signs

MEAN_SIZE = 56  # pixels on the screen


class SplitsRun(MultiRun):
    """One visitor's comparison of two ways to split."""

    kind = TwoSplits
    trainer_kind = TwoSplitsTrainer
    counted = "networks"

    def new_seed(self):
        """Other networks, and other stratified splits."""
        self.start(
            with_seeds(self.current.started_afresh(), self.experiment.n_seeds),
            "New seeds: other weights, mini-batches and stratified splits.",
        )

    @property
    def singles(self):
        """The first pair of networks."""
        trainers = self.trainer.trainers[:: self.experiment.n_seeds]
        return {
            SPLITS[split].label: Single(self.experiment.entry(split, 0), trainer)
            for split, trainer in zip(PAIR, trainers, strict=True)
        }


def splits() -> None:
    """The section that compares two ways to split."""
    run = open_section(
        SplitsRun,
        "The course holds out the **last part** of the file, which is not shuffled. Press **Play**: the same networks "
        "train on that split, and on splits drawn at random with the same share of each digit (**stratified**).",
        "split",
    )
    player.buttons(run)
    timeline = player.Timeline(run)

    left, right = st.columns(2)
    left.caption("**Validation accuracy**: median over the seeds, and a band from quartile to quartile")
    curves = Slot(left)
    right.caption("**Which digits fail**: median over the seeds, and from quartile to quartile")
    recalls = Slot(right)
    outcome = WordsSlot(st)
    st.caption(explanation())
    table_button("two_splits.csv", lambda: table(run.trainer))
    _differences(run.experiment)

    each_frame = {curves: split_curves}
    in_turn = {recalls: lambda trainer: split_recalls(trainer.recalls())}
    player.show(run, timeline, each_frame, in_turn, {outcome: _outcome})


def _outcome(trainer: TwoSplitsTrainer) -> str:
    """The verdict, and which digits fail; nothing before the end of the first epoch."""
    if not trainer.lead.epoch:
        return ""
    lines = [verdict(trainer)]
    for split, recalls in zip(PAIR, trainer.recalls(), strict=True):
        worst = ", ".join(f"**{digit}** ({percent(share)} right)" for digit, share in failing(recalls))
        lines.append(f"{SPLITS[split].label}: most often wrong are {worst or 'none'}.")
    return "  \n".join(lines)


def _differences(comparison: TwoSplits) -> None:
    """How the last part of the file differs from the rest."""
    st.subheader("The last part differs from the rest", anchor=False)
    with st.spinner("Comparing images …"):
        last, stratified = compared_parts(comparison)
    left, right = st.columns(2)
    left.caption(
        "**How far is each held-out image from the nearest training image?** Pixels from 0 to 1; dashes: medians"
    )
    Slot(left).show(split_distances(last, stratified))
    shares, shifts = (sorted(getattr(part, name) for part in stratified) for name in ("own_share", "mean_shift"))
    medians = [np.median(last.distances), np.median(np.concatenate([part.distances for part in stratified]))]
    right.markdown(
        f"- **Farther away.** The median distance to the nearest training image is {medians[0]:.2f} in the last part "
        f"and {medians[1]:.2f} in stratified splits.\n"
        f"- **Among themselves.** Of all other images of the file, the nearest one to an image of the last part is in "
        f"the last part, too, in **{percent(last.own_share)}** of the cases. Of a random sample it would be "
        f"{percent(last.expected_share)} (Schilling, 1986); in the stratified splits it is {percent(shares[0])} to "
        f"{percent(shares[-1])}.\n"
        f"- **Other shapes.** The mean images below differ by {last.mean_shift:.3f} (root mean square); in the "
        f"stratified splits by {shifts[0]:.3f} to {shifts[-1]:.3f}."
    )
    with right.expander("Why?", icon=":material/menu_book:"):
        st.markdown(
            "The 1,797 images are by 13 writers (Alpaydin & Kaynak, 1998). If they stand writer by writer, as the "
            "scikit-learn course (Inria, *Sample grouping*) supposes, the last part is by people of whom the network "
            "has seen nothing, while a shuffled split tests on writers that it knows. The file does not say who wrote "
            "what.\n\nNeither number is wrong. If it is so, the shuffled split tells how well the network reads "
            "**these** writers, and the last part, how well it reads others."
        )
    st.caption(
        "**Mean image of each digit**: above, of the first part; in the middle, of the last part; below, the "
        "difference. Teal: more ink in the last part; vermilion: less."
    )
    TilesSlot(st).show(_mean_tiles(comparison))


def _mean_tiles(comparison: TwoSplits) -> list[Tile]:
    first, last = mean_images(experiment_data(comparison.entry(IN_ORDER, 0))).reshape(2, -1, SIDE, SIDE)
    both = np.flatnonzero(np.isfinite(first - last).all(axis=(1, 2)))
    largest = float(np.abs(first - last)[both].max(initial=0))
    tiles = []
    for digit in both:
        images = (
            ink(first[digit], f"Mean image of the {digit}s in the first part", MEAN_SIZE),
            ink(last[digit], f"Mean image of the {digit}s in the last part", MEAN_SIZE),
            signs(last[digit] - first[digit], largest, f"Their difference for the {digit}s", MEAN_SIZE),
        )
        column = "display:flex;flex-direction:column;align-items:center;gap:4px"
        tiles.append(Tile(f'<div style="{column}">{"".join(images)}</div>', escape(str(digit))))
    return tiles
