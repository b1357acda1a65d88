"""Commands that use a trained model: predict, saliency, models, report, export."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paraverbal.cli.app import app
from paraverbal.cli.options import AsJson, ModelName, end, read_recordings, tell
from paraverbal.cli.texts import texts_for
from paraverbal.cli.timelines import TimelineOptions, timeline_form, timeline_texts
from paraverbal.errors import ParaverbalError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from paraverbal.bundle.load import Model
    from paraverbal.inference.predict import Failure, Prediction

# Seconds; the samples of a window, padded if need be, are held in memory.
LONGEST_WINDOW = 3600


@app.command()
def predict(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Recordings, folders of them, or .txt lists of paths.")
    ] = None,
    model: ModelName = None,
    window: Annotated[float | None, typer.Option(help="Seconds of a window, for example 3; else the model's.")] = None,
    hop: Annotated[
        float | None, typer.Option(help="Greatest distance of windows in seconds; else the model's.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON per recording.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    output: Annotated[Path | None, typer.Option(help="Write to this file instead of stdout.")] = None,
    text: Annotated[
        str | None, typer.Option(help="What is said in the recording, or without one: for models that read text.")
    ] = None,
    transcripts: Annotated[
        Path | None, typer.Option(help="Table (file, transcript), or folder with a .txt for each recording.")
    ] = None,
    transcribe: Annotated[
        Path | None, typer.Option(help="Folder of a Whisper model that writes down what is said (extra asr).")
    ] = None,
    timeline: Annotated[
        bool, typer.Option("--timeline", help="Emotion over time: windows of 3 s every 1 s where there is speech.")
    ] = False,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="Of a timeline: json, csv, rttm, textgrid, audacity, srt, table; else by --output's ending.",
        ),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="PNG of a timeline: waveform, spectrogram, emotions; a folder for several.")
    ] = None,
    smooth: Annotated[
        int | None, typer.Option(help="Windows averaged for a timeline's segments, odd; 3 if not given, 1 for none.")
    ] = None,
    speech: Annotated[
        str | None,
        typer.Option(help="How a timeline finds speech: energy (if not given), silero (extra vad), all (no search)."),
    ] = None,
) -> None:
    """Tell the emotion in recordings."""
    from paraverbal.bundle.load import load_model
    from paraverbal.inference.formats import texts
    from paraverbal.inference.predict import gather, predict_each

    if as_json and as_csv:
        raise ParaverbalError("--json and --csv were both given; give one of them")
    _check_seconds("--window", window)
    _check_seconds("--hop", hop)
    _check_timeline(timeline, {"--format": form, "--plot": plot, "--smooth": smooth, "--speech": speech})
    if timeline:
        form = timeline_form(form, output, as_json=as_json, as_csv=as_csv)
    loaded = load_model(model)
    if not paths and text is None:
        raise ParaverbalError("no recording was given; give one, a folder, or a .txt list (or --text alone)")
    files = gather(paths or [])
    if timeline and (text, transcripts, transcribe) != (None, None, None):
        raise ParaverbalError("a timeline hears the voice alone; leave --text, --transcripts and --transcribe out")
    said = texts_for(files, text, transcripts, transcribe)
    if said is not None and not loaded.reads_text:
        raise ParaverbalError(f"model {loaded.name!r} hears the voice alone and reads no text; give another --model")
    if output is not None:
        _check_writable(output)
    failed: list[Failure] = []
    if timeline:
        options = TimelineOptions(str(form), window, hop, smooth, speech, plot)
        _print(timeline_texts(files, loaded, options, failed), output)
        end(failed)
        return
    form = "json" if as_json else "csv" if as_csv else "table"
    judged = (
        predict_each(files, loaded, window=window, hop=hop, text=said)
        if files
        else iter([_without_voice(said, loaded)])
    )
    outcomes = _told(judged, failed)
    shares = loaded.modalities if len(loaded.modalities) > 1 else ()
    _print(texts(outcomes, loaded.labels, form, dimensions=loaded.dimensions, shares=shares), output)
    end(failed)


@app.command()
def saliency(
    clip: Annotated[Path, typer.Argument(help="A recording; every second of it takes about 0.2 s.")],
    model: ModelName = None,
    emotion: Annotated[str | None, typer.Option(help="What speaks for this, as anger; else the most probable.")] = None,
    seconds: Annotated[float, typer.Option(help="Greatest length of a part that is removed.")] = 0.25,
    bands: Annotated[int, typer.Option(help="Bands of frequency, equally wide in mel.")] = 12,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, a row for each part.")] = False,
    output: Annotated[Path | None, typer.Option(help="Write to this file instead of stdout.")] = None,
    plot: Annotated[
        Path | None, typer.Option(help="PNG: spectrogram, and over it what speaks for and against.")
    ] = None,
) -> None:
    """Tell what in a recording speaks for an emotion."""
    from paraverbal.audio.read import read
    from paraverbal.bundle.load import load_model
    from paraverbal.inference.saliency import saliency as saliency_of
    from paraverbal.inference.saliency_formats import form_of, saliency_text
    from paraverbal.inference.warn import signal_warnings

    form = form_of(output, as_json=as_json, as_csv=as_csv)
    if plot is not None and not plot.parent.is_dir():
        raise ParaverbalError(f"{plot}: there is no folder {plot.parent}; give another --plot")
    loaded = load_model(model)
    waveform, rate = read(clip)
    if output is not None:
        _check_writable(output)
    found = saliency_of(loaded, waveform, emotion, sampling_rate=rate, seconds=seconds, bands=bands)
    for sentence in signal_warnings(waveform, rate):
        tell(f"warning: {sentence}")
    if emotion is None and found.probability < loaded.manifest.threshold:
        tell(f"uncertain: {found.emotion} has only {found.probability:.2f}, so this tells little")
    if plot is not None:
        from paraverbal.report.saliency_figure import write_saliency_figure

        write_saliency_figure(found, waveform, rate, plot, title=clip.name)
        tell(f"picture: {plot}")
    _print([saliency_text(found, str(clip), loaded.name, form)], output)


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
def report(
    run: Annotated[Path, typer.Argument(help="Folder of a run or cross-validation.")],
    corpus: Annotated[
        list[Path] | None,
        typer.Option("--corpus", help="The recordings, to hear the worst mistakes; may be given again."),
    ] = None,
) -> None:
    """Write a run's report anew and print its scores."""
    from paraverbal.evaluation.protocol import read_document
    from paraverbal.report.page import write_report
    from paraverbal.report.text import crossval_text, run_text

    recordings = read_recordings(corpus, None, None, None).paths() if corpus else None
    path = write_report(run, recordings)
    document = read_document(run / "result.json")
    typer.echo(crossval_text(document) if "folds" in document else run_text(document))
    tell(f"report: {path}")


@app.command()
def export(
    model: Annotated[str, typer.Argument(help="Run folder, bundle folder, name or hf://OWNER/NAME.")],
    output: Annotated[Path, typer.Option(help="New folder for the ONNX graph, bundle.json and model card.")],
    name: Annotated[str | None, typer.Option(help="What to call the model; else its own name.")] = None,
    licence: Annotated[str | None, typer.Option(help="Of the weights, for example cc-by-nc-sa-4.0.")] = None,
    precision: Annotated[str, typer.Option(help="fp32, or int8: weights of 8 bits, about 40 % of the size.")] = "fp32",
    corpus: Annotated[
        list[Path] | None,
        typer.Option("--corpus", help="Recordings of the training: measures what int8 costs; may be given again."),
    ] = None,
    split: Annotated[
        Path | None, typer.Option("--split", help="The split.csv of the training; else that of the run folder.")
    ] = None,
    weights: Annotated[
        bool, typer.Option("--weights", help="Put model.safetensors beside the graph, for train --init.")
    ] = False,
) -> None:
    """Write what deployment needs: graph, manifest, card."""
    from paraverbal.report.deploy import Measured
    from paraverbal.report.deploy import export as export_model

    if split is not None and not corpus:
        raise ParaverbalError("--split tells the parts of --corpus; give that too")
    measured = Measured(read_recordings(corpus, None, None, None), split, tell) if corpus else None
    folder = export_model(
        model, output, name=name, licence=licence, precision=precision, measured=measured, weights=weights
    )
    typer.echo(str(folder))


def _without_voice(text: "str | dict[str, str] | None", model: "Model") -> "Prediction":
    from paraverbal.inference.predict import Prediction
    from paraverbal.inference.predict import predict as predict_text

    found = predict_text(None, model=model, text=text)
    if not isinstance(found, Prediction):
        raise TypeError(f"one prediction was expected, got {len(found)}")
    return found


def _check_timeline(timeline: bool, given: dict[str, object]) -> None:
    """Raise if an option was given that only a timeline knows."""
    for option, value in given.items():
        if value is not None and not timeline:
            raise ParaverbalError(f"{option} is for timelines; give --timeline too, or leave it out")


def _told(outcomes: "Iterable[Prediction | Failure]", failed: "list[Failure]") -> "Iterator[Prediction | Failure]":
    """Pass outcomes on; tell each failure on stderr and note it."""
    from paraverbal.inference.predict import Failure

    for outcome in outcomes:
        if isinstance(outcome, Failure):
            failed.append(outcome)
            tell(f"{outcome.file}: {outcome.error}")
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
