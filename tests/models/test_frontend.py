import numpy as np
import pytest
import torch

from paraverbal.config import LogMelSettings
from paraverbal.features.spectral import log_mel, scale
from paraverbal.models.frontend import LogMel, Scaling

SETTINGS = [
    LogMelSettings(fft_size=1024, hop_length=512, bands=128, fmax=8000),
    LogMelSettings(fft_size=512, hop_length=160, bands=40, scale="htk", norm="none", reference=1.0, floor_db="none"),
    LogMelSettings(fft_size=512, hop_length=256, bands=64, log="ln", epsilon=1e-6),
]


def waveforms(batch: int, samples: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    loudness = np.linspace(0.001, 1, samples) ** rng.uniform(0.2, 3, (batch, 1))
    return (0.1 * loudness * rng.standard_normal((batch, samples))).astype(np.float32)


@pytest.mark.parametrize("rate", [48_000, 16_000])
@pytest.mark.parametrize("settings", SETTINGS)
def test_the_graphs_front_end_is_the_cores_within_a_hundredth_of_a_db(settings: LogMelSettings, rate: int) -> None:
    batch = waveforms(3, rate)
    given = LogMel(settings, rate)(torch.from_numpy(batch)).numpy()
    expected = np.stack([log_mel(waveform, rate, settings) for waveform in batch])
    assert given.shape == expected.shape
    assert np.abs(given - expected).max() < 0.01


@pytest.mark.parametrize("kind", ["none", "clip", "band", "train", "unit"])
def test_scaling_in_the_graph_is_the_cores(kind: str) -> None:
    settings = LogMelSettings(bands=40, scaling=kind)
    features = np.stack([log_mel(waveform, 16_000, settings) for waveform in waveforms(3, 16_000)])
    scaling = Scaling(settings)
    scaling.fit(torch.from_numpy(features))
    statistics = features.mean(axis=(0, 2)), features.std(axis=(0, 2))
    expected = np.stack([scale(one, settings, statistics) for one in features])
    np.testing.assert_allclose(scaling(torch.from_numpy(features)).numpy(), expected, atol=1e-4)


def test_a_clip_in_a_batch_has_the_features_it_has_alone() -> None:
    front_end = LogMel(SETTINGS[0], 48_000)
    batch = torch.from_numpy(waveforms(3, 24_000))
    alone = torch.cat([front_end(one.unsqueeze(0)) for one in batch])
    torch.testing.assert_close(front_end(batch), alone, atol=1e-3, rtol=0)
