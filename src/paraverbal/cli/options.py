"""What several commands share: options, and how their values are read."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from paraverbal.errors import LabelError, RecipeError, nearest

Corpora = Annotated[
    list[Path],
    typer.Option("--corpus", help="Folder, table (.csv, .tsv) or array (.npz) of recordings; may be given again."),
]
SplitFile = Annotated[Path | None, typer.Option("--split", help="CSV with the columns file, emotion, fold, split.")]
Fold = Annotated[int | None, typer.Option("--fold", help="Which fold of the split file, for example 1.")]
Emotions = Annotated[str, typer.Option("--emotions", help="Only these, for example anger,neutral,sadness.")]
Labels = Annotated[
    list[str] | None,
    typer.Option("--labels", help="What a word of the corpus means, as Wut=anger; may be given again."),
]
Columns = Annotated[
    list[str] | None, typer.Option("--columns", help="Which column holds what, as emotion=feeling; may be given again.")
]
Rate = Annotated[int | None, typer.Option("--sampling-rate", help="Of an .npz that does not state it, in hertz.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", help="section.key=value, as training.epochs=20; may be given again.")
]
Harmed = Annotated[
    bool,
    typer.Option("--robustness", help="Score the test clips again under noise, telephone, coding, reverberation."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
ModelName = Annotated[
    str | None, typer.Option("--model", help="Name, bundle or run folder, hf://OWNER/NAME; else the default.")
]


def fail(message: str) -> None:
    """Say what is wrong on stderr and end with exit code 2."""
    tell(f"error: {message}")
    sys.exit(2)


def tell(line: str) -> None:
    """Print a line on stderr."""
    typer.echo(line, err=True)


def end(failed: Any) -> None:
    """End with exit code 1 if anything failed."""
    if failed:
        raise typer.Exit(1)


def report_failed(failed: Any) -> None:
    """Tell of each recording that was left out, and end with exit code 1 if there is one."""
    for failure in failed:
        tell(f"left out: {failure['error']}")
    end(failed)


def emotions_of(text: str) -> list[str]:
    """Return the canonical emotions of a list with commas."""
    return [emotion_of(word.strip()) for word in text.split(",")]


def emotion_of(word: str, option: str = "--emotions") -> str:
    """Return the canonical emotion of a word; an error names the option."""
    from paraverbal.emotions import EMOTIONS, canonical

    try:
        return canonical(word)
    except LabelError as error:
        guess = nearest(word, EMOTIONS)
        known = ", ".join(EMOTIONS)
        raise RecipeError(f"{option}: {word!r} is no emotion known here{guess}; known: {known}") from error


def read_recordings(
    paths: list[Path], labels: list[str] | None, columns: list[str] | None, sampling_rate: int | None
) -> Any:
    """Return the corpus that the options describe."""
    from paraverbal.corpora import read_corpus

    return read_corpus(
        paths[0] if len(paths) == 1 else paths,
        labels=pairs_of("--labels", labels),
        columns=pairs_of("--columns", columns),
        sampling_rate=sampling_rate,
    )


def pairs_of(option: str, values: list[str] | None) -> dict[str, str] | None:
    """Return `name=value` texts as a mapping; None if there are none."""
    pairs: dict[str, str] = {}
    for value in values or []:
        key, equals, word = value.partition("=")
        if not (key and equals and word):
            raise RecipeError(f"{option} {value!r}: expected name=value")
        if "=" in word:
            raise RecipeError(f"{option} {value!r}: expected one name=value; give {option} again for each")
        pairs[key.strip()] = word.strip()
    return pairs or None
