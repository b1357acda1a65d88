"""Blocks joined are the whole file, and resampling them is resampling it; errors are those of reading it whole."""

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.voices import cut_at

from paraverbal.audio.blocks import BlockResampler, blocks
from paraverbal.audio.read import read
from paraverbal.audio.resample import resample
from paraverbal.errors import AudioError, AudioFormatError, AudioNotFoundError, EmptyAudioError, NonFiniteAudioError


def noise(samples, channels=1, seed=0):
    drawn = np.random.default_rng(seed).uniform(-0.5, 0.5, (samples, channels)).astype(np.float32)
    return drawn[:, 0] if channels == 1 else drawn


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.parametrize("channels", [1, 2])
def test_blocks_joined_are_the_file(tmp_path, suffix, channels):
    file = tmp_path / f"a.{suffix}"
    soundfile.write(file, noise(40_000, channels), 16000)
    found = list(blocks(file, samples=7001))
    assert {len(block) for block in found[:-1]} == {7001}
    np.testing.assert_allclose(np.concatenate(found), read(file)[0], atol=1e-6)  # an MP3 is not decoded to the last bit


def test_the_row_of_an_array_comes_in_blocks_too(tmp_path):
    np.savez(tmp_path / "data.npz", train_X=noise(300, 3).T)
    address = f"{tmp_path / 'data.npz'}::1@8000"
    np.testing.assert_array_equal(np.concatenate(list(blocks(address, samples=64))), read(address)[0])


def test_what_cannot_be_read_whole_cannot_be_read_in_blocks(tmp_path):
    (tmp_path / "text.wav").write_text("no audio")
    (tmp_path / "none.wav").write_bytes(b"")
    soundfile.write(tmp_path / "no samples.wav", noise(0), 16000)
    soundfile.write(tmp_path / "short.wav", noise(16000), 16000)
    data = (tmp_path / "short.wav").read_bytes()
    (tmp_path / "short.wav").write_bytes(data[: len(data) // 2])
    expected = {
        "gone.wav": AudioNotFoundError,
        "text.wav": AudioFormatError,
        "none.wav": EmptyAudioError,
        "no samples.wav": EmptyAudioError,
        "short.wav": AudioFormatError,
    }
    for name, error in expected.items():
        messages = []
        for way in (lambda file: list(blocks(file)), read):
            with pytest.raises(error) as raised:
                way(tmp_path / name)
            messages.append(str(raised.value))
        assert messages[0] == messages[1]


def test_a_truncated_flac_is_told_after_what_is_there(tmp_path):
    file = tmp_path / "a.flac"
    soundfile.write(file, noise(160_000), 16000)
    file.write_bytes(file.read_bytes()[:200_000])
    found = []
    with pytest.raises(AudioFormatError, match="truncated"):
        found.extend(blocks(file, samples=10_000))
    assert found == [] or sum(map(len, found)) < 160_000


def test_a_sample_that_is_no_number_is_named_by_its_place(tmp_path):
    samples = noise(5000)
    samples[4321] = np.nan
    soundfile.write(tmp_path / "a.wav", samples, 16000, subtype="FLOAT")
    with pytest.raises(NonFiniteAudioError, match="sample 4321 is NaN"):
        list(blocks(tmp_path / "a.wav", samples=1000))


@pytest.mark.parametrize("rates", [(48000, 16000), (44100, 16000), (8000, 16000), (16000, 16000), (16000, 22050.5)])
@settings(max_examples=25)
@given(sizes=st.lists(st.integers(1, 5000), min_size=1, max_size=5))
def test_resampled_blocks_joined_are_the_resampled_waveform(rates, sizes):
    waveform = noise(20_000)
    resampler = BlockResampler(*rates)
    joined = np.concatenate([*(resampler.feed(block) for block in cut_at(waveform, sizes)), resampler.flush()])
    whole = resample(waveform, *rates)
    assert abs(len(joined) - len(whole)) <= 1
    shared = min(len(joined), len(whole))
    np.testing.assert_allclose(joined[:shared], whole[:shared], atol=1e-6)


def test_the_filter_holds_back_no_more_than_is_stated():
    for source, most in ((22050, 0.05), (44100, 0.045), (48000, 0.045), (8000, 0.125), (16000, 0.0)):
        resampler, given_samples, told = BlockResampler(source, 16000), 0, 0
        for block in cut_at(noise(5 * source), [source // 100]):
            given_samples += len(block)
            told += len(resampler.feed(block))
            assert given_samples / source - told / 16000 <= most


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_an_impossible_rate_is_an_error(rate):
    with pytest.raises(AudioError, match="impossible"):
        BlockResampler(rate, 16000)
    with pytest.raises(AudioError, match="impossible"):
        BlockResampler(16000, rate)
