import io
import logging
import warnings

import numpy as np
import onnxruntime
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor, nn

from paraverbal.models.fitting import Fit, frames_of, interpolation_weights
from paraverbal.models.frontend import Scaling, front_end
from paraverbal.settings import FrontEnd, FunctionalsSettings, LogMelSettings, MfccSettings, ZcrRmsSettings

KERNELS = ["linear", "cubic", "band_limited"]
LENGTHS = [5, 16, 1, 40, 23]
every_kernel = pytest.mark.parametrize("kernel", KERNELS)


def noise(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def resize(frames: int, kernel: str = "linear") -> Fit:
    return Fit(LogMelSettings(fit="resize", frames=frames, interpolation=kernel), 99).eval()


def pad(frames: int) -> Fit:
    return Fit(LogMelSettings(fit="pad"), frames).eval()


@pytest.mark.parametrize("samples", [1, 511, 512, 16_000])
@pytest.mark.parametrize("settings", [LogMelSettings(), MfccSettings(), FunctionalsSettings(), ZcrRmsSettings()])
def test_the_frames_that_are_announced_are_those_that_come(settings: FrontEnd, samples: int) -> None:
    assert front_end(settings, 16_000)(torch.zeros(1, samples)).shape[2] == frames_of(settings, samples)


def test_without_fitting_features_stay_as_they_are() -> None:
    features = noise(2, 3, 7)
    assert Fit(LogMelSettings(), 4)(features) is features


def test_a_short_clip_stands_in_the_middle_of_its_own_least_value() -> None:
    features = noise(2, 3, 5)
    padded = pad(12)(features)
    assert padded.shape == (2, 3, 12)
    torch.testing.assert_close(padded[..., 3:8], features, rtol=0, atol=0)
    for clip, own in zip(padded, features, strict=True):
        assert (clip[:, :3] == own.min()).all()
        assert (clip[:, 8:] == own.min()).all()


def test_zero_crossings_and_levels_stand_in_zeros() -> None:
    padded = Fit(ZcrRmsSettings(fit="pad"), 6).eval()(1 + noise(2, 1, 3).abs())
    assert (padded != 0).tolist() == [[[False, True, True, True, False, False]]] * 2


def test_a_clip_longer_than_a_window_keeps_its_first_frames() -> None:
    features = noise(2, 3, 20)
    for mode in (True, False):
        assert torch.equal(pad(12).train(mode)(features), features[..., :12])


def test_in_training_a_clip_stands_anywhere_and_each_clip_elsewhere() -> None:
    features = torch.ones(400, 1, 3)
    features[:, 0, 1] = 2
    torch.manual_seed(0)
    fit = pad(7).train()
    placed = fit(features) == 2
    assert (placed.sum(dim=2) == 1).all()
    assert placed[:, 0].any(dim=0).tolist() == [False, *[True] * 5, False]
    assert not torch.equal(fit(features) == 2, placed)
    torch.manual_seed(0)
    assert torch.equal(fit(features) == 2, placed)


def test_linear_interpolation_is_numpys_at_the_same_places() -> None:
    features = noise(2, 3, 50)
    given = resize(16)(features).numpy()
    places = (np.arange(16) + 0.5) * 50 / 16 - 0.5
    expected = [[np.interp(places, np.arange(50), row) for row in clip] for clip in features.numpy()]
    np.testing.assert_allclose(given, expected, atol=1e-5)


def test_cubic_interpolation_is_exact_for_parabolas_away_from_the_edges() -> None:
    frames = torch.arange(40, dtype=torch.float32)
    places = (torch.arange(16) + 0.5) * 40 / 16 - 0.5
    given = resize(16, "cubic")((0.1 * frames.square() - frames).view(1, 1, -1))[0, 0]
    torch.testing.assert_close(given[1:-1], (0.1 * places.square() - places)[1:-1], atol=1e-4, rtol=0)


@pytest.mark.parametrize("frames", [16, 17, 50, 300])
def test_band_limited_interpolation_is_pillows(frames: int) -> None:
    row = noise(1, 1, frames)
    expected = np.asarray(Image.fromarray(row[0].numpy()).resize((16, 1), Image.Resampling.LANCZOS))
    np.testing.assert_allclose(resize(16, "band_limited")(row)[0].numpy(), expected, atol=1e-5)


def test_band_limited_interpolation_keeps_a_slow_wave() -> None:
    def wave(frames: int) -> Tensor:
        return torch.cos(2 * torch.pi * 3 * (torch.arange(frames) + 0.5) / frames).view(1, 1, -1)

    torch.testing.assert_close(resize(40, "band_limited")(wave(100))[..., 5:-5], wave(40)[..., 5:-5], atol=0.02, rtol=0)


def test_only_band_limited_interpolation_takes_away_what_fewer_frames_cannot_hold() -> None:
    fast = torch.cos(2 * torch.pi * 0.45 * torch.arange(200)).view(1, 1, -1)
    left = {kernel: resize(100, kernel)(fast)[..., 6:-6].abs().max().item() for kernel in KERNELS}
    assert left["band_limited"] < 0.03
    assert left["linear"] > 0.1
    assert left["cubic"] > 0.1


@every_kernel
def test_an_alternating_pattern_of_uneven_weight_folds_unless_it_is_filtered(kernel: str) -> None:
    alternating = torch.tensor([1.0, -1.0]).repeat(75).view(1, 1, -1)
    left = resize(100, kernel)(alternating)[..., 6:-6].abs().max().item()
    assert (left < 0.05) == (kernel == "band_limited")


@every_kernel
def test_a_clip_of_the_right_length_stays_as_it_is(kernel: str) -> None:
    features = 80 * noise(2, 3, 16)
    assert torch.equal(resize(16, kernel)(features), features)


@every_kernel
def test_a_shorter_clip_has_zeros_behind_it(kernel: str) -> None:
    features = noise(2, 3, 5)
    resized = resize(16, kernel)(features)
    assert torch.equal(resized[..., :5], features)
    assert (resized[..., 5:] == 0).all()


@given(st.integers(1, 40), st.integers(0, 200), st.sampled_from(KERNELS))
def test_a_constant_stays_constant(size: int, more: int, kernel: str) -> None:
    resized = resize(size, kernel)(torch.full((1, 2, size + more), -3.5))
    torch.testing.assert_close(resized, torch.full((1, 2, size), -3.5), atol=1e-5, rtol=0)


@every_kernel
def test_a_clip_turned_round_gives_its_result_turned_round(kernel: str) -> None:
    features = noise(2, 3, 37)
    torch.testing.assert_close(
        resize(16, kernel)(features.flip(2)), resize(16, kernel)(features).flip(2), atol=1e-5, rtol=0
    )


def test_places_are_exact_in_a_clip_of_an_hour() -> None:
    frames = 360_000
    weights = interpolation_weights(torch.tensor([frames]), frames, 4, "linear")[0]
    places = (np.arange(4) + 0.5) * frames / 4 - 0.5
    assert (weights.T @ torch.arange(frames, dtype=torch.float64).float()).tolist() == places.tolist()


FITS = [
    LogMelSettings(bands=8, scaling="clip", fit="pad"),
    *(LogMelSettings(bands=8, scaling="unit", fit="resize", frames=16, interpolation=kernel) for kernel in KERNELS),
]


@pytest.mark.parametrize("settings", FITS, ids=str)
def test_a_clip_in_a_padded_batch_is_fitted_as_it_is_alone(settings: LogMelSettings) -> None:
    clips = [noise(8, length) - 40 for length in LENGTHS]
    batch = torch.stack([nn.functional.pad(clip, (0, 43 - clip.shape[1])) for clip in clips])
    scaling, fit, lengths = Scaling(settings), Fit(settings, 16).eval(), torch.tensor(LENGTHS)
    together = fit(scaling(batch, lengths), lengths)
    alone = torch.cat([fit(scaling(clip.unsqueeze(0))) for clip in clips])
    assert together.shape == (5, 8, 16)
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)


EXPORTED = [
    LogMelSettings(scaling="clip", fit="pad", bands=32),
    MfccSettings(scaling="band", fit="resize", frames=30, interpolation="band_limited", bands=32, coefficients=13),
    MfccSettings(scaling="unit", fit="resize", frames=30, interpolation="cubic", bands=32, coefficients=13),
    ZcrRmsSettings(scaling="none", fit="pad"),
    ZcrRmsSettings(scaling="clip", fit="resize", frames=30),
    FunctionalsSettings(scaling="train", bands=32, coefficients=13),
]


@pytest.mark.parametrize("settings", EXPORTED, ids=str)
def test_the_exported_graph_agrees_for_clips_shorter_and_longer_than_asked_for(settings: FrontEnd) -> None:
    model = nn.Sequential(
        front_end(settings, 16_000), Scaling(settings), Fit(settings, frames_of(settings, 16_000))
    ).eval()
    session = onnxruntime.InferenceSession(exported(model, 16_000), providers=["CPUExecutionProvider"])
    for batch, samples in [(1, 100), (2, 8000), (3, 16_000), (5, 40_000)]:
        waveforms = 0.1 * noise(batch, samples) * torch.linspace(0.05, 1, samples)
        (given,) = session.run(None, {"waveform": waveforms.numpy()})
        expected = model(waveforms).numpy()
        assert given.shape == expected.shape
        np.testing.assert_allclose(given, expected, atol=2e-3)


def exported(model: nn.Module, samples: int) -> bytes:
    axes = {0: torch.export.Dim("batch", min=1), 1: torch.export.Dim("sample", min=1)}
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                model,
                (torch.zeros(2, samples),),
                dynamo=True,
                input_names=["waveform"],
                dynamic_shapes=({0: axes[0], 1: axes[1]},),
                verbose=False,
            )
    finally:
        logger.setLevel(level)
    graph = io.BytesIO()
    program.save(graph)
    return graph.getvalue()
