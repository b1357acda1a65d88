"""Every descriptor, on every kind of sound: shape, range, and NaN only where its entry says so."""

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from paraverbal.errors import AudioError, NonFiniteAudioError, RecipeError
from paraverbal.features.analysis import Analysis, AnalysisSettings
from paraverbal.features.descriptors import (
    DESCRIPTORS,
    FAMILIES,
    Descriptor,
    describe_clip,
    describe_frames,
    frame_seconds,
    names,
)
from paraverbal.features.descriptors.references import REFERENCES
from paraverbal.features.formants import FormantSettings
from paraverbal.features.pitch import PitchSettings

RATE = 16_000
TEXTS = ("is_", "formula", "emotion", "fails")
CITATION = re.compile(r"(?:(?:de|'t) )?[A-Z]\w+(?: and (?:[A-Z]\w* )?[A-Z]\w+(?: \w+)?| et al\.)? (?:19|20)\d\d")


def noise(seconds: float, rate: int = RATE) -> np.ndarray:
    return 0.1 * np.random.default_rng(0).standard_normal(round(seconds * rate))


def tone(hertz: float, seconds: float = 0.5, rate: int = RATE) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def voice(seconds: float, low_hz: float = 110, high_hz: float = 180, rate: int = RATE) -> np.ndarray:
    """Return a buzz of all harmonics, falling by 12 dB an octave, whose F0 glides and whose level rises and falls."""
    times = np.arange(round(seconds * rate)) / rate
    f0 = low_hz + (high_hz - low_hz) * times / seconds
    phase = 2 * np.pi * np.cumsum(f0) / rate
    buzz = sum(np.sin(n * phase) / n**2 * (n * f0 < rate / 2) for n in range(1, 40))
    return 0.3 * buzz * np.sin(np.pi * times / seconds)


def speech(rate: int = RATE) -> np.ndarray:
    """Return what has all that speech has: silence, three syllables, a fricative, a pause, two syllables."""
    syllable, silence = voice(0.18, rate=rate), np.zeros(round(0.3 * rate))
    fricative = 0.2 * noise(0.12, rate)
    return np.concatenate([silence, syllable, syllable, syllable, fricative, silence, syllable, syllable, silence])


def clipped() -> np.ndarray:
    return np.clip(8 * speech(), -1, 1)


SOUNDS = {
    "speech": lambda: (speech(), RATE),
    "speech at 8 kHz": lambda: (speech(8000), 8000),
    "speech at 44.1 kHz": lambda: (speech(44_100), 44_100),
    "speech with an offset": lambda: (speech() + 0.25, RATE),
    "clipped speech": lambda: (clipped(), RATE),
    "speech in noise": lambda: (speech() + 0.5 * noise(1.92)[: len(speech())], RATE),
    "faint speech": lambda: (1e-4 * speech(), RATE),
    "noise": lambda: (noise(0.5), RATE),
    "whisper": lambda: (noise(0.5) * np.sin(np.pi * np.arange(8000) / 4000) ** 2, RATE),
    "a low tone": lambda: (tone(100), RATE),
    "a high tone": lambda: (tone(3000), RATE),
    "a square wave": lambda: (np.sign(tone(125)), RATE),
    "a click": lambda: (np.eye(1, 8000, 4000)[0], RATE),
    "silence": lambda: (np.zeros(8000), RATE),
    "an offset alone": lambda: (np.full(8000, 0.5), RATE),
    "50 ms of voice": lambda: (voice(0.05), RATE),
    "50 ms of silence": lambda: (np.zeros(800), RATE),
    "one sample": lambda: (np.ones(1), RATE),
    "nothing": lambda: (np.zeros(0), RATE),
}
FRAME_NAMES, CLIP_NAMES = names("frame"), names("clip")

every_sound = pytest.mark.parametrize("sound", SOUNDS)
every_entry = pytest.mark.parametrize("entry", DESCRIPTORS.values(), ids=DESCRIPTORS)


@cache
def analysis_of(sound: str) -> Analysis:
    waveform, rate = SOUNDS[sound]()
    return Analysis(waveform.astype(np.float32), rate)


def bounds(entry: Descriptor, rate: int) -> tuple[float, float]:
    low, high = (rate / 2 if isinstance(bound, str) else bound for bound in (entry.low, entry.high))
    return low, high


def breaches_of_a_series(entry: Descriptor, analysis: Analysis) -> list[str]:
    """Return what a series does against its entry."""
    series = np.asarray(entry.compute(analysis))
    low, high = bounds(entry, analysis.sampling_rate)
    known, missing = series[~np.isnan(series)], np.isnan(np.atleast_2d(series))
    sounding = np.asarray(DESCRIPTORS["rms"].compute(analysis)) > 1e-5
    kept = {
        "type": series.dtype == np.float32,
        "axes": series.ndim == (1 if entry.counted_from is None else 2),
        "frames": series.shape[-1] == analysis.frames,
        "finite": np.isfinite(known).all(),
        "range": ((known >= low - 1e-3) & (known <= high + 1e-3)).all(),
        "never NaN": entry.missing != "never" or not missing.any(),
        "NaN in silence alone": entry.missing != "silence" or not missing[:, sounding].any(),
        "NaN where unvoiced": entry.missing != "unvoiced" or (missing == np.isnan(analysis.f0)).all(),
    }
    return [f"{entry.name}: {rule}" for rule, holds in kept.items() if not holds]


def breaches_of_a_number(entry: Descriptor, analysis: Analysis) -> list[str]:
    """Return what a number does against its entry."""
    value = float(entry.compute(analysis))
    low, high = bounds(entry, analysis.sampling_rate)
    sounding = analysis.prosody.speech_seconds > 0
    kept = {
        "finite": not np.isinf(value),
        "range": np.isnan(value) or low <= value <= high,
        "never NaN": entry.missing != "never" or not np.isnan(value),
        "NaN in silence alone": entry.missing != "silence" or not (sounding and np.isnan(value)),
        "NaN where unvoiced": entry.missing != "unvoiced" or np.isnan(value) == (not analysis.pitch.voiced.any()),
    }
    return [f"{entry.name}: {rule}" for rule, holds in kept.items() if not holds]


@every_sound
def test_every_series_has_its_shape_and_range_and_is_nan_only_where_it_may_be(sound: str) -> None:
    analysis = analysis_of(sound)
    assert [breach for name in FRAME_NAMES for breach in breaches_of_a_series(DESCRIPTORS[name], analysis)] == []


@every_sound
def test_every_number_has_its_range_and_is_nan_only_where_it_may_be(sound: str) -> None:
    analysis = analysis_of(sound)
    assert [breach for name in CLIP_NAMES for breach in breaches_of_a_number(DESCRIPTORS[name], analysis)] == []


def test_a_breach_would_be_noticed() -> None:
    analysis = analysis_of("speech")
    wrong = replace(DESCRIPTORS["f0"], high=100.0, missing="never")
    assert breaches_of_a_series(wrong, analysis) == ["f0: range", "f0: never NaN"]
    assert breaches_of_a_number(replace(DESCRIPTORS["pauses"], low=9), analysis) == ["pauses: range"]


def test_speech_has_every_descriptor() -> None:
    """At 16 kHz; else a descriptor that is always NaN would pass all other tests."""
    analysis = analysis_of("speech")
    values = {name: np.atleast_2d(np.asarray(entry.compute(analysis))) for name, entry in DESCRIPTORS.items()}
    assert [name for name, rows in values.items() if not np.isfinite(rows).any(axis=-1).all()] == []


def test_an_offset_changes_no_descriptor() -> None:
    with_offset, without = analysis_of("speech with an offset"), analysis_of("speech")
    heard = np.asarray(DESCRIPTORS["rms"].compute(without)) > 1e-3  # in digital silence rounding is all there is
    changed = []
    for name, entry in DESCRIPTORS.items():
        first, second = np.atleast_1d(entry.compute(with_offset)), np.atleast_1d(entry.compute(without))
        if entry.scope == "frame":
            first, second = first[..., heard], second[..., heard]
        if np.isclose(first, second, rtol=2e-2, atol=2e-2, equal_nan=True).mean() < 0.97:
            changed.append(name)
    assert changed == []


def test_the_fourth_and_fifth_formant_are_missing_at_8_khz() -> None:
    at_8_khz = analysis_of("speech at 8 kHz").formants.frequencies
    assert np.isnan(at_8_khz[3:]).all()
    assert np.isfinite(at_8_khz[:3]).any()


@pytest.mark.parametrize("sound", ["noise", "whisper", "silence", "a click", "nothing"])
def test_what_has_no_voice_has_no_pitch(sound: str) -> None:
    analysis = analysis_of(sound)
    assert np.isnan(analysis.f0).all()
    assert np.isnan(float(DESCRIPTORS["f0_mean_hz"].compute(analysis)))


def test_a_tone_has_the_values_that_can_be_foretold() -> None:
    found = describe_frames(tone(1000, 1.0), RATE)
    middle = {name: series[..., 50] for name, series in found.items()}
    assert middle["spectral_centroid"] == pytest.approx(1000, abs=2)
    assert middle["zero_crossing_rate"] == pytest.approx(2 * 1000 / RATE, abs=0.003)
    assert middle["rms"] == pytest.approx(0.5 / np.sqrt(2), rel=1e-3)
    assert middle["energy"] == pytest.approx(400 * 0.125, rel=1e-3)
    assert middle["intensity"] == pytest.approx(-9.03, abs=0.01)
    assert middle["power_spectrum"].max() == pytest.approx(-6.02, abs=0.01)
    assert middle["power_spectrum"].argmax() == 32


def test_the_voice_has_the_values_that_can_be_foretold() -> None:
    waveform = np.concatenate([voice(0.5, 150, 150), np.zeros(4800), voice(0.5, 150, 150)])
    frames, clip = describe_frames(waveform, RATE), describe_clip(waveform, RATE)
    assert frames["f0"][25] == pytest.approx(150, rel=0.005)
    assert frames["f0_semitones"][25] == pytest.approx(12 * np.log2(150 / 27.5), abs=0.05)
    assert frames["h1_h2"][25] == pytest.approx(12.04, abs=0.4)
    np.testing.assert_allclose(np.diff(frames["harmonic_level"][:4, 25]), -40 * np.log10([2, 3 / 2, 4 / 3]), atol=0.5)
    assert clip["duration_seconds"] == pytest.approx(1.3)
    assert clip["f0_mean_hz"] == pytest.approx(150, rel=0.005)
    assert clip["f0_range_semitones"] < 0.3
    assert (clip["pauses"], clip["f0_rises"], clip["f0_falls"]) == (1, 0, 0)
    assert clip["speech_rate"] == pytest.approx(2 / clip["speech_seconds"])


def test_gain_moves_levels_and_leaves_shapes() -> None:
    loud, faint = describe_frames(speech(), RATE), describe_frames(0.1 * speech(), RATE)
    heard = loud["rms"] > 0.02
    np.testing.assert_allclose(faint["intensity"][heard], loud["intensity"][heard] - 20, atol=1e-2)
    for name in ("spectral_centroid", "spectral_entropy", "alpha_ratio", "f0", "hnr", "h1_h2", "zero_crossing_rate"):
        np.testing.assert_allclose(faint[name][heard], loud[name][heard], rtol=1e-2, atol=1e-2)


def test_children_and_creaky_voices_need_another_range_of_f0() -> None:
    child = AnalysisSettings(pitch=PitchSettings(high_hz=1000), formants=FormantSettings(ceiling_hz=8000))
    assert np.nanmedian(describe_frames(voice(0.5, 800, 800), RATE, ["f0"], child)["f0"]) == pytest.approx(
        800, rel=0.01
    )
    creaky = AnalysisSettings(pitch=PitchSettings(low_hz=40))
    assert np.nanmedian(describe_frames(voice(0.5, 50, 50), RATE, ["f0"], creaky)["f0"]) == pytest.approx(50, rel=0.01)


def test_only_what_is_asked_for_is_given_in_that_order() -> None:
    assert list(describe_frames(tone(200), RATE, ["rms", "f0"])) == ["rms", "f0"]
    assert list(describe_clip(tone(200), RATE, ["pauses", "snr"])) == ["pauses", "snr"]
    assert list(describe_frames(tone(200), RATE)) == FRAME_NAMES
    assert list(describe_clip(tone(200), RATE)) == CLIP_NAMES


def test_frame_seconds_are_the_middles_of_frames() -> None:
    series = describe_frames(tone(200), RATE, ["f0"])["f0"]
    np.testing.assert_allclose(frame_seconds(len(series), RATE), 0.01 * np.arange(51))


def test_columns_are_counted_as_the_field_counts_them() -> None:
    series = describe_frames(tone(200), RATE, ["formant_frequency", "mfcc", "rms"])
    columns = {name: DESCRIPTORS[name].columns(values) for name, values in series.items()}
    assert columns["rms"] == ["rms"]
    assert columns["formant_frequency"] == [f"formant_frequency_{n}" for n in range(1, 6)]
    assert columns["mfcc"] == [f"mfcc_{n}" for n in range(13)]


@pytest.mark.parametrize(
    ("describe", "name", "words"),
    [
        (describe_frames, "f00", "no descriptor 'f00'.*did you mean 'f0'"),
        (describe_frames, "snr", "snr is a descriptor of a clip; describe_clip gives it"),
        (describe_clip, "rms", "rms is a descriptor of a frame; describe_frames gives it"),
    ],
)
def test_a_wrong_name_is_an_error_that_helps(describe, name: str, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        describe(tone(200), RATE, [name])


@pytest.mark.parametrize("describe", [describe_frames, describe_clip])
def test_bad_samples_are_an_error(describe) -> None:
    with pytest.raises(NonFiniteAudioError, match="1 of 2 samples"):
        describe(np.array([0.0, np.nan]), RATE)
    with pytest.raises(AudioError, match="one channel"):
        describe(np.zeros((100, 2)), RATE)


def test_every_family_has_descriptors_of_its_own() -> None:
    assert {entry.family for entry in DESCRIPTORS.values()} == set(FAMILIES)
    assert len(FAMILIES) == 8


@every_entry
def test_an_entry_says_all_that_one_must_know(entry: Descriptor) -> None:
    for field in TEXTS:
        text = getattr(entry, field)
        assert text, field
        assert not text.startswith(" "), field
        assert "  " not in text, field
    assert all(getattr(entry, field).endswith(".") for field in TEXTS if field != "formula")
    assert bool(entry.absent_where) == (entry.missing == "absent")
    assert entry.family not in entry.also
    assert entry.scope == "frame" or entry.counted_from is None


@every_entry
def test_an_entry_cites_only_works_that_are_listed(entry: Descriptor) -> None:
    cited = set(CITATION.findall(f"{entry.emotion} {entry.fails}")) | ({entry.source} if entry.source else set())
    assert cited <= set(REFERENCES)


def test_every_work_is_cited_and_citations_are_noticed() -> None:
    text = " ".join(f"{entry.source} {entry.emotion} {entry.fails}" for entry in DESCRIPTORS.values())
    assert [work for work in REFERENCES if work not in text] == []
    for work in REFERENCES:
        assert CITATION.findall(f"as said ({work}).") == [work]


@every_entry
def test_an_entry_names_only_descriptors_that_exist(entry: Descriptor) -> None:
    text = " ".join(getattr(entry, field) for field in TEXTS if field != "formula")
    assert set(re.findall(r"`([a-z][a-z0-9_]{2,})`", text)) <= set(DESCRIPTORS)
