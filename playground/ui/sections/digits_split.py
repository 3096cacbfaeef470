"""Two ways to split the digits, how the last part differs from the rest, and the targets to reach."""

import time
from dataclasses import dataclass, field
from html import escape

import numpy as np
import streamlit as st

from ...charts import split_curves, split_distances, split_recalls
from ...data.datasets import SPLITS
from ...text import percent
from ...topics.digits.digits_experiment import SIDE, Digits
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
from ...topics.digits.targets import (
    IN_ORDER,
    N_PROOF,
    TARGETS,
    Proof,
    Result,
    Results,
    Target,
    run_result,
    tests_enough,
)
from ...training.loop import experiment_data
from .. import player
from ..run import MultiRun, Run, Single
from ..section import open_section
from ..slots import Slot, WordsSlot
from ..take_home import table_button
from ..tiles import Tile, TilesSlot, ink, signs
from ..waiting import turn

RESULTS, PROVING, OUTCOME = "digits: results", "digits: proof", "digits: outcome of the last proof"  # in the session
SLICE = 0.05  # seconds of a proof's training in one turn
SLICES = 0.35  # seconds of its turns between two updates of the page
PAUSE = 0.4  # seconds from the start of one update to the next
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
        "The course tests on the **last part** of the file, which is not shuffled. Press **Play**: the same networks "
        "train on that split, and on splits drawn at random with the same share of each digit (**stratified**).",
        "split",
    )
    player.buttons(run)
    timeline = player.Timeline(run)

    left, right = st.columns(2)
    left.caption("**Test accuracy**: median over the seeds, and a band from quartile to quartile")
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
    left.caption("**How far is each test image from the nearest training image?** Pixels from 0 to 1; dashes: medians")
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


@dataclass
class Proving:
    """A proof that runs, and when it began."""

    proof: Proof
    began: float = field(default_factory=time.monotonic)


def targets(run: Run) -> None:
    """The targets, how near the best runs of the session are, and a proof over several seeds.

    Args:
        run: a run whose experiment is a `Digits`.
    """
    results: Results = st.session_state.setdefault(RESULTS, Results())
    result = run_result(run.trainer)
    if result:
        results.note(result)
    with st.container(border=True):
        st.markdown("**Targets**")
        for name, target in TARGETS.items():
            _target(run, name, target, results)
        _proof(run)
        st.caption(
            "What counts is the test accuracy at the **end** of training, with at least a fifth of the images for "
            "testing. If the test images chose the epoch, too, they would say less about new ones."
        )


def _target(run: Run, name: str, target: Target, results: Results) -> None:
    """One target: whether it is reached, how near the best run is, and a button that opens this run again."""
    reached, best = results.reached(target), results.best(target.kind, target.proven)
    icon = ":green[:material/check_circle:]" if reached else ":material/radio_button_unchecked:"
    where = "on the last part of the file" if target.kind == IN_ORDER else "on a random split"
    over = f", median over {N_PROOF} split seeds" if target.proven else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        text = f"{icon} **{target.label}**: {100 * target.accuracy:g} % {where}{over}."
        text += f" Best so far: **{100 * best.accuracy:.1f} %**" if best else " No run so far."
        st.markdown(text + (f" ({_what(best)})" if best else ""), width="stretch")
        if best:
            st.button(
                "Open", icon=":material/history:", key=f"open-{name}", help="Opens the experiment that gave it.",
                on_click=_open, args=(run, best),
            )  # fmt: skip
    if best and not reached:
        st.progress(best.accuracy / target.accuracy)
    if name == "course":
        course = f"it gave {100 * results.course.accuracy:.1f} %." if results.course else "run it to see what it gives."
        st.caption(f"The course's own script: {course}")


def _open(run: Run, result: Result) -> None:
    run.playing = False
    run.start(result.experiment, f"Opened: what gave {100 * result.accuracy:.1f} %.")


def _what(result: Result) -> str:
    """How the experiment differs from the course's script."""
    course = Digits()
    values = {name: getattr(result.experiment, name) for name in Digits.knobs()}
    differs = [
        f"{knob.label} {knob.write(values[name])}"
        for name, knob in Digits.knobs().items()
        if values[name] != getattr(course, name)
    ]
    return ", ".join(differs) or "all as in the course's script"


def _proof(run: Run) -> None:
    """The button that starts a proof, or the progress of the proof that runs."""
    proving: Proving | None = st.session_state.get(PROVING)
    enough = tests_enough(run.trainer.data)
    if proving is None:
        what = "network" if run.experiment.split == IN_ORDER else "split"
        st.button(
            f"Prove it over {N_PROOF} {what} seeds", icon=":material/verified:", key="prove", disabled=not enough,
            help=f"Trains this experiment {N_PROOF} times, with other seeds, and takes the median."
            if enough else "At least a fifth of the images must be for testing.",
            on_click=_start_proof, args=(run,),
        )  # fmt: skip
        st.caption(st.session_state.get(OUTCOME, ""))
        return
    st.fragment(_go_on, run_every=PAUSE)(run)


def _start_proof(run: Run) -> None:
    run.playing = False
    st.session_state[PROVING] = Proving(Proof(run.current.started_afresh()))


def _stop_proof() -> None:
    st.session_state[PROVING] = None


def _go_on(run: Run) -> None:
    """Train a proof for a moment. The page does not change during that, and takes clicks between two turns."""
    proving: Proving | None = st.session_state.get(PROVING)
    if proving is None:
        st.rerun()
    proof = proving.proof
    began = time.monotonic()
    with turn() as give_way:
        while not proof.finished and not proof.diverged and time.monotonic() < began + SLICES:
            proof.run(10**6, SLICE)
            give_way()
    if proof.finished or proof.diverged:
        st.session_state[PROVING] = None
        result = proof.result
        st.session_state[OUTCOME] = "The networks have diverged."
        if result:
            st.session_state[RESULTS].note(result)
            each = ", ".join(f"{100 * accuracy:.1f}" for accuracy in sorted(result.accuracies))
            st.session_state[OUTCOME] = (
                f"The median of {N_PROOF} seeds is **{100 * result.accuracy:.1f} %** (of {each}), with {_what(result)}."
            )
        st.rerun()
    done = min(1.0, proof.progress / proof.experiment.epochs)
    left = f", {(time.monotonic() - proving.began) * (1 / done - 1):,.0f} s left" if done else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(done, f"{N_PROOF} networks train{left}", width="stretch")
        st.button("Stop", icon=":material/stop:", key="stop-proof", on_click=_stop_proof)
