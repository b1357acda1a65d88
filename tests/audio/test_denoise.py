"""Noise falls, speech stays, and what the library cannot take comes back as it was."""

import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from paraverbal.audio import denoise as module
from paraverbal.audio.denoise import CONTEXT, PIECE, denoise
from paraverbal.errors import MissingExtraError

noisereduce = pytest.importorskip("noisereduce")

RATE = 16_000
GATES = ("profile", "adaptive")
every_gate = pytest.mark.parametrize("kind", GATES)


def normal(samples, deviation=0.01, seed=0):
    return (deviation * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


def tone(samples, rate=RATE):
    return (0.5 * np.sin(2 * np.pi * 1000 * np.arange(samples) / rate)).astype(np.float32)


def noisy_clip(rate=RATE):
    """One second of noise, two of a tone in noise."""
    clip = normal(3 * rate)
    clip[rate:] += tone(2 * rate, rate)
    return clip


def power_db(waveform):
    return 10 * np.log10(np.mean(np.square(waveform, dtype=np.float64)))


def level_of_tone_db(waveform, rate):
    """The power of the 1 kHz component, by its inner product with a complex tone."""
    phases = np.exp(-2j * np.pi * 1000 * np.arange(waveform.size) / rate)
    return 20 * np.log10(abs(np.mean(waveform * phases)))


def power_away_from_tone_db(waveform, rate):
    spectrum = np.abs(np.fft.rfft(waveform * np.hanning(waveform.size))) ** 2
    frequencies = np.fft.rfftfreq(waveform.size, 1 / rate)
    return 10 * np.log10(spectrum[np.abs(frequencies - 1000) > 1000].mean())


def test_a_profile_takes_noise_away_and_leaves_a_loud_tone():
    rate = 44_100
    clip = noisy_clip(rate)
    done = denoise(clip, rate, "profile")
    alone, both = slice(rate // 10, rate * 9 // 10), slice(rate * 3 // 2, rate * 5 // 2)
    assert power_db(done[alone]) <= power_db(clip[alone]) - 6
    assert power_away_from_tone_db(done[both], rate) <= power_away_from_tone_db(clip[both], rate) - 6
    assert level_of_tone_db(done[both], rate) == pytest.approx(level_of_tone_db(clip[both], rate), abs=1)


def test_adaptive_takes_a_steady_noise_away_and_leaves_a_short_loud_sound():
    clip = normal(6 * RATE)
    sound = slice(3 * RATE, 3 * RATE + RATE // 4)
    clip[sound] += normal(RATE // 4, 0.3, seed=1)
    done = denoise(clip, RATE, "adaptive")
    assert power_db(done[:RATE]) <= power_db(clip[:RATE]) - 6
    assert power_db(done[sound]) == pytest.approx(power_db(clip[sound]), abs=2)


def test_none_gives_the_recording_as_it_is():
    np.testing.assert_array_equal(denoise(noisy_clip(), RATE, "none"), noisy_clip())


@pytest.mark.parametrize(("kind", "options"), [("profile", {"stationary": True}), ("adaptive", {"stationary": False})])
@pytest.mark.parametrize("rate", [8000, 44_100])
def test_the_result_is_that_of_the_library_with_its_own_settings(kind, options, rate):
    clip = noisy_clip(rate)
    expected = noisereduce.reduce_noise(clip, rate, y_noise=clip[:rate], **options)
    np.testing.assert_array_equal(denoise(clip, rate, kind), expected)


@every_gate
@pytest.mark.parametrize("samples", [PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 12_345])
def test_a_long_recording_gives_what_the_library_gives_without_a_file(kind, samples, monkeypatch):
    clip = normal(samples)
    clip[PIECE - 5000 : PIECE - 1] += tone(4999)
    expected = noisereduce.reduce_noise(clip, RATE, stationary=kind == "profile", y_noise=clip[:RATE])

    def no_file(*_, **__):
        raise OSError("a file is opened")

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", no_file)
    np.testing.assert_array_equal(denoise(clip, RATE, kind), expected)


@every_gate
@pytest.mark.parametrize("samples", [0, 1, 2, 399, 400, 1023, 1024, 1025, RATE, 20_001])
def test_the_length_is_kept_and_the_type_is_float32_and_all_is_finite(kind, samples):
    done = denoise(normal(samples), RATE, kind)
    assert (done.shape, done.dtype) == ((samples,), np.float32)
    assert np.isfinite(done).all()


@pytest.mark.parametrize("samples", [1, 400, 1023])
def test_less_than_a_frame_has_no_profile(samples):
    np.testing.assert_array_equal(denoise(normal(samples), RATE, "profile"), normal(samples))


@every_gate
@pytest.mark.parametrize("rate", [4000, 5000, 5120, 192_000])
def test_the_lowest_and_highest_rates_work(kind, rate):
    clip = normal(2 * rate)
    done = denoise(clip, rate, kind)
    assert np.isfinite(done).all()
    assert power_db(done) < power_db(clip) - 3


@every_gate
@pytest.mark.parametrize("samples", [0, 100, 3 * RATE, PIECE + RATE])
def test_silence_stays_silence(kind, samples):
    assert not denoise(np.zeros(samples, np.float32), RATE, kind).any()


@every_gate
def test_a_silent_piece_of_a_long_recording_stays_silent(kind):
    clip = np.concatenate([normal(RATE), np.zeros(3 * PIECE, np.float32)])
    done = denoise(clip, RATE, kind)
    assert np.isfinite(done).all()
    assert done[:RATE].any()
    assert not done[PIECE + CONTEXT :].any()


def test_a_silent_first_second_is_no_noise_to_take_away():
    clip = np.concatenate([np.zeros(RATE, np.float32), normal(2 * RATE, 0.1)])
    done = denoise(clip, RATE, "profile")
    assert power_db(done - clip) < power_db(clip) - 20


@every_gate
@pytest.mark.parametrize("factor", [1e-45, 1e-40, 1e-30])
def test_the_faintest_clip_is_not_silenced(kind, factor):
    clip = (np.sign(normal(3 * RATE)) * np.float32(factor)).astype(np.float32)
    assert denoise(clip, RATE, kind).any()


def test_what_the_library_does_not_keep_finite_comes_back_as_it_was(monkeypatch):
    monkeypatch.setattr(module, "_reduce_noise", lambda waveform, *_, **__: np.full_like(waveform, np.nan))
    np.testing.assert_array_equal(denoise(noisy_clip(), RATE, "adaptive"), noisy_clip())


@every_gate
def test_two_threads_give_what_one_gives(kind):
    clips = [normal(2 * RATE, seed=seed) for seed in range(4)] + [np.zeros(RATE, np.float32)]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda clip: denoise(clip, RATE, kind), clips))
    for clip, done in zip(clips, together, strict=True):
        np.testing.assert_array_equal(done, denoise(clip, RATE, kind))


@every_gate
def test_the_given_recording_stays(kind):
    clip = noisy_clip()
    denoise(clip, RATE, kind)
    np.testing.assert_array_equal(clip, noisy_clip())


def test_another_kind_is_an_error_that_names_the_known_ones():
    with pytest.raises(ValueError, match=r"denoise 'profil' is unknown \(did you mean 'profile'\?\); known: none, pro"):
        denoise(noisy_clip(), RATE, "profil")


def test_a_missing_library_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "noisereduce", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'paraverbal\[denoise\]'"):
        denoise(noisy_clip(), RATE, "adaptive")
    assert denoise(noisy_clip(), RATE, "none").size == 3 * RATE


def test_another_missing_module_is_not_blamed_on_the_extra(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("noisereduce")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ModuleNotFoundError, match=r"tqdm\.auto") as raised:
        denoise(noisy_clip(), RATE, "adaptive")
    assert not isinstance(raised.value, MissingExtraError)
