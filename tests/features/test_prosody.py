import json
import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paraverbal.errors import RecipeError
from paraverbal.features.pitch import Pitch
from paraverbal.features.prosody import ProsodySettings, Stretch, pauses, prosody, speech_span, stretches, stylise

HOP = 0.01
LOUD, QUIET = -20.0, -70.0
COUNTS = {"f0_rises", "f0_falls", "pauses"}

codes = st.lists(st.sampled_from(["voiced", "unvoiced", "silent"]), min_size=1, max_size=40)


def contour(f0: np.ndarray) -> Pitch:
    voiced = ~np.isnan(f0)
    return Pitch(f0.astype(np.float32), voiced.astype(np.float32), voiced.astype(np.float32), HOP * np.arange(len(f0)))


def parts_of(*parts: tuple[str, int]) -> tuple[Pitch, np.ndarray]:
    """Return F0 and levels of parts, each a kind and its frames."""
    f0 = np.concatenate([np.full(frames, 150.0 if kind == "voiced" else np.nan) for kind, frames in parts])
    level = np.concatenate([np.full(frames, QUIET if kind == "silent" else LOUD) for kind, frames in parts])
    return contour(f0), level


def glide(*semitones: float, frames: int = 50) -> Pitch:
    """Return one voiced stretch that goes in straight lines, in semitones above 200 Hz, from one value to the next."""
    places = np.arange(frames * (len(semitones) - 1) + 1) / frames
    return contour(200 * 2 ** (np.interp(places, np.arange(len(semitones)), semitones) / 12))


def seconds_of(parts: tuple[Stretch, ...]) -> list[tuple[str, float]]:
    return [(part.kind, round(part.seconds, 3)) for part in parts]


def test_stretches_are_where_they_were_made() -> None:
    made = [("silent", 50), ("voiced", 30), ("unvoiced", 30), ("silent", 40), ("voiced", 20), ("silent", 31)]
    found = stretches(*parts_of(*made), 2.0)
    expected = [(kind, frames * HOP) for kind, frames in made]
    expected[0], expected[-1] = ("silent", 0.495), ("silent", 0.305)  # frames reach half a hop to each side
    assert seconds_of(found) == [(kind, round(seconds, 3)) for kind, seconds in expected]
    assert speech_span(found) == pytest.approx((0.495, 1.695))


@given(codes)
def test_stretches_fill_the_recording_without_gaps(kinds: list[str]) -> None:
    pitch, level = parts_of(*((kind, 1) for kind in kinds))
    duration = HOP * (len(kinds) - 1) + 0.004
    found = stretches(pitch, level, duration)
    assert found[0].start_seconds == 0
    assert found[-1].end_seconds == duration
    for one, other in pairwise(found):
        assert one.end_seconds == other.start_seconds
        assert one.kind != other.kind
    voiced = sum(part.seconds for part in found if part.kind == "voiced")
    assert voiced == pytest.approx(kinds.count("voiced") * HOP, abs=2 * HOP)


@given(codes, st.floats(-30, 20))
def test_gain_does_not_change_stretches(kinds: list[str], gain_db: float) -> None:
    pitch, level = parts_of(("voiced", 4), *((kind, 3) for kind in kinds))
    assert stretches(pitch, level, 3.0) == stretches(pitch, level + gain_db, 3.0)


def test_the_closure_of_a_stop_is_no_silence_and_a_click_is_no_sound() -> None:
    stop = parts_of(("voiced", 30), ("unvoiced", 8), ("silent", 7), ("voiced", 30))
    assert [part.kind for part in stretches(*stop, 0.75)] == ["voiced", "unvoiced", "voiced"]
    ends = parts_of(("silent", 5), ("voiced", 30), ("silent", 5))
    assert [part.kind for part in stretches(*ends, 0.4)] == ["silent", "voiced", "silent"]
    click = parts_of(("voiced", 30), ("silent", 40), ("unvoiced", 2), ("silent", 40))
    assert [part.kind for part in stretches(*click, 1.12)] == ["voiced", "silent"]
    hiss = parts_of(("voiced", 30), ("silent", 40), ("unvoiced", 5), ("silent", 40))
    assert [part.kind for part in stretches(*hiss, 1.15)] == ["voiced", "silent", "unvoiced", "silent"]


@pytest.mark.parametrize("frames", [1, 6, 100])
def test_a_recording_without_sound_is_one_silent_stretch(frames: int) -> None:
    found = stretches(contour(np.full(frames, np.nan)), np.full(frames, -90.0), HOP * frames)
    assert found == (Stretch(0.0, HOP * frames, "silent"),)
    assert speech_span(found) == (0, 0)
    assert pauses(found, 0.1) == ()


def test_an_empty_recording_has_no_stretches() -> None:
    assert stretches(contour(np.array([np.nan])), np.array([-200.0]), 0.0) == ()


def test_pauses_are_silences_between_sounds_that_are_long_enough() -> None:
    parts = parts_of(("silent", 90), ("voiced", 20), ("silent", 40), ("voiced", 20), ("silent", 20), ("voiced", 20))
    found = prosody(*parts, 2.1)
    assert (found.pauses, round(found.pause_seconds, 6)) == (1, 0.4)
    assert found.pause_share == pytest.approx(0.4 / found.speech_seconds)
    assert prosody(*parts, 2.1, ProsodySettings(least_pause_seconds=0.15)).pauses == 2


@pytest.mark.parametrize("slope", [-6.0, 0.0, 3.5])
def test_the_slope_of_a_straight_contour_is_its_own(slope: float) -> None:
    pitch = glide(0, 2 * slope, frames=200)
    found = prosody(pitch, np.full(201, LOUD), 2.0)
    assert found.f0_slope_semitones_per_second == pytest.approx(slope, abs=1e-4)
    assert found.f0_range_semitones == pytest.approx(0.9 * abs(2 * slope), abs=1e-3)
    assert found.f0_deviation_semitones == pytest.approx(abs(2 * slope) * math.sqrt(1 / 12 * 202 / 200), abs=1e-3)
    assert found.f0_mean_hz == pytest.approx(pitch.f0.mean(), rel=1e-6)


def test_the_slope_is_that_of_least_squares_over_voiced_frames() -> None:
    generator = np.random.default_rng(0)
    f0 = 150 * 2 ** (generator.standard_normal(120) / 12)
    f0[40:70] = np.nan
    found = prosody(contour(f0), np.full(120, LOUD), 1.2)
    known = ~np.isnan(f0)
    expected = np.polyfit(HOP * np.arange(120)[known], 12 * np.log2(f0[known]), 1)[0]
    assert found.f0_slope_semitones_per_second == pytest.approx(expected, rel=1e-4)


def test_intensity_is_measured_where_there_is_sound() -> None:
    pitch, level = parts_of(("silent", 50), ("voiced", 50), ("unvoiced", 50), ("silent", 50))
    level[100:150] -= 10
    found = prosody(pitch, level, 2.0)
    assert found.intensity_mean_db == pytest.approx(-25)
    assert found.intensity_deviation_db == pytest.approx(5)
    assert found.intensity_range_db == pytest.approx(10)
    assert found.intensity_slope_db_per_second < 0


def test_a_rise_and_a_fall_are_two_movements() -> None:
    rise, fall = stylise(glide(0, 6, 0))
    assert (rise.direction, fall.direction) == ("rise", "fall")
    assert rise.end_seconds == fall.start_seconds == 0.5
    assert (rise.semitones, fall.semitones) == pytest.approx((6, -6), abs=1e-4)
    assert (rise.start_hz, rise.end_hz) == pytest.approx((200, 200 * math.sqrt(2)), rel=1e-6)
    found = prosody(glide(0, 6, 0), np.full(101, LOUD), 1.0)
    assert (found.f0_rises, found.f0_falls) == (1, 1)


@pytest.mark.parametrize(("semitones", "heard"), [(0.3, "level"), (0.34, "rise"), (-0.34, "fall"), (-0.3, "level")])
def test_a_movement_is_heard_from_the_glissando_threshold_on(semitones: float, heard: str) -> None:
    (move,) = stylise(glide(0, semitones))  # in half a second 0.16 / 0.5 = 0.32 semitones
    assert move.direction == heard


def test_each_voiced_stretch_is_stylised_on_its_own() -> None:
    f0 = np.concatenate([np.full(20, 100.0), np.full(5, np.nan), np.full(20, 200.0), [np.nan], [150.0]])
    assert [(move.start_hz, move.end_hz) for move in stylise(contour(f0))] == [(100, 100), (200, 200)]


@given(st.lists(st.floats(-4, 4), min_size=2, max_size=60), st.floats(0.2, 3))
def test_the_stylised_contour_lies_within_the_tolerance(steps: list[float], tolerance: float) -> None:
    pitch = contour(200 * 2 ** (np.clip(np.cumsum(steps), -24, 24) / 12))
    moves = stylise(pitch, ProsodySettings(tolerance_semitones=tolerance))
    corners = [moves[0].start_seconds, *(move.end_seconds for move in moves)]
    heights = 12 * np.log2([moves[0].start_hz, *(move.end_hz for move in moves)])
    assert corners[0] == 0
    assert corners[-1] == pitch.times[-1]
    assert np.abs(np.interp(pitch.times, corners, heights) - 12 * np.log2(pitch.f0)).max() <= tolerance + 1e-3


def test_whisper_has_prosody_without_pitch() -> None:
    found = prosody(*parts_of(("unvoiced", 100)), 1.0)
    assert math.isnan(found.f0_mean_hz)
    assert math.isnan(found.f0_slope_semitones_per_second)
    assert (found.voiced_seconds, found.unvoiced_seconds, found.silent_seconds) == (0, 1, 0)
    assert found.movements == ()


@pytest.mark.parametrize("parts", [[("voiced", 30), ("silent", 30)], [("silent", 9)], [("silent", 1)], [("voiced", 1)]])
def test_the_dictionary_is_json_and_has_none_for_what_does_not_exist(parts: list[tuple[str, int]]) -> None:
    found = prosody(*parts_of(*parts), HOP * sum(frames for _, frames in parts)).to_dict()
    again = json.loads(json.dumps(found, allow_nan=False))
    assert list(again) == list(found)
    assert (found["f0_mean_hz"] is None) == (parts[0][0] == "silent")
    assert all(isinstance(found[name], int) for name in COUNTS)


@pytest.mark.parametrize("name", ["silence_db", "tolerance_semitones", "least_pause_seconds"])
@pytest.mark.parametrize("value", [0.0, -1.0, math.inf, math.nan])
def test_settings_are_numbers_above_zero(name: str, value: float) -> None:
    with pytest.raises(RecipeError, match=name):
        ProsodySettings(**{name: value})
