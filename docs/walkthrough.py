"""Walk one real clip through `cnn-lstm` and write `walkthrough.md` with its pictures.

    python docs/walkthrough.py [--corpus DIR] [--run DIR] [--output DIR]

The clip is the first angry one, by file name, of the test part of the run; without a run, of the corpus. The text is
`walkthrough.template.md`, in which every number is a value that is computed here: a digit in it is an error. The house:
`walkthrough_clip.py` passes the clip through the network, `walkthrough_values.py` computes what the text says,
`walkthrough_figures.py` draws.
"""

import argparse
import os
import re
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

import walkthrough_figures as figures
from paraverbal.augment.spectrogram import SpectrogramChange
from paraverbal.features.frames import frame, hann
from paraverbal.features.spectral import highest_frequency, power_spectrogram
from walkthrough_clip import Subject, Trace, augmented, influence, make_subject, trace
from walkthrough_values import band_edges, loudest_frame, page_values, slaney_filters

HERE = Path(__file__).parent
TEMPLATE = HERE / "walkthrough.template.md"

# A digit that is neither in a placeholder nor part of a word such as log10.
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_TYPED_NUMBER = re.compile(r"(?<![A-Za-z_\d])\d")


def check_template(text: str) -> None:
    """Stop if a number is typed into the template."""
    for number, line in enumerate(text.splitlines(), 1):
        if _TYPED_NUMBER.search(_PLACEHOLDER.sub("", line)):
            raise SystemExit(f"{TEMPLATE.name}, line {number}: a number is typed there; compute it instead")


def draw(subject: Subject, first: Trace, moved: dict[str, NDArray[np.float32]]) -> dict[str, Figure]:
    """Return the figures of the walkthrough by name."""
    seconds = subject.window_seconds
    labels, truth = subject.model.labels, subject.row["emotion"]
    return {
        **_front_end(subject, first),
        "augmentation": _augmentation(subject, first),
        **{
            f"block-{number}": figures.maps_figure(maps, seconds, f"After block {number}, {len(maps)} channels")
            for number, maps in enumerate(first.maps, 1)
        },
        "sequence": figures.sequence_figure(first.sequence),
        "lstm": figures.states_figure(first.states),
        "influence": figures.influence_figure(moved),
        "vectors": figures.vectors_figure(first.last, first.hidden),
        "output": figures.output_figure(labels, first.logits, first.probabilities, truth),
    }


def _front_end(subject: Subject, first: Trace) -> dict[str, Figure]:
    settings, rate = subject.front_end, subject.model.recipe.audio.sampling_rate
    power = power_spectrogram(first.waveform, settings.fft_size, settings.hop_length)
    loudest = loudest_frame(power)
    windowed = frame(first.waveform, settings.fft_size, settings.hop_length)[loudest] * hann(settings.fft_size)
    spectrum = power[:, loudest].astype(np.float64)
    level = 10 * np.log10(np.maximum(spectrum, np.finfo(np.float64).tiny) / spectrum.max())
    highest = highest_frequency(settings, rate)
    bins_hz = np.fft.rfftfreq(settings.fft_size, 1 / rate)
    return {
        "waveform": figures.waveform_figure(first.waveform, rate, loudest * settings.hop_length / rate),
        "frame": figures.frame_figure(windowed, level, rate, highest),
        "mel-filters": figures.filters_figure(slaney_filters(settings, rate), bins_hz, band_edges(settings, rate)),
        "log-mel": figures.log_mel_figure(first.log_mel, subject.window_seconds, band_edges(settings, rate)[:, 1]),
    }


def _augmentation(subject: Subject, first: Trace) -> Figure:
    copies = augmented(subject, first.log_mel)
    titles = ["original", *(_drawn(change) for change, _ in copies)]
    spectrograms = [first.log_mel, *(values for _, values in copies)]
    return figures.augmentation_figure(spectrograms, titles, subject.window_seconds)


def _drawn(change: SpectrogramChange) -> str:
    return f"noise {change.noise_deviation:g}, roll {change.shift}\nfactor {change.factor:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Write docs/walkthrough.md and its pictures.")
    corpora = os.environ.get("PARAVERBAL_CORPORA")
    default = Path(corpora) / "ravdess" if corpora else None
    parser.add_argument("--corpus", type=Path, default=default, help="RAVDESS folder (PARAVERBAL_CORPORA/ravdess)")
    parser.add_argument("--run", type=Path, help="run or bundle folder of a trained cnn-lstm (default: untrained)")
    parser.add_argument("--output", type=Path, default=HERE, help="where walkthrough.md goes (default: beside this)")
    arguments = parser.parse_args()
    if arguments.corpus is None:
        parser.error("give --corpus DIR, or set PARAVERBAL_CORPORA")
    template = TEMPLATE.read_text(encoding="utf-8")
    check_template(template)
    subject = make_subject(arguments.corpus, arguments.run)
    traces = [trace(subject.model, window) for window in subject.windows]
    moved = influence(subject.model, traces[0].sequence)
    pictures = arguments.output / "walkthrough"
    pictures.mkdir(parents=True, exist_ok=True)
    for name, figure in draw(subject, traces[0], moved).items():
        figures.write_picture(figure, pictures / f"{name}.png")
    page = template.format(**page_values(subject, traces, moved))
    (arguments.output / "walkthrough.md").write_text(page, encoding="utf-8")
    print(arguments.output / "walkthrough.md")


if __name__ == "__main__":
    main()
