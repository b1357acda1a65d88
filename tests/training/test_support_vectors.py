import dataclasses

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, log_loss, recall_score
from sklearn.svm import SVC

from paraverbal.errors import MetricError, RunError
from paraverbal.models.svm import SupportVectorMachine
from paraverbal.settings import SvmSettings
from paraverbal.training import support_vectors
from paraverbal.training.support_vectors import CostTried, fit_support_vectors

COSTS = (0.001, 0.1, 10.0, 1000.0)
FEATURES = 6


def parts(classes=4, count=120, seed=1):
    """Return a training and a validation part of overlapping classes, the first of them the most frequent."""
    rng = np.random.default_rng(seed)
    centres = 1.2 * rng.standard_normal((classes, FEATURES))
    shares = np.arange(classes + 1, 1, -1) / np.arange(classes + 1, 1, -1).sum()
    labels = rng.choice(classes, 2 * count, p=shares)
    features = (centres[labels] + rng.standard_normal((2 * count, FEATURES))).astype(np.float32)
    return (features[:count], labels[:count]), (features[count:], labels[count:])


def fit(train, valid, *, select_by="wa", classes=4, seed=0, **settings):
    settings = SvmSettings(**{"costs": COSTS, **settings})
    machine = SupportVectorMachine(settings, FEATURES, 1, classes)
    return machine, fit_support_vectors(machine, train, valid, settings, seed=seed, select_by=select_by)


def predictions(machine, features):
    return machine(torch.from_numpy(features).unsqueeze(2)).argmax(dim=1).numpy()


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_scores_of_each_cost_are_those_that_scikit_learn_computes(kernel):
    train, valid = parts()
    _, found = fit(train, valid, kernel=kernel, costs=(0.01, 1.0))
    for row in found.history:
        other = SVC(C=row.cost, kernel=kernel, break_ties=True).fit(*train)
        decision = other.decision_function(valid[0])
        probabilities = np.exp(decision) / np.exp(decision).sum(axis=1, keepdims=True)
        assert row.train_wa == pytest.approx(accuracy_score(train[1], other.predict(train[0])))
        assert row.train_uar == pytest.approx(recall_score(train[1], other.predict(train[0]), average="macro"))
        assert row.valid_wa == pytest.approx(accuracy_score(valid[1], other.predict(valid[0])))
        assert row.valid_uar == pytest.approx(recall_score(valid[1], other.predict(valid[0]), average="macro"))
        assert row.valid_loss == pytest.approx(log_loss(valid[1], probabilities), abs=1e-4)
        assert row.seconds >= 0


@pytest.mark.parametrize(("select_by", "best_of"), [("wa", max), ("uar", max), ("loss", min)])
def test_the_machine_holds_the_cost_that_validates_best(select_by, best_of):
    train, valid = parts()
    machine, found = fit(train, valid, select_by=select_by)
    scores = [getattr(row, f"valid_{select_by}") for row in found.history]
    assert len(set(scores)) > 1
    assert found.best == scores.index(best_of(scores))
    other = SVC(C=found.history[found.best].cost, break_ties=True).fit(*train)
    assert np.array_equal(predictions(machine, valid[0]), other.predict(valid[0]))
    assert not np.array_equal(predictions(machine, valid[0]), SVC(C=COSTS[0]).fit(*train).predict(valid[0]))


def test_of_equal_scores_the_smallest_cost_is_kept_whatever_the_order_of_the_settings():
    rng = np.random.default_rng(0)
    labels = np.arange(40) % 4
    features = (10 * np.eye(4, FEATURES)[labels] + 0.1 * rng.standard_normal((40, FEATURES))).astype(np.float32)
    _, found = fit((features, labels), (features, labels), costs=(100.0, 1.0, 10.0, 1.0))
    assert [row.cost for row in found.history] == [1.0, 10.0, 100.0]
    assert {row.valid_wa for row in found.history} == {1.0}
    assert found.best == 0
    assert found.warnings == ()


def test_gamma_scale_is_one_over_features_times_variance_and_a_number_is_taken_as_it_is():
    train, valid = parts()
    assert fit(train, valid)[0].gamma.item() == pytest.approx(1 / (FEATURES * train[0].var()))
    assert fit(train, valid)[0].gamma.item() == pytest.approx(SVC(gamma="scale").fit(*train)._gamma)
    machine, found = fit(train, valid, gamma=0.7)
    other = SVC(C=found.history[found.best].cost, gamma=0.7).fit(*train)
    assert machine.gamma.item() == pytest.approx(0.7)
    assert len(machine.vectors) == len(other.support_vectors_)


def test_features_that_never_vary_leave_nothing_to_choose_by_but_do_not_stop_a_training():
    train, valid = parts()
    constant = np.ones_like(train[0])
    machine, found = fit((constant, train[1]), valid, costs=(1.0,))
    assert machine.gamma.item() == 1
    assert found.history[0].train_uar == pytest.approx(1 / 4)


def test_the_same_clips_give_the_same_machine_whatever_the_seed():
    train, valid = parts()
    states = [fit(train, valid, seed=seed)[0].state_dict() for seed in (0, 1)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_a_class_with_one_training_clip_can_be_learnt():
    train, valid = parts(classes=3)
    train = (np.concatenate([train[0], np.full((1, FEATURES), 30, np.float32)]), np.append(train[1], 3))
    machine, _ = fit(train, valid, kernel="linear", costs=(1.0,))
    assert predictions(machine, np.full((1, FEATURES), 30, np.float32)).tolist() == [3]


def test_a_class_without_training_clips_counts_as_missed():
    train, valid = parts()
    seen = train[1] != 3
    _, found = fit((train[0][seen], train[1][seen]), valid)
    other = SVC(C=found.history[-1].cost, break_ties=True).fit(train[0][seen], train[1][seen])
    assert (valid[1] == 3).any()
    assert found.history[-1].valid_wa == pytest.approx(accuracy_score(valid[1], other.predict(valid[0])))


def test_one_class_alone_is_an_error():
    train, valid = parts()
    with pytest.raises(
        RunError, match="all training clips are of one class; a support vector machine needs at least two"
    ):
        fit((train[0], np.zeros_like(train[1])), valid)


def test_a_part_without_clips_or_with_an_unknown_label_is_an_error():
    train, valid = parts()
    with pytest.raises(MetricError, match="empty"):
        fit(train, (valid[0][:0], valid[1][:0]))
    with pytest.raises(MetricError, match="expected 0 to 2"):
        fit(train, valid, classes=3)


def test_features_of_another_shape_or_not_finite_are_errors_that_say_where():
    train, valid = parts()
    with pytest.raises(RunError, match=r"the validation features have shape \[120, 5\], expected \[120, 6\]"):
        fit(train, (valid[0][:, :5], valid[1]))
    broken = train[0].copy()
    broken[7, 2] = np.nan
    with pytest.raises(RunError, match="the features of 1 training clips are NaN or infinite, first of clip 7"):
        fit((broken, train[1]), valid)


def test_a_solver_that_does_not_converge_is_told_and_its_cost_still_scored(monkeypatch):
    monkeypatch.setattr(support_vectors, "MAX_STEPS", 30)
    train, valid = parts()
    _, found = fit(train, valid, kernel="linear", costs=(0.001, 1000.0))
    assert len(found.history) == 2
    assert any("cost 1000: the solver stopped at 30 steps" in sentence for sentence in found.warnings)


def test_a_row_of_the_history_has_the_keys_of_the_file():
    keys = [field.name for field in dataclasses.fields(CostTried)]
    assert keys == ["cost", "train_wa", "train_uar", "valid_loss", "valid_wa", "valid_uar", "seconds"]
