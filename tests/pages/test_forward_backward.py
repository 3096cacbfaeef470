"""The page that follows one training step: it shows the engine's numbers, takes changed ones, and loses no state."""

import re

import numpy as np
import pytest

from playground.topics.forward_backward.equations import moves, tex
from playground.topics.forward_backward.mistakes import SLIPS
from playground.topics.forward_backward.step_check import check
from playground.topics.forward_backward.training_step import Walk, walk_through

PAGE = "pages/forward_backward.py"


@pytest.fixture
def walk(visit):
    return visit().go(PAGE)


def now(visitor):
    """The walk that the URL describes."""
    query = {name: text for name, text in visitor.url.items() if name != "section"}
    experiment, notices = Walk.from_query(query)
    assert notices == []
    return experiment


def latex(visitor):
    return [element.value for element in visitor.app.latex]


def numbers(text):
    return {float(found) for found in re.findall(r"-?\d+\.\d+", text)}


def type_into(visitor, label, text):
    [field] = [field for field in visitor.app.text_input if field.label == label]
    field.set_value(text)
    return visitor.run()


def test_next_goes_through_all_moves_and_on_to_the_next_training_step(walk):
    titles = []
    for move in moves(walk_through(Walk())):
        heading = next(element.value for element in walk.app.markdown if element.value.startswith("#####"))
        titles.append(heading)
        assert heading == f"##### {move.title}"
        assert rf"\mathbf{{{tex(move.value)}}}" in " ".join(latex(walk))
        walk.app.get_by_key("next").click()
        walk.run()
    assert len(set(titles)) == len(titles)
    assert now(walk).step == 2
    assert now(walk).stage == 0


def test_every_number_of_an_array_is_the_engines(walk):
    walk.set("stage", 6)
    move = moves(walk_through(now(walk)))[6]
    shown = numbers(latex(walk)[-1])
    for value in np.concatenate([array.values.ravel() for array in (*move.operands, move.result)]):
        assert any(abs(value - number) < 1e-4 for number in shown | {0.0, 1.0})


def test_the_line_of_code_is_in_the_engine(walk):
    assert "self.output = X @ self.W + self.b[..., None, :]" in [code.value for code in walk.app.code]
    assert "playground/nn/layers.py" in walk.words


def test_a_changed_number_changes_all_that_follows_and_can_be_undone(walk):
    walk.set("stage", 3)
    before = latex(walk)
    type_into(walk, "x1 of example 3", "0.25")
    assert now(walk).edits[0].value == 0.25
    assert latex(walk) != before
    walk.press("Undo all 1 changes")
    assert now(walk).edits == ()
    assert latex(walk) == before


@pytest.mark.parametrize("typed", ["abc", "1e999", "nan", "5000", "1/0", "__import__('os')", "1" * 40])
def test_what_is_no_number_is_told_at_the_field_and_changes_nothing(walk, typed):
    before = latex(walk)
    type_into(walk, "W1[1, 1]", typed)
    assert "Type a number" in walk.words
    assert now(walk) == Walk()
    assert latex(walk) == before
    type_into(walk, "W1[1, 1]", "1/3")
    assert "Type a number" not in walk.words
    assert now(walk).edits[0].value == 1 / 3


def test_the_target_can_be_changed(walk):
    walk.set("edit-y", 0)
    assert walk_through(now(walk)).y[2].tolist() == [1, 0]


def test_a_prediction_is_compared_and_its_slip_is_named(walk):
    walk.turn("predict", True).set("stage", 5)
    move = moves(walk_through(now(walk)))[5]
    assert f"{move.value:.4g}" not in " ".join(latex(walk))
    type_into(walk, "What do you expect for this entry?", f"{-move.value:.6f}")
    assert "the sign is wrong" in walk.app.warning[0].value
    assert f"{move.value:.4g}" not in walk.app.warning[0].value
    type_into(walk, "What do you expect for this entry?", f"{move.value:.6f}")
    assert walk.app.success[0].value.startswith("Right")
    assert [field.label for field in walk.app.text_input if "expect" in field.label] == []


def test_the_result_can_be_shown_without_a_guess(walk):
    walk.turn("predict", True)
    assert "?" in latex(walk)[-1]
    walk.press("Show")
    assert "?" not in latex(walk)[-1]


def test_the_diagram_does_not_give_away_what_is_to_be_foretold(walk):
    walk.turn("predict", True)
    assert "0.91" not in walk.charts[0].alt.split("hidden 1")[1].split("output")[0]
    walk.turn("predict", False)
    assert "0.91" in walk.charts[0].alt.split("hidden 1")[1].split("output")[0]


def test_a_link_can_be_chosen_without_pointing(walk):
    walk.set("focus-layer", 2).set("focus-from", 3)
    assert now(walk).focus == (2, 3, 0)
    assert any(field.label == "b2[1]" for field in walk.app.text_input)


@pytest.mark.parametrize("slip", SLIPS)
def test_the_check_says_what_the_engine_says(walk, slip):
    walk.set("section", "check").turn("slip", slip)
    checked = check(walk_through(now(walk)))
    boxes = [box.value for box in (*walk.app.error, *walk.app.success)]
    assert boxes == [checked.verdict]
    assert bool(walk.app.error) == (slip != "none")
    table = walk.app.dataframe[0].value
    assert table["Backpropagation"].to_numpy() == pytest.approx(checked.analytic)
    assert table["Numerical"].to_numpy() == pytest.approx(checked.numerical)
    if slip != "none":
        assert any(f"def {slip}(self" in code.value for code in walk.app.code)


def test_the_course_network_on_its_kink_is_explained(walk):
    walk.set("section", "check").turn("activation", "relu")
    assert "need not be wrong" in walk.app.warning[0].value


def test_other_data_or_layers_start_the_walk_anew_and_keep_the_changed_numbers(walk):
    type_into(walk, "W1[1, 1]", "2")
    walk.set("stage", 4)
    walk.turn("activation", "sigmoid")
    assert (now(walk).stage, now(walk).activation) == (0, "sigmoid")
    assert walk_through(now(walk)).dense[0].W[0, 0] == 2


HEAVY = {"hidden": "4-4-4", "n_points": "8", "dataset": "blobs", "n_classes": "4", "step": "200", "stage": "99"}
MALFORMED = {
    "hidden": "9-9-9-9-9",
    "focus": "x",
    "edits": "1.W1.0-0.nan~",
    "slip": "<b>",
    "stage": "1e99",
    "epochs": "5",
}


@pytest.mark.parametrize("section", ["step", "check"])
@pytest.mark.parametrize("query", [HEAVY, MALFORMED], ids=["heavy", "malformed"])
def test_any_url_opens(visit, section, query):
    visitor = visit()
    visitor.app.switch_page(PAGE)
    visitor.app.query_params.clear()
    visitor.app.query_params.update(query | {"section": section})
    visitor.run()
    assert bool(visitor.notices) == (query is MALFORMED)
    walk_through(now(visitor))
