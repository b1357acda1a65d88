"""Pictures and sound inside a page, so that it needs nothing beside it."""

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass

import jinja2
import numpy as np
import soundfile
from markupsafe import Markup
from matplotlib.figure import Figure

from paraverbal.audio.read import Waveform
from paraverbal.report import tables
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


def template(name: str) -> jinja2.Template:
    """Return a page's template; its style is `page.css`, which all pages share, and what it adds."""
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.PackageLoader("paraverbal.report", ""),
    )
    environment.filters |= {
        "percent": tables.percent,
        "interval": tables.interval,
        "decimals": tables.decimals,
        "decimals_interval": tables.decimals_interval,
        "signed": tables.signed,
        "signed_interval": tables.signed_interval,
        "p_value": tables.p_value,
        "sentence": tables.sentence,
    }
    return environment.get_template(name)


def flac_uri(waveform: Waveform, sampling_rate: int) -> str:
    """Return a waveform `[sample]` as a data URI of FLAC."""
    return data_uri(flac(waveform, sampling_rate), "audio/flac")


def flac(waveform: Waveform, sampling_rate: int) -> bytes:
    """Return a waveform `[sample]` as FLAC of 16 bits: the same bytes each time."""
    buffer = io.BytesIO()
    soundfile.write(buffer, np.clip(waveform, -1, 1), sampling_rate, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


def data_uri(data: bytes, kind: str) -> str:
    """Return bytes as a data URI."""
    return f"data:{kind};base64," + base64.b64encode(data).decode("ascii")
