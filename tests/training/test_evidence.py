"""What rules of findings ask agrees with the calculus, and with what is computed by hand."""

import numpy as np
from runs import snapshot_after

from playground.training.findings.evidence import downhill, recent_update_ratios, standard_error, usual


def test_a_tiny_step_changes_the_loss_by_its_length_times_the_gradient():
    """dL = -sum over the layers of |step| |dL/dW|, for a step against the gradient; each is a share of |W| long."""
    seen = snapshot_after(5, hidden=(8, 8))
    lengths = recent_update_ratios(seen) * [np.linalg.norm(layer.weights) for layer in seen.layers]
    slope = -sum(length * layer.gradient_norm for length, layer in zip(lengths, seen.layers, strict=True))
    [change] = downhill(seen, 1e-5)
    loss = seen.network.evaluate(seen.data.X_train, seen.data.y_train)[0]
    assert np.isclose(change * loss, 1e-5 * slope, rtol=1e-3)


def test_a_step_of_many_times_the_length_overshoots_and_the_network_stays_as_it_is():
    seen = snapshot_after(20, learning_rate=0.3)
    before = seen.network.parameters.copy()
    near, far = downhill(seen, 1, 1e4)
    assert near < 0 < far
    assert np.array_equal(seen.network.parameters, before)


def test_before_the_first_step_there_is_no_length():
    assert downhill(snapshot_after(0), 1) is None


def test_the_usual_loss_heeds_no_odd_moment():
    assert usual([1.0, 1.0, 9.0, 1.0, 1.0, 2.0, 2.0, 2.0]).tolist() == [1.0, 1.0, 2.0, 2.0]


def test_the_standard_error_is_what_means_of_other_samples_differ_by():
    """Means of the loss on samples drawn anew differ by as much as one sample claims."""
    seen = snapshot_after(20, n_points=500, noise=0.3)
    X, y = seen.data.X_train, seen.data.y_train
    losses = -np.log((seen.network.predict(X) * y).sum(axis=1))
    means = np.random.default_rng(0).choice(losses, (2000, len(losses))).mean(axis=1)
    assert np.isclose(standard_error(seen, X, y), means.std(), rtol=0.1)
