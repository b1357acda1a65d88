"""A bundle folder becomes a model; its probabilities are the mean over windows of the resampled, levelled waveform."""

import re

import numpy as np
import pytest
from tests.bundles import LABELS, SLOPES, expected, write_bundle, write_graph

from paraverbal.audio import level, resample, windows
from paraverbal.audio.denoise import denoise
from paraverbal.bundle import load
from paraverbal.bundle.load import Model, load_model, model_names
from paraverbal.errors import AudioError, BundleError, EmptyAudioError, NonFiniteAudioError

# 3.5 s at 16 kHz that grow louder, so that windows differ.
NOISE = (np.random.default_rng(0).uniform(-0.5, 0.5, 56000) * np.linspace(0, 1, 56000)).astype(np.float32)


@pytest.fixture
def folder(tmp_path):
    return write_bundle(tmp_path / "tiny")


@pytest.fixture
def bundled(tmp_path, monkeypatch):
    """Put two models where the bundled ones lie."""
    for name in ("default", "other"):
        write_bundle(tmp_path / "bundled" / name, name=name)
    monkeypatch.setattr(load, "BUNDLED", tmp_path / "bundled")
    return tmp_path / "bundled"


def by_hand(waveform, samples, hop):
    return np.mean([expected(np.mean(piece**2)) for piece in windows(waveform, samples, hop)], axis=0)


def test_a_bundle_folder_is_a_model_that_tells_what_it_is(folder):
    model = load_model(folder)
    assert (model.name, model.labels, model.sampling_rate, model.folder) == ("tiny", LABELS, 16000, folder)
    for words in ("tiny", "[batch, sample] at 16000 Hz", "windows of 1 s", "anger, neutral, sadness", "6 param", "CC0"):
        assert words in repr(model)


def test_a_clip_of_one_window_gets_the_graphs_probabilities(folder):
    probabilities = load_model(folder)(NOISE[:16000], 16000)
    assert (probabilities.shape, probabilities.dtype) == ((3,), np.float32)
    np.testing.assert_allclose(probabilities, expected(np.mean(NOISE[:16000] ** 2)), atol=1e-6)


def test_a_longer_clip_gets_the_mean_over_its_windows(folder):
    np.testing.assert_allclose(load_model(folder)(NOISE, 16000), by_hand(NOISE, 16000, 16000), atol=1e-6)


def test_more_windows_than_go_through_the_graph_at_once_give_their_mean(folder):
    probabilities = load_model(folder)(NOISE, 16000, window=0.1, hop=0.05)
    np.testing.assert_allclose(probabilities, by_hand(NOISE, 1600, 800), atol=1e-6)
    assert len(windows(NOISE, 1600, 800)) > 4 * load._BATCH


def test_a_window_of_ones_own_is_also_the_hop_unless_that_is_given(folder):
    model = load_model(folder)
    np.testing.assert_array_equal(model(NOISE, 16000, window=0.2), model(NOISE, 16000, window=0.2, hop=0.2))
    np.testing.assert_allclose(model(NOISE, 16000, hop=0.5), by_hand(NOISE, 16000, 8000), atol=1e-6)


def test_a_shorter_clip_is_padded_with_zeros_to_a_window(folder):
    np.testing.assert_allclose(load_model(folder)(NOISE[-4000:], 16000), by_hand(NOISE[-4000:], 16000, 1), atol=1e-6)
    assert load_model(folder)(np.float32([0.1]), 16000).sum() == pytest.approx(1)


def test_a_window_below_the_networks_minimum_is_padded_to_it(tmp_path):
    model = load_model(write_bundle(tmp_path, minimum_samples=1600))
    constant = np.full(800, 0.5, np.float32)
    np.testing.assert_allclose(model(constant, 16000, window=0.05), expected(0.25 / 2), atol=1e-6)


def test_a_shorter_clip_that_is_kept_is_not_padded_and_a_longer_one_is_cut_as_ever(tmp_path):
    model = load_model(write_bundle(tmp_path, short="keep"))
    np.testing.assert_allclose(model(NOISE[-4000:], 16000), expected(np.mean(NOISE[-4000:] ** 2)), atol=1e-6)
    np.testing.assert_allclose(model(NOISE, 16000), by_hand(NOISE, 16000, 16000), atol=1e-6)
    assert "whole clips" in repr(model)


def test_a_kept_clip_below_the_networks_minimum_is_padded_to_it(tmp_path):
    model = load_model(write_bundle(tmp_path, short="keep", minimum_samples=1600))
    np.testing.assert_allclose(model(np.full(800, 0.5, np.float32), 16000), expected(0.25 / 2), atol=1e-6)


@pytest.mark.parametrize("kind", ["profile", "adaptive"])
def test_noise_is_reduced_at_the_models_rate_before_the_level_is_set(tmp_path, kind):
    model = load_model(write_bundle(tmp_path, denoise=kind, level="peak"))
    at_48 = resample(NOISE, 16000, 48000)
    clean = level(denoise(resample(at_48, 48000, 16000), 16000, kind), "peak")
    np.testing.assert_allclose(model(at_48, 48000), by_hand(clean, 16000, 16000), atol=1e-6)
    assert not np.allclose(clean, level(NOISE, "peak"), atol=0.1)
    assert "noise reduction (extra denoise)" in repr(model)


def test_another_rate_is_resampled(folder):
    at_48 = resample(NOISE, 16000, 48000)
    back = resample(at_48, 48000, 16000)
    np.testing.assert_allclose(load_model(folder)(at_48, 48000), by_hand(back, 16000, 16000), atol=1e-6)


@pytest.mark.parametrize("kind", ["peak", "rms"])
def test_the_level_of_the_whole_clip_is_set_before_it_is_cut(tmp_path, kind):
    model = load_model(write_bundle(tmp_path, level=kind))
    np.testing.assert_allclose(model(NOISE, 16000), by_hand(level(NOISE, kind), 16000, 16000), atol=1e-6)
    np.testing.assert_allclose(model(NOISE, 16000), model(NOISE / 7, 16000), atol=1e-5)


@pytest.mark.parametrize("temperature", [0.001, 0.5, 3.0])
def test_a_temperature_is_applied_to_the_mean_over_windows(tmp_path, temperature):
    model = load_model(write_bundle(tmp_path, temperature=temperature))
    logarithms = np.log(by_hand(NOISE, 16000, 16000)) / temperature
    powers = np.exp(logarithms - logarithms.max())
    np.testing.assert_allclose(model(NOISE, 16000), powers / powers.sum(), atol=1e-4)


def test_double_precision_and_lists_of_floats_are_waveforms(folder):
    model = load_model(folder)
    np.testing.assert_allclose(model(NOISE.astype(np.float64), 16000), model(NOISE, 16000), atol=1e-7)
    assert model([0.1, -0.1, 0.2], 16000).shape == (3,)


@pytest.mark.parametrize(
    ("waveform", "rate", "error", "words"),
    [
        (NOISE[np.newaxis], 16000, AudioError, "a waveform of shape (1, 56000) was given, [sample] was expected"),
        (np.float32(1), 16000, AudioError, "a waveform of shape () was given"),
        (NOISE[:0], 16000, EmptyAudioError, "a waveform without samples was given"),
        (np.zeros(10, np.int16), 16000, AudioError, "a waveform of int16 was given, floats in -1..1 were expected"),
        (np.float32([0, np.nan]), 16000, NonFiniteAudioError, "NaN or infinite samples"),
        (np.float32([np.inf]), 16000, NonFiniteAudioError, "NaN or infinite samples"),
        (NOISE, 0, AudioError, "a sampling rate of 0 Hz is impossible"),
        (NOISE, float("nan"), AudioError, "a sampling rate of nan Hz is impossible"),
    ],
)
def test_what_is_no_waveform_is_refused(folder, waveform, rate, error, words):
    with pytest.raises(error, match=re.escape(words)):
        load_model(folder)(waveform, rate)


@pytest.mark.parametrize("arguments", [{"window": 0}, {"window": -1}, {"hop": 0}, {"hop": float("nan")}])
def test_an_impossible_window_is_a_value_error(folder, arguments):
    with pytest.raises(ValueError, match="it must be above 0"):
        load_model(folder)(NOISE, 16000, **arguments)


def test_a_run_folder_and_a_path_as_text_are_models_too(tmp_path):
    write_bundle(tmp_path / "run" / "bundle")
    assert load_model(tmp_path / "run").folder == tmp_path / "run" / "bundle"
    assert load_model(str(tmp_path / "run")).labels == LABELS


def test_a_name_is_a_bundled_model_and_none_the_default(bundled):
    assert model_names() == ["default", "other"]
    assert load_model("other").folder == bundled / "other"
    assert load_model().name == load_model(None).name == "default"


def test_a_name_goes_before_a_folder_of_the_same_name(bundled, tmp_path, monkeypatch):
    write_bundle(tmp_path / "here" / "other", name="mine")
    monkeypatch.chdir(tmp_path / "here")
    assert load_model("other").name == "other"
    assert load_model("./other").name == "mine"


def test_an_unknown_name_tells_the_nearest(bundled):
    words = "model 'defualt' is neither a folder nor a bundled model (did you mean 'default'?); bundled: default, other"
    with pytest.raises(BundleError, match=re.escape(words)):
        load_model("defualt")


def test_a_missing_folder_a_folder_without_a_model_and_a_file_are_refused(tmp_path, folder):
    with pytest.raises(BundleError, match="is neither a folder nor a bundled model"):
        load_model(tmp_path / "nowhere")
    with pytest.raises(BundleError, match=r"no model in this folder; bundle\.json \(a bundle\) or bundle/bundle\.json"):
        load_model(tmp_path)
    with pytest.raises(BundleError, match="this is a file; give the bundle folder that it lies in"):
        load_model(folder / "model.onnx")


def test_a_missing_graph_is_named(folder):
    (folder / "model.onnx").unlink()
    with pytest.raises(BundleError, match=r"model\.onnx: the graph is missing from the bundle"):
        load_model(folder)


@pytest.mark.parametrize("content", [b"", b"this is no graph"])
def test_a_broken_graph_is_a_bundle_error(folder, content):
    (folder / "model.onnx").write_bytes(content)
    with pytest.raises(BundleError, match=r"model\.onnx: .*export the model again"):
        load_model(folder)


def test_a_graph_that_is_not_the_manifests_is_refused(folder):
    write_graph(folder / "model.onnx", input_name="audio")
    with pytest.raises(BundleError, match="goes from audio to probabilities, the manifest says from waveform to prob"):
        load_model(folder)
    write_graph(folder / "model.onnx", labels=("anger", "fear"))
    with pytest.raises(BundleError, match="the graph has 2 outputs, the manifest 3 labels"):
        load_model(folder)


def test_a_call_is_the_same_from_many_threads(folder):
    from concurrent.futures import ThreadPoolExecutor

    model = Model(folder)
    alone = model(NOISE, 16000)
    with ThreadPoolExecutor(4) as pool:
        for probabilities in pool.map(lambda _: model(NOISE, 16000), range(16)):
            np.testing.assert_array_equal(probabilities, alone)


RATED = ("arousal", "valence")


def test_dimensions_are_the_mean_over_windows_without_temperature_and_probabilities_stay(tmp_path):
    model = load_model(write_bundle(tmp_path, dimensions=RATED, temperature=3.0))
    answer = model.answer(NOISE, 16000)
    means = [np.mean(piece**2) * SLOPES[0, :2] for piece in windows(NOISE, 16000, 16000)]
    np.testing.assert_allclose(answer.dimensions, np.mean(means, axis=0), rtol=1e-5)
    assert (answer.dimensions.dtype, answer.dimensions.shape) == (np.float32, (2,))
    np.testing.assert_array_equal(answer.probabilities, model(NOISE, 16000))
    plain = load_model(write_bundle(tmp_path / "plain", temperature=3.0))
    np.testing.assert_allclose(model(NOISE, 16000), plain(NOISE, 16000), atol=1e-6)
    assert model.dimensions == RATED
    assert "dimensions float32 [batch, dimension]: arousal, valence" in repr(model)


def test_a_window_of_ones_own_is_that_of_the_dimensions_too(tmp_path):
    model = load_model(write_bundle(tmp_path, dimensions=RATED))
    means = [np.mean(piece**2) * SLOPES[0, :2] for piece in windows(NOISE, 3200, 1600)]
    found = model.answer(NOISE, 16000, window=0.2, hop=0.1).dimensions
    np.testing.assert_allclose(found, np.mean(means, axis=0), rtol=1e-5)


def test_a_model_of_emotions_alone_tells_no_dimension(folder):
    model = load_model(folder)
    assert model.dimensions == ()
    assert model.answer(NOISE, 16000).dimensions.shape == (0,)
    assert "dimension" not in repr(model)


def test_a_graph_without_the_dimensions_of_its_manifest_is_refused(tmp_path):
    bundle = write_bundle(tmp_path, dimensions=RATED)
    write_graph(bundle / "model.onnx")
    with pytest.raises(BundleError, match="tells of arousal, valence, but the graph has no output 'dimensions'"):
        load_model(bundle)
    write_graph(bundle / "model.onnx", dimensions=3)
    with pytest.raises(BundleError, match="the graph has 3 outputs, the manifest 2 dimensions"):
        load_model(bundle)
