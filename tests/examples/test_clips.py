from pathlib import Path

import numpy as np
import pytest
import soundfile

CLIPS = sorted((Path(__file__).parents[2] / "examples" / "clips").glob("*.flac"))


def test_there_are_six_example_clips():
    assert len(CLIPS) == 6
    assert {clip.stem.rpartition("_")[0] for clip in CLIPS} == {"angry", "fearful", "happy", "neutral", "sad"}


@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.stem)
def test_an_example_clip_is_small_mono_16_bit_flac_at_16_khz(clip):
    header = soundfile.info(clip)
    assert (header.format, header.subtype, header.channels, header.samplerate) == ("FLAC", "PCM_16", 1, 16_000)
    assert 2 <= header.duration <= 4
    assert clip.stat().st_size < 80_000
    assert 0.1 < np.abs(soundfile.read(clip)[0]).max() < 1
