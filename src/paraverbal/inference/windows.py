"""A waveform that arrives in blocks -> windows of one length at even distances, each with how much speech is in it.

Window `k` starts `k` hops after the beginning, whatever was heard before. When the waveform ends, one more window ends with
it, unless the last one did; that one is shorter where the whole waveform is.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paraverbal.errors import RecipeError
from paraverbal.inference.activity import Flags, make_detector

Waveform = NDArray[np.float32]

WINDOW_SECONDS = 3.0
HOP_SECONDS = 1.0

# Windows with less speech than this are not judged: a short word has more.
LEAST_SPEECH_SECONDS = 0.25

# Frames start and end where windows do, within this share of one: rounding of rates that are no multiple of a frame.
_SLACK = 1e-6


@dataclass(frozen=True, eq=False)
class Window:
    """A stretch of the waveform.

    Attributes:
        start: Its first sample, counted from the beginning.
        samples: Float32 `[sample]`.
        speech_seconds: How much speech was found in it.
    """

    start: int
    samples: Waveform
    speech_seconds: float


class Windows:
    """Cuts windows out of blocks; keeps no more than a window and a block.

    Args:
        sampling_rate: Of the blocks, in hertz.
        window: Length of a window in seconds.
        hop: From one start to the next, in seconds; at most `window`.
        speech: How speech is found: `energy`, `silero` or `all`, see `activity.make_detector`.

    Raises:
        RecipeError: A length is impossible, or there is no such detector.
        MissingExtraError: `silero` without the extra `vad`.
    """

    def __init__(
        self,
        sampling_rate: float,
        *,
        window: float = WINDOW_SECONDS,
        hop: float = HOP_SECONDS,
        speech: str = "energy",
    ) -> None:
        check_lengths(window, hop)
        self._rate = sampling_rate
        self.size = max(1, round(window * sampling_rate))
        self.hop = max(1, round(hop * sampling_rate))
        self.detector = make_detector(speech, sampling_rate)
        self._samples = np.zeros(0, np.float32)
        self._first = 0  # what the first sample that is kept has for a number
        self._next = 0  # where the next window starts
        self._flags = np.zeros(0, dtype=bool)
        self._first_flag = 0

    @property
    def seconds(self) -> float:
        """How much was fed."""
        return self._total / self._rate

    def feed(self, block: Waveform) -> tuple[list[Window], Flags]:
        """Take samples; return the windows that they complete, and whether there is speech in each new frame."""
        self._samples = np.concatenate([self._samples, block])
        found = self._flagged(self.detector.feed(block))
        windows = []
        while self._is_complete(self._next + self.size):
            windows.append(self._cut(self._next, self._next + self.size))
            self._next += self.hop
        self._forget()
        return windows, found

    def flush(self) -> tuple[list[Window], Flags]:
        """Return the last windows, and whether there is speech in the frames that were still open."""
        found = self._flagged(self.detector.flush())
        windows = []
        while self._next + self.size <= self._total:
            windows.append(self._cut(self._next, self._next + self.size))
            self._next += self.hop
        end_of_last = self._next - self.hop + self.size if self._next else 0
        if self._total > end_of_last:
            windows.append(self._cut(max(0, self._total - self.size), self._total))
        return windows, found

    @property
    def _total(self) -> int:
        return self._first + len(self._samples)

    def _flagged(self, flags: Flags) -> Flags:
        self._flags = np.concatenate([self._flags, flags])
        return flags

    def _is_complete(self, end: int) -> bool:
        return end <= self._total and self._frames_before(end) <= self._first_flag + len(self._flags)

    def _frames_before(self, end: int) -> int:
        """Return how many frames end by a sample."""
        detector = self.detector
        return max(0, math.floor((end / self._rate - detector.frame_seconds) / detector.hop_seconds + _SLACK) + 1)

    def _frame_from(self, start: int) -> int:
        """Return the first frame that starts at a sample or behind it."""
        return math.ceil(start / self._rate / self.detector.hop_seconds - _SLACK)

    def _cut(self, start: int, end: int) -> Window:
        flags = self._flags[self._frame_from(start) - self._first_flag : self._frames_before(end) - self._first_flag]
        speech = float(np.count_nonzero(flags)) * self.detector.hop_seconds
        return Window(start, self._samples[start - self._first : end - self._first].copy(), speech)

    def _forget(self) -> None:
        """Let go of what no window, nor the one that ends with the waveform, can begin with."""
        keep = max(self._first, min(self._next, self._total - self.size))
        self._samples = self._samples[keep - self._first :].copy()
        self._first = keep
        first_flag = max(self._first_flag, min(self._frame_from(keep), self._first_flag + len(self._flags)))
        self._flags = self._flags[first_flag - self._first_flag :]
        self._first_flag = first_flag


def check_lengths(window: float, hop: float) -> None:
    """Raise `RecipeError` if windows of this length at this distance are impossible."""
    for name, value in (("window", window), ("hop", hop)):
        if not (math.isfinite(value) and value > 0):
            raise RecipeError(f"{name} is {value} s; it must be above 0")
    if hop > window:
        raise RecipeError(
            f"hop {hop:g} s is more than window {window:g} s, so speech between would go unheard; lower it"
        )
