"""Recordings -> a picture of each: one file, or a folder of them in which no two share a name."""

import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg

from paraverbal.errors import ParaverbalError, RecipeError
from paraverbal.inference.predict import gather
from paraverbal.report.clip_analysis import AS_USUAL, PlotSettings, analyse_file
from paraverbal.report.clip_figures import descriptors_figure
from paraverbal.report.figures import DARK, DOTS_PER_INCH, LIGHT, Palette

SUFFIX = ".png"
# Pictures that others make of a name like these; here it would become a folder.
_OTHER_SUFFIXES = frozenset({".bmp", ".eps", ".gif", ".jpeg", ".jpg", ".pdf", ".svg", ".tif", ".tiff", ".webp"})
# What an array's address holds and a file's name cannot everywhere: data.npz::12@48000.
_UNSAFE = re.compile(r'[<>:"|?*@]+')


@dataclass(frozen=True)
class Job:
    """A picture to make.

    Attributes:
        file: The recording.
        picture: Where its picture goes.
        settings: What is drawn.
        palette: Colours.
        dots_per_inch: Resolution; the picture is 10 inches wide.
    """

    file: str
    picture: Path
    settings: PlotSettings = AS_USUAL
    palette: Palette = LIGHT
    dots_per_inch: float = DOTS_PER_INCH


@dataclass(frozen=True)
class Outcome:
    """What became of a recording.

    Attributes:
        file: The recording.
        picture: Where its picture is, None if there is none.
        note: What of the recording is left out, as a sentence; empty if nothing is.
        error: Why there is no picture, as a sentence that names the recording; empty if there is one.
    """

    file: str
    picture: Path | None
    note: str = ""
    error: str = ""


def plot_clip(
    file: str | Path,
    picture: str | Path,
    settings: PlotSettings = AS_USUAL,
    *,
    dark: bool = False,
    dots_per_inch: float = DOTS_PER_INCH,
) -> str:
    """Draw a recording into a PNG: waveform, spectrogram with formants, F0, intensity and voicing on one time axis.

    Returns:
        What of the recording is left out, as a sentence; empty if nothing is. A picture shows 60 s at most.

    Raises:
        AudioError: The recording cannot be read or measured.
        OSError: The picture cannot be written.
    """
    palette = DARK if dark else LIGHT
    return _draw(Job(str(file), Path(picture), settings, palette, dots_per_inch))


def plan_pictures(paths: Sequence[str | Path], output: Path) -> list[tuple[str, Path]]:
    """Return each recording with the place of its picture.

    Args:
        paths: Recordings, folders of them, and list files (`.txt`).
        output: A name that ends in `.png`, for one recording; else a folder. In a folder, a picture has the recording's
            name, and stands in the sub-folder that the recording has under the folder given. Of several recordings
            with one name (`a.wav` and `a.flac`) the first keeps it, the others become `a-2.png` and so on.

    Raises:
        RecipeError: `output` is a file that is no PNG, or a PNG for several recordings.
        AudioError: A list file cannot be read.
    """
    recordings = [(file, place) for path in paths for file, place in _places(path)]
    if output.suffix.lower() == SUFFIX:
        if len(recordings) != 1:
            raise RecipeError(f"--output {output} is one picture, for {len(recordings)} recordings; give a folder")
        return [(recordings[0][0], output)]
    if output.suffix.lower() in _OTHER_SUFFIXES:
        raise RecipeError(f"--output {output}: pictures are PNG; give a name that ends in .png, or a folder")
    if output.is_file():
        raise RecipeError(f"--output {output} is a file; give a name that ends in .png, or a folder")
    taken: set[str] = set()
    return [(file, output / _free_name(place, taken)) for file, place in recordings]


def draw_pictures(jobs: Iterable[Job], *, workers: int = 1) -> Iterator[Outcome]:
    """Draw pictures, `workers` processes side by side, and yield in order what became of each.

    Raises:
        OSError: A picture cannot be written.
    """
    waiting = list(jobs)
    if workers <= 1 or len(waiting) <= 1:
        yield from map(_attempt, waiting)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_attempt, waiting)


def _attempt(job: Job) -> Outcome:
    try:
        return Outcome(job.file, job.picture, note=_draw(job))
    except ParaverbalError as error:
        named = str(error) if getattr(error, "file", None) else f"{job.file}: {error}"
        return Outcome(job.file, None, error=named)


def _draw(job: Job) -> str:
    clip = analyse_file(job.file, job.settings)
    figure = descriptors_figure(clip, job.settings, title=Path(job.file).name, palette=job.palette)
    job.picture.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure)
    # Without the name of the software, which holds its version: the same recording gives the same bytes.
    figure.savefig(job.picture, dpi=job.dots_per_inch, facecolor=figure.get_facecolor(), metadata={"Software": None})
    return clip.note


def _places(path: str | Path) -> Iterator[tuple[str, Path]]:
    """Yield the recordings of a path with the place that each has under it, or under its folder."""
    root = Path(path) if Path(path).is_dir() else Path(path).parent
    for file in gather(path):
        inside = Path(file).relative_to(root) if Path(file).is_relative_to(root) else Path(file)
        yield file, Path(inside.name) if ".." in inside.parts or inside.is_absolute() else inside


def _free_name(place: Path, taken: set[str]) -> Path:
    """Return the picture's name, none of those taken whatever the case of their letters, and take it."""
    stem = _UNSAFE.sub("-", place.name if "::" in place.name else place.stem)
    number, picture = 1, place.with_name(stem + SUFFIX)
    while str(picture).casefold() in taken:
        number += 1
        picture = place.with_name(f"{stem}-{number}{SUFFIX}")
    taken.add(str(picture).casefold())
    return picture
