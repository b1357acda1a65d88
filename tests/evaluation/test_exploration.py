"""A corpus on disk is explored with a stand-in for the functionals, whose answer is known."""

import json

import numpy as np
import pytest
import soundfile

from paraverbal.corpora import read_corpus
from paraverbal.errors import AudioError
from paraverbal.evaluation import descriptor_effects
from paraverbal.evaluation.exploration import explore
from paraverbal.features.describe import Features

NAMES = ("level", "zero", "F0semitoneFrom27.5Hz_sma3nz_amean", "slopeUV0-500_sma3nz_amean", "VoicedSegmentsPerSec")


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr(descriptor_effects, "DRAWS", 50)
    monkeypatch.setattr(descriptor_effects, "PERMUTATIONS", 99)


def measured(files, kind):
    """Functionals of which only the level is real; a file with `whisper` in its name has no voice."""
    assert kind == "functionals"
    for file in files:
        level = np.sqrt(np.mean(np.square(soundfile.read(file)[0])))
        voice = 0.0 if "whisper" in file else 2.0
        values = np.array([[level], [0.0], [30.0 * voice], [1.0], [voice]], dtype=np.float32)
        yield AudioError(file, "no functionals") if "odd" in file else Features(file, NAMES, values, np.empty(0))


def write(folder, rows, columns="file,emotion,speaker"):
    folder.mkdir()
    for row in rows:
        name = row.split(",")[0]
        if not (folder / name).exists():
            loud = 0.5 if "anger" in row else 0.1
            noise = np.random.default_rng(len(name)).normal(0, loud / 4, 8000)
            soundfile.write(folder / name, noise, 8000)
    (folder / "clips.csv").write_text("\n".join([columns, *rows]) + "\n")
    return folder


@pytest.fixture
def folder(tmp_path):
    rows = [
        f"{emotion}_{speaker}{n}.wav,{emotion},{speaker}"
        for emotion in ("anger", "fear")
        for speaker in "ab"
        for n in (1, 2, 3)
    ]
    return write(tmp_path / "made", rows)


def test_every_clip_is_measured_and_counted(folder):
    found = explore(read_corpus(folder), measure=measured)
    assert len(found.clips) == 12
    assert found.names == NAMES
    assert found.values.shape == (12, 5)
    assert found.counts == {"emotion": {"anger": 6, "fear": 6}, "speaker": {"a": 6, "b": 6}}
    assert found.speaker_emotions == {"a": {"anger": 3, "fear": 3}, "b": {"anger": 3, "fear": 3}}
    assert [clip.signal.seconds for clip in found.clips] == [1.0] * 12
    assert found.effects.ranked[0].name == "level"
    assert found.effects.ranked[0].highest[0] == "anger"
    assert found.effects.skipped["zero"] == "it does not vary"
    assert json.dumps(found.to_dict(), allow_nan=False)


def test_files_that_cannot_be_read_or_measured_are_named_and_nowhere_else(folder):
    (folder / "fear_b3.wav").write_bytes(b"RIFF")
    (folder / "fear_b2.wav").rename(folder / "odd.wav")
    table = folder / "clips.csv"
    table.write_text(table.read_text().replace("fear_b2.wav", "odd.wav"))
    found = explore(read_corpus(folder), measure=measured)
    assert [one["file"] for one in found.failed] == ["odd.wav", "fear_b3.wav"]
    assert found.failed[0]["error"].endswith("no functionals")
    assert found.counts["emotion"] == {"anger": 6, "fear": 4}
    assert len(found.values) == 10


def test_a_corpus_of_broken_files_is_explored_to_nothing(folder):
    for file in folder.glob("*.wav"):
        file.write_bytes(b"")
    found = explore(read_corpus(folder), measure=measured)
    assert (found.clips, found.projection, found.outliers, found.counts) == ((), None, [], {})
    assert len(found.failed) == 12
    assert "there is no clip" in found.effects.warning


def test_a_clip_without_voice_has_no_f0_in_place_of_the_zero_of_models(tmp_path):
    folder = write(tmp_path / "made", ["whisper.wav,fear,a", "fear.wav,fear,a", "anger.wav,anger,a"])
    found = explore(read_corpus(folder), measure=measured)
    (whisper,) = (index for index, clip in enumerate(found.clips) if clip.file == "whisper.wav")
    assert np.isnan(found.values[whisper]).tolist() == [False, False, True, False, False]
    assert np.isnan(found.values).sum() == 1


def test_parts_of_a_file_are_clips_of_their_own_with_real_functionals(tmp_path):
    rows = ["talk.wav,anger,a,0,0.5", "talk.wav,fear,a,0.5,", "other.wav,fear,a,,"]
    found = explore(read_corpus(write(tmp_path / "made", rows, "file,emotion,speaker,start,end")), measure=as_egemaps)
    assert {clip.name for clip in found.clips} == {"talk.wav#t=0,0.5", "talk.wav#t=0.5", "other.wav"}
    assert sorted(clip.signal.seconds for clip in found.clips) == [0.5, 0.5, 1.0]
    assert found.values.shape == (3, 88)


def as_egemaps(files, kind):
    from paraverbal.features.store import features_of_each

    return features_of_each(files, kind)


def test_speakers_of_joined_corpora_are_told_apart(tmp_path):
    for name in ("one", "two"):
        write(tmp_path / name, [f"{name}_anger.wav,anger,s1", f"{name}_fear.wav,fear,s1"])
    found = explore(read_corpus([tmp_path / "one", tmp_path / "two"]), measure=measured)
    assert list(found.speaker_emotions) == ["one/s1", "two/s1"]
    assert found.counts["corpus"] == {"one": 2, "two": 2}
