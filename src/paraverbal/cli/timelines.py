"""What `predict --timeline` does, and how far it has come."""

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paraverbal.cli.options import tell
from paraverbal.errors import ParaverbalError

if TYPE_CHECKING:
    from paraverbal.bundle.load import Model
    from paraverbal.inference.predict import Failure

# Seconds before the first word of progress, and from one to the next: on a terminal the line is written over.
QUIET_SECONDS = 2.0
TERMINAL_SECONDS = 0.5
LOG_SECONDS = 10.0


@dataclass(frozen=True)
class TimelineOptions:
    """What the command line asked for; None stands for the default.

    Attributes:
        form: Format, one of `timeline_formats.SUFFIXES`.
        window: Seconds of a window.
        hop: Seconds from one to the next.
        smooth: Windows that are averaged.
        speech: How speech is found.
        plot: PNG of the timeline; a folder for several recordings.
    """

    form: str
    window: float | None = None
    hop: float | None = None
    smooth: int | None = None
    speech: str | None = None
    plot: Path | None = None

    def given(self) -> dict[str, Any]:
        """Return what differs from the defaults of `timeline`; windows shorter than its hop stand side by side."""
        from paraverbal.inference.windows import HOP_SECONDS

        is_short = self.hop is None and self.window is not None and self.window < HOP_SECONDS
        hop = self.window if is_short else self.hop
        settings = {"window": self.window, "hop": hop, "smooth": self.smooth, "speech": self.speech}
        return {name: value for name, value in settings.items() if value is not None}


def timeline_form(form: str | None, output: Path | None, *, as_json: bool, as_csv: bool) -> str:
    """Return the format asked for: by name, by `--json` or `--csv`, by the ending of `--output`, else a table.

    Raises:
        ParaverbalError: Two are asked for, or one that there is not.
    """
    from paraverbal.inference.timeline_formats import check_format, format_of

    flags = [name for name, is_given in (("json", as_json), ("csv", as_csv)) if is_given]
    if form is not None and any(flag != form for flag in flags):
        raise ParaverbalError(f"--format {form} and --{flags[0]} were both given; give one of them")
    if form is not None or flags:
        return check_format(form or flags[0])
    return format_of(output) if output is not None else "table"


def timeline_texts(
    files: Sequence[str], model: "Model", options: TimelineOptions, failed: "list[Failure]"
) -> Iterator[str]:
    """Yield the timeline of each recording as text; a recording that fails is told, noted in `failed`, and passed over.

    Raises:
        ParaverbalError: The format holds only one recording, or an option is impossible.
    """
    from paraverbal.inference.predict import Failure
    from paraverbal.inference.timeline import timeline_each
    from paraverbal.inference.timeline_formats import OF_ONE_RECORDING, timeline_text

    if len(files) > 1 and options.form in OF_ONE_RECORDING:
        raise ParaverbalError(
            f"a timeline as {options.form} is of one recording, and {len(files)} were given; "
            "give one, or --format json, csv or rttm"
        )
    pictures = None if options.plot is None else _pictures(options.plot, files)
    progress = Progress()
    for number, found in enumerate(timeline_each(files, model, progress=progress, **options.given())):
        progress.end()
        if isinstance(found, Failure):
            failed.append(found)
            tell(f"{found.file}: {found.error}")
        elif pictures is not None:
            from paraverbal.report.timeline_figure import write_timeline_figure

            write_timeline_figure(found, pictures[number])
            tell(f"picture: {pictures[number]}")
        if not isinstance(found, Failure) and options.form != "table":
            for sentence in found.warnings:
                tell(f"{found.file}: {sentence}")
        yield timeline_text(found, options.form, model.labels, model.dimensions, first=number == 0)


class Progress:
    """Tells on stderr how much of a recording is done and how long the rest will take."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._begun: float | None = None
        self._told = 0.0
        self._width = 0

    def __call__(self, done: float, total: float) -> None:
        """Take seconds of the recording: done, and in all; speak where it is time to."""
        now = time.monotonic()
        if self._begun is None:
            self._begun = now
        pause = TERMINAL_SECONDS if self._is_terminal else LOG_SECONDS
        if now - self._begun < QUIET_SECONDS or now - self._told < pause or done <= 0:
            return
        self._told = now
        speed = done / (now - self._begun)
        self._write(f"{clock(done)} of {clock(total)}, {speed:.0f} x real time, {clock((total - done) / speed)} left")

    def end(self) -> None:
        """Leave an empty line on a terminal, and start anew for the next recording."""
        if self._is_terminal and self._width:
            sys.stderr.write(f"\r{' ' * self._width}\r")
            sys.stderr.flush()
        self._begun, self._width = None, 0

    def _write(self, line: str) -> None:
        if not self._is_terminal:
            tell(line)
            return
        sys.stderr.write(f"\r{line:<{self._width}}")
        sys.stderr.flush()
        self._width = max(self._width, len(line))


def clock(seconds: float) -> str:
    """Return a time as `0:07`, `12:30` or `1:02:05`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}" if minutes >= 60 else f"{minutes}:{rest:02d}"


def _pictures(plot: Path, files: Sequence[str]) -> list[Path]:
    """Return where the picture of each recording goes: to the file, or into a folder that is made."""
    # Before any work: is matplotlib there?
    import paraverbal.report.timeline_figure  # noqa: F401

    if len(files) == 1:
        if not plot.parent.is_dir():
            raise ParaverbalError(f"{plot}: there is no folder {plot.parent}; give another --plot")
        return [plot]
    if plot.suffix.lower() == ".png":
        raise ParaverbalError(f"--plot {plot} is one picture, and {len(files)} recordings were given; give a folder")
    plot.mkdir(parents=True, exist_ok=True)
    return [plot / f"{number:03d} {Path(file).stem}.png" for number, file in enumerate(files, 1)]
