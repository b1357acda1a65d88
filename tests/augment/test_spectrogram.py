"""What is drawn for a spectrogram can be read, keeps to the settings, and is what is then done."""

import numpy as np
import pytest

from paraverbal.augment.spectrogram import SpectrogramChange, apply_change, draw_change
from paraverbal.config import AugmentSettings, read_recipe

FRAMES = 282
DRAWS = 4000
PUBLISHED = read_recipe("cnn-lstm").augment


def changes(settings, frames=FRAMES, draws=DRAWS):
    rng = np.random.default_rng(0)
    return [draw_change(settings, frames, rng) for _ in range(draws)]


def spectrogram(bands=128, frames=FRAMES):
    return np.random.default_rng(1).uniform(-80, 0, (bands, frames)).astype(np.float32)


def test_each_change_is_drawn_with_its_own_probability():
    drawn = changes(PUBLISHED)
    flags = np.array([(one.noise_deviation > 0, one.shift > 0, one.factor != 1) for one in drawn])
    # A shift below one frame rounds to none: 1 in 70 draws.
    np.testing.assert_allclose(flags.mean(axis=0), [0.7, 0.7 * (1 - 1 / (0.25 * FRAMES)), 0.7], atol=0.025)
    assert np.abs(np.corrcoef(flags.T) - np.eye(3)).max() < 0.05


def test_shifts_and_factors_fill_their_ranges_evenly():
    drawn = changes(PUBLISHED)
    shifts = np.array([one.shift for one in drawn if one.shift])
    factors = np.array([one.factor for one in drawn if one.factor != 1])
    assert shifts.min() == 1
    assert shifts.max() == int(0.25 * FRAMES) == 70
    assert shifts.mean() == pytest.approx(0.125 * FRAMES, rel=0.03)
    assert 0.7 <= factors.min() < 0.702
    assert 1.298 < factors.max() <= 1.3
    assert factors.mean() == pytest.approx(1, abs=0.01)
    assert {one.noise_deviation for one in drawn} == {0.0, 0.008}


def test_probability_0_draws_nothing_and_1_draws_always():
    assert set(changes(PUBLISHED.model_copy(update={"probability": 0.0}), draws=200)) == {SpectrogramChange()}
    always = changes(PUBLISHED.model_copy(update={"probability": 1.0}), draws=200)
    assert all(one.noise_deviation and one.factor != 1 for one in always)


def test_settings_without_a_change_draw_none():
    assert set(changes(AugmentSettings(copies=4, probability=1.0), draws=200)) == {SpectrogramChange()}


def test_the_same_generator_draws_the_same():
    assert changes(PUBLISHED, draws=20) == changes(PUBLISHED, draws=20)


def test_no_change_is_the_identity():
    given = spectrogram()
    np.testing.assert_array_equal(apply_change(given, SpectrogramChange(), np.random.default_rng(0)), given)


def test_a_shift_is_circular_towards_later_and_keeps_the_bands():
    given = spectrogram()
    rolled = apply_change(given, SpectrogramChange(shift=70), np.random.default_rng(0))
    np.testing.assert_array_equal(rolled[:, 70:], given[:, :-70])
    np.testing.assert_array_equal(rolled[:, :70], given[:, -70:])


def test_a_factor_multiplies_every_value():
    given = spectrogram()
    scaled = apply_change(given, SpectrogramChange(factor=0.7), np.random.default_rng(0))
    np.testing.assert_array_equal(scaled, given * np.float32(0.7))


def test_noise_has_the_drawn_deviation_and_no_mean_and_is_new_for_each_value():
    given = np.zeros((128, FRAMES), np.float32)
    noise = apply_change(given, SpectrogramChange(noise_deviation=0.008), np.random.default_rng(0))
    assert noise.std() == pytest.approx(0.008, rel=0.02)
    assert abs(noise.mean()) < 2e-4
    assert len(np.unique(noise)) > 0.9 * noise.size


def test_noise_comes_first_then_the_roll_then_the_factor():
    given = spectrogram()
    change = SpectrogramChange(noise_deviation=2.0, shift=5, factor=1.3)
    noisy = apply_change(given, SpectrogramChange(noise_deviation=2.0), np.random.default_rng(3))
    expected = np.roll(noisy, 5, axis=1) * np.float32(1.3)
    np.testing.assert_array_equal(apply_change(given, change, np.random.default_rng(3)), expected)


def test_the_given_spectrogram_stays_and_the_type_too():
    given = spectrogram()
    before = given.copy()
    changed = apply_change(given, SpectrogramChange(0.008, 3, 1.1), np.random.default_rng(0))
    np.testing.assert_array_equal(given, before)
    assert (changed.dtype, changed.shape) == (np.float32, given.shape)
    assert not np.shares_memory(changed, given)
