"""What is done to a waveform is measured again: power of noise, spectra, decay, delay."""

import io
from itertools import pairwise

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from paraverbal.audio import degrade
from paraverbal.audio.degrade import (
    CODECS,
    CONDITIONS,
    add_noise,
    code,
    crop,
    encoder_problem,
    gain,
    reverberate,
    telephone,
)
from paraverbal.errors import AudioFormatError

RATE = 16000
ENCODED = [
    pytest.param(codec, marks=pytest.mark.skipif(encoder_problem(codec) is not None, reason="no encoder"))
    for codec in CODECS
]


def rng(seed=0):
    return np.random.default_rng(seed)


def tone(hertz, seconds=1.0, rate=RATE, amplitude=0.5):
    return (amplitude * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def speechlike(samples=RATE, rate=RATE):
    """Noise of falling spectrum in syllables: nothing in it repeats."""
    noise = np.convolve(rng(7).standard_normal(samples), np.ones(6) / 6, "same")
    return (0.3 * noise * (0.55 + 0.45 * np.sin(2 * np.pi * 4 * np.arange(samples) / rate))).astype(np.float32)


def power_db(waveform):
    return 10 * np.log10(np.mean(np.square(waveform, dtype=np.float64)) + 1e-30)


def level_change(hertz, rate=RATE, **options):
    given_tone = tone(hertz, rate=rate)
    inner = slice(rate // 10, -rate // 10)
    return power_db(telephone(given_tone, rate, **options)[inner]) - power_db(given_tone[inner])


def delay(changed, original):
    """Return by how many samples `changed` lags, by correlation over 0.2 s on each side."""
    lags = range(-RATE // 5, RATE // 5)
    inner = slice(RATE // 5, -RATE // 5)
    return max(lags, key=lambda lag: float(np.dot(np.roll(changed, -lag)[inner], original[inner])))


@given(st.floats(-20, 60), st.sampled_from(["white", "pink"]))
def test_the_ratio_of_clip_and_noise_is_the_wanted_one(snr_db, colour):
    clip = speechlike(2000).astype(np.float64)
    noise = add_noise(clip, snr_db, rng(), colour=colour) - clip
    assert power_db(clip) - power_db(noise) == pytest.approx(snr_db, abs=0.02)


@pytest.mark.parametrize(("colour", "step_db"), [("white", 3.01), ("pink", 0.0)])
def test_white_noise_gains_3_db_an_octave_and_pink_none(colour, step_db):
    noise = add_noise(tone(440, 30), -80, rng(), colour=colour)  # the clip itself is far below
    powers = np.abs(np.fft.rfft(noise)) ** 2
    edges = np.round(np.array([125, 250, 500, 1000, 2000, 4000]) * 30).astype(int)
    octaves = 10 * np.log10([powers[low:high].sum() for low, high in pairwise(edges)])
    np.testing.assert_allclose(np.diff(octaves), step_db, atol=0.35)


def test_the_same_seed_gives_the_same_noise_at_every_ratio():
    clip = speechlike()
    soft, loud = (add_noise(clip, snr_db, rng(3)).astype(np.float64) - clip for snr_db in (20, 0))
    np.testing.assert_allclose(loud, 10 * soft, atol=1e-5)
    assert not np.allclose(loud, add_noise(clip, 0, rng(4)) - clip, atol=1e-2)


@pytest.mark.parametrize("rate", [16000, 44100])
def test_a_telephone_keeps_1_khz_and_drops_100_hz_and_5_khz(rate):
    assert level_change(100, rate) < -30
    assert level_change(5000, rate) < -30
    for hertz in (400, 1000, 3000):
        assert level_change(hertz, rate) == pytest.approx(0, abs=1)


def test_a_telephone_has_half_the_amplitude_at_the_edges_of_its_band():
    assert level_change(300) == pytest.approx(-6, abs=1.5)
    assert level_change(3400) == pytest.approx(-6, abs=1.5)


def test_a_telephone_does_not_delay():
    clip = speechlike()
    assert delay(telephone(clip, RATE), clip) == 0


def test_mu_law_is_that_of_libsndfile_within_a_step():
    samples = np.linspace(-0.98, 0.98, 4001).astype(np.float32)
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, 8000, format="AU", subtype="ULAW")
    buffer.seek(0)
    theirs, _ = soundfile.read(buffer, dtype="float32")
    ours = degrade._companded(samples)
    step = np.log(256) / 127 * (np.abs(samples) + 1 / 255)
    assert np.all(np.abs(ours - samples) <= 0.51 * step)
    assert np.all(np.abs(ours - theirs) <= 1.5 * step)
    assert len(np.unique(ours)) <= 256


def test_mu_law_adds_noise_of_about_38_db_below_the_tone():
    plain, coded = (telephone(tone(1000), RATE, mu_law=mu_law) for mu_law in (False, True))
    assert power_db(plain) - power_db(coded - plain) == pytest.approx(38, abs=3)


@pytest.mark.parametrize("codec", ENCODED)
@pytest.mark.parametrize("rate", [16000, 44100, 96000])
def test_a_codec_changes_a_clip_little_and_delays_it_not_at_all(codec, rate):
    clip = tone(440, 0.6, rate) * np.hanning(round(0.6 * rate)).astype(np.float32)
    coded = code(clip, rate, codec)
    assert coded.size == clip.size
    assert 25 < power_db(clip) - power_db(coded - clip) < 90


@pytest.mark.parametrize("codec", ENCODED)
def test_a_codec_gives_the_same_samples_each_time(codec):
    clip = speechlike()
    np.testing.assert_array_equal(code(clip, RATE, codec), code(clip, RATE, codec))


@pytest.mark.parametrize("delayed", [0, 1105, 2257])
def test_the_delay_that_a_decoder_leaves_is_taken_away(monkeypatch, delayed):
    clip = speechlike()
    late = np.concatenate([np.zeros(delayed, np.float32), clip, np.zeros(40, np.float32)])
    monkeypatch.setattr(soundfile, "read", lambda *_, **__: (late, RATE))
    np.testing.assert_array_equal(code(clip, RATE, "ogg"), clip)


def test_a_missing_encoder_is_told_with_what_to_do(monkeypatch):
    class Unable:
        def __init__(self, *_, **__):
            raise soundfile.LibsndfileError(1)

    monkeypatch.setattr(soundfile, "SoundFile", Unable)
    with pytest.raises(AudioFormatError, match=r"cannot write MP3 .*; install one that can"):
        code(tone(440), RATE, "mp3")
    assert "cannot write OGG" in encoder_problem("ogg")
    assert "cannot write MP3" in CONDITIONS["mp3"].problem()
    assert CONDITIONS["telephone"].problem() is None


def test_another_codec_names_the_nearest():
    with pytest.raises(ValueError, match=r"codec 'mp4' is unknown \(did you mean 'mp3'\?\); known: mp3, ogg"):
        code(tone(440), RATE, "mp4")


@given(st.floats(-40, 40))
def test_gain_is_exact_below_full_scale_and_cut_off_there(db):
    clip = tone(440, 0.05, amplitude=0.2)
    expected = clip * 10 ** (db / 20)
    louder = gain(clip, db)
    assert np.abs(louder).max() <= 1
    inside = np.abs(expected) < 1
    np.testing.assert_allclose(louder[inside], expected[inside], rtol=1e-5)
    np.testing.assert_array_equal(louder[~inside], np.sign(expected[~inside]))


def decay_seconds(response, rate):
    """Return the time of a decay by 60 dB, from the line through -5 to -25 dB of the energy that is still to come."""
    left = np.cumsum(response[::-1].astype(np.float64) ** 2)[::-1]
    level = 10 * np.log10(left / left[0])
    chosen = (level <= -5) & (level >= -25)
    slope = np.polyfit(np.flatnonzero(chosen) / rate, level[chosen], 1)[0]
    return -60 / slope


@pytest.mark.parametrize("rt60", [0.3, 0.5, 1.0])
@pytest.mark.parametrize("rate", [8000, 48000])
def test_a_room_decays_as_fast_as_asked(rt60, rate):
    impulse = np.zeros(round(1.5 * rate), np.float32)
    impulse[0] = 1
    response = reverberate(impulse, rate, rt60, rng(1))
    assert decay_seconds(response[1:], rate) == pytest.approx(rt60, rel=0.2)
    assert response[0] ** 2 == pytest.approx(0.5, rel=1e-4)  # the direct sound
    assert np.sum(response.astype(np.float64) ** 2) == pytest.approx(1, rel=1e-4)


def test_a_room_keeps_place_and_level_of_a_clip_and_the_seed_its_tail():
    clip = np.concatenate([speechlike(), np.zeros(RATE, np.float32)])
    heard = reverberate(clip, RATE, 0.5, rng(2))
    assert delay(heard, clip) == 0
    assert power_db(heard) == pytest.approx(power_db(clip), abs=1)
    np.testing.assert_array_equal(heard, reverberate(clip, RATE, 0.5, rng(2)))
    assert not np.allclose(heard, reverberate(clip, RATE, 0.5, rng(3)), atol=1e-2)


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 5))
def test_the_crop_is_the_stretch_of_the_most_energy(samples, wanted, seed):
    clip = rng(seed).uniform(-1, 1, samples).astype(np.float32)
    energies = [
        np.sum(clip[start : start + wanted].astype(np.float64) ** 2) for start in range(max(1, samples - wanted + 1))
    ]
    cut = crop(clip, 10, wanted / 10)
    assert cut.size == min(samples, wanted)
    assert np.sum(cut.astype(np.float64) ** 2) == pytest.approx(max(energies))


@pytest.mark.parametrize(
    ("change", "named"), [(lambda x: reverberate(x, RATE, 0, rng()), "rt60"), (lambda x: crop(x, RATE, 0), "seconds")]
)
def test_times_of_0_are_refused(change, named):
    with pytest.raises(ValueError, match=f"{named} is 0"):
        change(tone(440))


def test_the_conditions_are_in_the_order_of_a_table():
    assert list(CONDITIONS) == [
        "clean",
        "noise_20_db",
        "noise_10_db",
        "noise_5_db",
        "noise_0_db",
        "telephone",
        "mp3",
        "ogg",
        "gain_plus_20_db",
        "gain_minus_20_db",
        "reverberation",
        "crop_1_s",
    ]


@pytest.mark.parametrize("name", CONDITIONS)
@pytest.mark.parametrize("samples", [0, 1, 7, 8000, 24000])
def test_a_condition_keeps_type_and_length_but_for_the_crop_and_leaves_its_input(name, samples):
    if CONDITIONS[name].problem() is not None:
        pytest.skip("no encoder")
    clip = speechlike(24000)[:samples]
    before = clip.copy()
    changed = CONDITIONS[name](clip, RATE, rng())
    assert changed.dtype == np.float32
    assert changed.size == (min(samples, RATE) if name == "crop_1_s" else samples)
    assert np.isfinite(changed).all()
    assert not np.shares_memory(changed, clip)
    np.testing.assert_array_equal(clip, before)
    again = CONDITIONS[name](clip, RATE, rng())
    np.testing.assert_array_equal(changed, again)


@pytest.mark.parametrize("name", CONDITIONS)
def test_silence_stays_silence(name):
    if CONDITIONS[name].problem() is None:
        assert np.abs(CONDITIONS[name](np.zeros(RATE, np.float32), RATE, rng())).max() < 1e-4


def test_conditions_do_what_they_are_called():
    clip = speechlike()
    assert power_db(clip) - power_db(CONDITIONS["noise_5_db"](clip, RATE, rng()) - clip) == pytest.approx(5, abs=0.01)
    np.testing.assert_array_equal(CONDITIONS["gain_minus_20_db"](clip, RATE, rng()), gain(clip, -20))
    np.testing.assert_array_equal(CONDITIONS["clean"](clip, RATE, rng()), clip)
    np.testing.assert_array_equal(CONDITIONS["telephone"](clip, RATE, rng()), telephone(clip, RATE, mu_law=True))
    assert "5 dB below" in CONDITIONS["noise_5_db"].what
