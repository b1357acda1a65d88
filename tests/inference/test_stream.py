"""A stream says of each window what the model says of the same samples cut from the whole file."""

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.bundles import LABELS, expected, write_bundle
from tests.voices import cut_at, spoken

from paraverbal.audio.denoise import denoise
from paraverbal.audio.resample import resample
from paraverbal.bundle.load import Model
from paraverbal.errors import AudioError, NonFiniteAudioError, RecipeError, RunError
from paraverbal.inference import stream as stream_module
from paraverbal.inference.stream import Stream, judge
from paraverbal.inference.windows import Window

RATE = 16000


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Make models that differ in all that happens to a window before the network."""
    folder = tmp_path_factory.mktemp("models")
    kinds = {
        "plain": {},
        "peak": {"level": "peak"},
        "rms": {"level": "rms"},
        "keep": {"short": "keep", "minimum_samples": 4000},
        "hot": {"temperature": 2.5},
    }
    return {name: Model(write_bundle(folder / name, **changes)) for name, changes in kinds.items()}


def heard(model, waveform, rate=RATE, sizes=(10**9,), **settings):
    stream = Stream(model, rate, **settings)
    found = [one for block in cut_at(waveform, sizes) for one in stream.feed(block)]
    return found + stream.flush()


def assert_as_cut(found, model, whole, window):
    """Compare estimates with the model's answers for the same samples of the resampled whole."""
    for one in found:
        cut = whole[round(one.start * model.sampling_rate) : round(one.end * model.sampling_rate)]
        alone = model(cut, model.sampling_rate, window=window)
        np.testing.assert_allclose(list(one.probabilities.values()), alone, atol=1e-4)


@pytest.mark.parametrize("kind", ["plain", "peak", "rms", "keep", "hot"])
@pytest.mark.parametrize("rate", [16000, 44100, 8000])
def test_a_stream_says_what_the_same_windows_of_the_whole_say(models, kind, rate):
    waveform = (np.linspace(0.2, 1, round(5.3 * rate)) * spoken(-0.6, 1.5, -0.5, 2.7, rate=rate)).astype(np.float32)
    found = heard(models[kind], waveform, rate, sizes=[801], window=1.2, hop=0.4, speech="all")
    assert len(found) == 12
    assert_as_cut(found, models[kind], resample(waveform, rate, RATE), 1.2)


@settings(max_examples=25)
@given(
    sizes=st.lists(st.integers(1, 30_000), min_size=1, max_size=5),
    rate=st.sampled_from([16000, 22050, 48000]),
    window=st.sampled_from([0.5, 1.0, 1.7]),
)
def test_blocks_of_any_size_give_the_same_estimates(models, sizes, rate, window):
    waveform = spoken(-0.8, 1.2, -0.3, rate=rate)
    model = models["rms"]
    found = heard(model, waveform, rate, sizes, window=window, hop=0.5)
    once = heard(model, waveform, rate, window=window, hop=0.5)
    assert [(one.start, one.end, one.emotion) for one in found] == [(one.start, one.end, one.emotion) for one in once]
    assert found
    assert_as_cut(found, model, resample(waveform, rate, RATE), window)


def test_windows_without_speech_are_passed_over(models):
    found = heard(models["plain"], spoken(-4, 2, -6))
    assert [one.start for one in found] == [2, 3, 4, 5]
    assert all(one.speech_seconds >= 0.25 for one in found)
    assert len(heard(models["plain"], spoken(-4, 2, -6), speech="all")) == 10


def test_a_recording_shorter_than_a_window_has_one_estimate(models):
    short = spoken(0.6)
    (padded,) = heard(models["plain"], short)
    (kept,) = heard(models["keep"], short)
    assert (padded.start, padded.end) == (0, pytest.approx(0.6))
    np.testing.assert_allclose(list(kept.probabilities.values()), expected(np.mean(short**2)), atol=1e-5)
    filled = expected(np.mean(np.pad(short, (0, 3 * RATE - len(short))) ** 2))
    np.testing.assert_allclose(list(padded.probabilities.values()), filled, atol=1e-5)


def test_an_estimate_names_its_winner_and_what_is_uncertain(tmp_path):
    model = Model(write_bundle(tmp_path / "sure", threshold=0.99))
    for one in heard(model, spoken(-1, 3)):
        assert one.emotion == max(one.probabilities, key=one.probabilities.get)
        assert one.confidence == max(one.probabilities.values())
        assert tuple(one.probabilities) == LABELS
        assert one.uncertain
        assert one.dimensions == {}


def test_an_answer_comes_with_the_last_sample_of_its_window(models):
    stream = Stream(models["plain"], RATE, speech="all")
    told = []
    for number, block in enumerate(cut_at(np.zeros(6 * RATE, np.float32), [100]), 1):
        told += [(one.end, number * 100 / RATE) for one in stream.feed(block)]
    assert told == [(3.0, 3.0), (4.0, 4.0), (5.0, 5.0), (6.0, 6.0)]


def test_a_stream_tells_whether_there_is_speech_now(models):
    stream = Stream(models["plain"], RATE)
    states = [stream.feed(block) is not None and stream.is_speech for block in cut_at(spoken(-1, 1, -1), [RATE // 2])]
    assert states == [False, False, True, True, False, False]


def test_dimensions_come_along(models, monkeypatch, tmp_path):
    model = models["plain"]
    monkeypatch.setattr(type(model), "dimensions", property(lambda self: ("arousal",)))
    monkeypatch.setattr(model, "run_windows", lambda pieces: np.float32([[0.2, 0.5, 0.3, 4.5]] * len(pieces)))
    (one,) = heard(model, spoken(2.0))
    assert one.dimensions == {"arousal": 4.5}
    assert one.emotion == "neutral"


def test_noise_reduction_is_applied_to_each_window(models, monkeypatch):
    pytest.importorskip("noisereduce")
    model = models["plain"]
    monkeypatch.setattr(model, "manifest", type(model.manifest)(**{**vars(model.manifest), "denoise": "adaptive"}))
    waveform = spoken(2.0) + np.float32(0.05) * np.sin(np.arange(2 * RATE)).astype(np.float32)
    (one,) = heard(model, waveform, window=2.0, speech="all")
    clean = denoise(waveform, RATE, "adaptive")
    np.testing.assert_allclose(list(one.probabilities.values()), expected(np.mean(clean**2)), atol=1e-4)


def test_many_windows_at_once_are_judged_as_each_alone(models):
    rng = np.random.default_rng(0)
    sizes = [8000] * 19 + [5000]
    windows = [Window(0, rng.uniform(-0.9, 0.9, size).astype(np.float32), 1.0) for size in sizes]
    for kind in ("plain", "peak", "keep", "hot"):
        together = judge(models[kind], windows, 8000)
        for window, row in zip(windows, together, strict=True):
            np.testing.assert_allclose(row, models[kind](window.samples, RATE, window=0.5), atol=1e-6)
    assert judge(models["plain"], [], 8000).shape == (0, 3)


def test_a_stream_keeps_no_more_than_a_window(models):
    stream = Stream(models["plain"], RATE, window=1.0, hop=0.5)
    for _ in range(200):
        stream.feed(np.zeros(1600, np.float32))
        assert len(stream._windows._samples) <= RATE
    assert stream.seconds == 20


@pytest.mark.parametrize(
    ("block", "error"),
    [
        (np.zeros((2, 100), np.float32), AudioError),
        (np.zeros(100, np.int16), AudioError),
        (np.float32([0, np.nan]), NonFiniteAudioError),
    ],
)
def test_a_block_that_is_no_sound_is_refused_and_the_stream_goes_on(models, block, error):
    stream = Stream(models["plain"], RATE, window=1.0, hop=0.5)
    with pytest.raises(error):
        stream.feed(block)
    assert stream.seconds == 0
    assert stream.feed([]) == []
    assert len(stream.feed(spoken(1.0))) == 1


def test_a_stream_that_ended_takes_no_more(models):
    stream = Stream(models["plain"], RATE)
    assert stream.flush() == []
    assert stream.flush() == []
    with pytest.raises(RunError, match="start a new one"):
        stream.feed(np.zeros(10, np.float32))


def test_impossible_streams_are_an_error(models):
    with pytest.raises(AudioError, match="impossible"):
        Stream(models["plain"], 0)
    with pytest.raises(RecipeError, match="more than window"):
        Stream(models["plain"], RATE, window=1, hop=1.5)


def test_the_example_in_the_docstring_is_true():
    assert doctest.testmod(stream_module).failed == 0
