import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.voices import room, vowel

from paraverbal.errors import RecipeError
from paraverbal.inference import occlusion
from paraverbal.inference.occlusion import Patches

RATE = 16000


def sum_of_changes(patches, length):
    total = np.zeros(length)
    for stretch in range(patches.stretches):
        change = patches.changes(stretch)
        total[change.start : change.start + change.added.shape[1]] += change.added.sum(axis=0)
    return total


def band_level(waveform, low, high):
    spectrum = np.abs(np.fft.rfft(waveform * np.hanning(len(waveform)))) ** 2
    hertz = np.fft.rfftfreq(len(waveform), 1 / RATE)
    return 10 * np.log10(spectrum[(hertz >= low) & (hertz < high)].sum())


@given(length=st.integers(1, 9000), seconds=st.sampled_from([0.05, 0.11, 0.25, 4.0]), bands=st.integers(1, 12))
def test_all_patches_together_are_the_whole_waveform(length, seconds, bands):
    waveform = room(1, amplitude=0.3)[:length]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(occlusion, "_gain", np.zeros_like)
        patches = Patches(waveform, RATE, seconds=seconds, bands=bands)
    assert sum_of_changes(patches, len(waveform)) == pytest.approx(-waveform, abs=1e-6)


def test_where_nothing_is_taken_away_nothing_changes(monkeypatch):
    monkeypatch.setattr(occlusion, "_gain", np.ones_like)
    patches = Patches(vowel(1), RATE, seconds=0.25, bands=12)
    for stretch in range(4):
        assert not patches.changes(stretch).added.any()


def test_a_patch_falls_and_its_neighbours_stay():
    waveform = vowel(0.6, amplitude=0.5)
    waveform = np.concatenate([np.zeros(3200, np.float32), waveform, np.zeros(3200, np.float32)]) + room(1)
    patches = Patches(waveform, RATE, seconds=0.25, bands=12)
    change = patches.changes(1)
    low, high = patches.edges_hz[3:5]
    changed = waveform.copy()
    changed[change.start : change.start + change.added.shape[1]] += change.added[3]
    inside = slice(4000 + 400, 8000 - 400)
    assert band_level(waveform[inside], low + 60, high - 60) - band_level(changed[inside], low + 60, high - 60) > 25
    for other in (1, 5, 7):
        edges = patches.edges_hz[other] + 60, patches.edges_hz[other + 1] - 60
        assert band_level(changed[inside], *edges) == pytest.approx(band_level(waveform[inside], *edges), abs=0.1)
    away = np.r_[0 : 4000 - 512, 8000 + 512 : 16000]
    assert np.array_equal(changed[away], waveform[away])


def test_what_is_left_is_no_louder_than_before():
    waveform = vowel(1) + room(1)
    patches = Patches(waveform, RATE, seconds=0.25, bands=6)
    left = waveform + sum_of_changes(patches, len(waveform))
    assert np.sqrt(np.mean(left**2)) < 10 ** (-29 / 20) * np.sqrt(np.mean(waveform**2))


def test_stretches_are_equal_and_at_most_as_long_as_asked_for():
    patches = Patches(room(1.9), RATE, seconds=0.25, bands=4)
    assert patches.stretches == 8
    assert np.diff(patches.edges_seconds) == pytest.approx(1.9 / 8)
    assert Patches(room(2), RATE, seconds=0.25, bands=4).stretches == 8
    assert Patches(room(0.01), RATE, seconds=0.25, bands=4).stretches == 1


def test_bands_are_equally_wide_in_mel_from_nothing_to_half_the_rate():
    edges = Patches(room(0.5), RATE, seconds=0.25, bands=3).edges_hz
    # Slaney's scale: 8000 Hz are 15 + 27 ln(8) / ln(6.4) mel; a third of that is 15.08, just above 1000 Hz.
    third = (15 + 27 * np.log(8) / np.log(6.4)) / 3
    assert edges == pytest.approx([0, 1000 * 6.4 ** ((third - 15) / 27), 1000 * 6.4 ** ((2 * third - 15) / 27), 8000])


@pytest.mark.parametrize("seconds", [0, -1, 0.001, np.nan, np.inf])
def test_impossible_lengths_are_refused(seconds):
    with pytest.raises(RecipeError, match=r"too short; give at least 0\.008 s"):
        Patches(room(1), RATE, seconds=seconds, bands=12)


@pytest.mark.parametrize(("bands", "words"), [(0, "give at least 1"), (500, "narrower than the spectrum's 31.25 Hz")])
def test_impossible_bands_are_refused(bands, words):
    with pytest.raises(RecipeError, match=words):
        Patches(room(1), RATE, seconds=0.25, bands=bands)
