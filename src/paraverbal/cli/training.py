"""Commands that train and score: train, evaluate."""

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
    Labels,
    Rate,
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
        overrides.append(f"split.emotions={json.dumps(emotions_of(emotions))}")
    resolved = read_recipe(recipe, overrides)
    recordings = read_recordings(corpus, labels, columns, sampling_rate)
    folder = output or Path("runs") / f"{resolved.name}-{recordings.name}"

    from paraverbal.experiment import train as train_recipe

    run = train_recipe(resolved, recordings, output=folder, split=split, fold=fold, resume=resume, progress=tell)
    typer.echo(json.dumps(run.document, ensure_ascii=False) if as_json else run_text(run.document))
    tell(f"report: {folder / 'report.html'}")
    tell(f"predict with it: paraverbal predict --model {folder} CLIP")
    report_failed(run.document["failed"])


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

    recordings = read_recordings(corpus, labels, columns, sampling_rate)
    if emotions:
        recordings = recordings.filter(emotions=emotions_of(emotions))
    if output is not None:
        new_folder(output)
    result, predictions = evaluate_predictions(model, recordings, split=split, fold=fold)
    if output is not None:
        result.write(output / "result.json")
        write_predictions({"test": predictions}, output / "predictions.csv")
    typer.echo(json.dumps(result.to_dict(), ensure_ascii=False) if as_json else result_text(result))
    report_failed(predictions.failed)
