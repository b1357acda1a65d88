"""A change of a waveform can be read, keeps to the settings, does what it says, and leaves something to hear."""

import numpy as np
import pytest

from paraverbal.augment.waveform import WaveformChange, apply_waveform_change, draw_waveform_change, is_silenced
from paraverbal.settings import AugmentSettings

RATE = 16_000
BLOCK = round(0.12 * RATE)
DRAWS = 4000
ALL = AugmentSettings(
    copies=1, probability=0.6, noise_snr_db=(5.0, 20.0), pitch_semitones=4.0, stretch=(0.5, 2.0), shift=0.3
)
ALWAYS = ALL.model_copy(update={"probability": 1.0})
EVERYTHING = WaveformChange(noise_snr_db=20.0, pitch_semitones=2.0, stretch=1.1, shift=0.25, seed=7)


def changes(settings, draws=DRAWS):
    rng = np.random.default_rng(0)
    return [draw_waveform_change(settings, rng) for _ in range(draws)]


def values(settings, name):
    return np.array([getattr(one, name) for one in changes(settings)])


def sine(frequency=440.0, samples=3 * RATE, rate=RATE):
    return (0.5 * np.sin(2 * np.pi * frequency * np.arange(samples) / rate)).astype(np.float32)


def normal(samples=RATE, seed=1):
    return (0.1 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


def frequency_of(waveform, rate=RATE):
    spectrum = np.abs(np.fft.rfft(waveform * np.hanning(waveform.size), 8 * waveform.size))
    return np.argmax(spectrum) * rate / (8 * waveform.size)


def power_db(waveform):
    return 10 * np.log10(np.mean(np.square(waveform, dtype=np.float64)))


def centre(waveform):
    energy = np.square(waveform, dtype=np.float64)
    return np.sum(energy * np.arange(waveform.size)) / energy.sum()


def test_each_part_is_drawn_with_its_own_probability():
    flags = np.array(
        [
            (one.noise_snr_db is not None, one.pitch_semitones != 0, one.stretch != 1, one.shift != 0)
            for one in changes(ALL)
        ]
    )
    # One of the nine pitches is the clip's own.
    np.testing.assert_allclose(flags.mean(axis=0), [0.6, 0.6 * 8 / 9, 0.6, 0.6], atol=0.025)
    assert np.abs(np.corrcoef(flags.T) - np.eye(4)).max() < 0.05


def test_signal_to_noise_ratios_and_shifts_fill_their_ranges_evenly():
    for name, low, high in (("noise_snr_db", 5, 20), ("shift", 0, 0.3)):
        shares = (values(ALWAYS, name) - low) / (high - low)
        np.testing.assert_allclose(np.quantile(shares, [0, 0.25, 0.5, 0.75, 1]), [0, 0.25, 0.5, 0.75, 1], atol=0.03)
        assert 0 <= shares.min() <= shares.max() <= 1


def test_the_logarithms_of_the_factors_of_duration_fill_their_range_evenly():
    drawn = np.log2(values(ALWAYS, "stretch"))
    np.testing.assert_allclose(np.quantile(drawn, [0, 0.25, 0.5, 0.75, 1]), [-1, -0.5, 0, 0.5, 1], atol=0.05)
    assert -1 <= drawn.min() <= drawn.max() <= 1


def test_pitches_are_whole_semitones_if_the_greatest_is_and_each_is_as_frequent():
    semitones, counts = np.unique(values(ALWAYS, "pitch_semitones"), return_counts=True)
    np.testing.assert_array_equal(semitones, np.arange(-4, 5))
    np.testing.assert_allclose(counts / DRAWS, 1 / 9, atol=0.02)


@pytest.mark.parametrize("greatest", [0.5, 2.5])
def test_pitches_are_any_number_of_semitones_if_the_greatest_is_not_whole(greatest):
    semitones = values(ALWAYS.model_copy(update={"pitch_semitones": greatest}), "pitch_semitones")
    assert len(np.unique(semitones)) == DRAWS
    assert -greatest <= semitones.min() < -0.98 * greatest
    assert 0.98 * greatest < semitones.max() <= greatest


def test_every_noise_has_a_seed_of_its_own():
    assert len({one.seed for one in changes(ALWAYS)}) == DRAWS


def test_probability_0_draws_nothing():
    assert set(changes(ALL.model_copy(update={"probability": 0.0}), draws=200)) == {WaveformChange()}


def test_settings_without_a_change_draw_none():
    assert set(changes(AugmentSettings(copies=1, probability=1.0), draws=200)) == {WaveformChange()}


def test_the_same_generator_draws_the_same():
    assert changes(ALL, draws=20) == changes(ALL, draws=20)


def test_no_change_is_a_copy():
    given = normal()
    same = apply_waveform_change(given, RATE, WaveformChange())
    np.testing.assert_array_equal(same, given)
    assert not np.shares_memory(same, given)


@pytest.mark.parametrize("snr_db", [-5.0, 0.0, 12.5, 30.0])
def test_the_noise_has_the_wanted_ratio_to_the_clip(snr_db):
    clip = sine(samples=10 * RATE)
    noise = apply_waveform_change(clip, RATE, WaveformChange(noise_snr_db=snr_db, seed=3)) - clip
    assert power_db(clip) - power_db(noise) == pytest.approx(snr_db, abs=0.1)


def test_the_noise_is_white_and_normal_and_comes_from_its_seed_alone():
    clip = sine(samples=10 * RATE)
    noise = apply_waveform_change(clip, RATE, WaveformChange(noise_snr_db=0.0, seed=3)) - clip
    halves = [np.mean(np.abs(half) ** 2) for half in np.array_split(np.fft.rfft(noise), 2)]
    assert halves[0] == pytest.approx(halves[1], rel=0.03)
    assert np.mean(noise**4) / np.mean(noise**2) ** 2 == pytest.approx(3, rel=0.03)
    other = apply_waveform_change(clip, RATE, WaveformChange(noise_snr_db=0.0, seed=4)) - clip
    assert abs(np.corrcoef(noise, other)[0, 1]) < 0.02


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100])
@pytest.mark.parametrize("semitones", [-4.0, -1.0, 0.5, 3.0])
def test_a_pitch_moves_the_frequency_and_keeps_length_and_level(semitones, rate):
    clip = sine(samples=2 * rate + 7, rate=rate)
    changed = apply_waveform_change(clip, rate, WaveformChange(pitch_semitones=semitones))
    assert frequency_of(changed, rate) == pytest.approx(440 * 2 ** (semitones / 12), rel=0.01)
    assert changed.shape == clip.shape
    assert power_db(changed) == pytest.approx(power_db(clip), abs=0.5)


@pytest.mark.parametrize("semitones", [-4.0, 3.0])
@pytest.mark.parametrize("start", [2000, 8000, 13_000])
def test_a_pitch_leaves_a_sound_where_it_was(semitones, start):
    clip = np.zeros(RATE, np.float32)
    clip[start : start + 400] = sine(500, 400)
    changed = apply_waveform_change(clip, RATE, WaveformChange(pitch_semitones=semitones))
    assert centre(changed) == pytest.approx(centre(clip), abs=0.002 * RATE)


@pytest.mark.parametrize("stretch", [0.5, 0.8, 0.93, 1.1, 1.25, 2.0, 3.0])
@pytest.mark.parametrize("samples", [BLOCK, 12_345, 2 * RATE])
def test_a_stretch_multiplies_the_number_of_samples(stretch, samples):
    changed = apply_waveform_change(normal(samples), RATE, WaveformChange(stretch=stretch))
    assert changed.size == round(samples * stretch)


@pytest.mark.parametrize("stretch", [0.8, 1.25])
def test_a_stretch_keeps_the_frequency_and_moves_a_sound_in_proportion(stretch):
    changed = apply_waveform_change(sine(), RATE, WaveformChange(stretch=stretch))
    assert frequency_of(changed) == pytest.approx(440, rel=0.005)
    clip = np.zeros(RATE, np.float32)
    clip[8000:8400] = sine(500, 400)
    changed = apply_waveform_change(clip, RATE, WaveformChange(stretch=stretch))
    assert centre(changed) == pytest.approx(stretch * centre(clip), abs=0.002 * RATE)


def test_a_shift_is_circular_towards_later():
    clip = np.arange(1, 101, dtype=np.float32)
    changed = apply_waveform_change(clip, RATE, WaveformChange(shift=0.25))
    np.testing.assert_array_equal(changed, np.concatenate([clip[75:], clip[:75]]))


def test_noise_comes_first_then_pitch_then_stretch_then_shift():
    step = normal(2 * RATE)
    for part in (
        WaveformChange(noise_snr_db=20.0, seed=7),
        WaveformChange(pitch_semitones=2.0),
        WaveformChange(stretch=1.1),
        WaveformChange(shift=0.25),
    ):
        step = apply_waveform_change(step, RATE, part)
    np.testing.assert_array_equal(apply_waveform_change(normal(2 * RATE), RATE, EVERYTHING), step)


@pytest.mark.parametrize("stretch", [1.1, 4.0])
def test_the_same_change_gives_the_same_whatever_the_global_generator_holds(stretch):
    change = WaveformChange(noise_snr_db=20.0, pitch_semitones=2.0, stretch=stretch, shift=0.25, seed=7)
    np.random.seed(1)
    before = np.random.get_state()[1].copy()
    first = apply_waveform_change(normal(), RATE, change)
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    np.random.seed(2)
    np.testing.assert_array_equal(apply_waveform_change(normal(), RATE, change), first)


def test_the_given_clip_stays_and_the_result_is_float32():
    given = normal()
    before = given.copy()
    changed = apply_waveform_change(given, RATE, EVERYTHING)
    np.testing.assert_array_equal(given, before)
    assert changed.dtype == np.float32
    assert not np.array_equal(changed[: given.size], given)


@pytest.mark.parametrize("samples", [0, 1, 2, 10, 100, BLOCK - 1])
def test_a_clip_shorter_than_a_block_keeps_pitch_and_duration(samples):
    clip = normal(samples)
    kept = apply_waveform_change(clip, RATE, WaveformChange(pitch_semitones=3.0, stretch=0.3))
    np.testing.assert_array_equal(kept, clip)


@pytest.mark.parametrize("samples", [1, 2, 10, 100, BLOCK - 1, BLOCK, 5000])
@pytest.mark.parametrize("stretch", [0.5, 1.1, 3.0])
def test_something_finite_is_left_of_a_clip_of_any_length(samples, stretch):
    change = WaveformChange(noise_snr_db=0.0, pitch_semitones=-3.0, stretch=stretch, shift=0.9, seed=5)
    changed = apply_waveform_change(normal(samples), RATE, change)
    assert np.isfinite(changed).all()
    assert changed.any()


@pytest.mark.parametrize("samples", [0, 1, 100, RATE])
def test_silence_stays_silence(samples):
    assert not apply_waveform_change(np.zeros(samples, np.float32), RATE, EVERYTHING).any()


@pytest.mark.parametrize(
    "part",
    [
        WaveformChange(noise_snr_db=-1e3),  # the noise is infinite
        WaveformChange(noise_snr_db=-1e5),
        WaveformChange(stretch=1e-9),  # no sample is left
    ],
)
def test_a_part_that_leaves_nothing_to_hear_is_left_out(part):
    np.testing.assert_array_equal(apply_waveform_change(normal(), RATE, part), normal())


def test_a_pitch_above_half_the_sampling_rate_is_left_out():
    given = sine(7500)
    np.testing.assert_array_equal(apply_waveform_change(given, RATE, WaveformChange(pitch_semitones=4.0)), given)


@pytest.mark.parametrize(("left", "silenced"), [(0.0, True), (0.009, True), (0.011, False), (1.0, False)])
def test_a_clip_is_silenced_by_40_db(left, silenced):
    assert is_silenced(left * normal(), normal()) == silenced
    assert not is_silenced(np.zeros(5, np.float32), np.zeros(5, np.float32))
