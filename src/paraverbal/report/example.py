"""One clip of a corpus to look at: what it is, and its waveform above its log-mel spectrogram."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paraverbal.audio.read import Waveform, read
from paraverbal.errors import ParaverbalError
from paraverbal.features.spectral import log_mel
from paraverbal.settings import LogMelSettings

if TYPE_CHECKING:
    from paraverbal.corpora.corpus import Corpus

SPECTROGRAM = LogMelSettings()  # as recipes have it that say nothing else


@dataclass(frozen=True, eq=False)
class Example:
    """A clip with its samples.

    Attributes:
        path: The recording.
        emotion: Its canonical emotion.
        speaker: Who speaks, None where that is not known.
        waveform: float32 `[sample]`, at the recording's own rate.
        sampling_rate: In hertz.
    """

    path: str
    emotion: str
    speaker: str | None
    waveform: Waveform
    sampling_rate: int

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.waveform) / self.sampling_rate

    def to_dict(self) -> dict[str, Any]:
        """Return all but the samples as JSON values: path, emotion, speaker, duration (s)."""
        return {"path": self.path, "emotion": self.emotion, "speaker": self.speaker, "duration": self.duration}


def draw_example(corpus: "Corpus", emotion: str, *, seed: int = 0) -> Example:
    """Draw a clip of an emotion at random and read it.

    Args:
        corpus: Where to draw from.
        emotion: Canonical, or a word for it.
        seed: The same seed draws the same clip; 0 or more.

    Raises:
        LabelError: `emotion` is no emotion.
        CorpusError: The corpus does not have it.
        AudioError: The clip cannot be read.
    """
    row = corpus.sample(emotion, seed)
    path, start = corpus.path(row["file"]), row["start"] or 0.0
    duration = None if row["end"] is None else row["end"] - start
    waveform, sampling_rate = read(path, offset=start, duration=duration)
    return Example(str(path), row["emotion"], row["speaker"], waveform, sampling_rate)


def plot_example(example: Example, path: Path) -> None:
    """Draw a clip's waveform above its log-mel spectrogram into a PNG.

    Raises:
        OSError: The file cannot be written.
    """
    from paraverbal.report.figures import clip_figure, write_png

    spectrogram = log_mel(example.waveform, example.sampling_rate, SPECTROGRAM)
    speaker = f", speaker {example.speaker}" if example.speaker else ""
    title = f"{example.emotion}{speaker}: {Path(example.path).name}"
    write_png(
        clip_figure(example.waveform, example.sampling_rate, spectrogram, settings=SPECTROGRAM, title=title), path
    )


def show_example(corpus: "Corpus", emotion: str, *, seed: int = 0, plot: Path | None = None) -> dict[str, Any]:
    """Draw a clip as `draw_example` does, its picture into `plot` if given; return it as JSON values."""
    example = draw_example(corpus, emotion, seed=seed)
    if plot is not None:
        plot_example(example, plot)
    return example.to_dict()


def check_request(emotion: str | None, plot: Path | None, split: Path | None) -> None:
    """Raise a ParaverbalError where `--example`, `--plot` and `--split` do not fit each other, before any work."""
    if emotion is not None and split is not None:
        raise ParaverbalError(f"--example {emotion} and --split {split} were both given; give one of them")
    if plot is not None and emotion is None:
        raise ParaverbalError(f"--plot {plot} draws one clip; say of which emotion, as --example fear")
    if plot is not None and plot.suffix.lower() != ".png":
        raise ParaverbalError(f"--plot {plot}: a PNG is written; give a name that ends in .png")
