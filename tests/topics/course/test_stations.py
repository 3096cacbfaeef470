"""The course week: its hours add up, its answers are right and usual mistakes known, and no file can do it harm."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from sklearn.datasets import load_digits

from playground.charts import week_progress
from playground.data.datasets import SPLITS
from playground.settings import limits
from playground.topics.course.progress import MAX_BYTES, Mark, Progress, Status
from playground.topics.course.station import (
    HOURS,
    OBJECTIVES,
    SEEDS,
    STATIONS,
    Answer,
    answer,
    draws,
    is_rounded,
    outline,
    path,
    rounded,
)
from playground.topics.course.week import CONCEPTS, RESOURCES
from playground.topics.forward_backward.training_step import follow_step
from playground.training.loop import experiment_data
from playground.training.trainer import Trainer

ROOT = Path(__file__).parents[3]
SAMPLE = (0, 7, 123_456, SEEDS - 1)
each_seed = pytest.mark.parametrize(
    "seed", [SAMPLE[0], *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in SAMPLE[1:-1]), SAMPLE[-1]]
)
each_station = pytest.mark.parametrize("name", STATIONS)


def beside(right):
    """A number that is neither the right answer nor a known wrong one."""
    return next(
        number
        for number in np.linspace(-7.77, 7.77, 99)
        if not right.right(float(number)) and not right.mistake(number)
    )


# The path


def test_the_hours_are_those_of_the_course():
    assert HOURS == {"Theory": 5, "Coding": 5, "Project": 4}
    stations = outline().values()
    assert list(path(0)) == list(outline())
    assert {part: sum(each.hours for each in stations if each.part == part) for part in HOURS} == HOURS
    assert [each.part for each in stations] == sorted((each.part for each in stations), key=list(HOURS).index)


def test_every_objective_of_the_course_is_served():
    assert {each.objective for each in outline().values()} == set(OBJECTIVES)


@pytest.mark.parametrize("seed", SAMPLE)
@each_station
def test_a_station_says_what_to_open_to_predict_to_do_and_to_answer(name, seed):
    station = path(seed)[name]
    assert (ROOT / f"pages/{station.page}.py").exists()
    assert all((station.title, station.predict, station.do, station.question, station.hint))
    assert max(map(len, (station.predict, station.do, station.question))) < 250
    record, notices = type(station.record).from_query(station.record.to_query())
    assert (record, notices) == (station.record, [])


def test_the_core_concepts_are_the_courses_with_its_resources():
    assert [concept.title.split()[0] for concept in CONCEPTS] == ["Forward", "Backward", "Xavier", "Batch"]
    assert {concept.station for concept in CONCEPTS} <= STATIONS.keys()
    assert list(RESOURCES.values()) == [
        "http://cs231n.github.io/neural-networks-1/",
        "https://www.deeplearningbook.org/contents/mlp.html",
    ]


# Questions


@each_seed
@each_station
def test_the_right_answer_is_taken_and_every_known_mistake_is_named(name, seed):
    station, right = path(seed)[name], answer(name, seed)
    assert right.right(right.value)
    assert right.mistake(right.value) == ""
    for mistake, value in right.mistakes.items():
        if right.right(value) or (not isinstance(value, str) and not np.isfinite(value)):
            continue  # with these numbers the mistake makes no difference
        named = right.mistake(value)
        assert named
        assert named == mistake or right.mistakes[named] == value or abs(right.mistakes[named] / value - 1) < 0.1
    if station.choices:
        assert right.value in station.choices
        assert sum(map(right.right, station.choices)) == 1
    else:
        number = float(beside(right))
        assert not right.right(number)
        assert right.mistake(number) == ""
        assert right.right(float(f"{right.value:.4g}"))  # as it is shown


def held(name, seeds):
    """Check the answers to a station's question: which are taken, and which are asked back."""
    closer = []
    for seed in seeds:
        right = answer(name, seed)
        voided = [mistake for mistake, value in right.mistakes.items() if right.right(value)]
        assert not voided, f"{name}, seed {seed}: {voided}"
        assert right.right(right.value)
        for digits in (2, 3, 4):
            given = rounded(right.value, digits)
            assert right.right(given) or (digits == 2 and right.close(given)), f"{name}, seed {seed}: {given}"
        closer += [seed] * right.close(rounded(right.value))
    return closer


QUICK = [name for name in STATIONS if name not in {
    "symmetry", "signal_through_depth", "race", "with_and_without", "xor", "learning_rate", "split", "accuracy",
    "honest_test", "drawing",
}]  # fmt: skip
TRAINED = [name for name in STATIONS if name not in QUICK]


@pytest.mark.parametrize("name", QUICK)
def test_no_mistake_is_right_and_every_rounded_answer_is_taken(name):
    assert len(held(name, range(20))) <= 1


@pytest.mark.exhaustive
@pytest.mark.parametrize(("name", "n"), [*((name, 300) for name in QUICK), *((name, 12) for name in TRAINED)])
def test_no_mistake_is_right_whatever_the_seed(name, n):
    assert len(held(name, range(1000, 1000 + n))) <= n / 12


def test_a_question_is_drawn_anew_while_a_mistake_answers_it_right():
    first = {seed: STATIONS["gradient_check"](seed, draws(seed, "gradient_check")) for seed in range(12)}
    void = [seed for seed, made in first.items() if not made.answer().sound]
    assert 3 <= len(void) <= 11
    for seed, made in first.items():
        now = path(seed)["gradient_check"]
        assert (now.question + now.do == made.question + made.do) == (seed not in void)
        assert answer("gradient_check", seed).sound


def test_few_digits_are_asked_back_only_where_they_could_be_the_mistake():
    near = Answer(0.2287, {"it is the loss of the test": 0.2312, "it is half": 0.114}, 0.05)
    assert near.close(0.23)
    assert not near.right(0.23)
    assert not near.sound
    assert near.right(0.229)
    assert near.right(0.2287)
    assert not near.right(0.231)
    assert near.mistake(0.231) == near.mistake(0.2312) == "it is the loss of the test"
    assert not near.close(0.2312)
    far = Answer(0.2287, {"it is the loss of the test": 0.35})
    assert far.right(0.23)
    assert far.sound
    assert not far.right(0.24)
    assert is_rounded(0.23, 0.2287)
    assert not is_rounded(0.2, 0.2287)


@each_station
def test_the_numbers_differ_from_seed_to_seed(name):
    first, *others = (*SAMPLE, 11, 29)
    assert any(answer(name, seed).words != answer(name, first).words for seed in others)


@pytest.mark.parametrize("seed", SAMPLE)
def test_forward_and_backward_agree_with_plain_numpy(seed):
    stations = path(seed)
    forward, backward = stations["forward_pass"].record, stations["backward_pass"].record
    step = follow_step(forward)
    (W1, b1), (W2, b2) = ((layer.W, layer.b) for layer in step.dense)
    A = np.tanh(step.X @ W1 + b1)
    P = np.exp(A @ W2 + b2)
    P /= P.sum(axis=1, keepdims=True)
    assert answer("forward_pass", seed).value == pytest.approx(P[forward.example, forward.focus[2]])
    dW2 = A.T @ ((P - step.y) / 4)
    assert answer("backward_pass", seed).value == pytest.approx(dW2[backward.focus[1], backward.focus[2]])

    chain = stations["chain_rule"].record
    step = follow_step(chain)
    (W1, b1), (W2, b2) = ((layer.W, layer.b) for layer in step.dense)
    n, j = chain.example, chain.focus[2]
    nudged = []
    for h in (1e-6, -1e-6):
        Z = step.X @ W1 + b1
        Z[n, j] += h
        logits = 1 / (1 + np.exp(-Z)) @ W2 + b2
        P = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        nudged.append(-np.log(P[step.y == 1]).mean())
    assert answer("chain_rule", seed).value == pytest.approx((nudged[0] - nudged[1]) / 2e-6, rel=1e-3, abs=1e-9)


@each_seed
def test_answers_agree_with_the_formulas_of_the_course(seed):
    n_in, n_out = path(seed)["xavier"].record.hidden
    assert answer("xavier", seed).value == pytest.approx(2 / (n_in + n_out))

    momentum = path(seed)["running_statistics"].record.momentum
    n = answer("running_statistics", seed).value
    assert (1 - momentum) ** n <= 0.05 + 1e-9 < (1 - momentum) ** (n - 1)

    depth = path(seed)["signal_through_depth"].record
    assert answer("signal_through_depth", seed).value == pytest.approx(depth.gain * np.sqrt(1 / 2), rel=0.03)


@pytest.mark.parametrize("seed", SAMPLE)
def test_with_zeros_one_class_is_named_for_all_points(seed):
    shares = 100 * experiment_data(path(seed)["symmetry"].record).y_train.mean(axis=0)
    assert min(abs(shares - answer("symmetry", seed).value)) < 1e-9


@each_seed
def test_the_answers_on_digits_are_those_of_the_data(seed):
    comparison, parts = path(seed)["split"].record, []
    for k in range(comparison.n_seeds):
        data = experiment_data(comparison.entry("stratified", k))
        parts.append([np.sqrt(((data.X_train - x) ** 2).sum(axis=1).min()) for x in (*data.X_validation, *data.X_test)])
    assert answer("split", seed).value == pytest.approx(np.median(parts))

    labels = load_digits().target
    data = experiment_data(path(seed)["accuracy"].record)
    cut = int(0.8 * len(labels))
    assert (data.y_validation.argmax(axis=1) == labels[cut : cut + 180]).all()
    wrong = (1 - answer("accuracy", seed).value / 100) * len(data.y_validation)
    assert wrong == pytest.approx(round(wrong))


@pytest.mark.parametrize("seed", SAMPLE)
def test_the_honest_test_is_that_of_the_network_on_the_last_images_of_its_split(seed):
    digits = path(seed)["honest_test"].record
    trainer = Trainer(digits)
    trainer.run()
    X, y = load_digits(return_X_y=True)
    order = SPLITS["stratified"](np.random.default_rng(digits.data_seed), y)[-180:]
    said = trainer.network.predict(X[order] / 16).argmax(axis=1)
    assert answer("honest_test", seed).value == pytest.approx(100 * (said == y[order]).mean())


def test_with_the_lowest_limits_of_a_host_all_stations_are_there():
    lowest = {limits.PREFIX + name: str(limit.lowest) for name, limit in limits.LIMITS.items()}
    code = (
        "from playground.topics.course.station import STATIONS, draws\n"
        "for seed in range(50):\n"
        "    print(len([make(seed, draws(seed, name)) for name, make in STATIONS.items()]))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ | lowest, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == [str(len(STATIONS))] * 50


def test_the_code_of_a_station_prints_its_answer():
    names = [name for name, station in path(0).items() if station.code]
    assert len(names) == 4
    code = "\n".join(path(seed)[name].code for seed in SAMPLE for name in names)
    head = (
        "import numpy as np\n"
        "from playground.nn import BatchNorm, Dense, INITIALIZERS, ReLU, Softmax\n"
        'glorot_normal = INITIALIZERS["glorot_normal"]\n'
    )
    run = subprocess.run([sys.executable, "-c", head + code], cwd=ROOT, capture_output=True, text=True, check=True)
    expected = [answer(name, seed).value for seed in SAMPLE for name in names]
    assert [float(line) for line in run.stdout.split()] == pytest.approx(expected)


def test_an_answer_is_the_same_within_its_tolerance():
    answer = Answer(2.0, {"it is half": 1.0, "it is no number": float("nan")}, 0.01)
    assert answer.right(2.019)
    assert not answer.right(2.021)
    assert answer.mistake(1.009) == "it is half"
    assert answer.mistake(1.5) == answer.mistake(float("nan")) == ""


# Progress


def test_progress_goes_on_and_the_hours_with_it():
    progress = Progress(3)
    first, second, *_ = path(3)
    assert progress.next == first
    progress.tried(first, False)
    assert (progress.next, progress.marks[first]) == (first, Mark(Status.OPEN, 1))
    progress.tried(first, True)
    assert (progress.next, progress.marks[first]) == (second, Mark(Status.DONE, 2))
    assert progress.hours(Status.DONE, "Theory") == progress.hours(Status.DONE) == path(3)[first].hours
    progress.shown(second)
    progress.tried(second, True)
    assert progress.marks[second].status == Status.SHOWN
    progress.shown(first)
    assert progress.marks[first].status == Status.DONE
    for name in path(3):
        progress.shown(name)
    assert progress.next == ""


marks = some.builds(Mark, some.sampled_from(Status), some.integers(0, 9999))


@given(some.integers(0, SEEDS - 1), some.dictionaries(some.sampled_from(list(STATIONS)), marks))
@settings(max_examples=50, deadline=None)
def test_what_is_saved_comes_back(seed, marked):
    progress = Progress(seed, marked)
    file = progress.to_json().encode()
    assert len(file) < MAX_BYTES / 2
    assert Progress.from_json(file) == (progress, [])


def changed(**values):
    return json.dumps(json.loads(Progress(1).to_json()) | values).encode()


FIRST = next(iter(STATIONS))


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (b"", "can't be read"), (b"\xff\xfe", "can't be read"), (b"{", "can't be read"), (b"[" * 9000, "can't be read"),
        (b'{"a":' * 3000, "can't be read"), (b"1" * 9000, "can't be read"), (b'{"version": NaN}', "can't be read"),
        (b"\x80\x04K\x01.", "can't be read"), (b" " * (MAX_BYTES + 1), "too large"), (b"[]", "version"),
        (b"null", "version"), (changed(version=2), "another version"), (changed(version=10**4000), "another version"),
        (changed(version=True), "version"), (changed(version="1"), "version"), (changed(version=0), "version"),
        (changed(seed=-1), "the seed"), (changed(seed=SEEDS), "the seed"), (changed(seed=1.5), "the seed"),
        (changed(seed=None), "the seed"), (changed(seed=10**4000), "the seed"), (changed(stations=[]), "stations"),
        (changed(stations={FIRST: []}), "status"), (changed(stations={FIRST: {"status": "won"}}), "status"),
        (changed(stations={FIRST: {"status": ["done"]}}), "status"),
        (changed(stations={FIRST: {"status": "done"}}), "attempts"),
        (changed(stations={FIRST: {"status": "done", "attempts": 1e400}}), "can't be read"),
        (changed(stations={FIRST: {"status": "done", "attempts": True}}), "attempts"),
        (changed(stations={FIRST: {"status": "done", "attempts": 10**6}}), "attempts"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_and_says_why(file, words):
    with pytest.raises(ValueError, match=words) as refused:
        Progress.from_json(file)
    assert len(str(refused.value)) < 200


def test_unknown_stations_are_left_out_and_told():
    progress, notices = Progress.from_json(changed(stations={"<script>": {"status": "done", "attempts": 1}}))
    assert progress == Progress(1)
    assert len(notices) == 1
    assert "<script>" not in notices[0]


json_values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
    lambda inner: some.lists(inner) | some.dictionaries(some.sampled_from(["status", "attempts", FIRST]), inner),
)


@given(some.binary() | some.fixed_dictionaries({"version": some.just(1), "seed": json_values, "stations": json_values})
       .map(lambda value: json.dumps(value).encode()))  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_any_file_is_progress_or_refused(file):
    try:
        progress, _ = Progress.from_json(file)
    except ValueError:
        return
    assert Progress.from_json(progress.to_json().encode())[0] == progress


# The picture


def test_the_picture_says_the_hours_in_words_and_adds_them_up():
    picture = week_progress({"Theory": (1.5, 0.5, 5), "Coding": (0, 0, 5)})
    assert picture.alt == "Done: Theory 1.5 of 5 hours, Coding 0 of 5 hours."
    rows = picture.tables["hours"].to_pylist()
    assert [row["hours"] for row in rows] == [1.5, 0.5, 3, 0, 0, 5]
    assert week_progress({"Theory": (5, 0, 5), "Coding": (0, 0, 5)}).spec is picture.spec
