"""What is shown about batch normalisation agrees with mathematics, and with the networks that train."""

from dataclasses import replace

import numpy as np
import pytest

from playground.charts import feature_histograms, gradient_paths, mode_accuracies, noise_by_size, running_statistic
from playground.nn import CrossEntropy, Dense, numerical_gradient
from playground.topics.batch_norm import one_batch as module
from playground.topics.batch_norm.one_batch import MAX_BATCH, OneBatch, examples, one_batch
from playground.topics.batch_norm.running_statistics import (
    N_SEEDS,
    POOL,
    SIZES,
    SPLITTABLE,
    Evaluation,
    batch_statistics,
    compare_modes,
    estimate_noise,
    mini_batches,
    pool,
    predicted_noise,
    seeds_trainer,
    stream,
    training_mode_accuracy,
)
from playground.training.loop import initial_network
from playground.training.trainer import Trainer

BATCHES = {
    "default": OneBatch(),
    "two examples": OneBatch(batch_size=2),
    "one example": OneBatch(batch_size=1),
    "one feature": OneBatch(n_features=1, feature=6),
    "the largest": OneBatch(batch_size=512, n_features=6, dataset="blobs"),
    "four points": OneBatch(dataset="xor", batch_size=64, example=64),
    "all zeros": OneBatch(initializer="zeros"),
    "small": OneBatch(initializer="small_normal", gain=0.1),
    "large": OneBatch(initializer="unit_normal", gain=10, gamma=3, beta=-3),
    "no scale": OneBatch(gamma=0),
    "one feature turned round": OneBatch(gamma=-2, beta=1.5, only_one=True, feature=3),
}
each_batch = pytest.mark.parametrize("p", BATCHES.values(), ids=BATCHES)
SHORT = Evaluation(epochs=10)


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    """Trained networks; tests share them, so none may train them any further."""
    trainer = seeds_trainer(SHORT.experiment)
    trainer.run(10**6)
    return trainer


# One batch


@each_batch
def test_the_batch_is_normalised_as_ioffe_and_szegedy_have_it(p):
    seen = one_batch(p)
    mean, var = seen.z.sum(axis=0) / len(seen.z), ((seen.z - seen.z.mean(axis=0)) ** 2).sum(axis=0) / len(seen.z)
    assert np.allclose(seen.mean, mean, rtol=1e-12, atol=1e-14)
    assert np.allclose(seen.var, var, rtol=1e-9, atol=1e-14)
    x_hat = (seen.z - mean) / np.sqrt(var + 1e-5)
    assert np.allclose(seen.norm.output, seen.norm.gamma * x_hat + seen.norm.beta, rtol=0, atol=1e-11)


@each_batch
def test_the_three_paths_add_up_to_the_backward_pass(p):
    seen = one_batch(p)
    assert seen.paths.shape == (3, *seen.z.shape)
    assert seen.gap <= 1e-15 + 1e-14 * np.abs(seen.dz).max()
    assert max(seen.errors.values()) < 1e-6


@each_batch
def test_a_shift_of_the_batch_has_no_gradient_and_a_stretch_only_that_of_epsilon(p):
    seen = one_batch(p)
    j, rounding = seen.feature, 1e-14 * len(seen.z) * np.abs(seen.paths).max()
    assert abs(seen.shift[0]) <= rounding
    assert seen.shift[1] == pytest.approx(seen.paths[0, :, j].sum(), abs=1e-14)
    left = 1e-5 / (seen.z[:, j].var() + 1e-5)
    assert seen.stretch[0] == pytest.approx(left * seen.stretch[1], rel=1e-6, abs=rounding)
    assert seen.stretch[1] == pytest.approx(seen.paths[0, :, j] @ seen.norm.X_hat[:, j], abs=1e-14)


def test_the_upstream_gradient_is_that_of_the_loss_behind(monkeypatch):
    """Measured: move one output of the batch normalisation, and see how much the loss changes."""
    built = []
    make = module.NeuralNetwork
    monkeypatch.setattr(module, "NeuralNetwork", lambda layers: built.append(make(layers)) or built[-1])
    p = OneBatch(batch_size=5, n_features=3, seed=7, gamma=1.5)
    one_batch.cache_clear()
    seen, [network] = one_batch(p), built
    y = examples(p.dataset, p.seed).y_train[:5]
    output = seen.norm.output.copy()

    def loss():
        A = output
        for layer in network.layers[2:]:
            A = layer.forward(A)
        return CrossEntropy.value(A, y)

    assert np.abs(seen.dout).max() > 1e-3
    assert np.allclose(seen.dout, numerical_gradient(loss, output), rtol=1e-6, atol=1e-10)


def test_a_batch_of_one_gives_beta_and_no_gradient():
    seen = one_batch(OneBatch(batch_size=1, beta=1.5, gamma=2))
    assert np.all(seen.norm.output == 1.5)
    assert not seen.var.any()
    assert not seen.dz.any()


def test_gain_leaves_no_trace_and_scale_and_shift_are_the_new_spread_and_mean():
    before, after = one_batch(OneBatch()), one_batch(OneBatch(gain=10, gamma=2, beta=-1))
    assert np.allclose(after.z, 10 * before.z)
    assert np.allclose(after.norm.X_hat, before.norm.X_hat, rtol=0, atol=1e-3)
    assert np.allclose(after.norm.output.mean(axis=0), -1)
    assert np.allclose(after.norm.output.std(axis=0), 2, rtol=1e-3)


def test_scale_and_shift_may_be_of_the_chosen_feature_alone():
    norm = one_batch(BATCHES["one feature turned round"]).norm
    assert norm.gamma.tolist() == [1, 1, -2, 1]
    assert norm.beta.tolist() == [0, 0, 1.5, 0]


def test_a_larger_batch_only_adds_examples_and_a_choice_beyond_the_end_is_the_last():
    small, large = one_batch(OneBatch(batch_size=8)), one_batch(OneBatch(batch_size=32, example=40, feature=6))
    assert np.allclose(large.z[:8], small.z)
    assert (large.example, large.feature) == (31, 3)
    assert len(one_batch(BATCHES["four points"]).z) == 4
    assert len(one_batch(OneBatch(batch_size=MAX_BATCH)).z) == MAX_BATCH


# Running statistics and their noise


@pytest.mark.parametrize("momentum", [0.001, 0.1, 0.5, 1.0])
def test_the_running_statistics_are_exponential_averages(momentum):
    seen = stream(Evaluation(momentum=momentum, n_batches=60))
    for batches, running, start in [
        (seen.batch_mean, seen.running_mean, 0.0),
        (seen.batch_var, seen.running_var, 1.0),
    ]:
        for t in (1, 7, 60):
            weights = momentum * (1 - momentum) ** np.arange(t - 1, -1, -1)
            by_hand = (1 - momentum) ** t * start + weights @ batches[:t]
            assert running[t - 1] == pytest.approx(by_hand, rel=1e-9)


def test_batch_statistics_are_those_of_each_batch():
    z = np.random.default_rng(0).standard_normal((50, 7, 3))
    mean, var = batch_statistics(z)
    assert np.allclose(mean, z.mean(axis=1), rtol=0, atol=1e-14)
    assert np.allclose(var, z.var(axis=1, ddof=1), rtol=1e-12)
    mean, var = batch_statistics(z[:, :1])
    assert np.allclose(mean, z[:, 0], rtol=0, atol=1e-15)
    assert np.isnan(var).all()


def test_the_stream_converges_to_all_points_and_a_batch_of_one_has_no_variance():
    seen = stream(Evaluation(momentum=0.02, batch_size=256, n_batches=500))
    assert seen.mean == pytest.approx(pool(Evaluation()).mean())
    noise, _ = predicted_noise(pool(Evaluation()), 256)
    assert abs(seen.running_mean[-1] - seen.mean) < 5 * noise * np.sqrt(0.02 / 1.98)  # of an exponential average
    single = stream(Evaluation(batch_size=1))
    assert np.isnan(single.batch_var).all()
    assert np.all(single.running_var == 1)


@pytest.mark.parametrize("dataset", SPLITTABLE)
def test_the_noise_falls_as_theory_has_it(dataset):
    """The standard deviation of 2000 estimates of kurtosis k is known to sqrt((k - 1) / 8000), k = 3: 1.6 %."""
    seen = estimate_noise(Evaluation(dataset=dataset))
    slope = np.polyfit(np.log(SIZES), np.log(seen.mean), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.02)
    assert np.allclose(seen.mean, seen.mean_theory, rtol=0.1)
    assert np.allclose(seen.var[1:], seen.var_theory[1:], rtol=0.2)  # of heavier tails
    assert np.isnan([seen.var[0], seen.var_theory[0]]).all()


@pytest.mark.parametrize("size", [2, 3])
def test_the_noise_that_theory_predicts_is_exact(size):
    """Against every batch that can be drawn from a few points."""
    z = np.array([0.0, 1.0, 1.5, 4.0, -2.0])
    batches = z[np.indices((5,) * size).reshape(size, -1).T]
    mean, var = predicted_noise(z[:, None], size)
    assert mean == pytest.approx(batches.mean(axis=1).std())
    assert var == pytest.approx(batches.var(axis=1, ddof=1).std())


def test_mini_batches_are_drawn_from_all_points():
    z = np.arange(POOL, dtype=float)[:, None]
    batches = mini_batches(z, np.random.default_rng(0), 500, 64)
    assert batches.shape == (500, 64, 1)
    assert len(np.unique(batches)) == POOL


# Evaluation against training mode


def test_the_networks_of_the_stack_are_those_of_single_runs(trainer):
    experiment = replace(SHORT.experiment, seed=SHORT.seed + 3)
    alone = Trainer(SHORT.experiment, initial_network(experiment, trainer.data))
    alone.run(10**6)
    assert np.allclose(trainer.network.select(3).parameters, alone.network.parameters, rtol=0, atol=1e-12)


def test_testing_in_training_mode_leaves_the_networks_as_they_were(trainer):
    before = trainer.network.state()
    compare_modes(trainer)
    assert all(np.array_equal(array, before[name]) for name, array in trainer.network.state().items())


def test_the_accuracy_in_training_mode_is_that_of_batches_normalised_by_themselves(trainer):
    X, y = trainer.data.X_test[:12], trainer.data.y_test[:12]
    one = trainer.network.select(2)
    right = []
    for start in (0, 5, 10):
        A = X[start : start + 5]
        for layer in one.layers:
            if isinstance(layer, Dense):
                A = A @ layer.W + layer.b
            elif hasattr(layer, "gamma"):
                A = layer.gamma * (A - A.mean(axis=0)) / np.sqrt(A.var(axis=0) + layer.epsilon) + layer.beta
            elif layer is not one.layers[-1]:
                A = np.tanh(A)
        right += (A.argmax(axis=1) == y[start : start + 5].argmax(axis=1)).tolist()
    assert training_mode_accuracy(trainer.network, X, y, 5)[2] == np.mean(right)


def test_modes_differ_as_they_must(trainer):
    seen = compare_modes(trainer)
    assert seen.sizes == tuple(2**power for power in range(10))
    assert seen.shuffled.shape == seen.sorted.shape == (10, N_SEEDS)
    _, accuracy = trainer.network.evaluate(trainer.data.X_test, trainer.data.y_test)
    assert np.array_equal(seen.evaluation, accuracy)
    classes = trainer.data.y_test.mean(axis=0)
    assert np.isin(seen.shuffled[0].round(9), classes.round(9)).all()  # each names one class, whatever the point
    assert np.array_equal(seen.shuffled[0], seen.sorted[0])  # a batch of one has no neighbours
    assert np.allclose(seen.shuffled[-1], seen.sorted[-1], rtol=0, atol=1 / 512)  # all have the same
    assert np.median(seen.cost(2)) > np.median(seen.cost(64))
    assert np.all(seen.sorted[5] < seen.evaluation)


def test_training_does_not_depend_on_the_stream():
    other = Evaluation(momentum=0.5, batch_size=2, n_batches=9)
    assert other.experiment == Evaluation().experiment
    assert Evaluation(seed=1).experiment != Evaluation().experiment


def test_without_hidden_layers_there_is_nothing_to_mistake():
    trainer = seeds_trainer(Evaluation(hidden=(), epochs=1).experiment)
    seen = compare_modes(trainer)
    assert np.all(seen.shuffled == seen.evaluation)
    assert np.all(seen.sorted == seen.evaluation)


# Pictures


def floats(packed: str) -> np.ndarray:
    return np.array([float(value) for value in packed.split()])


@each_batch
def test_the_histograms_hold_every_example(p):
    seen = one_batch(p)
    for values in (seen.z, seen.norm.output):
        picture = feature_histograms("z", values, seen.feature)
        rows = picture.tables["features"].to_pylist()
        assert [row["chosen"] for row in rows] == [j == seen.feature for j in range(values.shape[1])]
        for row, column in zip(rows, values.T, strict=True):
            edges = floats(row["value"])
            assert edges[0] <= column.min()
            assert column.max() <= edges[-1]
            heights = floats(row["top"])[:-1] - row["base"]
            counts, _ = np.histogram(column, edges)
            assert np.allclose(heights / 0.66, counts / counts.max(), rtol=0, atol=2e-3)
        notes = picture.tables["notes"].to_pydict()
        assert np.allclose(notes["mean"], values.mean(axis=0))
        assert np.allclose(np.subtract(notes["high"], notes["low"]), 2 * values.std(axis=0))


def test_a_mean_that_is_only_rounding_is_written_as_zero():
    assert all(note == "μ 0, σ 1" for note in feature_histograms("y", one_batch(OneBatch()).norm.output, 0)
               .tables["notes"]["text"].to_pylist())  # fmt: skip


def test_the_paths_on_the_chart_are_those_of_the_engine():
    seen = one_batch(OneBatch())
    picture = gradient_paths(seen.paths[:, 12:24, 0], seen.dz[12:24, 0], 13, 15)
    table, total = (picture.tables[name].to_pydict() for name in ("paths", "sum"))
    assert total["example"] == list(range(13, 25))
    assert np.array_equal(total["gradient"], seen.dz[12:24, 0])
    shown = np.array(table["gradient"]).reshape(3, 12)
    assert np.array_equal(shown, seen.paths[:, 12:24, 0])
    assert np.allclose(shown.sum(axis=0), total["gradient"], rtol=0, atol=1e-15)
    assert {n for n, chosen in zip(table["example"], table["chosen"], strict=True) if chosen} == {15}
    assert picture.alt.startswith("Gradient dL/dz of examples 13 to 24")


def test_a_running_statistic_leaves_out_what_is_not_there():
    seen = stream(Evaluation(batch_size=1, n_batches=9))
    tables = running_statistic("Variance", seen.batch_var, seen.running_var, seen.var).tables
    assert tables["batches"].to_pylist() == [{"step": "", "value": ""}]
    assert floats(tables["running"].to_pylist()[0]["value"]).tolist() == [1] * 9
    assert tables["all"].to_pylist() == [{"value": seen.var}]


def test_noise_without_a_value_has_no_place_on_the_chart():
    seen = estimate_noise(Evaluation())
    rows = noise_by_size("σ", SIZES, seen.var, seen.var_theory).tables["noise"].to_pylist()
    assert [floats(row["size"]).tolist() for row in rows] == [list(SIZES[1:])] * 2
    assert np.allclose(floats(rows[0]["value"]), seen.var[1:], rtol=1e-3)
    assert np.allclose(floats(rows[1]["value"]), seen.var_theory[1:], rtol=1e-3)


def test_the_chart_of_modes_holds_the_quartiles(trainer):
    seen = compare_modes(trainer)
    bands = [
        np.quantile(values, [0.25, 0.5, 0.75], axis=-1) for values in (seen.evaluation, seen.shuffled, seen.sorted)
    ]
    picture = mode_accuracies(seen.sizes, *bands)
    rows = picture.tables["modes"].to_pylist()
    for row, band in zip(rows, bands[1:], strict=True):
        assert np.allclose([floats(row[name]) for name in ("low", "median", "high")], band, rtol=0, atol=1e-3)
    assert list(picture.tables["evaluation"].to_pylist()[0].values()) == bands[0].tolist()
