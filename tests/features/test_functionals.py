import numpy as np
import pytest

from paraverbal.features.functionals import functional_names, spectral_functionals
from paraverbal.features.spectral import log_mel, mfcc
from paraverbal.settings import FunctionalsSettings

SETTINGS = FunctionalsSettings(fft_size=512, hop_length=256, bands=24, coefficients=13)
STATISTICS = {"mean": np.mean, "deviation": np.std, "minimum": np.min, "maximum": np.max}


def noise(samples: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (0.1 * rng.standard_normal(samples) * np.linspace(0.001, 1, samples)).astype(np.float32)


def test_every_feature_has_one_name() -> None:
    names = functional_names(SETTINGS)
    assert len(names) == len(set(names)) == SETTINGS.rows == 296
    assert {"log_mel_17_mean", "mfcc_3_difference_deviation", "mfcc_0_maximum", "log_mel_0_difference_minimum"} < set(
        names
    )


@pytest.mark.parametrize("samples", [300, 8000])
def test_every_feature_is_what_its_name_says(samples: int) -> None:
    series = {"log_mel": log_mel(noise(samples), 16_000, SETTINGS), "mfcc": mfcc(noise(samples), 16_000, SETTINGS)}
    given = spectral_functionals(noise(samples), 16_000, SETTINGS)
    assert given.shape == (SETTINGS.rows, 1)
    assert given.dtype == np.float32
    for name, value in zip(functional_names(SETTINGS), given[:, 0], strict=True):
        kind, index, *_, statistic = name.replace("log_mel", "log-mel").split("_")
        row = series[kind.replace("-", "_")][int(index)].astype(np.float64)
        if "difference" in name:
            row = row[1:] - row[:-1]
        assert value == pytest.approx(STATISTICS[statistic](row), abs=1e-3), name


def test_a_clip_of_one_frame_has_no_differences_and_no_deviation() -> None:
    given = dict(zip(functional_names(SETTINGS), spectral_functionals(noise(100), 16_000, SETTINGS)[:, 0], strict=True))
    assert all(value == 0 for name, value in given.items() if "difference" in name or "deviation" in name)
    assert all(given[f"mfcc_{n}_mean"] == given[f"mfcc_{n}_minimum"] == given[f"mfcc_{n}_maximum"] for n in range(13))
    assert given["mfcc_1_mean"] != 0
