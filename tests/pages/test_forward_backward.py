"""The page that follows one training step: it shows the engine's numbers, takes changed ones, and loses no state."""

import re

import numpy as np
import pytest

from playground.topics.forward_backward.equation import tex
from playground.topics.forward_backward.equations import equations
from playground.topics.forward_backward.mistakes import MISTAKES
from playground.topics.forward_backward.step_check import check
from playground.topics.forward_backward.training_step import TrainingStep, follow_step

PAGE = "pages/forward_backward.py"


@pytest.fixture
def visitor(visit):
    return visit().go(PAGE)


def now(visitor):
    """The training step that the URL describes."""
    query = {name: text for name, text in visitor.url.items() if name != "section"}
    experiment, notices = TrainingStep.from_query(query)
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


def test_next_goes_through_all_equations_and_on_to_the_next_training_step(visitor):
    titles = []
    for equation in equations(follow_step(TrainingStep())):
        heading = next(element.value for element in visitor.app.markdown if element.value.startswith("#####"))
        titles.append(heading)
        assert heading == f"##### {equation.title}"
        assert rf"\mathbf{{{tex(equation.value)}}}" in " ".join(latex(visitor))
        visitor.app.get_by_key("next").click()
        visitor.run()
    assert len(set(titles)) == len(titles)
    assert now(visitor).step == 2
    assert now(visitor).stage == 0


def test_every_number_of_an_array_is_the_engines(visitor):
    visitor.set("stage", 6)
    equation = equations(follow_step(now(visitor)))[6]
    shown = numbers(latex(visitor)[-1])
    for value in np.concatenate([array.values.ravel() for array in (*equation.operands, equation.result)]):
        assert any(abs(value - number) < 1e-4 for number in shown | {0.0, 1.0})


def test_the_line_of_code_is_in_the_engine(visitor):
    assert "self.output = X @ self.W + self.b[..., None, :]" in [code.value for code in visitor.app.code]
    assert "playground/nn/layers.py" in visitor.words


def test_a_changed_number_changes_all_that_follows_and_can_be_undone(visitor):
    visitor.set("stage", 3)
    before = latex(visitor)
    type_into(visitor, "x1 of example 3", "0.25")
    assert now(visitor).edits[0].value == 0.25
    assert latex(visitor) != before
    visitor.press("Undo all 1 changes")
    assert now(visitor).edits == ()
    assert latex(visitor) == before


@pytest.mark.parametrize("typed", ["abc", "1e999", "nan", "5000", "1/0", "__import__('os')", "1" * 40])
def test_what_is_no_number_is_told_at_the_field_and_changes_nothing(visitor, typed):
    before = latex(visitor)
    type_into(visitor, "W1[1, 1]", typed)
    assert "Type a number" in visitor.words
    assert now(visitor) == TrainingStep()
    assert latex(visitor) == before
    type_into(visitor, "W1[1, 1]", "1/3")
    assert "Type a number" not in visitor.words
    assert now(visitor).edits[0].value == 1 / 3


def test_the_target_can_be_changed(visitor):
    visitor.set("edit-y", 0)
    assert follow_step(now(visitor)).y[2].tolist() == [1, 0]


def test_a_prediction_is_compared_and_its_mistake_is_named(visitor):
    visitor.turn("predict", True).set("stage", 5)
    equation = equations(follow_step(now(visitor)))[5]
    assert f"{equation.value:.4g}" not in " ".join(latex(visitor))
    type_into(visitor, "What do you expect for this entry?", f"{-equation.value:.6f}")
    assert "the sign is wrong" in visitor.app.warning[0].value
    assert f"{equation.value:.4g}" not in visitor.app.warning[0].value
    type_into(visitor, "What do you expect for this entry?", f"{equation.value:.6f}")
    assert visitor.app.success[0].value.startswith("Right")
    assert [field.label for field in visitor.app.text_input if "expect" in field.label] == []


def test_the_result_can_be_shown_without_a_guess(visitor):
    visitor.turn("predict", True)
    assert "?" in latex(visitor)[-1]
    visitor.press("Show")
    assert "?" not in latex(visitor)[-1]


def test_the_diagram_does_not_give_away_what_is_to_be_predicted(visitor):
    visitor.turn("predict", True)
    assert "0.91" not in visitor.charts[0].alt.split("hidden 1")[1].split("output")[0]
    visitor.turn("predict", False)
    assert "0.91" in visitor.charts[0].alt.split("hidden 1")[1].split("output")[0]


def test_a_link_can_be_chosen_without_pointing(visitor):
    visitor.set("focus-layer", 2).set("focus-from", 3)
    assert now(visitor).focus == (2, 3, 0)
    assert any(field.label == "b2[1]" for field in visitor.app.text_input)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_check_says_what_the_engine_says(visitor, mistake):
    visitor.set("section", "check").turn("mistake", mistake)
    checked = check(follow_step(now(visitor)))
    boxes = [box.value for box in (*visitor.app.error, *visitor.app.success)]
    assert boxes == [checked.verdict]
    assert bool(visitor.app.error) == (mistake != "none")
    table = visitor.app.dataframe[0].value
    assert table["Backpropagation"].to_numpy() == pytest.approx(checked.analytic)
    assert table["Numerical"].to_numpy() == pytest.approx(checked.numerical)
    if mistake != "none":
        assert any(f"def {mistake}(self" in code.value for code in visitor.app.code)


def test_the_course_network_on_its_kink_is_explained(visitor):
    visitor.set("section", "check").turn("activation", "relu")
    assert "are not wrong" in visitor.app.warning[0].value


def test_other_data_or_layers_start_the_step_anew_and_keep_the_changed_numbers(visitor):
    type_into(visitor, "W1[1, 1]", "2")
    visitor.set("stage", 4)
    visitor.turn("activation", "sigmoid")
    assert (now(visitor).stage, now(visitor).activation) == (0, "sigmoid")
    assert follow_step(now(visitor)).dense[0].W[0, 0] == 2


HEAVY = {"hidden": "4-4-4", "n_points": "8", "dataset": "blobs", "n_classes": "4", "step": "200", "stage": "99"}
MALFORMED = {
    "hidden": "9-9-9-9-9",
    "focus": "x",
    "edits": "1.W1.0-0.nan~",
    "mistake": "<b>",
    "stage": "1e99",
    "epochs": "5",
}


@pytest.mark.parametrize("section", ["step", "check"])
@pytest.mark.parametrize("query", [HEAVY, MALFORMED], ids=["heavy", "malformed"])
def test_any_url_opens(visit, section, query):
    visitor = visit().go(PAGE, **query, section=section)
    assert bool(visitor.notices) == (query is MALFORMED)
    follow_step(now(visitor))
