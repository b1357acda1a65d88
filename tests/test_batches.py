"""Clips are cut as prediction cuts them; an epoch holds each clip once as it is and the changed copies."""

import numpy as np
import pytest
import soundfile
import torch

from paraverbal.audio import level, read, windows
from paraverbal.augment.spectrogram import apply_change, draw_change
from paraverbal.batches import (
    Clip,
    ClipFeatures,
    compute_features,
    draw_sample,
    epoch_batches,
    epoch_order,
    read_windows,
)
from paraverbal.config import AugmentSettings, read_recipe
from paraverbal.errors import AudioFormatError, AudioNotFoundError
from paraverbal.models.model import SpeechModel

CHANGES = AugmentSettings(copies=3, probability=1.0, noise_deviation=1.0, roll=0.5, factor=(0.7, 1.3))
KEY = {"seed": 0, "epoch": 1}


@pytest.fixture(scope="module")
def model(tiny_recipe):
    torch.manual_seed(0)
    return SpeechModel(tiny_recipe, ("anger", "neutral"))


@pytest.fixture
def clips(tmp_path):
    """Clips of 0.4, 1, 2.3 and 3 s at 22.05 kHz."""
    rng = np.random.default_rng(0)
    files = []
    for seconds in (0.4, 1, 2.3, 3):
        files.append(tmp_path / f"{seconds}.wav")
        soundfile.write(files[-1], rng.uniform(-0.3, 0.3, round(seconds * 22050)), 22050)
    return [Clip(file, truth) for file, truth in zip(files, (0, 1, 1, 0), strict=True)]


def made(clips=5, windows_each=1, bands=4, frames=20):
    """Features whose first value tells the window."""
    features = torch.arange(clips * windows_each * bands * frames, dtype=torch.float32).reshape(-1, bands, frames)
    first = np.arange(clips + 1) * windows_each
    return ClipFeatures(features, first, np.arange(clips) % 2)


def collected(data, settings, batch_size=4, **key):
    batches = list(epoch_batches(data, settings, batch_size, **KEY | key))
    return torch.cat([batch.features for batch in batches]), torch.cat([batch.labels for batch in batches])


def test_windows_are_those_of_prediction(clips, tiny_recipe):
    for clip, count in zip(clips, (1, 1, 3, 3), strict=True):
        waveform, _ = read(clip.file, sampling_rate=16000)
        expected = windows(waveform, 16000, 16000)
        np.testing.assert_array_equal(read_windows(clip, tiny_recipe.audio), expected)
        assert expected.shape == (count, 16000)


def test_the_level_is_set_before_the_clip_is_cut(clips):
    settings = read_recipe("cnn-lstm", ["audio.level=peak", "audio.hop_seconds=1.5"]).audio
    waveform, _ = read(clips[3].file, sampling_rate=48000)
    expected = windows(level(waveform, "peak"), 144000, 72000)
    np.testing.assert_array_equal(read_windows(clips[3], settings), expected)


def test_a_part_of_a_file_is_read_alone(clips, tiny_recipe):
    waveform, _ = read(clips[3].file, sampling_rate=16000, offset=0.5, duration=1.25)
    part = Clip(clips[3].file, 0, start=0.5, end=1.75)
    np.testing.assert_array_equal(read_windows(part, tiny_recipe.audio), windows(waveform, 16000, 16000))
    to_the_end = read_windows(Clip(clips[3].file, 0, start=2.5), tiny_recipe.audio)
    assert to_the_end.shape == (1, 16000)
    assert not to_the_end[0, 8001:].any()


def test_features_are_those_of_the_front_end_for_each_window(clips, model):
    found, failed = compute_features(clips, model)
    assert failed == []
    assert found.first.tolist() == [0, 1, 2, 5, 8]
    assert found.truth.tolist() == [0, 1, 1, 0]
    assert len(found) == 4
    with torch.inference_mode():
        expected = [model.frontend(torch.from_numpy(read_windows(clip, model.recipe.audio))) for clip in clips]
    torch.testing.assert_close(found.features, torch.cat(expected))


def test_files_that_cannot_be_read_are_returned_with_the_reason_and_the_rest_goes_on(clips, model, tmp_path):
    (tmp_path / "text.wav").write_text("no audio at all, only a few words")
    bad = [Clip(tmp_path / "gone.wav", 0), Clip(tmp_path / "text.wav", 1)]
    found, failed = compute_features([bad[0], clips[0], bad[1], clips[2]], model)
    assert [clip for clip, _ in failed] == bad
    assert [type(error) for _, error in failed] == [AudioNotFoundError, AudioFormatError]
    expected, _ = compute_features([clips[0], clips[2]], model)
    assert torch.equal(found.features, expected.features)
    assert found.first.tolist() == expected.first.tolist() == [0, 1, 4]
    assert found.truth.tolist() == [0, 1]


def test_no_readable_file_gives_no_features(model, tmp_path):
    found, failed = compute_features([Clip(tmp_path / "gone.wav", 0)], model)
    assert (len(found), len(found.features), len(failed)) == (0, 0, 1)


def test_an_epoch_holds_each_clip_once_for_every_copy():
    order = epoch_order(7, 3, seed=0, epoch=1)
    assert sorted(map(tuple, order.tolist())) == [(clip, copy) for clip in range(7) for copy in range(4)]
    assert order.tolist() != sorted(order.tolist())


def test_the_first_copy_is_unchanged_and_the_others_are_changed():
    data = made(clips=5)
    features, labels = collected(data, CHANGES, batch_size=4)
    assert len(features) == 5 * 4
    unchanged = [index for index, shown in enumerate(features) if any(torch.equal(shown, own) for own in data.features)]
    assert len(unchanged) == 5
    assert sorted(int(features[index][0, 0]) for index in unchanged) == [int(own[0, 0]) for own in data.features]
    assert torch.bincount(labels).tolist() == [12, 8]


def test_labels_go_with_their_clips():
    data = made(clips=6)
    features, labels = collected(data, AugmentSettings(), batch_size=4)
    clips = [int(shown[0, 0]) // 80 for shown in features]
    assert sorted(clips) == list(range(6))
    assert labels.tolist() == [clip % 2 for clip in clips]


def test_a_changed_copy_is_what_was_drawn_for_it():
    data = made()
    rng = np.random.default_rng((0, 1, 2, 3))
    rng.integers(2, 3)
    expected = apply_change(data.features[2].numpy(), draw_change(CHANGES, 20, rng), rng)
    np.testing.assert_array_equal(draw_sample(data, 2, 3, CHANGES, (0, 1)), expected)


def test_of_a_long_clip_every_window_is_shown_in_time():
    data = made(clips=2, windows_each=3)
    shown = [
        {int(draw_sample(data, clip, 0, CHANGES, (0, epoch))[0, 0]) // 80 for epoch in range(40)} for clip in (0, 1)
    ]
    assert shown == [{0, 1, 2}, {3, 4, 5}]


def test_seed_and_epoch_decide_everything():
    data = made()
    first, labels = collected(data, CHANGES)
    again, same = collected(data, CHANGES)
    assert torch.equal(first, again)
    assert torch.equal(labels, same)
    for key in ({"epoch": 2}, {"seed": 1}):
        assert not torch.equal(first, collected(data, CHANGES, **key)[0])


def test_the_cached_features_are_never_changed():
    data = made()
    before = data.features.clone()
    collected(data, CHANGES)
    assert torch.equal(data.features, before)


@pytest.mark.parametrize(("clips", "batch_size", "sizes"), [(5, 4, [4]), (6, 4, [4, 2]), (4, 4, [4]), (1, 4, [])])
def test_a_batch_of_one_is_left_out(clips, batch_size, sizes):
    batches = list(epoch_batches(made(clips), AugmentSettings(), batch_size, **KEY))
    assert [len(batch.labels) for batch in batches] == sizes


def test_an_epoch_can_be_left_early():
    batches = epoch_batches(made(20), CHANGES, 4, **KEY)
    next(batches)
    batches.close()
