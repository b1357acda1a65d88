"""A timeline says when there was speech and which emotion it had; it is what a stream says, whatever the file."""

import numpy as np
import pytest
import soundfile
from tests.bundles import LABELS, expected, write_bundle
from tests.voices import spoken

from paraverbal.audio.read import read
from paraverbal.bundle.load import Model
from paraverbal.errors import AudioFormatError, EmptyAudioError, RecipeError
from paraverbal.inference import timeline as timeline_module
from paraverbal.inference.predict import Failure
from paraverbal.inference.stream import Stream
from paraverbal.inference.timeline import timeline, timeline_each

RATE = 16000
# Of the tiny model: the louder, the more anger; a quiet voice is sad.
LOUD, QUIET = 5.0, 0.02


@pytest.fixture
def talk(tmp_path):
    """Write two seconds of silence, six of a loud voice, three of silence, five of a quiet voice, one of silence."""
    waveform = spoken(-2, 6, -3, 5, -1)
    waveform[: 9 * RATE] *= LOUD
    waveform[9 * RATE :] *= QUIET
    soundfile.write(tmp_path / "talk.wav", waveform, RATE, subtype="FLOAT")
    return tmp_path / "talk.wav"


def test_segments_tell_when_there_was_speech_and_which_emotion(talk, model):
    found = timeline(talk, model=model, window=1.0, hop=0.5)
    assert found.seconds == 17
    assert [one.emotion for one in found.segments] == ["anger", "sadness"]
    times = [(one.start, one.end) for one in found.segments]
    np.testing.assert_allclose(times, [(2, 8), (11, 16)], atol=0.35)
    assert times == list(found.speech)
    for one in found.segments:
        assert one.file == str(talk)
        assert sum(one.probabilities.values()) == pytest.approx(1)
        assert one.confidence == one.probabilities[one.emotion] == max(one.probabilities.values())


def test_a_change_of_voice_without_a_pause_is_a_new_segment(tmp_path, model):
    waveform = spoken(8)
    waveform[: 4 * RATE] *= LOUD
    waveform[4 * RATE :] *= 0.1
    soundfile.write(tmp_path / "a.wav", waveform, RATE, subtype="FLOAT")
    found = timeline(tmp_path / "a.wav", model=model, window=1.0, hop=0.5, smooth=1)
    assert [one.emotion for one in found.segments] == ["anger", "sadness"]
    assert found.segments[0].end == found.segments[1].start == pytest.approx(4, abs=0.5)


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
@pytest.mark.parametrize("speech", ["energy", "all"])
def test_its_windows_are_those_of_a_stream(tmp_path, model, rate, speech):
    waveform = spoken(-1, 2.3, -2, 1.9, rate=rate)
    soundfile.write(tmp_path / "a.flac", waveform, rate)
    found = timeline(tmp_path / "a.flac", model=model, window=1.5, hop=0.5, speech=speech)
    stream = Stream(model, rate, window=1.5, hop=0.5, speech=speech)
    estimates = stream.feed(read(tmp_path / "a.flac")[0]) + stream.flush()
    assert found.starts.tolist() == [one.start for one in estimates]
    assert found.ends.tolist() == [one.end for one in estimates]
    answers = [list(one.probabilities.values()) for one in estimates]
    np.testing.assert_allclose(found.answers, answers, atol=1e-6)
    assert found.answers.dtype == np.float32


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_many_workers_give_what_one_gives(talk, model, monkeypatch, workers):
    monkeypatch.setattr(timeline_module, "processors", lambda: workers)
    found = timeline(talk, model=model, window=0.5, hop=0.1)
    monkeypatch.setattr(timeline_module, "processors", lambda: 1)
    alone = timeline(talk, model=model, window=0.5, hop=0.1)
    np.testing.assert_array_equal(found.answers, alone.answers)
    assert found.segments == alone.segments


def test_smoothing_averages_windows_and_1_leaves_them(talk, model):
    rough, smooth = (timeline(talk, model=model, window=1.0, hop=0.5, smooth=count) for count in (1, 5))
    np.testing.assert_array_equal(rough.answers, smooth.answers)
    first, last = rough.segments[0], smooth.segments[0]
    assert (first.start, first.end) == (last.start, last.end)
    assert first.probabilities != last.probabilities


def test_with_all_the_whole_recording_is_judged(talk, model):
    found = timeline(talk, model=model, speech="all")
    assert found.speech == ((0.0, 17.0),)
    assert len(found.starts) == 15
    assert (found.segments[0].start, found.segments[-1].end) == (0, 17)


def test_silence_has_no_segments_and_says_so(tmp_path, model):
    soundfile.write(tmp_path / "a.wav", np.zeros(8 * RATE, np.float32), RATE)
    found = timeline(tmp_path / "a.wav", model=model)
    assert (found.segments, found.speech, found.answers.shape) == ((), (), (0, 3))
    assert found.warnings[0].startswith("no speech was found")


def test_a_clip_shorter_than_a_window_has_one_segment(tmp_path, model):
    soundfile.write(tmp_path / "a.wav", spoken(0.8), RATE, subtype="FLOAT")
    (one,) = timeline(tmp_path / "a.wav", model=model).segments
    filled = expected(np.sum(spoken(0.8) ** 2) / (3 * RATE))
    np.testing.assert_allclose(list(one.probabilities.values()), filled, atol=1e-4)
    assert (one.start, one.end) == (0, 0.8)


def test_an_answer_below_the_threshold_is_uncertain(talk, model):
    strict = Model(write_bundle(model.folder.parent / "strict", threshold=0.95))
    for loaded in (model, strict):
        for one in timeline(talk, model=loaded, window=1.0).segments:
            assert one.uncertain == (one.confidence < loaded.manifest.threshold)
    assert any(one.uncertain for one in timeline(talk, model=strict, window=1.0).segments)


def test_progress_goes_from_little_to_all(talk, model):
    told = []
    timeline(talk, model=model, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (17.0, 17.0)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert len(told) == 5


def test_a_model_may_be_a_folder_and_values_are_plain(talk, model):
    found = timeline(str(talk), model=model.folder)
    assert found.labels == LABELS
    one = found.segments[0]
    assert {type(value) for value in (one.start, one.end, one.confidence, *one.probabilities.values())} == {float}
    assert type(one.uncertain) is bool


def test_a_bad_recording_is_an_error_alone_and_a_failure_among_others(talk, model, tmp_path):
    (tmp_path / "bad.wav").write_text("no audio")
    (tmp_path / "none.wav").write_bytes(b"")
    with pytest.raises(AudioFormatError):
        timeline(tmp_path / "bad.wav", model=model)
    with pytest.raises(EmptyAudioError):
        timeline(tmp_path / "none.wav", model=model)
    bad, good, none = timeline_each([tmp_path / "bad.wav", talk, tmp_path / "none.wav"], model)
    assert isinstance(bad, Failure)
    assert bad.error.startswith("cannot be read as audio")
    assert len(good.segments) == 2
    assert none == Failure(str(tmp_path / "none.wav"), "the file is empty (0 bytes); copy or record it again")


def test_a_file_damaged_on_the_way_ends_with_an_error_and_no_threads_left(tmp_path, model):
    waveform = spoken(20)
    waveform[15 * RATE] = np.nan
    soundfile.write(tmp_path / "a.wav", waveform, RATE, subtype="FLOAT")
    with pytest.raises(ValueError, match="sample 240000 is NaN"):
        timeline(tmp_path / "a.wav", model=model)


@pytest.mark.parametrize(
    "settings", [{"smooth": 2}, {"smooth": 0}, {"window": 0}, {"hop": 5}, {"speech": "none"}, {"window": -1, "hop": -2}]
)
def test_impossible_settings_are_an_error_before_any_work(settings, model):
    with pytest.raises(RecipeError):
        timeline("gone.wav", model=model, **settings)
