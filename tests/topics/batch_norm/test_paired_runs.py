"""In paired runs batch normalisation alone makes the difference, and what is measured on the way changes nothing."""

from types import SimpleNamespace

import altair as alt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.charts import input_drift, paired_gradients
from playground.charts.input_drift import REACH, nice_limit
from playground.nn import BatchNorm, Dense, NeuralNetwork, ReLU, Softmax
from playground.topics.batch_norm import paired_runs
from playground.topics.batch_norm.paired_runs import PERCENTILES, PROBE, Pairs, PairsTrainer, input_percentiles, verdict
from playground.topics.initialization.race import Race, RaceTrainer
from playground.training.contestants import Contestant
from playground.training.significance import AT_THE_END, bounded, seeds_needed


def small(**knobs) -> Pairs:
    return Pairs(**{"n_seeds": 3, "hidden": (5, 4), "n_points": 60, "epochs": 6} | knobs)


def finished(trainer):
    trainer.run(10**6)
    return trainer


def test_both_of_a_pair_start_from_the_same_weights():
    trainer = PairsTrainer(small())
    without, with_it = trainer.race.contestants
    for seed in range(3):
        pair = [trainer.network(contestant, seed) for contestant in (without, with_it)]
        assert not any(isinstance(layer, BatchNorm) for layer in pair[0].layers)
        assert sum(isinstance(layer, BatchNorm) for layer in pair[1].layers) == 2
        for one, other in zip(pair[0].dense, pair[1].dense, strict=True):
            assert np.array_equal(one.W, other.W)
            assert not one.b.any()
            assert not other.b.any()
    assert len({network.tobytes() for network in trainer.stack(without).parameters}) == 3


def test_both_of_a_pair_see_the_same_mini_batches():
    trainer = PairsTrainer(small())
    seen = [[], []]
    for batches, each in zip(seen, trainer.trainers, strict=True):
        step = each.network.step

        def watched(X, y, optimizer, l2, batches=batches, step=step):
            batches.append((X.tobytes(), y.tobytes()))
            step(X, y, optimizer, l2)

        each.network.step = watched
    trainer.run(10**6)
    assert seen[0] == seen[1]
    assert len(seen[0]) == trainer.steps == 6 * trainer.steps_per_epoch
    assert len(set(seen[0])) == trainer.steps  # another order in each epoch


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_pair_of_runs_is_a_race_of_a_scheme_against_itself_whatever_is_measured_on_the_way(optimizer):
    shared = {"n_seeds": 3, "hidden": (5, 4), "n_points": 60, "epochs": 6, "optimizer": optimizer, "activation": "tanh"}
    pair = (Contestant("he_normal"), Contestant("he_normal", True))
    ours = finished(PairsTrainer(Pairs(initializer="he_normal", dataset="circles", **shared)))
    race = finished(RaceTrainer(Race(contestants=pair, dataset="circles", **shared)))
    assert np.array_equal(ours.figures("train_loss"), race.figures("train_loss"))
    for contestant in pair:
        assert np.array_equal(ours.stack(contestant).parameters, race.stack(contestant).parameters)


def test_percentiles_are_those_of_what_goes_into_the_activation():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 2))
    first, second, norm = Dense(2, 3, rng=rng), Dense(3, 2, rng=rng), BatchNorm(2)
    first.b[...], norm.gamma, norm.beta = [1, -2, 0.5], [2, 0.5], [-1, 3]
    network = NeuralNetwork([first, ReLU(), second, norm, ReLU(), Dense(2, 2, rng=rng), Softmax()])
    z = X @ first.W + first.b
    z2 = np.maximum(z, 0) @ second.W
    normalised = norm.gamma * (z2 - z2.mean(axis=0)) / np.sqrt(z2.var(axis=0) + norm.epsilon) + norm.beta
    expected = [np.percentile(each, PERCENTILES) for each in (z, normalised)]
    assert input_percentiles(network, X) == pytest.approx(np.array(expected))
    stacked = input_percentiles(NeuralNetwork.stack([network, network]), X)
    assert stacked.shape == (2, 2, 3)
    assert stacked[:, 1] == pytest.approx(np.array(expected))


def test_percentiles_are_noted_epoch_by_epoch_however_the_run_is_cut():
    whole, cut = finished(PairsTrainer(small())), PairsTrainer(Pairs.from_query(small().to_query())[0])
    while not cut.finished:
        cut.run(1, seconds=0)
    assert whole.epochs == cut.epochs == list(range(7))
    assert np.array_equal(whole.percentiles, cut.percentiles)
    newest = [input_percentiles(whole.stack(c), whole.data.X_train[:PROBE]) for c in whole.race.contestants]
    assert np.array_equal(whole.percentiles[-1], newest)


def test_a_long_run_keeps_the_first_the_newest_and_evenly_some_between(monkeypatch):
    monkeypatch.setattr(paired_runs, "LENGTH", 8)
    trainer = PairsTrainer(small(n_points=10, n_seeds=1, hidden=(2,), epochs=50))
    complete = {0: trainer.percentiles[0]}
    while not trainer.finished:
        trainer.run(trainer.steps_to_epoch_end)
        complete[trainer.lead.epoch] = trainer.percentiles[-1]
        assert len(trainer.epochs) == len(trainer.percentiles) <= 8
        assert trainer.epochs[0] == 0
        assert trainer.epochs[-1] == trainer.lead.epoch
        assert len(set(np.diff(trainer.epochs[:-1]))) <= 1
        assert all(map(np.array_equal, trainer.percentiles, [complete[epoch] for epoch in trainer.epochs]))


def test_networks_that_diverge_have_no_percentiles_and_the_others_keep_theirs():
    trainer = finished(PairsTrainer(small(activation="relu", hidden=(16,) * 6, learning_rate=1.0)))
    percentiles = np.array(trainer.percentiles)
    assert trainer.diverged_runs(trainer.race.contestants[0]).all()
    assert np.isnan(percentiles[-1, 0]).any()
    assert np.isfinite(percentiles[:, 1]).all()
    for contestant in trainer.race.contestants:
        assert input_drift(trainer, contestant, 0).alt
    assert paired_gradients(trainer).alt


def test_a_pair_of_runs_without_hidden_layers_is_a_draw():
    trainer = finished(PairsTrainer(small(hidden=())))
    assert np.array_equal(*trainer.figures("train_loss"))
    assert "No difference" in verdict(trainer)
    assert trainer.percentiles[0].shape == (2, 0, 3, 3)
    assert paired_gradients(trainer).alt


def told(without, with_it, over=True):
    losses = bounded(np.array([without, with_it], float))
    return verdict(SimpleNamespace(losses=lambda: losses, over=over))


def test_the_verdict_says_who_leads_and_only_where_it_is_shown():
    low, high = np.arange(1, 9) / 10, np.arange(1, 9) / 10 + 1
    assert told(high, low).startswith("**With batch normalisation the training loss is lower.**")
    assert "8 of 8 pairs" in told(high, low)
    assert "median difference 1, p = 0.0078" in told(high, low)
    assert told(low, high).startswith("**Without batch normalisation the training loss is lower.**")
    assert told(low, low).startswith("**No difference in the training loss shown.**")
    assert told(low, low[::-1]).startswith("**No difference")
    assert told(low / 1e6, high / 1e6).startswith("**No difference")  # nobody would call it one
    assert told(np.full(8, np.nan), low).startswith("**With batch")  # what has diverged has no lower loss
    assert told(np.full(8, np.nan), np.full(8, np.inf)) == "**All have diverged.** Neither loss is lower."


def test_no_side_leads_where_signed_ranks_and_medians_contradict_each_other():
    first, second = [11, 21, 31, 41, 49, 61, 71, 81, 91], range(10, 100, 10)
    assert told(first, list(second)).startswith("**No difference")


def test_who_leads_is_decided_at_the_end():
    low, high = np.arange(1, 9) / 10, np.arange(1, 9) / 10 + 1
    assert told(high, low, over=False).startswith(f"**Which loss is lower is {AT_THE_END}.**")
    assert "8 of 8 pairs" in told(high, low, over=False)
    assert "p = " not in told(high, low, over=False)
    trainer = PairsTrainer(small())
    assert AT_THE_END in verdict(trainer)
    assert AT_THE_END not in verdict(finished(trainer))


def test_too_few_seeds_are_said_to_show_nothing():
    needed = seeds_needed(2)
    enough, few = np.arange(needed) / 10, np.arange(needed - 1) / 10
    assert told(enough + 1, enough).startswith("**With")
    assert f"take at least {needed}" in told(few + 1, few)


def test_a_pair_of_runs_survives_the_url_and_has_no_knob_for_what_makes_the_difference():
    chosen = small(initializer="zeros", activation="relu", seed=5)
    assert Pairs.from_query(chosen.to_query()) == (chosen, [])
    assert "batch_norm" not in Pairs.knobs()
    assert next(iter(Pairs.knobs().values())).group == "With and without"
    assert Pairs.from_query({"batch_norm": "on"})[1] == ["Unknown setting `batch_norm` was left out."]


@given(st.text())
def test_any_text_gives_a_valid_pair_of_runs(text):
    for name in Pairs.knobs():
        Pairs.from_query({name: text})


# Pictures


def test_bands_lie_in_their_rows_on_one_scale_for_both():
    trainer = finished(PairsTrainer(small()))
    limit = nice_limit(np.array(trainer.percentiles)[:, :, :, 1])
    for which, contestant in enumerate(trainer.race.contestants):
        picture = input_drift(trainer, contestant, 1)
        assert isinstance(alt.Chart.from_dict(picture.spec), alt.LayerChart)
        assert f"from −{limit:g} to {limit:g}" in str(picture.spec)
        rows = picture.tables["inputs"].to_pylist()
        assert [row["zero"] for row in rows] == [1.5, 0.5]
        for layer, row in enumerate(rows):
            drawn = np.array([row[name].split() for name in ("low", "median", "high")], float)
            values = (drawn - row["zero"]) / REACH * limit
            expected = np.array(trainer.percentiles)[:, which, layer, 1].T
            assert values == pytest.approx(expected, abs=2e-3 * limit)
            assert np.abs(drawn - row["zero"]).max() <= 0.5


@given(st.floats(1e-3, 1e30))
def test_a_limit_is_round_and_just_beyond_all_values(value):
    limit = nice_limit(np.array([value, -value / 2, np.nan, np.inf]))
    assert value * (1 - 1e-9) <= limit <= 1.51 * value
    assert len(f"{limit:.0e}".split("e")[0]) == 1


def test_gradients_are_told_layer_by_layer_for_both():
    picture = paired_gradients(PairsTrainer(small()))
    assert isinstance(alt.Chart.from_dict(picture.spec), alt.LayerChart)
    rows = picture.tables["gradients"].to_pylist()
    assert [row["layer"] for row in rows] == ["1 2 3"] * 2
    for row in rows:
        low, median, high = (np.array(row[name].split(), float) for name in ("low", "median", "high"))
        assert (low <= median).all()
        assert (median <= high).all()
