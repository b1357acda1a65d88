"""Levels are reached exactly, and silence stays silence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from paraverbal.audio import level, peak_normalise, rms_normalise

waveforms = hnp.arrays(np.float32, st.integers(1, 200), elements=st.floats(-1, 1, width=32))


@given(waveforms, st.floats(0.01, 1))
def test_the_peak_is_the_wanted_one(waveform, peak):
    result = peak_normalise(waveform, peak)
    assert np.abs(result).max() == pytest.approx(peak if waveform.any() else 0, rel=1e-5)
    assert np.all(np.sign(result) * np.sign(waveform) >= 0)


@given(waveforms.filter(lambda waveform: np.abs(waveform).max() > 1e-15), st.floats(-60, 0))
def test_the_rms_is_the_wanted_one(waveform, level_db):
    power = np.mean(rms_normalise(waveform, level_db).astype(np.float64) ** 2)
    assert 10 * np.log10(power) == pytest.approx(level_db, abs=1e-3)


@pytest.mark.parametrize("kind", ["none", "peak", "rms"])
def test_silence_and_no_samples_stay_as_they_are(kind):
    assert not level(np.zeros(100, np.float32), kind).any()
    assert level(np.zeros(0, np.float32), kind).shape == (0,)


def test_channels_keep_their_balance():
    channels = np.float32([[0.1, -0.2], [0.05, 0.4]])
    np.testing.assert_allclose(level(channels, "peak"), channels / 0.4, rtol=1e-6)


def test_the_kinds_are_none_peak_and_rms_at_minus_20_db():
    waveform = np.float32([0.1, -0.3, 0.2])
    np.testing.assert_array_equal(level(waveform, "none"), waveform)
    np.testing.assert_array_equal(level(waveform, "peak"), peak_normalise(waveform))
    np.testing.assert_array_equal(level(waveform, "rms"), rms_normalise(waveform, -20))
    assert all(level(waveform.astype(np.float64), kind).dtype == np.float32 for kind in ("none", "peak", "rms"))


def test_another_kind_names_the_nearest():
    with pytest.raises(ValueError, match=r"level 'peek' is unknown \(did you mean 'peak'\?\)"):
        level(np.zeros(1, np.float32), "peek")
