"""Explain the parts of the networks on a real clip and write `models.md` with its pictures.

    python docs/models.py [--corpus DIR] [--run DIR] [--output DIR]

The network is that of `adaptive-cnn-3`: of a finished run of it, or untrained. The clip is the first angry one, by file
name, of the test part of the run; without a run, of the corpus. The text is `models.template.md`, in which every number
is a value that is computed here: a digit in it is an error. The house: `models_clip.py` passes the clip through the
network, `models_parts.py` computes, `models_values.py`, `models_sequences.py` and `models_training.py` fill in,
`models_figures.py` draws.
"""

import argparse
import os
import re
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import models_figures as figures
from models_clip import Subject, Trace, make_subject, trace
from models_parts import REACHED, lstm_gates
from models_sequences import gradient_curves, the_lstm
from models_training import (
    SELECTION_ACCURACY,
    optimizer_losses,
    schedule_losses,
    schedules,
    selection_curve,
    softmax_example,
    stopped,
)
from models_values import dropped, normalised, page_values, pooled_piece
from walkthrough_figures import write_picture

HERE = Path(__file__).parent
TEMPLATE = HERE / "models.template.md"

# A digit that is neither in a placeholder nor part of a word or of a recipe's name.
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_TYPED_NUMBER = re.compile(r"(?<![A-Za-z_\d])(?<![A-Za-z]-)\d")


def check_template(text: str) -> None:
    """Stop if a number is typed into the template."""
    for number, line in enumerate(text.splitlines(), 1):
        if _TYPED_NUMBER.search(_PLACEHOLDER.sub("", line)):
            raise SystemExit(f"{TEMPLATE.name}, line {number}: a number is typed there; compute it instead")


def draw(subject: Subject, first: Trace) -> dict[str, Figure]:
    """Return the figures of the page by name."""
    kernels = subject.network.blocks[0].convolution.weight.detach().numpy()[:, 0]
    seconds = len(subject.waveform) / subject.model.recipe.audio.sampling_rate
    return {
        "kernels": figures.kernels_figure(kernels),
        "maps": figures.maps_figure(first.features, first.maps, seconds),
        "batch-norm": figures.batch_norm_figure(*normalised(first)),
        "activations": figures.activations_figure(),
        "pooling": figures.pooling_figure(*pooled_piece(first)),
        "dropout": figures.dropout_figure(first.embedding, dropped(subject, first)),
        "recurrent": figures.recurrent_figure(),
        "softmax": figures.softmax_figure(*softmax_example(), guess=float(np.log(len(subject.model.labels)))),
        "gates": figures.gates_figure(lstm_gates(the_lstm(subject), subject.sequences[0])),
        "gradient": figures.gradient_figure(gradient_curves(subject)),
        "optimizers": figures.optimizers_figure(optimizer_losses(), REACHED),
        "schedules": figures.schedules_figure(schedules(), schedule_losses(), stopped()),
        "selection": figures.selection_figure(selection_curve(), SELECTION_ACCURACY),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Write docs/models.md and its pictures.")
    corpora = os.environ.get("PARAVERBAL_CORPORA")
    default = Path(corpora) / "aesdd" if corpora else None
    parser.add_argument("--corpus", type=Path, default=default, help="AESDD folder (PARAVERBAL_CORPORA/aesdd)")
    parser.add_argument(
        "--run", type=Path, help="run or bundle folder of a trained adaptive-cnn-3 (default: untrained)"
    )
    parser.add_argument("--output", type=Path, default=HERE, help="where models.md goes (default: beside this)")
    arguments = parser.parse_args()
    if arguments.corpus is None:
        parser.error("give --corpus DIR, or set PARAVERBAL_CORPORA")
    template = TEMPLATE.read_text(encoding="utf-8")
    check_template(template)
    subject = make_subject(arguments.corpus, arguments.run)
    first = trace(subject)
    pictures = arguments.output / "models"
    pictures.mkdir(parents=True, exist_ok=True)
    for name, figure in draw(subject, first).items():
        write_picture(figure, pictures / f"{name}.png")
    page = template.format(**page_values(subject, first))
    (arguments.output / "models.md").write_text(page, encoding="utf-8")
    print(arguments.output / "models.md")


if __name__ == "__main__":
    main()
