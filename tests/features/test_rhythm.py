import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import find_peaks

from paraverbal.audio.read import read
from paraverbal.errors import RecipeError
from paraverbal.features.analysis import Analysis
from paraverbal.features.pitch import Pitch
from paraverbal.features.prosody import Stretch, stretches
from paraverbal.features.rhythm import Rhythm, RhythmSettings, prominent_peaks, rhythm, syllable_nuclei

HOP = 0.01


def train(
    nuclei: list[float], seconds: float, *, voiced: bool = True, depth_db: float = 15.0
) -> tuple[Pitch, np.ndarray]:
    """Return F0 and levels of syllables: peaks of -20 dB at the given times, and dips of `depth_db` between them."""
    times = HOP * np.arange(round(seconds / HOP) + 1)
    away = np.min(np.abs(times[:, np.newaxis] - nuclei), axis=1)
    level = -20 - depth_db * np.minimum(away / 0.1, 1)
    f0 = np.where((level > -30) & voiced, 150.0, np.nan).astype(np.float32)
    return Pitch(f0, np.ones_like(f0), np.ones_like(f0), times), level


def rhythm_of(nuclei: list[float], seconds: float = 3.0) -> Rhythm:
    pitch, level = train(nuclei, seconds)
    return rhythm(pitch, level, (Stretch(0.0, seconds, "voiced"),))


@given(st.lists(st.floats(-40, 0), min_size=1, max_size=200, unique=True), st.floats(0.5, 10))
def test_prominent_peaks_are_scipys(contour: list[float], prominence: float) -> None:
    found, _ = find_peaks(contour, prominence=prominence)
    assert prominent_peaks(np.array(contour), prominence).tolist() == found.tolist()


def test_of_a_level_top_the_first_frame_is_the_peak() -> None:
    assert prominent_peaks(np.array([0.0, 3, 3, 3, 0, 0, 5, 0]), 1.0).tolist() == [1, 6]


@pytest.mark.parametrize("contour", [[0.0], [1.0, 1, 1], [0.0, 1, 2], [2.0, 1, 0], [2.0, 0, 2]])
def test_the_ends_of_a_contour_are_no_peaks(contour: list[float]) -> None:
    assert prominent_peaks(np.array(contour), 0.5).tolist() == []


@given(st.lists(st.integers(15, 40), min_size=1, max_size=15))
def test_each_syllable_is_found_where_it_is(gaps: list[int]) -> None:
    nuclei = np.cumsum([20, *gaps]) * HOP
    found = syllable_nuclei(*train(nuclei.tolist(), float(nuclei[-1]) + 0.3))
    np.testing.assert_allclose(found, nuclei, atol=1e-9)


def test_rates_count_syllables_over_speech_and_over_speech_without_pauses() -> None:
    nuclei = [0.2, 0.4, 0.6, 1.6, 1.8, 2.0]
    pitch, level = train(nuclei, 2.2)
    parts = (
        Stretch(0, 0.1, "silent"),
        Stretch(0.1, 0.7, "voiced"),
        Stretch(0.7, 1.5, "silent"),
        Stretch(1.5, 2.1, "voiced"),
        Stretch(2.1, 2.2, "silent"),
    )
    found = rhythm(pitch, level, parts)
    assert found.syllables == 6
    assert found.speech_rate_syllables_per_second == pytest.approx(6 / 2.0)
    assert found.articulation_rate_syllables_per_second == pytest.approx(6 / 1.2)
    assert found.voiced_share == pytest.approx(1)
    assert found.interval_mean_seconds == pytest.approx(0.2)  # none across the pause
    assert found.interval_npvi == pytest.approx(0, abs=1e-9)


def test_even_syllables_vary_by_nothing() -> None:
    found = rhythm_of([0.2 * n for n in range(1, 12)])
    assert (found.interval_varco, found.interval_npvi) == pytest.approx((0, 0), abs=1e-9)


def test_long_and_short_in_turn_have_the_indices_of_the_formulas() -> None:
    found = rhythm_of(np.cumsum([0.2, 0.3, 0.2, 0.3, 0.2, 0.3, 0.2]).tolist())
    assert found.interval_npvi == pytest.approx(100 * 0.1 / 0.25)
    assert found.interval_varco == pytest.approx(100 * 0.05 / 0.25)


def test_a_slow_change_of_tempo_counts_in_varco_and_hardly_in_npvi() -> None:
    found = rhythm_of(np.cumsum([0.2, *np.linspace(0.16, 0.36, 21)]).tolist(), 6.0)
    assert found.interval_npvi < 10
    assert found.interval_varco > 20


def test_unvoiced_faint_and_shallow_peaks_are_no_syllables() -> None:
    nuclei = [0.3, 0.6, 0.9]
    assert len(syllable_nuclei(*train(nuclei, 1.2))) == 3
    assert len(syllable_nuclei(*train(nuclei, 1.2, voiced=False))) == 0
    assert len(syllable_nuclei(*train(nuclei, 1.2, depth_db=1.5))) == 0
    pitch, level = train(nuclei, 1.2)
    level[45:76] -= 30
    assert len(syllable_nuclei(pitch, level)) == 2
    assert len(syllable_nuclei(pitch, level, RhythmSettings(below_loud_db=35))) == 3


@pytest.mark.parametrize("nuclei", [[], [0.5], [0.5, 0.8]])
def test_too_few_syllables_have_no_rhythm(nuclei: list[float]) -> None:
    pitch, level = train(nuclei or [9.0], 1.2)
    found = rhythm(pitch, level, stretches(pitch, level, 1.2))
    assert found.syllables == len(nuclei)
    assert math.isnan(found.interval_npvi)
    assert math.isnan(found.interval_varco)
    assert math.isnan(found.interval_mean_seconds) == (len(nuclei) < 2)


def test_silence_has_no_syllables_and_its_dictionary_is_json() -> None:
    pitch = Pitch(np.full(1, np.nan, np.float32), np.zeros(1, np.float32), np.zeros(1, np.float32), np.zeros(1))
    found = rhythm(pitch, np.array([-200.0]), ()).to_dict()
    assert json.loads(json.dumps(found, allow_nan=False))["syllables"] == 0
    assert found["speech_rate_syllables_per_second"] is None


@pytest.mark.parametrize("name", ["dip_db", "below_loud_db", "smoothing_seconds"])
@pytest.mark.parametrize("value", [0.0, -1.0, math.nan])
def test_settings_are_numbers_above_zero(name: str, value: float) -> None:
    with pytest.raises(RecipeError, match=name):
        RhythmSettings(**{name: value})


@pytest.mark.corpus
def test_most_sentences_of_seven_syllables_have_six_to_eight(corpora: Path) -> None:
    clips = sorted((corpora / "ravdess").rglob("*.*"))[
        5::48
    ]  # "Kids are talking by the door", "Dogs are sitting by the door"
    counts = np.array([Analysis(*read(clip, sampling_rate=16_000)).rhythm.syllables for clip in clips])
    assert np.median(counts) == 7
    assert np.mean(np.abs(counts - 7) <= 1) >= 0.75
