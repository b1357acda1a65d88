"""Clips of different lengths in training: every one is shown, like is put with like, and all draws are repeatable."""

import dataclasses

import numpy as np
import pytest
import soundfile
import torch

from paraverbal.augment.spectrogram import apply_change
from paraverbal.augment.waveform import apply_waveform_change
from paraverbal.batches import Clip, ClipFeatures, compute_features, read_windows
from paraverbal.config import read_recipe
from paraverbal.models.model import SpeechModel
from paraverbal.settings import AugmentSettings, TrainingSettings
from paraverbal.training.loop import Trainer, clip_answers
from paraverbal.training.samples import Change, TrainingSamples, by_length, epoch_order

LABELS = ("anger", "neutral")
RATE = 8000
BANDS = 16
SMALL = (
    f"audio.sampling_rate={RATE}",
    "audio.seconds=2.0",
    "audio.hop_seconds=2.0",
    "audio.short=keep",
    "audio.denoise=none",
    "frontend.fft_size=256",
    "frontend.hop_length=128",
    "frontend.fmax=half",
    f"frontend.bands={BANDS}",
    "model.channels=[4, 4, 4, 4]",
)
AS_THEY_ARE = AugmentSettings()
CHANGES = AugmentSettings(copies=2, probability=1.0, noise_deviation=0.5, factor=(0.5, 2.0))
LOUDER = AugmentSettings(copies=2, probability=1.0, noise_snr_db=(5.0, 20.0), shift=0.5)


def numbered(clips=150, seed=0) -> ClipFeatures:
    """Clips of 5 to 400 frames, each filled with its own number."""
    frames = np.random.default_rng(seed).integers(5, 401, clips)
    features = [torch.full((2, int(length)), float(clip)) for clip, length in enumerate(frames)]
    return ClipFeatures(features, np.arange(clips + 1), np.arange(clips) % 2)


def numbers(batches) -> list[int]:
    return [int(number) for batch in batches for number in batch.features[:, 0, 0]]


def padding(lengths, batches) -> int:
    """Return the frames that are zeros behind an end, of batches of clips."""
    return sum(int(lengths[batch].max() * len(batch) - lengths[batch].sum()) for batch in batches)


@pytest.fixture(scope="module")
def model() -> SpeechModel:
    torch.manual_seed(0)
    return SpeechModel(read_recipe("adaptive-cnn-4", SMALL), LABELS)


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> list[Clip]:
    """Noise of 10 ms, 0.3 s, 1 s, 1.7 s, and one longer than a window."""
    rng, folder = np.random.default_rng(0), tmp_path_factory.mktemp("clips")
    made = []
    for index, seconds in enumerate((0.01, 0.3, 1.0, 1.7, 4.5)):
        soundfile.write(folder / f"{index}.wav", rng.uniform(-0.3, 0.3, round(seconds * RATE)), RATE)
        made.append(Clip(folder / f"{index}.wav", index % 2))
    return made


@pytest.fixture(scope="module")
def data(clips, model) -> ClipFeatures:
    found, failed = compute_features(clips, model, keep_waveforms=True)
    assert failed == []
    return found


@pytest.mark.parametrize(("copies", "batch_size"), [(0, 16), (2, 16), (0, 1), (1, 7)])
def test_every_sample_is_shown_once_an_epoch(copies, batch_size) -> None:
    settings = AugmentSettings(copies=copies, probability=0.0)
    samples = TrainingSamples(numbered(), settings, seed=0)
    for epoch in (1, 2):
        batches = list(samples.batches(batch_size, epoch))
        assert sorted(numbers(batches)) == sorted(list(range(150)) * (1 + copies))
        assert max(len(batch.labels) for batch in batches) <= batch_size


def test_each_clip_goes_with_its_label_its_length_and_zeros_behind_its_end() -> None:
    data = numbered()
    for batch in TrainingSamples(data, AS_THEY_ARE, seed=0).batches(16, 1):
        longest = batch.features.shape[2]
        lengths = [longest] * len(batch.labels) if batch.lengths is None else batch.lengths.tolist()
        for shown, length, label in zip(batch.features, lengths, batch.labels.tolist(), strict=True):
            clip = int(shown[0, 0])
            assert (length, label) == (data.features[clip].shape[1], data.truth[clip])
            assert torch.equal(shown[:, :length], data.features[clip])
            assert not shown[:, length:].any()
        assert longest == max(lengths)


def test_clips_of_similar_length_share_a_batch_so_that_less_is_padding() -> None:
    samples = TrainingSamples(numbered(), AS_THEY_ARE, seed=0)
    shown = [np.array([int(number) for number in batch.features[:, 0, 0]]) for batch in samples.batches(16, epoch=1)]
    order = epoch_order(150, 0, 0, 1)[:, 0]
    at_random = [order[start : start + 16] for start in range(0, 150, 16)]
    assert padding(samples.lengths, shown) < 0.2 * padding(samples.lengths, at_random)


def test_batches_of_long_and_short_clips_come_in_any_order() -> None:
    samples = TrainingSamples(numbered(), AS_THEY_ARE, seed=0)
    longest = [batch.features.shape[2] for batch in samples.batches(16, epoch=1)]
    assert longest != sorted(longest)
    assert longest != sorted(longest, reverse=True)


def test_sorting_goes_over_sixteen_batches_and_no_further() -> None:
    lengths = np.random.default_rng(0).permutation(640)
    order = epoch_order(640, 0, 0, 1)
    batches = by_length(order, lengths, 10, np.random.default_rng(0))
    assert sorted(map(tuple, np.concatenate(batches).tolist())) == [(clip, 0) for clip in range(640)]
    assert [len(batch) for batch in batches] == [10] * 64
    place = {clip: index // 160 for index, clip in enumerate(order[:, 0].tolist())}
    assert all(len({place[clip] for clip in batch[:, 0].tolist()}) == 1 for batch in batches)
    assert all(np.all(np.diff(lengths[batch[:, 0]]) > 0) for batch in batches)


def test_the_last_batch_of_a_rest_may_be_smaller_and_one_too_small_is_left_out() -> None:
    samples = TrainingSamples(numbered(clips=33), AS_THEY_ARE, seed=0)
    assert sorted(len(batch.labels) for batch in samples.batches(16, 1)) == [1, 16, 16]
    assert sorted(len(batch.labels) for batch in samples.batches(16, 1, least=2)) == [16, 16]


def test_the_same_seed_and_epoch_give_the_same_batches_and_others_do_not() -> None:
    def shown(seed, epoch):
        return list(TrainingSamples(numbered(), CHANGES, seed).batches(16, epoch))

    first, again = shown(0, 1), shown(0, 1)
    assert len(first) == len(again)
    for one, other in zip(first, again, strict=True):
        assert torch.equal(one.features, other.features)
        assert torch.equal(one.labels, other.labels)
    for others in (shown(1, 1), shown(0, 2)):
        assert numbers(others) != numbers(first)


def test_clips_of_one_length_have_no_lengths_and_are_not_sorted() -> None:
    features = [torch.full((2, 9), float(clip)) for clip in range(20)]
    data = ClipFeatures(features, np.arange(21), np.arange(20) % 2)
    batches = list(TrainingSamples(data, AS_THEY_ARE, seed=0).batches(8, 1))
    assert all(batch.lengths is None for batch in batches)
    assert numbers(batches) == epoch_order(20, 0, 0, 1)[:, 0].tolist()


def test_a_batch_of_one_clip_has_no_lengths() -> None:
    for batch in TrainingSamples(numbered(clips=9), AS_THEY_ARE, seed=0).batches(1, 1):
        assert batch.lengths is None
        assert batch.features.shape[2] == int((batch.features[0, 0] == batch.features[0, 0, 0]).sum())


@pytest.mark.parametrize("settings", [CHANGES, LOUDER])
def test_changes_that_are_drawn_once_stay_and_others_are_drawn_anew(data, model, settings) -> None:
    anew = TrainingSamples(data, settings, seed=0, model=model)
    once = TrainingSamples(data, dataclass_with(settings, draw="once"), seed=0, model=model)
    for clip in range(1, 4):
        for copy in (1, 2):
            assert torch.equal(once.sample(clip, copy, 1), once.sample(clip, copy, 2))
            assert not torch.equal(anew.sample(clip, copy, 1), anew.sample(clip, copy, 2))
        assert not torch.equal(once.sample(clip, 1, 1), once.sample(clip, 2, 1))


def dataclass_with(settings: AugmentSettings, **changes) -> AugmentSettings:
    return settings.model_copy(update=changes)


def test_a_change_of_the_waveform_changes_the_features_and_the_first_copy_stays(data, model) -> None:
    samples = TrainingSamples(data, LOUDER, seed=0, model=model)
    before = [one.clone() for one in data.features]
    for clip in range(4):
        own = data.features[int(data.first[clip])]
        assert torch.equal(samples.sample(clip, 0, 1), own)
        for copy in (1, 2):
            changed = samples.sample(clip, copy, 1)
            assert changed.shape == own.shape
            assert (changed - own).abs().mean() > 0.1
    assert all(torch.equal(one, was) for one, was in zip(data.features, before, strict=True))


def test_what_was_drawn_for_a_copy_can_be_read_back(data, model) -> None:
    settings = LOUDER.model_copy(update={"time_mask": (3, 9)})
    samples = TrainingSamples(data, settings, seed=0, model=model)
    drawn = samples.change(3, 1, epoch=2)
    assert 5.0 <= drawn.waveform.noise_snr_db <= 20.0
    waveform = apply_waveform_change(data.waveforms[3], RATE, drawn.waveform)
    with torch.inference_mode():
        features = model.frontend(torch.from_numpy(waveform)[None])[0].numpy()
    masked = apply_change(features, drawn.features, np.random.default_rng(0))
    np.testing.assert_allclose(samples.sample(3, 1, 2).numpy(), masked, atol=1e-4)
    assert samples.change(3, 1, epoch=2) == drawn != samples.change(3, 1, epoch=3)
    assert samples.change(3, 0, epoch=2) == Change(window=0)
    once = TrainingSamples(data, dataclass_with(settings, draw="once"), seed=0, model=model)
    assert once.change(3, 1, epoch=2) == once.change(3, 1, epoch=3)


def test_a_copy_too_short_for_the_network_gets_its_least_value_at_its_end(data, model) -> None:
    settings = AugmentSettings(copies=1, probability=1.0, time_warp=(0.1, 0.1))
    samples = TrainingSamples(data, settings, seed=0, model=model)
    copy = samples.sample(1, 1, 1)
    kept = max(1, round(0.1 * data.features[1].shape[1]))
    assert copy.shape[1] == model.minimum_frames > kept
    assert torch.equal(copy[:, kept:], copy.min().expand(BANDS, model.minimum_frames - kept))
    assert torch.isfinite(model.eval().classify(copy[None])).all()


def test_a_stretch_that_moves_the_voice_out_of_the_window_is_left_out(data, model) -> None:
    settings = AugmentSettings(copies=1, probability=1.0, stretch=(1.25, 1.25))
    waveform = np.zeros(2 * RATE, np.float32)
    waveform[round(1.7 * RATE) :] = 0.1
    late = dataclasses.replace(data, waveforms=[waveform], features=data.features[4:5], first=np.arange(2))
    shown = TrainingSamples(late, settings, seed=0, model=model).sample(0, 1, 1)
    with torch.inference_mode():
        assert torch.equal(shown, model.frontend(torch.from_numpy(waveform)[None])[0])


def test_a_stretched_clip_has_as_many_more_frames_up_to_a_window(data, model) -> None:
    settings = AugmentSettings(copies=1, probability=1.0, stretch=(1.25, 1.25))
    samples = TrainingSamples(data, settings, seed=0, model=model)
    frames = [samples.sample(clip, 1, 1).shape[1] for clip in (2, 3)]
    assert frames == [1 + round(1.0 * RATE * 1.25) // 128, 1 + 2 * RATE // 128]


def test_waveforms_are_kept_only_if_asked_for_and_changed_only_with_a_model(data, clips, model) -> None:
    assert [len(waveform) for waveform in data.waveforms[1:4]] == [round(seconds * RATE) for seconds in (0.3, 1.0, 1.7)]
    assert len(data.waveforms) == len(data.features)
    assert list(compute_features(clips[:2], model)[0].waveforms) == []
    with pytest.raises(ValueError, match="need the model"):
        TrainingSamples(data, LOUDER, seed=0).sample(1, 1, 1)


def test_a_clip_keeps_its_length_unless_it_is_longer_than_a_window(data) -> None:
    frames = [one.shape[1] for one in data.features]
    window = 1 + 2 * RATE // 128
    assert frames[1:4] == [1 + round(seconds * RATE) // 128 for seconds in (0.3, 1.0, 1.7)]
    assert frames[4:] == [window] * 3
    assert data.first.tolist() == [0, 1, 2, 3, 4, 7]


def test_a_clip_shorter_than_the_network_can_take_gets_zeros_at_its_end(data, clips, model) -> None:
    least = model.minimum_samples
    (waveform,) = read_windows(clips[0], model.recipe.audio, least)
    assert len(waveform) == least > 0.01 * RATE
    assert waveform[:80].any()
    assert not waveform[80:].any()
    assert data.features[0].shape[1] == model.network.minimum_frames == 16
    assert torch.equal(data.features[0], model.frontend(torch.from_numpy(waveform).unsqueeze(0))[0])


@pytest.mark.parametrize("batch_size", [1, 3])
def test_such_a_clip_trains_and_predicts_beside_others(data, batch_size) -> None:
    torch.manual_seed(0)
    fresh = SpeechModel(read_recipe("adaptive-cnn-4", SMALL), LABELS)
    before = fresh.network.output.weight.detach().clone()
    settings = TrainingSettings(epochs=2, batch_size=batch_size, precision="32")
    fit = Trainer(fresh, settings, LOUDER).fit(data, data)
    assert all(np.isfinite([row.train_loss, row.valid_loss]).all() for row in fit.history)
    assert not torch.equal(fresh.network.output.weight, before)
    probabilities = clip_answers(fresh, data).probabilities
    assert probabilities.shape == (5, 2)
    alone = clip_answers(
        fresh, dataclasses.replace(data, features=data.features[:1], first=data.first[:2])
    ).probabilities
    np.testing.assert_allclose(alone[0], probabilities[0], atol=1e-5)


def test_a_network_with_batch_normalisation_leaves_out_a_batch_of_one(data) -> None:
    recipe = read_recipe("adaptive-cnn-4", [*SMALL, "model.batch_norm=true", "training.batch_size=4"])
    torch.manual_seed(0)
    trainer = Trainer(
        SpeechModel(recipe, LABELS), TrainingSettings(epochs=1, batch_size=4, precision="32"), AS_THEY_ARE
    )
    assert trainer.least == 2
    assert np.isfinite(trainer.fit(data, data).history[0].train_loss)


def test_silence_and_a_clip_of_five_frames_stay_finite_through_every_change() -> None:
    rows = [*SMALL, "model.channels=[4, 4]", "model.pooled=1", "frontend.scaling=clip"]
    model = SpeechModel(read_recipe("adaptive-cnn-4", rows), LABELS).eval()
    rng = np.random.default_rng(0)
    waveforms = [np.zeros(RATE, np.float32), rng.uniform(-0.3, 0.3, 4 * 128).astype(np.float32)]
    features = [model.frontend(torch.from_numpy(waveform).unsqueeze(0))[0] for waveform in waveforms]
    assert [one.shape[1] for one in features] == [1 + RATE // 128, 5]
    assert len(features[0].unique()) == 1
    data = ClipFeatures(features, np.arange(3), np.arange(2), waveforms)
    settings = AugmentSettings(
        copies=3,
        probability=0.8,
        noise_snr_db=(-5.0, 20.0),
        pitch_semitones=3,
        stretch=(0.5, 2.0),
        shift=0.5,
        noise_deviation=1.0,
        roll=0.5,
        factor=(0.5, 2.0),
        frequency_mask=(1, 15),
        time_mask=(1, 1000),
    )
    samples = TrainingSamples(data, settings, seed=0, model=model)
    for epoch in range(8):
        for batch in samples.batches(4, epoch):
            assert torch.isfinite(batch.features).all()
            with torch.inference_mode():
                logits = model.classify(batch.features, batch.lengths)
            assert torch.isfinite(logits).all()
    trained = Trainer(model, TrainingSettings(epochs=2, batch_size=4, precision="32"), settings).fit(data, data)
    assert all(np.isfinite(row.train_loss) for row in trained.history)
