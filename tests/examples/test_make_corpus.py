import csv
from collections import Counter

import numpy as np
import pytest
import soundfile
from examples.make_corpus import make_corpus


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return make_corpus(tmp_path_factory.mktemp("corpus"), speakers=4, repeats=3)


def rows_of(corpus):
    with (corpus / "clips.csv").open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def test_the_table_names_every_file_with_emotion_speaker_and_sex(corpus):
    rows = rows_of(corpus)
    assert sorted(row["file"] for row in rows) == sorted(
        file.relative_to(corpus).as_posix() for file in corpus.rglob("*.flac")
    )
    assert Counter(row["emotion"] for row in rows) == dict.fromkeys(
        ["anger", "fear", "happiness", "neutral", "sadness"], 12
    )
    assert {(row["speaker"], row["sex"]) for row in rows} == {
        ("s1", "female"),
        ("s2", "male"),
        ("s3", "female"),
        ("s4", "male"),
    }
    assert all(row["file"].startswith(f"{row['emotion']}/{row['speaker']}_") for row in rows)


def test_clips_are_mono_16_khz_of_one_to_four_seconds_and_do_not_clip(corpus):
    for file in corpus.rglob("*.flac"):
        waveform, sampling_rate = soundfile.read(file)
        assert (sampling_rate, waveform.ndim) == (16_000, 1)
        assert 1 <= len(waveform) / sampling_rate <= 4
        assert 0.02 < np.abs(waveform).max() < 0.95


def test_the_same_seed_makes_the_same_clips_and_another_does_not(tmp_path):
    first, again, other = (
        make_corpus(tmp_path / name, speakers=1, repeats=1, seed=seed) for name, seed in (("a", 7), ("b", 7), ("c", 8))
    )
    file = "anger/s1_01.flac"
    assert np.array_equal(soundfile.read(first / file)[0], soundfile.read(again / file)[0])
    assert len(soundfile.read(first / file)[0]) != len(soundfile.read(other / file)[0])


def test_emotions_can_be_told_apart_in_speakers_not_heard_before(corpus):
    rows = rows_of(corpus)
    features = np.array([describe(corpus / row["file"]) for row in rows])
    heard = np.array([row["speaker"] in ("s1", "s2") for row in rows])
    emotions = np.array([row["emotion"] for row in rows])
    features = (features - features[heard].mean(axis=0)) / features[heard].std(axis=0)
    labels = sorted(set(emotions))
    centres = np.array([features[heard & (emotions == label)].mean(axis=0) for label in labels])
    nearest = np.linalg.norm(features[~heard, None] - centres, axis=2).argmin(axis=1)
    assert np.mean(np.array(labels)[nearest] == emotions[~heard]) > 0.6  # chance: 0.2


def describe(file):
    """Loudness in dB, duration per syllable as the modulation of the envelope, and spectral balance of a clip."""
    waveform, sampling_rate = soundfile.read(file)
    spectrum = np.abs(np.fft.rfft(waveform)) ** 2
    frequency = np.fft.rfftfreq(len(waveform), 1 / sampling_rate)
    bands = [spectrum[(frequency >= low) & (frequency < 2 * low)].sum() for low in (125, 250, 500, 1000, 2000)]
    balance = np.log(np.array(bands) / spectrum.sum())
    return [10 * np.log10(np.mean(waveform**2)), *balance]
