"""The command that listens: a meter on a terminal, else a line for each estimate."""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from paraverbal.cli.app import app
from paraverbal.cli.options import ModelName, tell
from paraverbal.cli.timelines import clock
from paraverbal.errors import ParaverbalError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rich.table import Table

    from paraverbal.inference.stream import Estimate, Stream

# The meter: cells of a bar, and the level that is its left end.
BAR_CELLS = 30
QUIETEST_DB = -60.0


@app.command()
def listen(
    model: ModelName = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="Play this recording at real speed instead of a microphone.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="Microphone: number or part of its name; else the default.")
    ] = None,
    window: Annotated[float, typer.Option(help="Seconds of a window.")] = 3.0,
    hop: Annotated[float, typer.Option(help="Seconds from one window to the next, at most --window.")] = 1.0,
    speech: Annotated[str, typer.Option(help="How speech is found: energy, silero (extra vad) or all.")] = "energy",
    seconds: Annotated[float | None, typer.Option(help="Stop after so long; else with Ctrl-C.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a line of JSON for each window with speech.")] = False,
) -> None:
    """Tell the emotion in a voice while it speaks."""
    from paraverbal.audio.live import at_real_speed, microphone
    from paraverbal.bundle.load import load_model
    from paraverbal.inference.stream import Stream

    if source is not None and device is not None:
        raise ParaverbalError("--from and --device were both given; give one of them")
    loaded = load_model(model)
    with ExitStack() as opened:
        if source is not None:
            rate, sound = at_real_speed(source)
        else:
            rate, sound = opened.enter_context(microphone(int(device) if device and device.isdigit() else device))
        stream = Stream(loaded, rate, window=window, hop=hop, speech=speech)
        shown = _lines(as_json) if as_json or not sys.stdout.isatty() else opened.enter_context(Meter())
        tell(f"listening at {rate} Hz: a window of {window:g} s every {hop:g} s; Ctrl-C ends")
        _listen(stream, sound, seconds, shown)


def _listen(stream: "Stream", sound: "Iterator[NDArray[np.float32]]", seconds: float | None, shown: Any) -> None:
    """Feed blocks to the stream and show what it says, to the end of the sound, of `seconds`, or until Ctrl-C."""
    heard = 0
    try:
        for block in sound:
            shown(stream, block, stream.feed(block))
            heard += len(block)
            if seconds is not None and heard >= seconds * stream.sampling_rate:
                break
    except KeyboardInterrupt:
        pass
    shown(stream, np.zeros(0, np.float32), stream.flush())


def _lines(as_json: bool) -> Any:
    """Return what prints each estimate as a line, as soon as it is there."""
    from paraverbal.inference.timeline_formats import estimate_document, judgement_text

    def show(_: "Stream", __: "NDArray[np.float32]", estimates: "list[Estimate]") -> None:
        for one in estimates:
            typer.echo(json.dumps(estimate_document(one), ensure_ascii=False) if as_json else judgement_text(one))

    return show


class Meter:
    """Bars on a terminal: the level of what is heard now, and the probabilities of the last window with speech."""

    def __init__(self) -> None:
        from rich.live import Live

        self._live = Live(auto_refresh=False)
        self._last: Estimate | None = None

    def __enter__(self) -> "Meter":
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def __call__(self, stream: "Stream", block: "NDArray[np.float32]", estimates: "list[Estimate]") -> None:
        """Take what was heard and what was said of it, and draw anew."""
        if estimates:
            self._last = estimates[-1]
        self._live.update(meter(stream, level_db(block), self._last), refresh=True)


def meter(stream: "Stream", level: float, last: "Estimate | None") -> "Table":
    """Return the meter as a table: a row for the level, one for each emotion.

    Args:
        stream: What listens.
        level: In dB relative to full scale.
        last: The last estimate, or None while there is none.
    """
    from rich.table import Table
    from rich.text import Text

    drawn = Table.grid(padding=(0, 1))
    state = "speech" if stream.is_speech else "silence"
    drawn.add_row(clock(stream.seconds), Text(bar((level - QUIETEST_DB) / -QUIETEST_DB)), f"{level:.0f} dB  {state}")
    for label in stream.model.labels:
        share = last.probabilities[label] if last is not None else 0.0
        best = last is not None and label == last.emotion
        text = f"{100 * share:3.0f} %" + (
            f"  {last.start:.0f} to {last.end:.0f} s" if last is not None and best else ""
        )
        style = "" if not best else "bold" if last is not None and not last.uncertain else "italic"
        drawn.add_row(Text(label, style=style), Text(bar(share), style=style), Text(text, style=style))
    return drawn


def bar(share: float) -> str:
    """Return a share (0..1, held within) as a bar of characters."""
    cells = round(BAR_CELLS * min(1.0, max(0.0, share)))
    return "█" * cells + "·" * (BAR_CELLS - cells)


def level_db(block: "NDArray[np.float32]") -> float:
    """Return the level of a block in dB relative to full scale, at least -60."""
    power = float(np.mean(np.square(block, dtype=np.float64))) if len(block) else 0.0
    return max(QUIETEST_DB, 10 * float(np.log10(power))) if power > 0 else QUIETEST_DB
