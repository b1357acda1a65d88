"""What is drawn for a spectrogram can be read, keeps to the settings, and is what is then done."""

from dataclasses import replace

import numpy as np
import pytest

from paraverbal.augment.spectrogram import SpectrogramChange, apply_change, draw_change
from paraverbal.config import read_recipe
from paraverbal.settings import AugmentSettings

FRAMES = 282
DRAWS = 4000
BANDS = 128
PUBLISHED = read_recipe("cnn-lstm").augment
MASKS = AugmentSettings(copies=1, probability=0.6, frequency_mask=(4, 10), time_mask=(0, 30))


def changes(settings, shape=(BANDS, FRAMES), draws=DRAWS):
    rng = np.random.default_rng(0)
    return [draw_change(settings, shape, rng) for _ in range(draws)]


def masks(settings, name, shape=(BANDS, FRAMES)):
    """Return start and size of each mask that covers something: `[2, mask]`."""
    start, stop = np.array([span for one in changes(settings, shape) for span in getattr(one, name)]).T
    return start, stop - start


def spectrogram(bands=BANDS, frames=FRAMES):
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


def test_each_mask_is_drawn_with_its_own_probability():
    flags = np.array([(bool(one.bands), bool(one.frames)) for one in changes(MASKS)])
    # One of the 31 lengths of a mask in time is 0.
    np.testing.assert_allclose(flags.mean(axis=0), [0.6, 0.6 * 30 / 31], atol=0.025)
    assert abs(np.corrcoef(flags.T)[0, 1]) < 0.05


def test_every_size_of_a_mask_is_as_frequent():
    _, sizes = masks(MASKS, "bands")
    found, counts = np.unique(sizes, return_counts=True)
    np.testing.assert_array_equal(found, np.arange(4, 11))
    np.testing.assert_allclose(counts / counts.sum(), 1 / 7, atol=0.025)
    assert set(masks(MASKS, "frames")[1]) == set(range(1, 31))


def test_a_mask_may_be_as_wide_as_a_greatest_width_that_is_drawn_first():
    up_to = MASKS.model_copy(update={"mask_width": "up_to", "probability": 1.0})
    sizes = np.bincount(masks(up_to, "bands")[1], minlength=11) / DRAWS
    # The greatest width is 4 to 10, each as frequent; a mask of no band is none.
    expected = np.array([np.mean([(size <= most) / (most + 1) for most in range(4, 11)]) for size in range(11)])
    np.testing.assert_allclose(sizes[1:], expected[1:], atol=0.02)


def test_a_mask_lies_anywhere_with_equal_chance():
    fixed = MASKS.model_copy(update={"frequency_mask": (7, 7), "probability": 1.0})
    starts, _ = masks(fixed, "bands", (16, FRAMES))
    found, counts = np.unique(starts, return_counts=True)
    np.testing.assert_array_equal(found, np.arange(16 - 7 + 1))
    np.testing.assert_allclose(counts / DRAWS, 1 / 10, atol=0.02)


@pytest.mark.parametrize(("shape", "most"), [((9, 13), (4, 6)), ((2, 2), (1, 1))])
def test_a_mask_covers_half_of_the_bands_and_frames_at_most(shape, most):
    wide = MASKS.model_copy(update={"frequency_mask": (100, 200), "time_mask": (0, 1000), "probability": 1.0})
    bands, frames = masks(wide, "bands", shape), masks(wide, "frames", shape)
    assert set(bands[1]) == {most[0]}
    assert set(frames[1]) == set(range(1, most[1] + 1))
    assert max(bands[0] + bands[1]) == shape[0]
    assert max(frames[0] + frames[1]) == shape[1]


def test_one_band_and_one_frame_are_never_masked():
    drawn = changes(MASKS.model_copy(update={"probability": 1.0}), shape=(1, 1), draws=200)
    assert set(drawn) == {SpectrogramChange()}


def test_several_masks_are_drawn_each_for_itself():
    twice = changes(MASKS.model_copy(update={"masks": 2}))
    counts = np.bincount([len(one.bands) for one in twice], minlength=3) / DRAWS
    np.testing.assert_allclose(counts, [0.16, 0.48, 0.36], atol=0.025)
    pairs = np.array([one.bands for one in twice if len(one.bands) == 2])[:, :, 0]
    assert abs(np.corrcoef(pairs.T)[0, 1]) < 0.05


def test_what_is_off_leaves_all_other_draws_as_they_were():
    rng = np.random.default_rng(5)
    change = draw_change(PUBLISHED, (BANDS, FRAMES), rng)
    expected = np.random.default_rng(5)
    noise, roll, factor = expected.random(3) < PUBLISHED.probability
    assert change.shift == (int(FRAMES * PUBLISHED.roll * expected.random()) if roll else 0)
    assert change.factor == (expected.uniform(*PUBLISHED.factor) if factor else 1.0)
    assert (change.noise_deviation > 0) == noise
    assert rng.bit_generator.state == expected.bit_generator.state


def test_masks_are_drawn_after_all_others():
    masked = PUBLISHED.model_copy(update={"frequency_mask": (1, 9), "time_mask": (1, 9)})
    first = draw_change(masked, (BANDS, FRAMES), np.random.default_rng(5))
    without = draw_change(PUBLISHED, (BANDS, FRAMES), np.random.default_rng(5))
    assert replace(first, bands=(), frames=()) == without


@pytest.mark.parametrize(("mask_value", "value"), [("floor", np.min), ("mean", np.mean), ("max", np.max)])
def test_a_mask_holds_the_least_the_mean_or_the_greatest_value_and_leaves_the_rest(mask_value, value):
    given = spectrogram()
    change = SpectrogramChange(bands=((3, 9),), frames=((280, 282),), mask_value=mask_value)
    masked = apply_change(given, change, np.random.default_rng(0))
    inside = np.zeros(given.shape, bool)
    inside[3:9] = True
    inside[:, 280:] = True
    assert set(masked[inside]) == {value(given)}
    np.testing.assert_array_equal(masked[~inside], given[~inside])


def test_masks_that_leave_nothing_but_one_value_are_left_out():
    given = np.full((BANDS, 20), -80.0, np.float32)
    given[:, 5:9] = spectrogram()[:, :4]
    all_of_it = SpectrogramChange(frames=((3, 12),))
    np.testing.assert_array_equal(apply_change(given, all_of_it, np.random.default_rng(0)), given)
    assert (apply_change(given, SpectrogramChange(frames=((3, 8),)), np.random.default_rng(0)) == -80).mean() > 0.9


def test_masks_come_last():
    given = spectrogram()
    change = SpectrogramChange(shift=5, factor=1.3, frames=((10, 20),))
    expected = np.roll(given, 5, axis=1) * np.float32(1.3)
    expected[:, 10:20] = given.min() * np.float32(1.3)
    np.testing.assert_array_equal(apply_change(given, change, np.random.default_rng(3)), expected)


def test_the_mask_value_is_that_of_the_settings():
    settings = MASKS.model_copy(update={"mask_value": "max"})
    assert {one.mask_value for one in changes(settings, draws=20)} == {"max"}


def test_the_given_spectrogram_stays_and_the_type_too():
    given = spectrogram()
    before = given.copy()
    changed = apply_change(
        given,
        SpectrogramChange(noise_deviation=0.008, shift=3, factor=1.1, bands=((1, 5),), frames=((2, 9),)),
        np.random.default_rng(0),
    )
    np.testing.assert_array_equal(given, before)
    assert (changed.dtype, changed.shape) == (np.float32, given.shape)
    assert not np.shares_memory(changed, given)


WARPS = AugmentSettings(copies=1, probability=0.8, time_warp=(0.8, 1.25), frequency_warp=(0.9, 1.2), gain_db=(-6, 3))


def test_warps_and_gain_are_drawn_each_with_its_own_probability_within_their_ranges():
    drawn = changes(WARPS)
    flags = np.array([(one.duration != 1, one.frequency != 1, one.gain_db != 0) for one in drawn])
    np.testing.assert_allclose(flags.mean(axis=0), 0.8, atol=0.025)
    durations = np.array([one.duration for one in drawn if one.duration != 1])
    assert 0.8 <= durations.min() < 0.802
    assert 1.248 < durations.max() <= 1.25
    assert np.log(durations).mean() == pytest.approx(0, abs=0.01)  # as often slower as faster
    gains = np.array([one.gain_db for one in drawn])
    assert (gains.min() >= -6, gains.max() <= 3) == (True, True)
    assert gains[gains != 0].mean() == pytest.approx(-1.5, abs=0.15)


def test_a_piece_lies_anywhere_in_the_warped_clip_and_is_all_of_a_shorter_one():
    rng = np.random.default_rng(0)
    drawn = [draw_change(WARPS, (BANDS, FRAMES), rng, crop_frames=270) for _ in range(DRAWS)]
    frames = np.array([round(FRAMES * one.duration) for one in drawn])
    assert all((one.crop is None) == (total <= 270) for one, total in zip(drawn, frames, strict=True))
    places = [(one.crop[0], total - 270) for one, total in zip(drawn, frames, strict=True) if one.crop]
    starts, rooms = np.array(places).T
    assert ((starts >= 0) & (starts <= rooms)).all()
    assert (starts / rooms).mean() == pytest.approx(0.5, abs=0.02)


def test_a_short_clip_is_repeated_where_that_is_asked_for():
    repeated = WARPS.model_copy(update={"crop_short": "repeat"})
    rng = np.random.default_rng(0)
    drawn = [draw_change(repeated, (BANDS, FRAMES), rng, crop_frames=400) for _ in range(DRAWS)]
    starts, frames = np.array([(one.crop[0], round(FRAMES * one.duration)) for one in drawn]).T
    assert ((starts >= 0) & (starts < frames)).all()
    assert (starts / (frames - 1)).mean() == pytest.approx(0.5, abs=0.02)
    given = spectrogram(frames=100)
    shown = apply_change(given, SpectrogramChange(crop=(70, 250)), np.random.default_rng(0))
    np.testing.assert_array_equal(shown, np.tile(given, 4)[:, 70:320])
    warped = apply_change(given, SpectrogramChange(duration=1.2), np.random.default_rng(0))
    shown = apply_change(given, SpectrogramChange(duration=1.2, crop=(110, 40)), np.random.default_rng(0))
    np.testing.assert_array_equal(shown, np.tile(warped, 2)[:, 110:150])


def test_a_piece_is_what_stands_there():
    given = spectrogram()
    shown = apply_change(given, SpectrogramChange(crop=(100, 60)), np.random.default_rng(0))
    np.testing.assert_array_equal(shown, given[:, 100:160])


@pytest.mark.parametrize("duration", [0.8, 1.25, 2.0])
def test_a_warp_in_time_moves_an_event_by_its_factor(duration):
    middle, width = 100.0, 8.0
    bump = np.exp(-(((np.arange(FRAMES) + 0.5 - middle) / width) ** 2))
    warped = apply_change(
        np.tile(bump, (4, 1)).astype(np.float32), SpectrogramChange(duration=duration), np.random.default_rng(0)
    )
    assert warped.shape == (4, round(FRAMES * duration))
    expected = np.exp(-((((np.arange(warped.shape[1]) + 0.5) / duration - middle) / width) ** 2))
    np.testing.assert_allclose(warped, np.tile(expected, (4, 1)), atol=5e-3)


@pytest.mark.parametrize("factor", [0.9, 1.2])
def test_a_warp_in_frequency_moves_a_band_by_its_factor_and_keeps_the_frames(factor):
    middle, width = 50.0, 6.0
    bump = np.exp(-(((np.arange(BANDS) + 0.5 - middle) / width) ** 2)).astype(np.float32)
    given = np.tile(bump[:, None], (1, FRAMES))
    warped = apply_change(given, SpectrogramChange(frequency=factor), np.random.default_rng(0))
    expected = np.exp(-((((np.arange(BANDS) + 0.5) / factor - middle) / width) ** 2))
    np.testing.assert_allclose(warped, np.tile(expected[:, None], (1, FRAMES)), atol=8e-3)


def test_a_piece_of_a_warped_clip_is_a_piece_of_the_whole_warped_clip():
    given = spectrogram()
    whole = apply_change(given, SpectrogramChange(duration=1.1, frequency=0.95), np.random.default_rng(0))
    piece = SpectrogramChange(duration=1.1, frequency=0.95, crop=(31, 77))
    np.testing.assert_array_equal(apply_change(given, piece, np.random.default_rng(0)), whole[:, 31:108])


def test_a_gain_is_added_to_every_value():
    given = spectrogram()
    louder = apply_change(given, SpectrogramChange(gain_db=2.5), np.random.default_rng(0))
    np.testing.assert_array_equal(louder, given + np.float32(2.5))


def test_a_filter_adds_a_line_of_gains_over_the_bands():
    given = spectrogram(bands=9)
    filtered = apply_change(given, SpectrogramChange(filter_db=(2.0, -2.0, 6.0)), np.random.default_rng(0))
    expected = np.tile(np.float32([[2], [1], [0], [-1], [-2], [0], [2], [4], [6]]), (1, FRAMES))
    np.testing.assert_allclose(filtered - given, expected, atol=1e-4)


def test_the_gains_of_filters_fill_their_range():
    drawn = changes(AugmentSettings(copies=1, probability=0.5, filter_db=(-6.0, 3.0)))
    filters = np.array([one.filter_db for one in drawn if one.filter_db])
    assert len(filters) / DRAWS == pytest.approx(0.5, abs=0.025)
    assert (filters.min() >= -6, filters.max() <= 3) == (True, True)
    np.testing.assert_allclose(filters.mean(axis=0), -1.5, atol=0.2)
    assert np.abs(np.corrcoef(filters.T) - np.eye(filters.shape[1])).max() < 0.1


@pytest.mark.parametrize("shape", [(1, 1), (2, 1), (1, 3)])
def test_the_smallest_spectrograms_can_be_warped(shape):
    given = np.full(shape, 3.0, np.float32)
    for factor in (0.5, 1.7):
        warped = apply_change(given, SpectrogramChange(duration=factor, frequency=factor), np.random.default_rng(0))
        assert warped.shape == (shape[0], max(1, round(shape[1] * factor)))
        np.testing.assert_array_equal(warped, 3.0)
