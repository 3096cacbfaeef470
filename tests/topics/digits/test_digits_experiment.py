"""The project's defaults train as the course's script does."""

import numpy as np
import pytest

from playground.nn import SGD
from playground.topics.course.station import path
from playground.topics.digits.digits_experiment import COURSE_RATE, Digits
from playground.topics.forward_backward.mistakes import broken
from playground.training.loop import experiment_data, initial_network


@pytest.mark.parametrize("experiment", [Digits(), path(0)["xor"].record], ids=["digits", "xor"])
def test_a_step_is_that_of_the_course_which_sums_the_gradients_of_a_mini_batch(experiment):
    data = experiment_data(experiment)
    X, y = data.X_train[: experiment.batch_size], data.y_train[: experiment.batch_size]
    ours = initial_network(experiment, data)
    course = broken(ours, "sum_instead_of_mean")
    ours.step(X, y, SGD(experiment.learning_rate))
    course.step(X, y, SGD(COURSE_RATE))
    assert np.allclose(ours.parameters, course.parameters, rtol=0, atol=1e-6)
    assert not np.allclose(ours.parameters, initial_network(experiment, data).parameters, rtol=0, atol=1e-4)
