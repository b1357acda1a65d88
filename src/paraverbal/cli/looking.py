"""Commands that look at recordings and recipes: corpus, recipes."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from paraverbal.cli.app import app
from paraverbal.cli.options import AsJson, Columns, Labels, Rate, SplitFile, emotion_of, end, read_recordings, tell
from paraverbal.errors import AudioError


@app.command()
def corpus(
    path: Annotated[list[Path], typer.Argument(help="Folder, table (.csv, .tsv) or array (.npz) of recordings.")],
    split: SplitFile = None,
    example: Annotated[str | None, typer.Option(help="Tell of one random clip of this emotion, as fear.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Which --example; the same number draws the same clip.")] = 0,
    plot: Annotated[Path | None, typer.Option(help="PNG for waveform and spectrogram of the --example.")] = None,
    output: Annotated[
        Path | None, typer.Option(help="Page to write, as report.html: counts, sounds, descriptors, map, outliers.")
    ] = None,
    labels: Labels = None,
    columns: Columns = None,
    sampling_rate: Rate = None,
    as_json: AsJson = False,
) -> None:
    """Tell what is in a corpus, what a split leaks; or draw one clip."""
    from paraverbal.audit import audit, inventory, twins_of
    from paraverbal.corpora.split import official
    from paraverbal.corpora.split import read as read_split
    from paraverbal.report.example import check_request
    from paraverbal.report.text import inventory_text

    check_request(example, plot, split)
    if output is not None:
        _check_output(output, example)
    recordings = read_recordings(path, labels, columns, sampling_rate)
    if example is not None:
        _tell_example(recordings, example, seed, plot, as_json)
        return
    leaks = {}
    if split is not None:
        parts, twins = read_split(split), twins_of(recordings)
        leaks = {
            f"fold {fold}": audit(recordings, official(recordings, parts, fold=fold), twins=twins)
            for fold in parts.folds
        }
    found = inventory(recordings).to_dict(leaks)
    if output is not None:
        found["exploration"] = _write_page(recordings, found, output)
    typer.echo(json.dumps(found, ensure_ascii=False) if as_json else inventory_text(found))
    end(found["broken"])


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
    layers_told = layers_text(document["layers"], description["parameters"])
    text = f"{recipes_text([description])}\n\n{layers_told}\n\n{recipe_toml(recipe)}"
    typer.echo(json.dumps(document, ensure_ascii=False) if as_json else text)


def _check_output(output: Path, example: str | None) -> None:
    from paraverbal.report.corpus_page import check_target

    check_target(output, example)


def _write_page(recordings: Any, found: dict[str, Any], output: Path) -> dict[str, Any]:
    """Write the page of a corpus, and return what it tells beside the inventory."""
    from paraverbal.evaluation.exploration import explore
    from paraverbal.report.corpus_page import write_corpus_page

    tell(f"measuring {found['clips']} clips")
    explored = explore(recordings)
    write_corpus_page(output, recordings, found, explored)
    tell(f"page: {output}")
    return explored.to_dict()


def _tell_example(recordings: Any, emotion: str, seed: int, plot: Path | None, as_json: bool) -> None:
    from paraverbal.report.example import show_example
    from paraverbal.report.text import example_text

    try:
        found = show_example(recordings, emotion_of(emotion, "--example"), seed=seed, plot=plot)
    except AudioError as error:
        tell(f"error: {error}")
        raise typer.Exit(1) from error
    typer.echo(json.dumps(found, ensure_ascii=False) if as_json else example_text(found))
