"""The command line: parses, calls one public function per command, prints.

Results go to stdout; progress, warnings and errors to stderr. Exit code 0: all well; 1: some inputs failed, the rest are
done; 2: the request itself is wrong. Heavy imports wait inside the commands, so that `--help` answers at once.
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paraverbal.errors import AudioError, LabelError, MissingExtraError, ParaverbalError, RecipeError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from paraverbal.inference.predict import Failure, Prediction

# Seconds; the samples of a window, padded if need be, are held in memory.
LONGEST_WINDOW = 3600

app = typer.Typer(
    name="paraverbal",
    help="Speech emotion recognition: from folders of recordings to trained, honestly evaluated, deployable models.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

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
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
ModelName = Annotated[str | None, typer.Option("--model", help="Name, bundle folder or run folder; else the default.")]


def _version(asked: bool) -> None:
    if asked:
        from paraverbal import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Hold the options before a command."""


@app.command()
def predict(
    paths: Annotated[list[Path], typer.Argument(help="Recordings, folders of them, or .txt lists of paths.")],
    model: ModelName = None,
    window: Annotated[float | None, typer.Option(help="Seconds of a window, for example 3; else the model's.")] = None,
    hop: Annotated[
        float | None, typer.Option(help="Greatest distance of windows in seconds; else the model's.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON per recording.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    output: Annotated[Path | None, typer.Option(help="Write to this file instead of stdout.")] = None,
) -> None:
    """Tell the emotion in recordings."""
    from paraverbal.bundle.load import load_model
    from paraverbal.inference.formats import texts
    from paraverbal.inference.predict import gather, predict_each

    if as_json and as_csv:
        raise ParaverbalError("--json and --csv were both given; give one of them")
    _check_seconds("--window", window)
    _check_seconds("--hop", hop)
    loaded = load_model(model)
    files = gather(paths)
    if output is not None:
        _check_writable(output)
    failed: list[Failure] = []
    form = "json" if as_json else "csv" if as_csv else "table"
    outcomes = _told(predict_each(files, loaded, window=window, hop=hop), failed)
    _print(texts(outcomes, loaded.labels, form), output)
    _exit(failed)


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe (see `paraverbal recipes`) or a TOML file.")],
    corpus: Corpora,
    split: SplitFile = None,
    fold: Fold = None,
    protocol: Annotated[
        str | None, typer.Option(help="auto, speakers (apart) or holdout (random); else the recipe's.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Run folder; else runs/RECIPE-CORPUS.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="section.key=value, as training.epochs=20; may be given again.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in the folder.")] = False,
    emotions: Emotions = "",
    labels: Labels = None,
    columns: Columns = None,
    sampling_rate: Rate = None,
    as_json: AsJson = False,
) -> None:
    """Train a recipe on a corpus and evaluate the model."""
    from paraverbal.config import read_recipe
    from paraverbal.report.text import run_text

    overrides = list(settings or [])
    if protocol is not None:
        overrides.append(f'split.protocol="{protocol}"')
    if emotions:
        overrides.append(f"split.emotions={json.dumps(_emotions(emotions))}")
    resolved = read_recipe(recipe, overrides)
    recordings = _corpus(corpus, labels, columns, sampling_rate)
    folder = output or Path("runs") / f"{resolved.name}-{recordings.name}"

    from paraverbal.experiment import train as train_recipe

    run = train_recipe(resolved, recordings, output=folder, split=split, fold=fold, resume=resume, progress=_tell)
    typer.echo(json.dumps(run.document, ensure_ascii=False) if as_json else run_text(run.document))
    _tell(f"report: {folder / 'report.html'}")
    _tell(f"predict with it: paraverbal predict --model {folder} CLIP")
    _report_failed(run.document["failed"])


@app.command()
def evaluate(
    model: Annotated[str, typer.Argument(help="Name, bundle folder or run folder.")],
    corpus: Corpora,
    split: SplitFile = None,
    fold: Fold = None,
    output: Annotated[Path | None, typer.Option(help="Folder for result.json and predictions.csv.")] = None,
    emotions: Emotions = "",
    labels: Labels = None,
    columns: Columns = None,
    sampling_rate: Rate = None,
    as_json: AsJson = False,
) -> None:
    """Score a model on a corpus or a split's test part."""
    from paraverbal.evaluation.evaluate import evaluate_predictions
    from paraverbal.evaluation.predictions import write_predictions
    from paraverbal.report.deploy import new_folder
    from paraverbal.report.text import result_text

    recordings = _corpus(corpus, labels, columns, sampling_rate)
    if emotions:
        recordings = recordings.filter(emotions=_emotions(emotions))
    if output is not None:
        new_folder(output)
    result, predictions = evaluate_predictions(model, recordings, split=split, fold=fold)
    if output is not None:
        result.write(output / "result.json")
        write_predictions({"test": predictions}, output / "predictions.csv")
    typer.echo(json.dumps(result.to_dict(), ensure_ascii=False) if as_json else result_text(result))
    _report_failed(predictions.failed)


@app.command()
def corpus(
    path: Annotated[list[Path], typer.Argument(help="Folder, table (.csv, .tsv) or array (.npz) of recordings.")],
    split: SplitFile = None,
    example: Annotated[str | None, typer.Option(help="Tell of one random clip of this emotion, as fear.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Which --example; the same number draws the same clip.")] = 0,
    plot: Annotated[Path | None, typer.Option(help="PNG for waveform and spectrogram of the --example.")] = None,
    labels: Labels = None,
    columns: Columns = None,
    sampling_rate: Rate = None,
    as_json: AsJson = False,
) -> None:
    """Tell what is in a corpus, and what a split leaks; or draw one of its clips."""
    from paraverbal.audit import audit, inventory
    from paraverbal.corpora.split import official
    from paraverbal.corpora.split import read as read_split
    from paraverbal.report.example import check_request
    from paraverbal.report.text import inventory_text

    check_request(example, plot, split)
    recordings = _corpus(path, labels, columns, sampling_rate)
    if example is not None:
        _tell_example(recordings, example, seed, plot, as_json)
        return
    leaks = {}
    if split is not None:
        parts = read_split(split)
        leaks = {f"fold {fold}": audit(recordings, official(recordings, parts, fold=fold)) for fold in parts.folds}
    found = inventory(recordings).to_dict(leaks)
    typer.echo(json.dumps(found, ensure_ascii=False) if as_json else inventory_text(found))
    _exit(found["broken"])


@app.command()
def recipes(
    name: Annotated[str | None, typer.Argument(help="Show this recipe, its layers and all its settings.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the recipes, or show one with its layers."""
    from paraverbal.config import read_recipe, recipe_toml
    from paraverbal.models.catalog import catalog, entry
    from paraverbal.report.text import layers_text, recipes_text

    if name is None:
        entries = catalog()
        typer.echo(json.dumps(entries, ensure_ascii=False) if as_json else recipes_text(entries))
        return
    recipe = read_recipe(name)
    description, layers = entry(recipe)
    document = {**description, "layers": [vars(layer) for layer in layers], "recipe": recipe.model_dump(mode="json")}
    text = f"{layers_text(document['layers'], description['parameters'])}\n\n{recipe_toml(recipe)}"
    typer.echo(json.dumps(document, ensure_ascii=False) if as_json else text)


@app.command()
def models(
    name: Annotated[str | None, typer.Argument(help="Show this model: a name, a bundle or a run folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the bundled models, or show one with its layers."""
    from dataclasses import asdict

    from paraverbal.bundle.load import load_model, model_names
    from paraverbal.report.text import model_text, models_text

    if name is None:
        manifests = [asdict(load_model(known).manifest) for known in model_names()]
        keys = ("name", "labels", "sampling_rate", "parameters", "licence")
        entries = [{key: manifest[key] for key in keys} for manifest in manifests]
        typer.echo(json.dumps(entries, ensure_ascii=False) if as_json else models_text(entries))
        return
    manifest = asdict(load_model(name).manifest)
    typer.echo(json.dumps(manifest, ensure_ascii=False) if as_json else model_text(manifest))


@app.command()
def report(run: Annotated[Path, typer.Argument(help="Run folder.")]) -> None:
    """Write a run's report anew and print its scores."""
    from paraverbal.evaluation.protocol import read_document
    from paraverbal.report.page import write_report
    from paraverbal.report.text import run_text

    path = write_report(run)
    typer.echo(run_text(read_document(run / "result.json")))
    _tell(f"report: {path}")


@app.command()
def export(
    model: Annotated[str, typer.Argument(help="Run folder, bundle folder or name.")],
    output: Annotated[Path, typer.Option(help="New folder for the ONNX graph, bundle.json and model card.")],
    name: Annotated[str | None, typer.Option(help="What to call the model; else its own name.")] = None,
    licence: Annotated[str | None, typer.Option(help="Of the weights, for example cc-by-nc-sa-4.0.")] = None,
) -> None:
    """Write what deployment needs: graph, manifest, card."""
    from paraverbal.report.deploy import export as export_model

    typer.echo(str(export_model(model, output, name=name, licence=licence)))


def main() -> None:
    """Run the command line; an error of paraverbal is one sentence on stderr and exit code 2."""
    try:
        app()
    except ParaverbalError as error:
        _fail(str(error))
    except ModuleNotFoundError as error:
        missing = MissingExtraError.of(error)
        if missing is None:
            raise
        _fail(str(missing))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        if error.filename is None:
            raise
        _fail(f"{error.filename}: {error.strerror}; check the path and its permissions")


def _fail(message: str) -> None:
    _tell(f"error: {message}")
    sys.exit(2)


def _tell(line: str) -> None:
    typer.echo(line, err=True)


def _tell_example(recordings: Any, emotion: str, seed: int, plot: Path | None, as_json: bool) -> None:
    from paraverbal.report.example import show_example
    from paraverbal.report.text import example_text

    try:
        found = show_example(recordings, _emotion(emotion, "--example"), seed=seed, plot=plot)
    except AudioError as error:
        _tell(f"error: {error}")
        raise typer.Exit(1) from error
    typer.echo(json.dumps(found, ensure_ascii=False) if as_json else example_text(found))


def _told(outcomes: "Iterable[Prediction | Failure]", failed: "list[Failure]") -> "Iterator[Prediction | Failure]":
    """Pass outcomes on; tell each failure on stderr and note it."""
    from paraverbal.inference.predict import Failure

    for outcome in outcomes:
        if isinstance(outcome, Failure):
            failed.append(outcome)
            _tell(f"{outcome.file}: {outcome.error}")
        yield outcome


def _print(pieces: "Iterable[str]", output: Path | None) -> None:
    """Write pieces of text as they come, so that an interruption loses none that were done."""
    if output is None:
        for piece in pieces:
            typer.echo(piece, nl=False)
        return
    with output.open("w", encoding="utf-8") as file:
        for piece in pieces:
            file.write(piece)
            file.flush()


def _check_writable(output: Path) -> None:
    """Raise before any work if the file cannot be written; what is in it stays."""
    try:
        output.open("a").close()
    except OSError as error:
        raise ParaverbalError(f"{output}: cannot be written ({error.strerror}); give another --output") from error


def _check_seconds(option: str, seconds: float | None) -> None:
    if seconds is not None and not 0 < seconds <= LONGEST_WINDOW:
        raise ParaverbalError(f"{option} {seconds:g}: expected seconds above 0 and at most {LONGEST_WINDOW}")


def _exit(failed: Any) -> None:
    if failed:
        raise typer.Exit(1)


def _report_failed(failed: Any) -> None:
    for failure in failed:
        _tell(f"left out: {failure['error']}")
    _exit(failed)


def _emotions(text: str) -> list[str]:
    return [_emotion(word.strip()) for word in text.split(",")]


def _emotion(word: str, option: str = "--emotions") -> str:
    from paraverbal.emotions import EMOTIONS, canonical

    try:
        return canonical(word)
    except LabelError as error:
        guess = nearest(word, EMOTIONS)
        known = ", ".join(EMOTIONS)
        raise RecipeError(f"{option}: {word!r} is no emotion known here{guess}; known: {known}") from error


def _corpus(paths: list[Path], labels: list[str] | None, columns: list[str] | None, sampling_rate: int | None) -> Any:
    from paraverbal.corpora import read_corpus

    return read_corpus(
        paths[0] if len(paths) == 1 else paths,
        labels=_pairs("--labels", labels),
        columns=_pairs("--columns", columns),
        sampling_rate=sampling_rate,
    )


def _pairs(option: str, values: list[str] | None) -> dict[str, str] | None:
    pairs: dict[str, str] = {}
    for value in values or []:
        key, equals, word = value.partition("=")
        if not (key and equals and word):
            raise RecipeError(f"{option} {value!r}: expected name=value")
        if "=" in word:
            raise RecipeError(f"{option} {value!r}: expected one name=value; give {option} again for each")
        pairs[key.strip()] = word.strip()
    return pairs or None
