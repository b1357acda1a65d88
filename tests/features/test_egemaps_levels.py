import numpy as np
import pytest

from paraverbal.features import egemaps_levels as module
from paraverbal.features.egemaps_levels import SPECTRAL, VOICE, measure

RATE = 16_000


def vowel(seconds: float = 1.0, f0: float = 160.0, level: float = 0.3) -> np.ndarray:
    times = np.arange(int(seconds * RATE)) / RATE
    harmonics = np.arange(1, int(5000 / f0))
    waves = np.sin(2 * np.pi * f0 * harmonics[:, np.newaxis] * times) / harmonics[:, np.newaxis]
    return (level * waves.sum(axis=0)).astype(np.float32)


def measured(waveform: np.ndarray, *, as_opensmile: bool = True) -> module.Levels:
    return measure(waveform, RATE, f0_range=(55, 1000), voicing=0.7, as_opensmile=as_opensmile)


@pytest.mark.parametrize("seconds", [0.06, 0.5, 1.234])
def test_frames_of_60_ms_are_four_fewer_than_those_of_20_ms(seconds: float) -> None:
    found = measured(vowel(seconds))
    assert found.spectral.shape == (len(SPECTRAL), 1 + (int(seconds * RATE) - 320) // 160)
    assert found.voice.shape == (len(VOICE), found.spectral.shape[1] - 4)
    assert found.f0.shape == (found.voice.shape[1],)


def test_samples_are_read_in_steps_of_16_bits_towards_zero_as_opensmile_does() -> None:
    samples = np.array([0.7, -0.7, 0.4, -0.4, 1.2]) / 32768 * np.array([1, 1, 10, 10, 10])
    steps = module._in_16_bits(samples.astype(np.float32)) * 32768
    assert steps.tolist() == [0, 0, 4, -4, 12]
    recorded = (np.arange(-32768, 32768) / 32768).astype(np.float32)
    np.testing.assert_array_equal(module._in_16_bits(recorded), recorded)


def test_the_mean_square_after_the_window_is_that_of_each_frame() -> None:
    waveform = np.random.default_rng(0).standard_normal(5000).astype(np.float32)
    for rate in (8000, 16_000, 22_050):
        grid = module._Grid.of(rate)
        count = grid.frames(len(waveform), grid.long)
        frames = grid.cut(waveform, grid.long, 0, count) * module._gaussian(grid.long)
        found = module._mean_squares(waveform, grid, count)
        np.testing.assert_allclose(found, (frames**2).mean(axis=1), rtol=1e-5)


def test_quiet_frames_are_left_out_and_change_nothing_in_the_others() -> None:
    spoken = vowel()
    rows = module._near(np.repeat([False, True, False], [30, 1, 30]))
    assert rows.tolist() == list(range(27, 34))
    silence = np.zeros(RATE, np.float32)
    alone, between = measured(spoken), measured(np.concatenate([silence, spoken, silence]))
    assert (between.f0[:94] == 0).all()
    np.testing.assert_allclose(between.f0[110:180], alone.f0[10:80], rtol=1e-4)


def test_spectra_of_some_frames_are_those_of_all_at_their_places() -> None:
    frames = np.random.default_rng(0).standard_normal((90, 960))
    every = module._spectra(frames, 1024, np.hanning(960), 513)
    rows = np.flatnonzero(np.random.default_rng(1).random(90) > 0.3)
    np.testing.assert_array_equal(module._spectra(frames, 1024, np.hanning(960), 513, rows), every[rows])
    expected = np.abs(np.fft.rfft(frames * np.hanning(960), 1024)) ** 2
    np.testing.assert_allclose(every, expected, rtol=1e-4, atol=1e-6)


def test_a_tone_of_2000_hz_is_in_the_upper_band_of_the_hammarberg_index_only_as_opensmile_has_it() -> None:
    tone = (0.5 * np.sin(2 * np.pi * 2000 * np.arange(RATE) / RATE)).astype(np.float32)
    row = SPECTRAL.index("hammarbergIndex")
    theirs, by_paper = (measured(tone, as_opensmile=yes).spectral[row] for yes in (True, False))
    assert (theirs < -2).all()
    assert np.abs(by_paper).max() < 0.1


def test_a_rumble_under_the_lowest_band_is_not_heard_as_opensmile_has_it() -> None:
    times = np.arange(RATE) / RATE
    rumble = (0.2 * np.sin(2 * np.pi * 15 * times)).astype(np.float32)
    row = SPECTRAL.index("mfcc4")
    quiet = np.float32(0.01) * vowel()
    theirs, by_paper = (
        np.abs(
            measured(quiet + rumble, as_opensmile=yes).spectral[row] - measured(quiet, as_opensmile=yes).spectral[row]
        )
        for yes in (True, False)
    )
    assert theirs.mean() < by_paper.mean()
