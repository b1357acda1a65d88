"""Commands that train and score: train, crossval, evaluate, compare."""

import json
from pathlib import Path
from typing import Annotated

import typer

from paraverbal.cli.app import app
from paraverbal.cli.options import (
    AsJson,
    Columns,
    Corpora,
    Emotions,
    Fold,
    Harmed,
    Labels,
    Rate,
    Settings,
    SplitFile,
    emotions_of,
    read_recordings,
    report_failed,
    tell,
)


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe (see `paraverbal recipes`) or a TOML file.")],
    corpus: Corpora,
    split: SplitFile = None,
    fold: Fold = None,
    protocol: Annotated[
        str | None,
        typer.Option(
            help="auto, speakers (apart), holdout (random), or with --fold one of crossval's; else the recipe's."
        ),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Run folder; else runs/RECIPE-CORPUS.")] = None,
    settings: Settings = None,
    init: Annotated[
        str,
        typer.Option(help="Begin with the weights of this model: a run folder, a bundle, or the default model's name."),
    ] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in the folder.")] = False,
    harmed: Harmed = False,
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
    if init:
        overrides.append(f"training.init={json.dumps(init)}")
    resolved = read_recipe(recipe, overrides + _emotions_override(emotions))
    recordings = read_recordings(corpus, labels, columns, sampling_rate)
    folder = output or Path("runs") / f"{resolved.name}-{recordings.name}"

    from paraverbal.experiment import train as train_recipe
    from paraverbal.experiment.run import add_robustness

    run = train_recipe(resolved, recordings, output=folder, split=split, fold=fold, resume=resume, progress=tell)
    if harmed:
        run = add_robustness(run, recordings, _tell_robustness)
    typer.echo(json.dumps(run.document, ensure_ascii=False) if as_json else run_text(run.document))
    tell(f"report: {folder / 'report.html'}")
    tell(f"predict with it: paraverbal predict --model {folder} CLIP")
    report_failed(run.document["failed"])


@app.command()
def crossval(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe (see `paraverbal recipes`) or a TOML file.")],
    corpus: Corpora,
    protocol: Annotated[
        str, typer.Option(help="holdout, kfold, speakers, loso, sentences, corpora, or official (with --split).")
    ],
    split: SplitFile = None,
    folds: Annotated[
        int | None, typer.Option(help="How many, for kfold, speakers, sentences; else the recipe's, else 5.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Train all folds so often, each time with the next seed.")] = 1,
    output: Annotated[Path | None, typer.Option(help="Folder; else runs/RECIPE-CORPUS-PROTOCOL.")] = None,
    settings: Settings = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on in the folder; finished folds are kept.")] = False,
    emotions: Emotions = "",
    labels: Labels = None,
    columns: Columns = None,
    sampling_rate: Rate = None,
    as_json: AsJson = False,
) -> None:
    """Train a recipe on each fold and score all test clips."""
    from paraverbal.config import read_recipe
    from paraverbal.report.text import crossval_text

    overrides = [*(settings or []), f'split.protocol="{protocol}"']
    if folds is not None:
        overrides.append(f"split.folds={folds}")
    resolved = read_recipe(recipe, overrides + _emotions_override(emotions))
    recordings = read_recordings(corpus, labels, columns, sampling_rate)
    folder = output or Path("runs") / f"{resolved.name}-{recordings.name}-{protocol}"

    from paraverbal.experiment import crossval as crossval_recipe

    found = crossval_recipe(resolved, recordings, output=folder, split=split, seeds=seeds, resume=resume, progress=tell)
    typer.echo(json.dumps(found.document, ensure_ascii=False) if as_json else crossval_text(found.document))
    tell(f"report: {folder / 'report.html'}")
    report_failed(found.document["failed"])


@app.command()
def compare(
    results: Annotated[list[Path], typer.Argument(help="Runs, cross-validations or predictions.csv, two at least.")],
    as_json: AsJson = False,
) -> None:
    """Tell which of several models is better on the same test clips."""
    from paraverbal.evaluation.compare import compare as compare_tables
    from paraverbal.evaluation.compare import read_predictions
    from paraverbal.report.text import comparison_text

    found = compare_tables([read_predictions(path) for path in results]).to_dict()
    typer.echo(json.dumps(found, ensure_ascii=False) if as_json else comparison_text(found))


@app.command()
def evaluate(
    model: Annotated[str, typer.Argument(help="Name, bundle folder or run folder.")],
    corpus: Corpora,
    split: SplitFile = None,
    fold: Fold = None,
    output: Annotated[Path | None, typer.Option(help="Folder for result.json and predictions.csv.")] = None,
    harmed: Harmed = False,
    emotions: Emotions = "",
    labels: Labels = None,
    columns: Columns = None,
    sampling_rate: Rate = None,
    as_json: AsJson = False,
) -> None:
    """Score a model on a corpus or a split's test part."""
    from paraverbal.bundle.load import load_model
    from paraverbal.evaluation.ablation import ablate, ablation_document
    from paraverbal.evaluation.dimensions import dimensions_document
    from paraverbal.evaluation.evaluate import evaluate_predictions
    from paraverbal.evaluation.groups import groups_document
    from paraverbal.evaluation.predictions import write_predictions
    from paraverbal.evaluation.protocol import write_document
    from paraverbal.evaluation.robustness import robustness
    from paraverbal.report.ablation import ablation_text
    from paraverbal.report.deploy import new_folder
    from paraverbal.report.text import dimensions_text, groups_text, result_text, robustness_text

    recordings = read_recordings(corpus, labels, columns, sampling_rate)
    if emotions:
        recordings = recordings.filter(emotions=emotions_of(emotions))
    if output is not None:
        new_folder(output)
    loaded = load_model(model)
    result, predictions = evaluate_predictions(loaded, recordings, split=split, fold=fold)
    document = {
        **result.to_dict(),
        "groups": groups_document(recordings, predictions),
        "dimensions": dimensions_document(predictions),
    }
    if harmed:
        found = robustness(loaded, recordings, predictions.rows, progress=_tell_robustness)
        document["robustness"] = found.to_dict()
    if output is not None:
        write_document(document, output / "result.json")
        write_predictions({"test": predictions}, output / "predictions.csv")
    if loaded.reads_text:
        document["ablation"] = ablation_document(ablate(loaded, recordings, predictions))
    text = [result_text(result), dimensions_text(document["dimensions"]), groups_text(document["groups"])]
    text += [ablation_text(document.get("ablation", {}))]
    text += [robustness_text(document["robustness"])] if harmed else []
    typer.echo(json.dumps(document, ensure_ascii=False) if as_json else "\n\n".join(filter(None, text)))
    report_failed(predictions.failed)


def _tell_robustness(done: int, total: int) -> None:
    if done % 50 == 0 or done == total:
        tell(f"robustness: {done} of {total} clips")


def _emotions_override(emotions: str) -> list[str]:
    return [f"split.emotions={json.dumps(emotions_of(emotions))}"] if emotions else []
