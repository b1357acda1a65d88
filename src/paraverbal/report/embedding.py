"""Pictures and sound inside a page, so that it needs nothing beside it."""

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import soundfile
from markupsafe import Markup
from matplotlib.figure import Figure

from paraverbal.audio.read import Waveform
from paraverbal.report.figures import DARK, LIGHT, png

COLOURS = 256  # of a figure; all shades would take three times the bytes
PIXEL_DENSITY = 1.7  # pixels of a figure for one of the page, so that it is sharp on dense screens


@dataclass(frozen=True)
class Drawn:
    """A figure as PNG for light and dark surroundings, and in words."""

    light: bytes
    dark: bytes
    words: str

    @property
    def width(self) -> int:
        """Pixels of the page that it is wide, unless there is less room."""
        return round(int.from_bytes(self.light[16:20], "big") / PIXEL_DENSITY)  # PNG header: pixels across

    def element(self, name: str) -> Markup:
        """Return a `picture` element of this class name, with both PNGs inside."""
        return Markup(
            '<picture><source media="(prefers-color-scheme: dark)" srcset="{dark}">'
            '<img class="{name}" src="{light}" width="{width}" alt="{words}"></picture>'
        ).format(
            dark=data_uri(self.dark, "image/png"),
            light=data_uri(self.light, "image/png"),
            name=name,
            width=self.width,
            words=self.words,
        )


def drawn(draw: Callable[..., Figure], words: str, colours: int = COLOURS) -> Drawn:
    """Return the figure that `draw(palette=...)` gives, drawn twice, with its words for those who cannot see it."""
    return Drawn(png(draw(palette=LIGHT), colours), png(draw(palette=DARK), colours), words)


def flac_uri(waveform: Waveform, sampling_rate: int) -> str:
    """Return a waveform `[sample]` as FLAC of 16 bits: the same bytes each time."""
    buffer = io.BytesIO()
    soundfile.write(buffer, np.clip(waveform, -1, 1), sampling_rate, format="FLAC", subtype="PCM_16")
    return data_uri(buffer.getvalue(), "audio/flac")


def data_uri(data: bytes, kind: str) -> str:
    """Return bytes as a data URI."""
    return f"data:{kind};base64," + base64.b64encode(data).decode("ascii")
