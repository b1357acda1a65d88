import numpy as np
import pytest

from paraverbal.features import egemaps_periods as module
from paraverbal.features.egemaps_periods import jitter_shimmer

RATE, HOP = 16_000, 160


def pulses(lengths: list[int], amplitudes: list[float]) -> np.ndarray:
    """Return pulses that ring, each 20 samples behind the beginning of its period."""
    ring = np.exp(-np.arange(60) / 10) * np.cos(2 * np.pi * 0.07 * np.arange(60))
    waveform = np.zeros(sum(lengths) + 400)
    for start, amplitude in zip(np.cumsum(lengths) + 20, amplitudes, strict=True):
        waveform[start : start + 60] += amplitude * ring
    return waveform.astype(np.float32)


def measured(waveform: np.ndarray, period: float) -> np.ndarray:
    f0 = np.full(len(waveform) // HOP - 6, RATE / period, np.float32)
    return np.nanmedian(jitter_shimmer(waveform, RATE, HOP, f0)[:, 3:-3], axis=1)


def test_periods_that_take_turns_have_the_jitter_and_shimmer_that_they_were_made_with() -> None:
    jitter, shimmer = measured(pulses([99, 101] * 60, [0.5] * 120), 100)
    assert jitter == pytest.approx(2 / 100, rel=0.1)
    assert shimmer < 0.3
    jitter, shimmer = measured(pulses([100] * 120, [0.5, 0.4] * 60), 100)
    assert jitter < 0.002
    assert shimmer == pytest.approx(20 * np.log10(0.5 / 0.4), rel=0.1)


def test_the_order_in_which_periods_are_measured_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    waveform = pulses(rng.integers(60, 140, 100).tolist(), rng.uniform(0.3, 0.6, 100).tolist())
    f0 = rng.uniform(120, 260, len(waveform) // HOP - 6).astype(np.float32)
    whole = jitter_shimmer(waveform, RATE, HOP, f0)
    monkeypatch.setattr(module, "_BLOCK", 7)
    np.testing.assert_allclose(jitter_shimmer(waveform, RATE, HOP, f0), whole, rtol=1e-3, atol=1e-4)


def test_unvoiced_frames_have_neither_and_a_recording_may_end_within_a_period() -> None:
    waveform = pulses([100] * 40, [0.5] * 40)
    f0 = np.full(len(waveform) // HOP, RATE / 100, np.float32)
    f0[10:15] = 0
    found = jitter_shimmer(waveform, RATE, HOP, f0)
    assert np.isnan(found[:, 10:15]).all()
    assert np.isfinite(found[:, 4:10]).all()
    assert np.isnan(jitter_shimmer(waveform, RATE, HOP, 0 * f0)).all()
