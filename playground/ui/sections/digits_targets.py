"""Targets to reach: knobs are turned by the validation part, and one click opens the test part, which is counted."""

import time
from dataclasses import dataclass, field

import streamlit as st

from ...text import percent
from ...topics.digits.digits_experiment import Digits
from ...topics.digits.targets import (
    IN_ORDER,
    N_PROOF,
    TARGETS,
    Proof,
    Result,
    Results,
    Target,
    counts,
    interval,
    part_name,
    run_result,
    tests_enough,
)
from ..run import Run
from ..waiting import turn

RESULTS, PROVING, OUTCOME = "digits: results", "digits: proof", "digits: outcome of the last proof"  # in the session
SLICE = 0.05  # seconds of a proof's training in one turn
SLICES = 0.35  # seconds of its turns between two updates of the page
PAUSE = 0.4  # seconds from the start of one update to the next


@dataclass
class Proving:
    """A proof that runs, and when it began."""

    proof: Proof
    began: float = field(default_factory=time.monotonic)


def targets(run: Run) -> None:
    """The test part and what it gave, the targets, and a proof over several seeds.

    Args:
        run: a run whose experiment is a `Digits`.
    """
    results: Results = st.session_state.setdefault(RESULTS, Results())
    with st.container(border=True):
        st.markdown("**Targets** are judged on the test part, which stays shut while you turn knobs.")
        _test_part(run, results)
        for name, target in TARGETS.items():
            _target(run, name, target, results)
        _proof(run)
        st.caption(
            "What counts is the **end** of training, with at least a tenth of the images for testing. All parts are of "
            "one file: another data seed draws another test part, but only new digits would be a wholly new test."
        )


def _test_part(run: Run, results: Results) -> None:
    """The button that opens the test part for this network, or what it gave; and how often it was looked at."""
    result, ready = results.known(run.experiment), counts(run.trainer)
    if result and ready:
        n_test = len(run.trainer.data.X_test)
        low, high = interval(result.accuracy, n_test)
        validation = run.trainer.history.moments[-1].held_out_accuracy
        st.markdown(
            f"Test accuracy **{100 * result.accuracy:.1f} %** of {n_test} images (95 % interval, Wilson 1927: "
            f"{percent(low)} to {percent(high)}); validation accuracy {100 * validation:.1f} %. {_honesty(result)}"
        )
        return
    looks = results.looks(part_name(run.experiment))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Open the test part", icon=":material/lock_open:", key="open-test", disabled=not ready,
            help="Tests this network. Do it once, with the network that validation has chosen."
            if tests_enough(run.trainer.data) else "At least a tenth of the images must be for testing.",
            on_click=_open_test_part, args=(run,),
        )  # fmt: skip
        st.markdown(_looked_at(looks) if ready or looks else "Train to the end first.", width="stretch")


def _open_test_part(run: Run) -> None:
    result = run_result(run.trainer)
    if result:
        st.session_state[RESULTS].note(result)


def _looked_at(looks: int) -> str:
    """How often a test part was looked at, before it is opened again."""
    if not looks:
        return "Nobody has looked at it: what it gives will be an honest test."
    times = "once" if looks == 1 else f"{looks} times"
    return f"**Looked at {times}**: whoever chooses by it from now on gets no honest test any more."


def _honesty(result: Result) -> str:
    """What the number of a look says about its result."""
    if result.honest:
        return ":green[**Look 1** at this test part: an honest test.]"
    return (
        f":orange[**Look {result.look}** at this test part: no honest test any more. It has been a means to choose, so "
        "it may say too much: see *Tuning on the test*.]"
    )


def _target(run: Run, name: str, target: Target, results: Results) -> None:
    """One target: whether it is reached, how near the best run is, and a button that opens this run again."""
    reached, best = results.reached(target), results.best(target.kind, target.proven)
    best = reached or best
    icon = ":material/radio_button_unchecked:"
    if reached:
        icon = ":green[:material/check_circle:]" if reached.honest else ":orange[:material/visibility:]"
    where = "on the last part of the file" if target.kind == IN_ORDER else "on a random split"
    over = f", median over {N_PROOF} split seeds" if target.proven else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        text = f"{icon} **{target.label}**: {100 * target.accuracy:g} % {where}{over}."
        text += f" {_best(best)}" if best else " Not tested so far."
        st.markdown(text, width="stretch")
        if best:
            st.button(
                "Open", icon=":material/history:", key=f"open-{name}", help="Opens the experiment that gave it.",
                on_click=_open, args=(run, best),
            )  # fmt: skip
    if best and not reached:
        st.progress(best.accuracy / target.accuracy)
    if name == "course":
        course = results.known(Digits())
        given = f"it gave {100 * course.accuracy:.1f} %." if course else "test it to see what it gives."
        st.caption(f"The course's own script: {given}")


def _best(best: Result) -> str:
    """The best result for a target, in words."""
    return f"Best so far: **{100 * best.accuracy:.1f} %**, look {best.look} ({_what(best)})"


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
            help=f"Trains this experiment {N_PROOF} times, with other seeds, opens each test part, takes the median."
            if enough else "At least a tenth of the images must be for testing.",
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
            result = st.session_state[RESULTS].note(result)
            each = ", ".join(f"{100 * accuracy:.1f}" for accuracy in sorted(result.accuracies))
            st.session_state[OUTCOME] = (
                f"The median of {N_PROOF} seeds is **{100 * result.accuracy:.1f} %** (of {each}), with "
                f"{_what(result)}. {_honesty(result)}"
            )
        st.rerun()
    done = min(1.0, proof.progress / proof.experiment.epochs)
    left = f", {(time.monotonic() - proving.began) * (1 / done - 1):,.0f} s left" if done else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(done, f"{N_PROOF} networks train{left}", width="stretch")
        st.button("Stop", icon=":material/stop:", key="stop-proof", on_click=_stop_proof)
