"""How much of everything the service takes."""

import math
from dataclasses import dataclass, fields

from paraverbal.errors import RecipeError

MEGABYTE = 1_000_000

# From one window to the next: every one is an answer of the network.
SHORTEST_HOP = 0.1

# A second of stereo at 48 kHz. What `Limits.seconds` allows is so many samples in memory, whatever rate and channels a file has.
_SAMPLES_A_SECOND = 96_000


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much the service takes; beyond, it says so.

    Attributes:
        body_bytes: Of one request's body, 413 beyond: ten minutes of 16 bits at 48 kHz are 58 MB.
        held_bytes: Of all bodies that are in memory at once, 429 beyond.
        seconds: Of one recording, decoded, 413 beyond.
        saliency_seconds: Of a recording whose saliency is asked for: every second takes 50 answers of the network.
        queue: Requests that wait while every worker is busy, or still send their body; 429 beyond.
        workers: Requests that are worked on at once; None: one a processor.
        upload_seconds: For a body to arrive, 408 beyond.
        streams: Live streams at once; one more is closed with 1013.
        frame_bytes: Of one message of a live stream, closed with 1009 beyond: 5 s at 96 kHz.
        idle_seconds: Without a message, after which a live stream is closed.

    Raises:
        RecipeError: A number is not above 0; `queue` may be 0.
    """

    body_bytes: int = 64 * MEGABYTE
    held_bytes: int = 512 * MEGABYTE
    seconds: float = 600.0
    saliency_seconds: float = 30.0
    queue: int = 128
    workers: int | None = None
    upload_seconds: float = 60.0
    streams: int = 16
    frame_bytes: int = MEGABYTE
    idle_seconds: float = 60.0

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            least = 0 if item.name == "queue" else 1e-9
            if value is not None and not (math.isfinite(value) and value >= least):
                raise RecipeError(f"{item.name} is {value}; a number above 0 was expected")

    @property
    def samples(self) -> int:
        """Samples of one recording over all its channels: what it may take of memory."""
        return round(self.seconds * _SAMPLES_A_SECOND)
