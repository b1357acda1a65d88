"""The loss of dimensions is 1 - CCC of the clips that have a value, and its gradient goes where it should."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from paraverbal.metrics.dimensions import concordance_cc, mean_ccc
from paraverbal.training.losses import concordance_loss, emotion_loss

NAN = float("nan")


@st.composite
def batches(draw):
    """Answers and truths of 2 to 40 clips on up to three scales, and where a truth is not known."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = (draw(st.integers(2, 40)), draw(st.integers(1, 3)))
    truth = rng.normal(draw(st.floats(-3, 3)), draw(st.floats(0.2, 3)), shape)
    answer = draw(st.floats(-2, 2)) * truth + rng.normal(0, 1, shape)
    return answer, truth, rng.random(shape) < draw(st.sampled_from([0.0, 0.3]))


def loss_of(answer, truth):
    return concordance_loss(torch.tensor(answer), torch.tensor(truth)).item()


@given(batches())
def test_the_loss_is_one_minus_the_mean_ccc_of_the_metric(batch):
    answer, truth, _ = batch
    assert loss_of(answer, truth) == pytest.approx(1 - mean_ccc(truth, answer), abs=1e-9)


@given(batches())
def test_a_clip_without_a_value_does_not_count(batch):
    answer, truth, unknown = batch
    columns = [(truth[~gone, name], answer[~gone, name]) for name, gone in enumerate(unknown.T)]
    told = [1 - concordance_cc(*pair) for pair in columns if len(pair[0]) > 1]
    expected = np.mean(told) if told else 0.0
    assert loss_of(answer, np.where(unknown, NAN, truth)) == pytest.approx(expected, abs=1e-9)


def test_agreement_costs_nothing_the_reverse_two_and_a_constant_one():
    truth = np.array([[1.0], [2.0], [4.0]])
    assert loss_of(truth, truth) == pytest.approx(0, abs=1e-12)
    assert loss_of(2 * truth.mean() - truth, truth) == pytest.approx(2)
    assert loss_of(np.full_like(truth, truth.mean()), truth) == pytest.approx(1)
    # By hand: variances 2/3 and 0, means 2 and 3 of the truths 1, 2, 3: covariance 0.
    assert loss_of(np.full((3, 1), 3.0), np.array([[1.0], [2.0], [3.0]])) == pytest.approx(1)
    # By hand: truths 0, 2 and answers 0, 4: covariance 2, variances 1 and 4, means 1 and 2: 1 - 4 / 6.
    assert loss_of(np.array([[0.0], [4.0]]), np.array([[0.0], [2.0]])) == pytest.approx(1 / 3)


def gradient(answer, truth):
    given = torch.tensor(answer, requires_grad=True)
    loss = concordance_loss(given, torch.tensor(truth))
    loss.backward()
    return loss.item(), given.grad.numpy()


@pytest.mark.parametrize(
    "truth",
    [
        np.full((4, 2), NAN),
        np.where(np.arange(8).reshape(4, 2) < 2, 1.0, NAN),  # one clip of each dimension
        np.full((1, 2), 3.0),
    ],
)
def test_a_batch_that_tells_nothing_has_no_loss_and_a_gradient_of_zero(truth):
    loss, moved = gradient(np.linspace(0, 1, truth.size).reshape(truth.shape), truth)
    assert loss == 0
    assert np.array_equal(moved, np.zeros_like(truth))


def test_truth_and_answer_that_are_the_same_constant_have_no_loss_but_different_ones_do():
    assert gradient(np.full((3, 1), 2.0), np.full((3, 1), 2.0))[0] == 0
    loss, moved = gradient(np.array([[1.0], [2.0], [3.0]]), np.full((3, 1), 5.0))
    assert loss == pytest.approx(1)
    assert np.isfinite(moved).all()


def test_the_gradient_of_an_unknown_clip_is_zero_and_of_the_others_that_of_finite_differences():
    rng = np.random.default_rng(0)
    answer, truth = rng.normal(size=(6, 2)), rng.normal(1, 2, (6, 2))
    truth[2, 0] = truth[5, 1] = NAN
    _, moved = gradient(answer, truth)
    step, expected = 1e-6, np.zeros_like(answer)
    for place in np.ndindex(answer.shape):
        beside = np.zeros_like(answer)
        beside[place] = step
        expected[place] = (loss_of(answer + beside, truth) - loss_of(answer - beside, truth)) / (2 * step)
    np.testing.assert_allclose(moved, expected, atol=1e-8)
    assert (moved[2, 0], moved[5, 1]) == (0, 0)
    assert np.count_nonzero(moved) == 10


def test_a_dimension_without_values_does_not_thin_the_others():
    answer, truth = np.array([[0.0, 1.0], [4.0, 2.0]]), np.array([[0.0, NAN], [2.0, NAN]])
    assert loss_of(answer, truth) == pytest.approx(1 / 3)


def test_the_loss_of_emotions_is_the_mean_cross_entropy_in_nats():
    logits, labels = torch.randn(5, 3, dtype=torch.float64), torch.tensor([0, 2, 1, 1, 0])
    expected = -logits.softmax(dim=1)[torch.arange(5), labels].log().mean()
    torch.testing.assert_close(emotion_loss(logits, labels), expected)
    torch.testing.assert_close(emotion_loss(logits, labels), functional.nll_loss(logits.log_softmax(1), labels))


def test_logits_of_labels_that_a_clip_cannot_have_do_not_count() -> None:
    logits, labels = torch.randn(4, 5, requires_grad=True), torch.tensor([0, 2, 2, 0])
    possible = torch.tensor([[True, False, True, False, True]]).expand(4, 5)
    for smoothing in (0.0, 0.1):
        loss = emotion_loss(logits, labels, smoothing, possible)
        fewer = functional.cross_entropy(logits[:, ::2], labels // 2, label_smoothing=smoothing)
        assert torch.allclose(loss, fewer, atol=1e-6)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert torch.isfinite(gradient).all()
    assert torch.equal(gradient[:, 1::2], torch.zeros(4, 2))


def test_where_all_labels_are_possible_the_loss_is_the_plain_one() -> None:
    logits, labels = torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 1, 2])
    plain = emotion_loss(logits, labels, 0.2)
    assert torch.allclose(emotion_loss(logits, labels, 0.2, torch.ones(6, 3, dtype=torch.bool)), plain, atol=1e-6)
