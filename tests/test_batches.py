"""Clips are cut as prediction cuts them; an epoch holds each clip once as it is and the changed copies."""

import threading

import numpy as np
import pytest
import soundfile
import torch
from tests.tiny import TINY

from paraverbal import batches
from paraverbal.audio import level, read, windows
from paraverbal.augment.spectrogram import apply_change, draw_change
from paraverbal.augment.waveform import apply_waveform_change, draw_waveform_change
from paraverbal.batches import Clip, ClipFeatures, collate, compute_features, read_windows
from paraverbal.config import read_recipe
from paraverbal.errors import AudioFormatError, AudioNotFoundError
from paraverbal.models.model import SpeechModel
from paraverbal.settings import AudioSettings, AugmentSettings
from paraverbal.training.samples import TrainingSamples, by_length, epoch_order

CHANGES = AugmentSettings(copies=3, probability=1.0, noise_deviation=1.0, roll=0.5, factor=(0.7, 1.3))


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
    return ClipFeatures(list(features), first, np.arange(clips) % 2)


def of_lengths(lengths, rows=3):
    """Features of clips of one window each, whose values all tell the clip, counted from 1."""
    features = [torch.full((rows, length), float(clip)) for clip, length in enumerate(lengths, 1)]
    return ClipFeatures(features, np.arange(len(lengths) + 1), np.arange(len(lengths)))


def collected(data, settings, batch_size=4, *, seed=0, epoch=1):
    shown = list(TrainingSamples(data, settings, seed).batches(batch_size, epoch))
    return torch.cat([batch.features for batch in shown]), torch.cat([batch.labels for batch in shown])


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
    (to_the_end,) = read_windows(Clip(clips[3].file, 0, start=2.5), tiny_recipe.audio)
    assert to_the_end.shape == (16000,)
    assert not to_the_end[8001:].any()


def test_a_clip_that_keeps_its_length_is_one_window_unless_it_is_longer_than_one(clips):
    settings = AudioSettings(seconds=2.0, hop_seconds=2.0, short="keep")
    for clip, lengths in zip(clips, ([6400], [16000], [32000, 32000], [32000, 32000]), strict=True):
        waveform, _ = read(clip.file, sampling_rate=16000)
        cut = read_windows(clip, settings)
        assert [len(window) for window in cut] == lengths
        np.testing.assert_array_equal(cut[0], waveform[: lengths[0]])
        np.testing.assert_array_equal(cut[-1], waveform[-lengths[0] :])


def test_a_kept_clip_that_is_shorter_than_the_model_needs_has_zeros_behind_it(clips):
    waveform, _ = read(clips[0].file, sampling_rate=16000)
    (window,) = read_windows(clips[0], AudioSettings(seconds=2.0, short="keep"), least=7000)
    np.testing.assert_array_equal(window, np.pad(waveform, (0, 600)))


def test_noise_is_reduced_before_the_level_is_set(clips, monkeypatch):
    monkeypatch.setattr(batches, "denoise", lambda waveform, rate, kind: waveform[:8000] if kind == "profile" else None)
    waveform, _ = read(clips[1].file, sampling_rate=16000)
    (window,) = read_windows(clips[1], AudioSettings(denoise="profile", level="peak", short="keep"))
    np.testing.assert_array_equal(window, level(waveform[:8000], "peak"))


def test_features_are_those_of_the_front_end_for_each_window(clips, model):
    found, failed = compute_features(clips, model)
    assert failed == []
    assert found.first.tolist() == [0, 1, 2, 5, 8]
    assert found.truth.tolist() == [0, 1, 1, 0]
    assert len(found) == 4
    assert found.waveforms == []
    with torch.inference_mode():
        cut = [np.stack(read_windows(clip, model.recipe.audio)) for clip in clips]
        expected = [model.frontend(torch.from_numpy(windows)) for windows in cut]
    torch.testing.assert_close(torch.stack(found.features), torch.cat(expected))


def test_features_of_clips_that_keep_their_length_have_their_own_number_of_frames(clips):
    recipe = read_recipe("cnn-lstm", [*TINY, "audio.seconds=2.5", "audio.short=keep"])
    model = SpeechModel(recipe, ("anger", "neutral"))
    found, _ = compute_features(clips, model)
    samples = (6400, 16000, 36800, 40000, 40000)
    assert [tuple(one.shape) for one in found.features] == [(24, 1 + count // 256) for count in samples]
    assert found.first.tolist() == [0, 1, 2, 3, 5]


def test_the_windows_are_kept_where_they_are_asked_for(clips, model):
    found, _ = compute_features(clips, model, keep_waveforms=True)
    expected = [window for clip in clips for window in read_windows(clip, model.recipe.audio)]
    assert len(found.waveforms) == len(found.features) == len(expected)
    for kept, window in zip(found.waveforms, expected, strict=True):
        np.testing.assert_array_equal(kept, window)


def test_files_that_cannot_be_read_are_returned_with_the_reason_and_the_rest_goes_on(clips, model, tmp_path):
    (tmp_path / "text.wav").write_text("no audio at all, only a few words")
    bad = [Clip(tmp_path / "gone.wav", 0), Clip(tmp_path / "text.wav", 1)]
    found, failed = compute_features([bad[0], clips[0], bad[1], clips[2]], model)
    assert [clip for clip, _ in failed] == bad
    assert [type(error) for _, error in failed] == [AudioNotFoundError, AudioFormatError]
    expected, _ = compute_features([clips[0], clips[2]], model)
    assert torch.equal(torch.stack(found.features), torch.stack(expected.features))
    assert found.first.tolist() == expected.first.tolist() == [0, 1, 4]
    assert found.truth.tolist() == [0, 1]


def test_each_clip_is_worked_on_by_one_thread_and_torch_has_its_threads_again(clips, model, monkeypatch):
    seen = []

    def listening(waveforms):
        seen.append((threading.current_thread(), torch.get_num_threads()))
        if len(seen) == len(clips):
            raise MemoryError
        return torch.zeros(len(waveforms), 1, 1)

    monkeypatch.setattr(model.frontend, "forward", listening)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(MemoryError):
            compute_features(clips, model)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert {threads for _, threads in seen} == {1}
    assert threading.main_thread() not in {thread for thread, _ in seen}


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
    expected = apply_change(data.features[2].numpy(), draw_change(CHANGES, (4, 20), rng), rng)
    np.testing.assert_array_equal(TrainingSamples(data, CHANGES, seed=0).sample(2, 3, epoch=1), expected)


def test_a_changed_waveform_passes_the_front_end_anew(clips, model):
    settings = AugmentSettings(copies=1, probability=1.0, noise_snr_db=(5.0, 10.0), shift=0.3)
    data, _ = compute_features(clips[:2], model, keep_waveforms=True)
    rng = np.random.default_rng((0, 4, 1, 1))
    rng.integers(1, 2)
    change = draw_waveform_change(settings, rng)
    waveform = apply_waveform_change(data.waveforms[1], 16000, change)
    with torch.inference_mode():
        expected = model.frontend(torch.from_numpy(waveform)[None])[0]
    shown = TrainingSamples(data, settings, 0, model).sample(1, 1, epoch=4)
    torch.testing.assert_close(shown, expected)
    assert not torch.allclose(shown, data.features[1], atol=1)


def test_a_stretched_waveform_keeps_the_length_of_a_window(clips, model):
    settings = AugmentSettings(copies=1, probability=1.0, stretch=(1.2, 1.3))
    data, _ = compute_features(clips[1:2], model, keep_waveforms=True)
    shown = TrainingSamples(data, settings, 0, model).sample(0, 1, epoch=1)
    assert shown.shape == data.features[0].shape


def test_changes_of_the_waveform_without_a_model_are_an_error():
    settings = AugmentSettings(copies=1, shift=0.5)
    with pytest.raises(ValueError, match="need the model whose front end"):
        TrainingSamples(made(), settings, seed=0).sample(0, 1, epoch=1)


def test_changes_drawn_once_are_the_same_in_every_epoch_and_others_are_not():
    once = TrainingSamples(made(), CHANGES.model_copy(update={"draw": "once"}), seed=0)
    anew = TrainingSamples(made(), CHANGES, seed=0)
    assert torch.equal(once.sample(1, 2, epoch=1), once.sample(1, 2, epoch=5))
    assert not torch.equal(once.sample(1, 2, epoch=1), once.sample(1, 3, epoch=1))
    assert not torch.equal(anew.sample(1, 2, epoch=1), anew.sample(1, 2, epoch=5))


def test_of_a_long_clip_every_window_is_shown_in_time():
    samples = TrainingSamples(made(clips=2, windows_each=3), CHANGES, seed=0)
    shown = [{int(samples.sample(clip, 0, epoch)[0, 0]) // 80 for epoch in range(40)} for clip in (0, 1)]
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
    before = torch.stack(data.features)
    collected(data, CHANGES)
    assert torch.equal(torch.stack(data.features), before)


@pytest.mark.parametrize(
    ("clips", "least", "sizes"), [(5, 2, [4]), (5, 1, [4, 1]), (6, 2, [4, 2]), (4, 2, [4]), (1, 2, []), (1, 1, [1])]
)
def test_a_batch_of_fewer_than_the_least_is_left_out(clips, least, sizes):
    samples = TrainingSamples(made(clips), AugmentSettings(), seed=0)
    assert [len(batch.labels) for batch in samples.batches(4, 1, least)] == sizes


def test_an_epoch_can_be_left_early():
    shown = TrainingSamples(made(20), CHANGES, seed=0).batches(4, 1)
    next(shown)
    shown.close()


def test_clips_of_one_length_are_stacked_without_lengths():
    features, lengths = collate(made(3).features)
    assert features.shape == (3, 4, 20)
    assert lengths is None


def test_clips_of_several_lengths_have_zeros_behind_their_end_and_tell_it():
    features, lengths = collate(of_lengths([5, 2, 7]).features)
    assert features.shape == (3, 3, 7)
    assert (lengths.tolist(), lengths.dtype) == ([5, 2, 7], torch.int64)
    for clip, length in enumerate(lengths, 1):
        assert (features[clip - 1, :, :length] == clip).all()
        assert not features[clip - 1, :, length:].any()


def test_each_sample_is_in_one_batch_and_no_batch_is_too_large():
    lengths = np.random.default_rng(0).integers(1, 500, 103)
    order = epoch_order(103, 1, seed=0, epoch=1)
    parts = by_length(order, lengths, 4, np.random.default_rng(0))
    assert sorted(map(tuple, np.concatenate(parts).tolist())) == sorted(map(tuple, order.tolist()))
    assert {len(part) for part in parts} == {4, 2}


def test_the_clips_of_a_batch_are_of_similar_length_and_batches_come_in_no_order_of_length():
    lengths = np.random.default_rng(0).integers(1, 500, 400)
    parts = by_length(epoch_order(400, 0, seed=0, epoch=1), lengths, 8, np.random.default_rng(0))
    spans = [np.ptp(lengths[part[:, 0]]) for part in parts]
    random = [np.ptp(lengths[part]) for part in np.arange(400).reshape(-1, 8)]
    assert np.mean(spans) < np.mean(random) / 5
    means = [lengths[part[:, 0]].mean() for part in parts]
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.5


def test_batches_of_clips_of_several_lengths_carry_them():
    data = of_lengths([5, 2, 7, 4, 9, 3, 6])
    seen = {}
    for batch in TrainingSamples(data, AugmentSettings(), seed=0).batches(2, epoch=1):
        lengths = (
            batch.lengths if batch.lengths is not None else torch.full((len(batch.labels),), batch.features.shape[2])
        )
        for shown, length, label in zip(batch.features, lengths, batch.labels, strict=True):
            assert torch.equal(shown[:, :length], data.features[label])
            seen[int(label)] = int(length)
    assert seen == dict(enumerate([5, 2, 7, 4, 9, 3, 6]))


def test_without_the_originals_an_epoch_holds_the_changed_copies_alone():
    order = epoch_order(6, 2, seed=0, epoch=1, original=False)
    assert sorted(map(tuple, order)) == [(clip, copy) for clip in range(6) for copy in (1, 2)]
    settings = CHANGES.model_copy(update={"keep_original": False, "copies": 1})
    data = made(clips=5)
    shown = torch.cat([batch.features for batch in TrainingSamples(data, settings, 0).batches(4, 1)])
    assert len(shown) == 5
    assert not any(torch.equal(one, original) for one in shown for original in data.features)


@pytest.mark.parametrize(("clips", "least"), [(8, 1), (9, 1), (9, 2), (10, 2)])
@pytest.mark.parametrize("keep", [True, False])
def test_the_steps_of_an_epoch_are_counted_before_it(clips, least, keep):
    settings = CHANGES.model_copy(update={"keep_original": keep, "copies": 1})
    samples = TrainingSamples(made(clips=clips), settings, 0)
    assert samples.steps(4, least) == len(list(samples.batches(4, 1, least)))


@pytest.mark.parametrize(("short", "least"), [("keep", 20), ("repeat", 50)])
def test_training_shows_pieces_of_long_clips_and_all_of_short_ones(short, least):
    settings = ["augment.crop_seconds=0.5", "augment.time_warp=[1.0, 1.0]", f"augment.crop_short={short}"]
    recipe = read_recipe("paraverbal-small", settings)
    piece = 50  # 0.5 s, a frame each 10 ms
    samples = TrainingSamples(of_lengths([20, 80, 300], rows=80), recipe.augment, 0, SpeechModel(recipe, ("a", "b")))
    shown = [samples.sample(clip, 1, epoch).shape[-1] for epoch in range(5) for clip in range(3)]
    assert shown == [least, piece, piece] * 5
    assert samples.lengths.tolist() == [least, piece, piece]
