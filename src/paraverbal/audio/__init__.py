"""File -> waveform: float32 `[sample]` in -1..1, at the file's own rate or another."""

from paraverbal.audio.level import level, peak_normalise, rms_normalise
from paraverbal.audio.read import AUDIO_SUFFIXES, AudioInfo, find_audio, info, read
from paraverbal.audio.resample import resample
from paraverbal.audio.segment import pad_or_trim, window_starts, windows

__all__ = [
    "AUDIO_SUFFIXES",
    "AudioInfo",
    "find_audio",
    "info",
    "level",
    "pad_or_trim",
    "peak_normalise",
    "read",
    "resample",
    "rms_normalise",
    "window_starts",
    "windows",
]
