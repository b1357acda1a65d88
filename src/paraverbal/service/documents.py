"""What the answers look like, for the OpenAPI document: schemas and examples. Answers are not built from these."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from paraverbal.bundle.load import Model
from paraverbal.service.problems import MEDIA_TYPE, RequestError

Span = tuple[float, float]


class Document(BaseModel):
    """Of these keys and no others."""

    model_config = ConfigDict(extra="forbid")


class PredictionDocument(Document):
    """The emotion in a recording."""

    file: str = Field(examples=["clip.wav"])
    start: float
    end: float
    emotion: str
    confidence: float
    probabilities: dict[str, float]
    warnings: list[str]
    uncertain: bool
    dimensions: dict[str, float] = {}
    shares: dict[str, float] = {}


class PredictAnswer(Document):
    """Of `/v1/predict`."""

    model: str
    duration_seconds: float
    sampling_rate: int
    prediction: PredictionDocument


class Segment(Document):
    """A stretch of speech."""

    start: float
    end: float
    emotion: str
    confidence: float
    probabilities: dict[str, float]
    uncertain: bool
    dimensions: dict[str, float] = {}


class WindowDocument(Document):
    """What the model said of one window."""

    start: float
    end: float
    probabilities: dict[str, float]
    dimensions: dict[str, float] = {}


class TimelineAnswer(Document):
    """Of `/v1/timeline`."""

    model: str
    file: str
    seconds: float
    labels: list[str]
    window: float
    hop: float
    smooth: int
    speech: list[Span]
    segments: list[Segment]
    windows: list[WindowDocument]
    warnings: list[str]


class SaliencyAnswer(Document):
    """Of `/v1/saliency`: how far the emotion's log-odds fall without a part."""

    model: str
    emotion: str
    probability: float
    seconds: list[Span]
    bands: list[Span]
    values: list[list[float]]
    per_time: list[float]
    per_second: list[float]
    per_band: list[float]


class ModelEntry(Document):
    """A model."""

    name: str
    labels: list[str]
    dimensions: list[str]
    modalities: list[str]
    sampling_rate: int
    window_seconds: float
    licence: str
    card: str
    default: bool


class ModelsAnswer(Document):
    """Of `/v1/models`."""

    models: list[ModelEntry]


class StateAnswer(Document):
    """Of `/healthz` and `/readyz`."""

    status: str


_PREDICTION = {
    "file": "clip.wav",
    "start": 0.0,
    "end": 2.55,
    "emotion": "anger",
    "confidence": 0.81,
    "probabilities": {"anger": 0.81, "neutral": 0.12, "sadness": 0.07},
    "warnings": [],
    "uncertain": False,
}
_JUDGED = {key: value for key, value in _PREDICTION.items() if key not in ("file", "warnings")}

EXAMPLES: dict[type[Document], dict[str, Any]] = {
    PredictAnswer: {"model": "default", "duration_seconds": 2.55, "sampling_rate": 16000, "prediction": _PREDICTION},
    TimelineAnswer: {
        "model": "default",
        "file": "talk.flac",
        "seconds": 2.55,
        "labels": ["anger", "neutral", "sadness"],
        "window": 3.0,
        "hop": 1.0,
        "smooth": 3,
        "speech": [[0.0, 2.55]],
        "segments": [_JUDGED],
        "windows": [{key: _PREDICTION[key] for key in ("start", "end", "probabilities")}],
        "warnings": [],
    },
    SaliencyAnswer: {
        "model": "default",
        "emotion": "anger",
        "probability": 0.81,
        "seconds": [[0.0, 0.25], [0.25, 0.5]],
        "bands": [[0.0, 1500.0], [1500.0, 8000.0]],
        "values": [[0.4, 0.1], [-0.2, 0.0]],
        "per_time": [0.2, 0.1],
        "per_second": [0.3],
        "per_band": [0.5, -0.2],
    },
    ModelsAnswer: {
        "models": [
            {
                "name": "default",
                "labels": ["anger", "neutral", "sadness"],
                "dimensions": [],
                "modalities": ["audio"],
                "sampling_rate": 16000,
                "window_seconds": 3.0,
                "licence": "cc-by-nc-sa-4.0",
                "card": "# default",
                "default": True,
            }
        ]
    },
    StateAnswer: {"status": "ok"},
}

_DETAILS = {
    400: "the body ended before its announced length",
    401: "a token is needed and was not given, or is wrong: Authorization: Bearer TOKEN",
    408: "the body did not arrive within 60 s",
    413: "the body is larger than 64 MB; send a shorter recording, or FLAC or MP3 instead of WAV",
    415: "the content type 'text/plain' was given; send the recording as audio/* or application/octet-stream",
    422: "the recording cannot be used: the file is empty (0 bytes); copy or record it again",
    429: "130 requests are under way or waiting, more are not taken; try again later",
    503: "the service is about to end; ask another one",
}
UPLOAD_PROBLEMS = (400, 401, 408, 413, 415, 422, 429)

_BINARY = {"schema": {"type": "string", "format": "binary"}}
UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A recording: WAV, FLAC, OGG, MP3 or another format that libsndfile reads.",
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "additionalProperties": False,
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "text": {"type": "string", "description": "What is said, for models that take it."},
                    },
                }
            },
            **dict.fromkeys(("audio/wav", "audio/flac", "audio/mpeg", "audio/ogg"), _BINARY),
            "application/octet-stream": _BINARY,
        },
    }
}


def answers(good: type[Document], *problems: int) -> dict[int | str, dict[str, Any]]:
    """Return what the OpenAPI document says of an address's answers: one that is good, and the problems that there are."""
    found: dict[int | str, dict[str, Any]] = {
        200: {"model": good, "content": {"application/json": {"example": EXAMPLES[good]}}}
    }
    for status in problems:
        problem = RequestError(status, _DETAILS[status])
        content = {MEDIA_TYPE: {"schema": _PROBLEM, "example": problem.document()}}
        found[status] = {"description": problem.title, "content": content}
    return found


_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}


def complete(app: FastAPI, models: Mapping[str, Model], *, needs_token: bool) -> None:
    """Make an application's OpenAPI document name the models that are there, and the token if there is one."""
    make = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = make()
            for path, operations in document["paths"].items():
                for operation in operations.values():
                    _name_models(operation, models)
                    if needs_token and (path.startswith("/v1/") or path == "/metrics"):
                        operation["security"] = [{"token": []}]
            if needs_token:
                document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        return app.openapi_schema or make()

    app.openapi = openapi  # type: ignore[method-assign]


def _name_models(operation: dict[str, Any], models: Mapping[str, Model]) -> None:
    for parameter in operation.get("parameters", []):
        if parameter["name"] == "model":
            parameter["schema"] = {"type": "string", "enum": list(models), "title": "Model"}
