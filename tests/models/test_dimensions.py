"""A network has an output for each emotion and each dimension; the latter are told on the scale of the corpus."""

import numpy as np
import pytest
import torch
from tests.tiny import TINY

from paraverbal.config import read_recipe
from paraverbal.models.dimensions import LEAST_DEVIATION, DimensionScale
from paraverbal.models.model import SpeechModel

LABELS = ("anger", "fear", "neutral")
BOTH = "training.dimensions=['arousal','dominance']"
VALUES = np.float32([[1, 40], [3, np.nan], [np.nan, 60], [5, 80]])


def model_of(*overrides):
    torch.manual_seed(0)
    return SpeechModel(read_recipe("cnn-lstm", [*TINY, *overrides]), LABELS).eval()


@pytest.fixture
def scale():
    fitted = DimensionScale(("arousal", "dominance"))
    fitted.fit(VALUES)
    return fitted


def test_mean_and_deviation_are_those_of_the_values_that_are_known(scale):
    assert scale.mean.tolist() == [3, 60]
    np.testing.assert_allclose(scale.deviation.numpy(), [np.std([1, 3, 5]), np.std([40, 60, 80])], rtol=1e-6)


def test_known_training_values_have_mean_0_and_deviation_1_and_what_is_unknown_stays_so(scale):
    standardised = scale.standardised(torch.from_numpy(VALUES)).numpy()
    assert np.array_equal(np.isnan(standardised), np.isnan(VALUES))
    np.testing.assert_allclose(np.nanmean(standardised, axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(np.nanstd(standardised, axis=0), 1, atol=1e-6)


def test_what_was_standardised_comes_back(scale):
    known = torch.tensor([[1.0, 40.0], [2.5, -7.0]])
    torch.testing.assert_close(scale(scale.standardised(known)), known)


def test_a_dimension_that_never_varies_is_not_divided_by_zero():
    constant = DimensionScale(("valence",))
    constant.fit(np.full((4, 1), 2.0, np.float32))
    assert constant.deviation.item() == pytest.approx(LEAST_DEVIATION)
    assert constant.standardised(torch.tensor([[2.0]])).item() == 0


def test_a_scale_that_was_not_fitted_changes_nothing_and_travels_with_the_weights():
    fresh = DimensionScale(("valence",))
    assert fresh(torch.tensor([[0.3]])).item() == pytest.approx(0.3)
    assert sorted(model_of(BOTH).state_dict().keys() - model_of().state_dict().keys()) == [
        "dimensions.deviation",
        "dimensions.mean",
    ]


def test_outputs_are_logits_then_dimensions_which_are_brought_to_their_scale(scale):
    model = model_of(BOTH)
    model.dimensions.load_state_dict(scale.state_dict())
    features = torch.randn(4, 24, 63)
    with torch.inference_mode():
        outputs = model.network(*model.prepare(features))
        logits, told = model.answer(features)
        assert torch.equal(model.classify(features), logits)
    assert outputs.shape == (4, 5)
    assert torch.equal(logits, outputs[:, :3])
    np.testing.assert_allclose(
        told.numpy(), outputs[:, 3:].numpy() * scale.deviation.numpy() + [3, 60], rtol=1e-5, atol=1e-5
    )


def test_a_model_of_emotions_alone_tells_no_dimension():
    model = model_of()
    assert model.dimensions is None
    logits, told = model.answer(torch.randn(2, 24, 63))
    assert (logits.shape, told.shape) == ((2, 3), (2, 0))


def test_each_dimension_costs_the_weights_of_one_more_output():
    last = model_of().network.output
    more = model_of(BOTH).parameters_count - model_of().parameters_count
    assert more == 2 * (last.in_features + 1)
