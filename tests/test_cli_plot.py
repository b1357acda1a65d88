"""`paraverbal plot` answers with pictures, one sentence on stderr, and 0, 1 or 2."""

import numpy as np
import pytest
import soundfile
from PIL import Image

RATE = 16_000


@pytest.fixture
def clips(tmp_path):
    folder = tmp_path / "clips"
    (folder / "sub").mkdir(parents=True)
    seconds = np.arange(RATE // 2) / RATE
    voice = sum(0.3 / k * np.sin(2 * np.pi * 150 * k * seconds) for k in range(1, 20))
    for name in ("a.wav", "sub/a.wav"):
        soundfile.write(folder / name, voice, RATE)
    return folder


def test_one_recording_becomes_one_picture(command, clips, tmp_path):
    code, out, err = command("plot", clips / "a.wav", "--output", tmp_path / "a.png", "--dpi", 40)
    assert (code, out) == (0, "")
    assert err.startswith("1 of 1 recordings")
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.width == 400


def test_every_option_reaches_the_picture(command, clips, tmp_path):
    chosen = ("--show", "spectrogram, f0", "--spectrogram", "narrow", "--scale", "log", "--window-ms", 40)
    limits = ("--low-hz", 60, "--high-hz", 500, "--top-hz", 5000, "--from", 0.1, "--to", 0.4)
    options = (*chosen, *limits, "--no-formants", "--dark", "--dpi", 30)
    assert command("plot", clips / "a.wav", "--output", tmp_path / "a.png", *options)[0] == 0
    assert (tmp_path / "a.png").is_file()


def test_a_folder_becomes_a_folder_and_failures_are_listed(command, clips, tmp_path):
    (clips / "broken.wav").write_bytes(b"")
    shown = ("--show", "waveform", "--dpi", 30)
    code, out, err = command("plot", clips, "--output", tmp_path / "out", *shown)
    assert (code, out) == (1, "")
    assert "broken.wav" in err
    assert "2 of 3 recordings" in err
    made = sorted(file.relative_to(tmp_path / "out").as_posix() for file in (tmp_path / "out").rglob("*.png"))
    assert made == ["a.png", "sub/a.png"]


def test_what_is_left_out_is_said(command, tmp_path):
    soundfile.write(tmp_path / "long.wav", np.zeros(61 * 1000, np.float32), 1000)
    shown = ("--show", "waveform", "--high-hz", 200, "--no-formants", "--dpi", 30)
    code, _, err = command("plot", tmp_path / "long.wav", "--output", tmp_path / "long.png", *shown)
    assert code == 0
    assert "60 s of 61 s" in err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--show", "wave"), "did you mean 'waveform'"),
        (("--spectrogram", "wider"), "did you mean 'wide'"),
        (("--from", 2, "--to", 1), "from 2.0 to 1.0 s"),
    ],
)
def test_a_wrong_request_is_one_sentence_and_2(command, clips, tmp_path, options, words):
    code, out, err = command("plot", clips, "--output", tmp_path / "out", *options)
    assert (code, out) == (2, "")
    assert words in err
    assert not (tmp_path / "out").exists()


def test_several_recordings_do_not_fit_one_picture(command, clips, tmp_path):
    code, _, err = command("plot", clips, "--output", tmp_path / "a.png")
    assert code == 2
    assert "give a folder" in err
