"""Explain the words of speech acoustics on the example clips and on made signals, and write `concepts.md` with its pictures.

    python docs/concepts.py [--output DIR]

The text is `concepts.template.md`, in which every number is a value that is computed here: a digit in it is an error. The
house: `concepts_signals.py` makes tones, noise and voices, `concepts_values.py` and `concepts_voices.py` measure,
`concepts_figures.py` and `concepts_voice_figures.py` draw. Everything is made anew each time, and comes out the same.
"""

import argparse
import re
from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure

import concepts_figures as figures
import concepts_voice_figures as voice_figures
from concepts_pictures import write
from concepts_values import signal_values
from concepts_voices import voice_values

HERE = Path(__file__).parent
TEMPLATE = HERE / "concepts.template.md"

# By the names that the page gives them.
PICTURES: dict[str, Callable[[], Figure]] = {
    "words": figures.words_figure,
    "sampling": figures.sampling_figure,
    "stereo": figures.stereo_figure,
    "fourier": figures.fourier_figure,
    "windows": figures.windows_figure,
    "frames": figures.frames_figure,
    "bands": figures.bands_figure,
    "decibels": figures.decibels_figure,
    "mel": figures.mel_figure,
    "scaling": figures.scaling_figure,
    "source": voice_figures.source_figure,
    "phonemes": voice_figures.phonemes_figure,
    "missing": voice_figures.missing_figure,
    "tones": voice_figures.tones_figure,
    "intonation": voice_figures.intonation_figure,
    "qualities": voice_figures.qualities_figure,
    "plot": voice_figures.plot_figure,
}

# A digit that is neither in a placeholder nor part of a word, such as F0 or log10.
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_TYPED_NUMBER = re.compile(r"(?<![A-Za-z_\d])\d")


def check_template(text: str) -> None:
    """Stop if a number is typed into the template."""
    for number, line in enumerate(text.splitlines(), 1):
        if _TYPED_NUMBER.search(_PLACEHOLDER.sub("", line)):
            raise SystemExit(f"{TEMPLATE.name}, line {number}: a number is typed there; compute it instead")


def main() -> None:
    parser = argparse.ArgumentParser(description="Write docs/concepts.md and its pictures.")
    parser.add_argument("--output", type=Path, default=HERE, help="where concepts.md goes (default: beside this)")
    output = parser.parse_args().output
    template = TEMPLATE.read_text(encoding="utf-8")
    check_template(template)
    page = template.format(**signal_values(), **voice_values())
    pictures = output / "concepts"
    pictures.mkdir(parents=True, exist_ok=True)
    for name, figure in PICTURES.items():
        write(figure(), pictures / f"{name}.png")
    (output / "concepts.md").write_text(page, encoding="utf-8")
    print(output / "concepts.md")


if __name__ == "__main__":
    main()
