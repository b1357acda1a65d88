import numpy as np
import pytest
import torch

from paraverbal.features.functionals import spectral_functionals
from paraverbal.features.spectral import log_mel, mfcc, scale
from paraverbal.features.time_domain import zcr_rms
from paraverbal.models.frontend import (
    FRONT_ENDS,
    LogMel,
    Mfcc,
    Scaling,
    SpectralFunctionals,
    ZcrRms,
    front_end,
)
from paraverbal.settings import FunctionalsSettings, LogMelSettings, MfccSettings, ZcrRmsSettings

SETTINGS = [
    LogMelSettings(fft_size=1024, hop_length=512, bands=128, fmax=8000),
    LogMelSettings(fft_size=512, hop_length=160, bands=40, scale="htk", norm="none", reference=1.0, floor_db="none"),
    LogMelSettings(fft_size=512, hop_length=256, bands=64, log="ln", epsilon=1e-6),
    LogMelSettings(fft_size=402, hop_length=147, bands=20, floor_db="none"),
]


SCALINGS = ["none", "clip", "band", "train", "unit"]


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


@pytest.mark.parametrize("samples", [1, 99, 300, 16_000])
@pytest.mark.parametrize(("size", "hop"), [(512, 160), (402, 147), (64, 200)])
def test_the_graphs_frames_are_the_cores_at_any_length_and_step(size: int, hop: int, samples: int) -> None:
    settings = LogMelSettings(fft_size=size, hop_length=hop, bands=10, floor_db="none")
    batch = waveforms(2, samples)
    given = LogMel(settings, 16_000)(torch.from_numpy(batch)).numpy()
    expected = np.stack([log_mel(waveform, 16_000, settings) for waveform in batch])
    assert given.shape == expected.shape == (2, 10, 1 + samples // hop)
    np.testing.assert_allclose(given, expected, atol=0.01)


@pytest.mark.parametrize("kind", SCALINGS)
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


@pytest.mark.parametrize("log", ["db", "ln"])
def test_the_graphs_mfcc_are_the_cores(log: str) -> None:
    settings = MfccSettings(bands=64, coefficients=20, log=log)
    batch = waveforms(3, 16_000)
    expected = np.stack([mfcc(waveform, 16_000, settings) for waveform in batch])
    given = Mfcc(settings, 16_000)(torch.from_numpy(batch)).numpy()
    np.testing.assert_allclose(given, expected, atol=0.02)


@pytest.mark.parametrize("samples", [1, 200, 300, 16_000])
@pytest.mark.parametrize(("size", "hop"), [(1024, 512), (400, 160), (64, 200)])
def test_the_graphs_zero_crossings_and_levels_are_the_cores(size: int, hop: int, samples: int) -> None:
    settings = ZcrRmsSettings(fft_size=size, hop_length=hop)
    batch = waveforms(3, samples)
    expected = np.stack([zcr_rms(waveform, settings) for waveform in batch])
    given = ZcrRms(settings, 16_000)(torch.from_numpy(batch)).numpy()
    assert given.shape == expected.shape == (3, 1, 2 * (1 + samples // hop))
    np.testing.assert_allclose(given, expected, atol=1e-6)


@pytest.mark.parametrize("samples", [100, 256, 512, 16_000], ids=["1 frame", "2 frames", "3 frames", "63 frames"])
def test_the_graphs_functionals_are_the_cores(samples: int) -> None:
    settings = FunctionalsSettings(fft_size=512, hop_length=256, bands=24, coefficients=13)
    batch = waveforms(3, samples)
    expected = np.stack([spectral_functionals(waveform, 16_000, settings) for waveform in batch])
    given = SpectralFunctionals(settings, 16_000)(torch.from_numpy(batch)).numpy()
    assert given.shape == expected.shape == (3, settings.rows, 1)
    np.testing.assert_allclose(given, expected, atol=0.02)


@pytest.mark.parametrize("settings", [LogMelSettings(), MfccSettings(), FunctionalsSettings(), ZcrRmsSettings()])
def test_the_kind_chooses_the_front_end_and_its_rows(settings: LogMelSettings) -> None:
    module = front_end(settings, 16_000)
    assert type(module) is FRONT_ENDS[settings.kind]
    assert module(torch.from_numpy(waveforms(2, 4000))).shape[:2] == (2, settings.rows)


def clips_and_batch(rows: int, lengths: list[int]) -> tuple[list[torch.Tensor], torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    clips = [10 * torch.randn(rows, length, generator=generator) - 40 for length in lengths]
    batch = torch.full((len(lengths), rows, max(lengths) + 2), 1e3)
    for row, clip in zip(batch, clips, strict=True):
        row[:, : clip.shape[1]] = clip
    return clips, batch


@pytest.mark.parametrize("kind", SCALINGS)
def test_a_clip_in_a_padded_batch_is_scaled_as_it_is_alone(kind: str) -> None:
    lengths = [5, 1, 30, 17]
    clips, batch = clips_and_batch(8, lengths)
    scaling = Scaling(LogMelSettings(bands=8, scaling=kind))
    scaling.fit(clips)
    scaled = scaling(batch, torch.tensor(lengths))
    for row, clip in zip(scaled, clips, strict=True):
        length = clip.shape[1]
        torch.testing.assert_close(row[:, :length], scaling(clip.unsqueeze(0))[0], atol=1e-5, rtol=0)
        assert (row[:, length:] == 0).all()


@pytest.mark.parametrize("kind", SCALINGS)
def test_lengths_that_are_all_full_change_nothing(kind: str) -> None:
    features = 10 * torch.randn(3, 8, 20, generator=torch.Generator().manual_seed(0)) - 40
    scaling = Scaling(LogMelSettings(bands=8, scaling=kind))
    torch.testing.assert_close(scaling(features, torch.full((3,), 20)), scaling(features), atol=1e-5, rtol=0)


def test_training_statistics_are_those_of_all_frames_of_clips_of_any_length() -> None:
    clips, _ = clips_and_batch(8, [5, 1, 30, 17])
    scaling = Scaling(LogMelSettings(bands=8, scaling="train"))
    scaling.fit(clips)
    frames = torch.cat(clips, dim=1).double().numpy()
    np.testing.assert_allclose(scaling.mean[:, 0].numpy(), frames.mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(scaling.deviation[:, 0].numpy(), frames.std(axis=1), rtol=1e-6)


def test_a_small_deviation_about_a_large_mean_is_not_lost() -> None:
    features = 1e4 + torch.tensor([-1.0, 1.0]).repeat(2, 1, 50)
    scaling = Scaling(LogMelSettings(bands=1, scaling="train"))
    scaling.fit(features)
    assert scaling.deviation.item() == pytest.approx(1, rel=1e-6)


def test_functionals_are_scaled_by_the_training_clips_feature_by_feature() -> None:
    settings = FunctionalsSettings(bands=8, coefficients=4, scaling="train")
    features = front_end(settings, 16_000)(torch.from_numpy(waveforms(6, 8000)))
    scaling = Scaling(settings)
    scaling.fit(features)
    scaled = scaling(features)
    assert scaled.shape == (6, settings.rows, 1)
    torch.testing.assert_close(scaled.mean(dim=0), torch.zeros(settings.rows, 1), atol=1e-3, rtol=0)
    varied = features.std(dim=0, correction=0) > 1e-3
    torch.testing.assert_close(
        scaled.std(dim=0, correction=0)[varied], torch.ones(int(varied.sum())), atol=1e-3, rtol=0
    )


def test_only_scaling_by_the_training_data_takes_anything_from_it() -> None:
    clips, _ = clips_and_batch(8, [5, 9])
    scaling = Scaling(LogMelSettings(bands=8, scaling="band"))
    scaling.fit(clips)
    assert (scaling.mean == 0).all()
    assert (scaling.deviation == 1).all()
