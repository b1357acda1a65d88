"""Transcripts by faster-whisper, with a stand-in for its model: no weights are at hand here."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest
import soundfile

from paraverbal.cli.texts import texts_for
from paraverbal.errors import MissingExtraError, TextError
from paraverbal.text.asr import SAMPLING_RATE, Transcriber


class Whisper:
    """Writes down how long and how loud it was."""

    made: ClassVar[list[dict[str, Any]]] = []

    def __init__(self, folder: str, **options: Any) -> None:
        Whisper.made.append({"folder": folder, **options})

    def transcribe(self, waveform: Any, **options: Any) -> tuple[Any, None]:
        assert waveform.dtype == np.float32
        texts = [f" {len(waveform)} samples", f" {options['language']} ", ""]
        return iter([SimpleNamespace(text=text) for text in texts]), None


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    module = ModuleType("faster_whisper")
    module.WhisperModel = Whisper  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "faster_whisper", module)
    monkeypatch.setattr(Whisper, "made", [])
    (tmp_path / "whisper").mkdir()
    (tmp_path / "whisper" / "model.bin").touch()
    return tmp_path / "whisper"


def test_a_recording_is_brought_to_16_khz_and_its_segments_are_joined(folder: Path) -> None:
    written = Transcriber(folder, language="en")(np.zeros(48_000, np.float32), 48_000)
    assert written == f"{SAMPLING_RATE} samples en"


def test_the_model_is_read_from_the_folder_alone(folder: Path) -> None:
    Transcriber(folder)
    assert Whisper.made[0]["folder"] == str(folder)
    assert Whisper.made[0]["local_files_only"] is True


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(TextError, match=r"no model\.bin in it; give the folder of a model for faster-whisper"):
        Transcriber(tmp_path)


def test_without_the_extra_the_message_says_how_to_install_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'paraverbal\[asr\]'"):
        Transcriber(folder)


def test_the_command_writes_down_each_recording_that_can_be_read(folder: Path, tmp_path: Path) -> None:
    good, broken = tmp_path / "good.wav", tmp_path / "broken.wav"
    soundfile.write(good, np.zeros(8000, np.float32), 8000)
    broken.write_text("no audio")
    assert texts_for([str(good), str(broken)], None, None, folder) == {str(good): "16000 samples None"}
