import numpy as np
import pytest
import soundfile

from paraverbal.errors import AudioError, EmptyAudioError, NonFiniteAudioError, RecipeError
from paraverbal.features.formants import FormantSettings
from paraverbal.features.spectral import hz_to_mel
from paraverbal.report.clip_analysis import (
    LONGEST_SECONDS,
    PANELS,
    PlotSettings,
    analyse,
    analyse_file,
    from_axis,
    spectrogram,
    to_axis,
)

RATE = 16_000


def sine(hz, seconds=0.5, amplitude=1.0, rate=RATE):
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def pulses(hz, seconds=0.5, rate=RATE):
    samples = np.zeros(round(seconds * rate), np.float32)
    samples[np.round(np.arange(0, seconds, 1 / hz) * rate).astype(int)] = 0.5
    return samples


@pytest.mark.parametrize("kind", ["wide", "narrow"])
def test_a_sine_of_full_scale_has_0_db_at_its_frequency(kind):
    found = spectrogram(sine(1000.0), RATE, PlotSettings(spectrogram=kind))
    middle = found.levels[:, found.levels.shape[1] // 2]
    assert found.frequencies[middle.argmax()] == pytest.approx(1000, abs=10)
    assert middle.max() == pytest.approx(0, abs=0.1)


def test_levels_do_not_depend_on_the_length_of_the_window():
    levels = [spectrogram(sine(500.0, amplitude=0.1), RATE, PlotSettings(window_ms=ms)).levels.max() for ms in (20, 80)]
    assert levels == pytest.approx([-20, -20], abs=0.3)


def test_pulses_are_vertical_in_a_wide_band_spectrogram_and_horizontal_in_a_narrow_band_one():
    train = pulses(100.0)
    wide = spectrogram(train, RATE, PlotSettings(spectrogram="wide"))
    narrow = spectrogram(train, RATE, PlotSettings(spectrogram="narrow"))
    inside_wide, inside_narrow = (found.levels[:, 20:-20] for found in (wide, narrow))
    row = np.searchsorted(wide.frequencies, 2000.0)
    between_pulses = inside_wide[row] < inside_wide[row].max() - 20
    assert between_pulses.mean() > 0.3
    assert np.ptp(inside_wide[wide.frequencies > 500, inside_wide[row].argmax()]) < 1
    row = np.searchsorted(narrow.frequencies, 2000.0)
    assert np.ptp(inside_narrow[row]) < 1
    assert np.ptp(inside_narrow[:, 20]) > 8


def test_a_click_stands_where_it_is():
    click = np.zeros(RATE, np.float32)
    click[RATE // 4] = 1
    for kind in ("wide", "narrow", "mel"):
        found = spectrogram(click, RATE, PlotSettings(spectrogram=kind))
        loudest = found.times[found.levels.max(axis=0).argmax()]
        assert loudest == pytest.approx(0.25, abs=found.column_seconds)


def test_a_long_recording_is_averaged_to_a_bounded_number_of_columns_without_losing_a_click():
    samples = np.zeros(30 * RATE, np.float32)
    samples[20 * RATE + 7] = 1
    found = spectrogram(samples, RATE)
    assert found.averaged > 1
    assert found.levels.shape == (len(found.frequencies), len(found.times))
    assert len(found.times) <= 2000
    assert found.times[found.levels.max(axis=0).argmax()] == pytest.approx(20, abs=found.column_seconds)


def test_mel_bands_of_white_noise_are_level():
    noise = np.random.default_rng(0).normal(scale=0.1, size=4 * RATE).astype(np.float32)
    found = spectrogram(noise, RATE, PlotSettings(spectrogram="mel"))
    means = 10 * np.log10(np.mean(10 ** (found.levels / 10), axis=1))
    assert len(means) == 80
    assert np.ptp(means) < 2


def test_a_dc_offset_changes_nothing_and_digital_silence_stays_silent():
    sound = np.concatenate([np.zeros(RATE, np.float32), sine(300.0, 0.4)])
    plain, shifted = (spectrogram(sound + np.float32(offset), RATE).levels for offset in (0.0, 0.25))
    assert plain[:, 100:900].max() < -190
    assert shifted[:, 100:900].max() < -80
    loud = plain[:, 1100:1300] > -60
    np.testing.assert_allclose(shifted[:, 1100:1300][loud], plain[:, 1100:1300][loud], atol=0.01)


@pytest.mark.parametrize("scale", ["linear", "log", "mel"])
def test_an_axis_goes_back_to_hertz(scale):
    hertz = np.array([50.0, 440.0, 1000.0, 7999.0])
    np.testing.assert_allclose(from_axis(to_axis(hertz, scale), scale), hertz, rtol=1e-12)


def test_an_octave_is_as_long_everywhere_on_a_log_axis_and_a_mel_on_a_mel_axis():
    assert to_axis(200.0, "log") - to_axis(100.0, "log") == pytest.approx(1)
    assert to_axis(3000.0, "mel") == hz_to_mel(3000.0)


def test_an_analysis_measures_all_that_a_picture_shows():
    clip = analyse(pulses(120.0), RATE)
    assert clip.seconds == 0.5
    assert np.nanmedian(clip.pitch.f0) == pytest.approx(120, rel=0.01)
    assert clip.formants.frequencies.shape == (FormantSettings().formants, len(clip.pitch.f0))
    assert len(clip.intensity_db) == len(clip.pitch.f0)
    assert sum(part.seconds for part in clip.stretches) == pytest.approx(0.5)
    assert analyse(pulses(120.0), RATE, PlotSettings(formants=False)).formants is None


def test_the_range_of_f0_is_a_setting():
    low = pulses(55.0)
    usual, creaky = (analyse(low, RATE, PlotSettings(low_hz=hz, formants=False)).pitch for hz in (75.0, 40.0))
    assert np.all(usual.f0[usual.voiced] >= 75)
    assert np.nanmedian(creaky.f0) == pytest.approx(55, rel=0.01)


def test_a_high_rate_is_brought_down_to_what_is_drawn():
    clip = analyse(sine(200.0, rate=48_000), 48_000)
    assert (clip.sampling_rate, clip.spectrogram.top_hz) == (16_000, 8000)
    assert analyse(sine(200.0, rate=48_000), 48_000, PlotSettings(top_hz=20_000.0)).sampling_rate == 40_000
    assert analyse(sine(200.0, rate=8000), 8000).spectrogram.top_hz == 4000


def test_a_stretch_of_a_file_is_read_alone(tmp_path):
    file = tmp_path / "two tones.wav"
    soundfile.write(file, np.concatenate([sine(200.0, 1.0, 0.5), sine(300.0, 1.0, 0.5)]), RATE)
    clip = analyse_file(file, PlotSettings(start_seconds=1.2, end_seconds=1.7))
    assert (clip.start_seconds, clip.seconds, clip.note) == (1.2, 0.5, "")
    assert np.nanmedian(clip.pitch.f0) == pytest.approx(300, rel=0.01)


def test_what_is_left_out_of_a_long_recording_is_said(tmp_path):
    file = tmp_path / "long.wav"
    soundfile.write(file, np.zeros(int(LONGEST_SECONDS + 10) * 1000, np.float32), 1000)
    settings = PlotSettings(high_hz=200.0, formants=False)
    clip = analyse_file(file, settings)
    assert clip.seconds == LONGEST_SECONDS
    assert clip.note.startswith("60 s of 70 s")
    assert analyse_file(file, PlotSettings(high_hz=200.0, formants=False, start_seconds=30.0)).note == ""


def test_what_cannot_be_drawn_says_so(tmp_path):
    with pytest.raises(NonFiniteAudioError):
        analyse(np.full(800, np.nan, np.float32), RATE)
    with pytest.raises(EmptyAudioError):
        analyse(np.zeros(0, np.float32), RATE)
    with pytest.raises(AudioError, match="sampling rate"):
        analyse(sine(100.0), 1000)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"show": ("f0", "formant")}, "no panel 'formant'"),
        ({"show": ()}, "at least one"),
        ({"show": ("f0", "f0")}, "each once"),
        ({"spectrogram": "narow"}, "did you mean 'narrow'"),
        ({"scale": "bark"}, "there are linear, log, mel"),
        ({"window_ms": 0.0}, "1 to 1000"),
        ({"low_hz": 500.0, "high_hz": 100.0}, "low_hz must be above 0 and below high_hz"),
        ({"top_hz": 10.0}, "at least 1000"),
        ({"start_seconds": 3.0, "end_seconds": 2.0}, "from 3.0 to 2.0 s"),
        ({"start_seconds": float("nan")}, "begin at 0 or later"),
    ],
)
def test_a_wrong_setting_is_an_error_before_any_work(change, words):
    with pytest.raises(RecipeError, match=words):
        PlotSettings(**change)


def test_the_axis_fits_the_spectrogram_unless_it_is_chosen():
    assert [PlotSettings(spectrogram=kind).axis for kind in ("wide", "narrow", "mel")] == ["linear", "linear", "mel"]
    assert PlotSettings(spectrogram="mel", scale="log").axis == "log"
    assert PlotSettings().show == PANELS
