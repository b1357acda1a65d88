import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paraverbal.bundle.temperature import tempered
from paraverbal.metrics.calibration import fit_temperature
from paraverbal.metrics.classes import cross_entropy


def drawn(clips: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, and truth drawn from them: they are calibrated by construction."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1.5, (clips, 4))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return np.array([rng.choice(4, p=row) for row in probabilities]), probabilities


def test_calibrated_probabilities_keep_a_temperature_near_1() -> None:
    assert fit_temperature(*drawn()) == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize("temperature", [0.7, 2.0, 5.0])
def test_a_known_temperature_is_found_again(temperature: float) -> None:
    truth, probabilities = drawn()
    oversure = tempered(probabilities, 1 / temperature)
    assert fit_temperature(truth, oversure) == pytest.approx(temperature, rel=0.1)
    found = tempered(oversure, fit_temperature(truth, oversure))
    assert cross_entropy(truth, found) < cross_entropy(truth, oversure)


@given(temperature=st.floats(0.5, 20))
def test_a_temperature_changes_neither_the_order_of_the_labels_nor_their_sum(temperature: float) -> None:
    probabilities = np.array([[0.1, 0.6, 0.3], [1.0, 0.0, 0.0], [1e-30, 1.0, 1e-12]])
    changed = tempered(probabilities, temperature)
    np.testing.assert_allclose(changed.sum(axis=1), 1)
    assert (changed.argmax(axis=1) == probabilities.argmax(axis=1)).all()


def test_it_is_the_softmax_of_logits_divided_by_the_temperature() -> None:
    logits = np.array([2.0, -1.0, 0.5])
    probabilities = np.exp(logits) / np.exp(logits).sum()
    expected = np.exp(logits / 3) / np.exp(logits / 3).sum()
    np.testing.assert_allclose(tempered(probabilities, 3.0), expected)
