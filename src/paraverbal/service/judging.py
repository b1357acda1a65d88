"""A recording that was sent -> what a model says of it, as the documents that the command line prints."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from paraverbal.audio.read import AudioInfo, info, read
from paraverbal.bundle.load import Model
from paraverbal.errors import AudioError, LabelError, RecipeError, TextError
from paraverbal.inference.formats import DIGITS, json_line
from paraverbal.inference.predict import Prediction, predict
from paraverbal.inference.saliency import saliency
from paraverbal.inference.timeline import timeline
from paraverbal.inference.timeline_formats import document
from paraverbal.service.limits import Limits
from paraverbal.service.problems import RequestError
from paraverbal.service.uploads import Upload

Judge = Callable[..., dict[str, Any]]

# Less is not one sample at some models' rates: a few samples that claim to be of gigahertz.
_SHORTEST_SECONDS = 0.001


def answered(judge: Judge, upload: Upload, model: Model, limits: Limits, **named: Any) -> bytes:
    """Return what `predicted`, `timed` or `explained` says, as JSON.

    Raises:
        RequestError: 413, the recording is too long; 422, it cannot be judged, or the model knows no such emotion.
    """
    try:
        found = judge(upload, model, limits, **named)
    except AudioError as error:
        raise RequestError(422, f"the recording cannot be used: {error.problem}") from error
    except (LabelError, RecipeError, TextError) as error:
        raise RequestError(422, str(error)) from error
    try:
        return json.dumps(found, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except ValueError as error:
        raise RequestError(
            422, "the recording cannot be used: its samples are so far beyond full scale that no number comes out"
        ) from error


def predicted(upload: Upload, model: Model, limits: Limits) -> dict[str, Any]:
    """Return what `POST /v1/predict` answers.

    Raises:
        AudioError, TextError, RequestError: As of `answered`.
    """
    header = checked(upload, limits)
    prediction = cast(Prediction, predict(upload.path, model=model, text=upload.text))
    return {
        "model": model.name,
        "duration_seconds": round(header.seconds, DIGITS),
        "sampling_rate": header.sampling_rate,
        "prediction": json.loads(json_line(replace(prediction, file=upload.name))),
    }


def timed(upload: Upload, model: Model, limits: Limits, hop: float) -> dict[str, Any]:
    """Return what `POST /v1/timeline` answers, with a window every `hop` seconds.

    Raises:
        AudioError, RequestError: As of `answered`.
    """
    _check_textless(upload)
    checked(upload, limits)
    found = timeline(upload.path, model=model, hop=hop)
    return {"model": model.name} | document(replace(found, file=upload.name))


def explained(upload: Upload, model: Model, limits: Limits, emotion: str | None) -> dict[str, Any]:
    """Return what `POST /v1/saliency` answers.

    Raises:
        AudioError, LabelError, RequestError: As of `answered`.
    """
    _check_textless(upload)
    checked(upload, replace(limits, seconds=min(limits.seconds, limits.saliency_seconds)))
    waveform, rate = read(upload.path)
    found = saliency(model, waveform, emotion, sampling_rate=rate)
    return {"model": model.name} | found.to_dict()


def _check_textless(upload: Upload) -> None:
    if upload.text is not None:
        raise RequestError(422, "what is said is for /v1/predict alone; leave the field 'text' out")


def checked(upload: Upload, limits: Limits) -> AudioInfo:
    """Return a recording's header, or raise if it is too long; nothing is decoded.

    libsndfile decodes no more than the header promises, so a file that unpacks to hours cannot hide it.

    Raises:
        AudioError: It is no recording, or does not tell its length.
        RequestError: 413, it is too long; 422, it is too short.
    """
    header = info(upload.path)
    samples = header.seconds * header.sampling_rate * header.channels
    if 0 < header.seconds < _SHORTEST_SECONDS:
        raise RequestError(
            422, "the recording cannot be used: it lasts less than a millisecond; is its sampling rate right?"
        )
    if header.seconds > limits.seconds or samples > limits.samples:
        raise RequestError(
            413,
            f"the recording lasts {header.seconds:.0f} s at {header.sampling_rate} Hz with {header.channels} channels; "
            f"at most {limits.seconds:g} s are taken, and {limits.samples} samples over all channels: send a part of it",
        )
    return header
