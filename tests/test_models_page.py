"""The page that explains the networks' parts: every number in its template is computed, and computed rightly."""

import re
import string
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.special
import torch

DOCS = Path(__file__).parent.parent / "docs"
sys.path.append(str(DOCS))

import models  # noqa: E402
import models_parts as parts  # noqa: E402
import models_training  # noqa: E402
import models_values as values  # noqa: E402
from models_clip import make_subject, trace  # noqa: E402

TEMPLATE = models.TEMPLATE.read_text(encoding="utf-8")
SOURCES = (DOCS / "sources.md").read_text(encoding="utf-8")


def placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def anchors(text):
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\s-]", "", heading.lower()).replace(" ", "-") for heading in headings}


def made_sequences(steps=60):
    return np.random.default_rng(0).normal(size=(8, steps, 20))


def gradient(cell, bias=None, units=64):
    layer = parts.recurrent_layer(cell, 20, units, forget_bias=bias)
    return parts.gradient_by_distance(layer, made_sequences())


@pytest.fixture(scope="module")
def subject(corpora):
    return make_subject(corpora / "aesdd", None)


def test_no_number_is_typed_into_the_template():
    models.check_template(TEMPLATE)


def test_a_typed_number_is_found_but_a_recipe_name_is_none():
    models.check_template("`adaptive-cnn-3` has {parameters:,} parameters")
    with pytest.raises(SystemExit, match="line 2: a number is typed"):
        models.check_template("fine\nof 12 clips")


def test_links_lead_to_headings():
    for page, anchor in re.findall(r"\]\((\w+\.md)?#([\w-]+)\)", TEMPLATE):
        assert anchor in anchors(SOURCES if page == "sources.md" else TEMPLATE), (page, anchor)
    for anchor in re.findall(r"\]\(models\.md#([\w-]+)\)", SOURCES):
        assert anchor in anchors(TEMPLATE)


@pytest.mark.corpus
def test_every_placeholder_gets_a_value_and_every_value_is_used(subject):
    filled = values.page_values(subject, trace(subject))
    assert sorted(placeholders(TEMPLATE) ^ set(filled)) == []
    assert "{" not in TEMPLATE.format(**filled)


@pytest.mark.corpus
def test_every_picture_is_in_the_template(subject):
    drawn = models.draw(subject, trace(subject))
    assert set(re.findall(r"\(models/([\w-]+)\.png\)", TEMPLATE)) == set(drawn)


@pytest.mark.corpus
def test_a_feature_map_is_the_sum_of_products(subject):
    filled = values.convolution_values(subject, trace(subject))
    assert filled["by_hand"] == pytest.approx(filled["by_torch"], rel=1e-4, abs=1e-5)


@pytest.mark.corpus
def test_a_clip_in_a_masked_batch_is_what_it_is_alone(subject):
    filled = values.mask_values(subject)
    assert filled["mask_difference"] < 1e-5 < filled["blind_difference"]


def test_softmax_agrees_with_scipy():
    for logits, _ in parts.SOFTMAX_CLAIMS:
        np.testing.assert_allclose(parts.softmax(logits), scipy.special.softmax(logits), rtol=1e-12)


def test_the_worked_softmax_of_the_reference_is_wrong():
    (logits, claimed), (second, second_claimed) = parts.SOFTMAX_CLAIMS
    assert sum(claimed) == pytest.approx(1.05)
    np.testing.assert_allclose(parts.softmax(logits), [0.215, 0.007, 0.048, 0.713, 0.018], atol=5e-4)
    assert parts.cross_entropy(logits, 3) == pytest.approx(0.339, abs=5e-4)
    assert parts.cross_entropy(logits, 0) == pytest.approx(1.539, abs=5e-4)
    assert np.abs(parts.softmax(second) - second_claimed).max() > 0.1


def test_cross_entropy_agrees_with_torch():
    logits = torch.tensor([[0.3, -2.0, 1.1]], dtype=torch.float64)
    for truth in range(3):
        expected = torch.nn.functional.cross_entropy(logits, torch.tensor([truth])).item()
        assert parts.cross_entropy(logits[0].numpy(), truth) == pytest.approx(expected)


def test_the_gradient_of_an_lstm_fades_more_slowly_than_that_of_a_plain_rnn():
    plain, fresh, open_gates = gradient("rnn"), gradient("lstm"), gradient("lstm", 3.0)
    factors = [parts.factor_per_step(curve) for curve in (plain, fresh, open_gates)]
    assert factors == sorted(factors)
    assert fresh[40] / fresh[0] > 5 * plain[40] / plain[0]


def test_the_gradient_is_the_change_of_the_last_state():
    layer = parts.recurrent_layer("lstm", 20, 16)
    sequence = made_sequences(steps=6)[:1]
    direction = torch.nn.functional.normalize(torch.randn(1, 16, generator=torch.Generator().manual_seed(0)), dim=1)

    def along(inputs):
        with torch.inference_mode():
            return (layer.double()(torch.tensor(inputs))[0][:, -1] * direction).sum().item()

    found = parts.gradient_by_distance(layer, sequence)
    step = 1e-5
    for distance in (0, 3):
        slopes = []
        for feature in range(20):
            moved = sequence.copy()
            moved[0, 5 - distance, feature] += step
            slopes.append((along(moved) - along(sequence)) / step)
        assert np.linalg.norm(slopes) == pytest.approx(found[distance], rel=1e-3)


def test_the_formulas_of_the_gates_are_those_of_torch():
    layer = parts.recurrent_layer("lstm", 20, 16, forget_bias=1.0)
    sequence = made_sequences(steps=30)[0]
    with torch.inference_mode():
        states, (_, cell) = layer(torch.tensor(sequence, dtype=torch.float32)[None])
    gates = parts.lstm_gates(layer, sequence)
    np.testing.assert_allclose(gates.state, states[0].numpy(), atol=1e-6)
    np.testing.assert_allclose(gates.cell[-1], cell[0, 0].numpy(), atol=1e-6)


def test_plain_sgd_shrinks_the_flat_direction_by_its_factor():
    rate, (flat, steep), (start, other) = 0.02, parts.STEEPNESS, parts.BOWL_START
    losses = parts.bowl_losses(parts.optimizers()["SGD"])
    steps = np.arange(len(losses))
    expected = flat / 2 * (start * (1 - rate * flat) ** steps) ** 2
    expected += steep / 2 * (other * (1 - rate * steep) ** steps) ** 2
    np.testing.assert_allclose(losses, expected, rtol=1e-9, atol=1e-15)


def test_momentum_is_faster_than_plain_sgd():
    steps = {name: parts.steps_until(losses) for name, losses in models_training.optimizer_losses().items()}
    assert steps["Nesterov"] < steps["momentum"] < steps["SGD"]


def test_the_plateau_schedule_halves_after_its_patience():
    rates = parts.plateau(np.array([1.0, 0.5, *[0.6] * 8]), 1e-3, 0.5, 2)
    np.testing.assert_allclose(rates, 1e-3 * np.array([1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]))


def test_decays_follow_their_formulas():
    assert parts.time_decay(1.0, 1e-6, 10_001)[-1] == pytest.approx(1 / 1.01)
    torch_rate = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = torch.optim.lr_scheduler.ExponentialLR(torch_rate, gamma=0.95)
    for rate in parts.exponential_decay(1.0, 0.05, 5):
        assert torch_rate.param_groups[0]["lr"] == pytest.approx(rate)
        torch_rate.step()
        schedule.step()


def test_training_stops_when_patience_is_over_and_keeps_the_best_epoch():
    assert parts.stop_epoch(np.array([1, 3, 2, 2, 2, 9]), 3) == (2, 5)
    assert parts.stop_epoch(np.array([1, 2, 3]), 3) == (3, 3)


def test_the_best_of_many_equal_epochs_looks_better_than_it_is():
    one, ten, many = parts.best_of([1, 10, 300], 0.7)
    assert one == pytest.approx(0.7, abs=0.005)
    assert one + 0.05 < ten < many < 0.85
