"""Commands that measure recordings: features, plot."""

from pathlib import Path
from typing import Annotated

import typer

from paraverbal.cli.app import app
from paraverbal.cli.options import end, tell
from paraverbal.errors import ParaverbalError, nearest


@app.command()
def features(
    paths: Annotated[list[Path], typer.Argument(help="Recordings, folders of them, or .txt lists of paths.")],
    output: Annotated[Path, typer.Option(help="File to write: .csv, .parquet or .npz.")],
    kind: Annotated[
        str, typer.Option("--set", help="functionals (88 of eGeMAPS), descriptors (every 10 ms) or log_mel.")
    ] = "functionals",
    channel_axis: Annotated[
        bool, typer.Option("--channel-axis", help=".npz as [clip, channel, feature, frame], for image networks.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes side by side, for example 2.")] = 1,
) -> None:
    """Measure recordings: functionals, descriptors or log-mel."""
    from paraverbal.features.describe import SETS
    from paraverbal.features.store import check_target, features_of_each, write
    from paraverbal.inference.predict import gather

    if kind not in SETS:
        raise ParaverbalError(f"--set {kind!r} is unknown{nearest(kind, SETS)}; known: {', '.join(SETS)}")
    check_target(output)
    files = gather(paths)
    failed = []
    found = []
    for file, outcome in zip(files, features_of_each(files, kind, workers=workers), strict=True):
        if isinstance(outcome, Exception):
            failed.append(file)
            tell(f"error: {outcome}")
        else:
            found.append(outcome)
    count = write(found, output, channel_axis=channel_axis)
    tell(f"{count} of {len(files)} recordings: {output}")
    end(failed)


@app.command()
def plot(
    paths: Annotated[list[Path], typer.Argument(help="Recordings, folders of them, or .txt lists of paths.")],
    output: Annotated[Path, typer.Option(help="FILE.png for one recording, else a folder.")],
    show: Annotated[str, typer.Option(help="Panels from top to bottom.")] = "waveform,spectrogram,f0,intensity,voicing",
    spectrogram: Annotated[
        str, typer.Option(help="wide (5 ms: vertical striations), narrow (30 ms: horizontal harmonics) or mel.")
    ] = "wide",
    window_ms: Annotated[float | None, typer.Option(help="Another length of its window in ms, for example 50.")] = None,
    scale: Annotated[str | None, typer.Option(help="Frequency axis: linear, log or mel.")] = None,
    low_hz: Annotated[float, typer.Option(help="Lowest F0; 40 for creaky voices.")] = 75.0,
    high_hz: Annotated[float, typer.Option(help="Highest F0; 800 for children.")] = 600.0,
    top_hz: Annotated[float, typer.Option(help="Highest frequency drawn.")] = 8000.0,
    formants: Annotated[bool, typer.Option(help="Formants over the spectrogram, where it is voiced.")] = True,
    start: Annotated[float, typer.Option("--from", help="Beginning in seconds.")] = 0.0,
    end_seconds: Annotated[float | None, typer.Option("--to", help="End in seconds; 60 s at most are drawn.")] = None,
    dpi: Annotated[int, typer.Option(min=20, max=1200, help="Dots per inch, of 10 inches.")] = 160,
    dark: Annotated[bool, typer.Option("--dark", help="For dark surroundings.")] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes side by side, for example 2.")] = 1,
) -> None:
    """Draw recordings: waveform, spectrogram, F0, formants."""
    from paraverbal.report.clip_analysis import PlotSettings
    from paraverbal.report.clip_pictures import Job, draw_pictures, plan_pictures
    from paraverbal.report.figures import DARK, LIGHT

    settings = PlotSettings(
        show=tuple(panel.strip() for panel in show.split(",")),
        spectrogram=spectrogram,
        window_ms=window_ms,
        scale=scale,
        low_hz=low_hz,
        high_hz=high_hz,
        top_hz=top_hz,
        formants=formants,
        start_seconds=start,
        end_seconds=end_seconds,
    )
    plan = plan_pictures(paths, output)
    jobs = [Job(file, picture, settings, DARK if dark else LIGHT, dpi) for file, picture in plan]
    failed = []
    for outcome in draw_pictures(jobs, workers=workers):
        if outcome.picture is None:
            failed.append(outcome.file)
            tell(f"error: {outcome.error}")
        elif outcome.note:
            tell(f"{outcome.picture}: {outcome.note}")
    tell(f"{len(jobs) - len(failed)} of {len(jobs)} recordings: {output}")
    end(failed)
