"""A tiny model and recordings, good and bad."""

import numpy as np
import pytest
import soundfile
from tests.bundles import write_bundle

from paraverbal.bundle.load import Model

RATE = 16000


def voice(seconds=1.0, amplitude=0.5, seed=0):
    """Return noise of a given length and peak: it has energy at all frequencies, as a voice has."""
    return np.random.default_rng(seed).uniform(-amplitude, amplitude, round(seconds * RATE)).astype(np.float32)


@pytest.fixture
def model(tmp_path):
    return Model(write_bundle(tmp_path / "model"))


@pytest.fixture
def clips(tmp_path):
    """Make a folder of four recordings, one of them broken, and one text; the louder, the more anger."""
    folder = tmp_path / "clips"
    (folder / "more").mkdir(parents=True)
    soundfile.write(folder / "a loud.wav", voice(amplitude=0.9), RATE)
    soundfile.write(folder / "b quiet.flac", voice(2.5, amplitude=0.01), RATE)
    (folder / "c broken.wav").write_text("no audio")
    (folder / "notes.md").write_text("no audio either")
    soundfile.write(folder / "more" / "d loud.ogg", voice(3, amplitude=0.9, seed=1), RATE)
    return folder
