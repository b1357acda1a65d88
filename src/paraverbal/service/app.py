"""The application: addresses, and what stands behind them."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, WebSocket
from fastapi.responses import JSONResponse, PlainTextResponse, Response

import paraverbal
from paraverbal.bundle.load import Model
from paraverbal.inference.windows import HOP_SECONDS, WINDOW_SECONDS
from paraverbal.service import documents, judging, measures, pages
from paraverbal.service.documents import UPLOAD, UPLOAD_PROBLEMS, answers
from paraverbal.service.door import Door
from paraverbal.service.gate import Gate
from paraverbal.service.judging import Judge
from paraverbal.service.limits import SHORTEST_HOP, Limits
from paraverbal.service.listening import Listener
from paraverbal.service.models import chosen, entry
from paraverbal.service.problems import RequestError, add_problems
from paraverbal.service.uploads import check_upload, in_memory, receive

ModelName = Annotated[str | None, Query(description="One of `/v1/models`; else the default.")]
Hop = Annotated[float, Query(ge=SHORTEST_HOP, le=WINDOW_SECONDS, description="Seconds from one window to the next.")]
Emotion = Annotated[str | None, Query(description="One of the model's labels; else the most probable.")]

DESCRIPTION = (
    "What a voice says beside its words. A live stream is the WebSocket `/v1/stream`, which OpenAPI cannot describe."
)


def create_app(models: Mapping[str, Model], limits: Limits | None = None, *, token: str | None = None) -> FastAPI:
    """Return the service as an ASGI application.

    Args:
        models: Name -> model, at least one; the first is the default.
        limits: How much it takes; None for the defaults.
        token: What `Authorization: Bearer` must hold; None: everyone is let in.
    """
    service = Service(models, limits or Limits(), token)
    app = FastAPI(
        title="paraverbal", version=paraverbal.__version__, description=DESCRIPTION, docs_url=None, redoc_url=None
    )
    app.state.service = service
    add_problems(app)
    service.add_routes(app)
    app.include_router(pages.router)
    app.add_middleware(Door, gate=service.gate, measures=service.measures, token=token)
    documents.complete(app, models, needs_token=token is not None)
    return app


class Service:
    """What the addresses share.

    Args:
        models: Name -> model; the first is the default.
        limits: How much is taken.
        token: What a client must know, or None.
    """

    def __init__(self, models: Mapping[str, Model], limits: Limits, token: str | None) -> None:
        self.models = models
        self.limits = limits
        self.token = token
        self.gate = Gate(limits)
        self.measures = measures.Measures()

    def add_routes(self, app: FastAPI) -> None:
        """Add the addresses to an application."""
        app.get("/v1/models", responses=answers(documents.ModelsAnswer, 401))(self.list_models)
        for path, judge, answer in (
            ("predict", self.predict, documents.PredictAnswer),
            ("timeline", self.timeline, documents.TimelineAnswer),
            ("saliency", self.saliency, documents.SaliencyAnswer),
        ):
            told = answers(answer, *UPLOAD_PROBLEMS)
            app.post(f"/v1/{path}", responses=told, openapi_extra=UPLOAD)(judge)
        app.websocket("/v1/stream")(self.stream)
        app.get("/healthz", responses=answers(documents.StateAnswer))(self.healthz)
        app.get("/readyz", responses=answers(documents.StateAnswer, 503))(self.readyz)
        app.get("/metrics", response_class=PlainTextResponse)(self.metrics)

    async def list_models(self) -> JSONResponse:
        """List the models, with their cards."""
        models = [entry(model, is_default=number == 0) for number, model in enumerate(self.models.values())]
        return JSONResponse({"models": models})

    async def predict(self, request: Request, model: ModelName = None) -> Response:
        """Tell the emotion in a recording."""
        return await self._judged(request, judging.predicted, model)

    async def timeline(self, request: Request, model: ModelName = None, hop_seconds: Hop = HOP_SECONDS) -> Response:
        """Tell the emotion over time in a recording."""
        return await self._judged(request, judging.timed, model, hop=hop_seconds)

    async def saliency(self, request: Request, model: ModelName = None, emotion: Emotion = None) -> Response:
        """Tell what in a recording speaks for an emotion."""
        return await self._judged(request, judging.explained, model, emotion=emotion)

    async def stream(self, socket: WebSocket) -> None:
        """Tell the emotion in a voice while it speaks."""
        await Listener(socket, self.models, self.gate, self.limits, self.token).run()

    async def healthz(self) -> JSONResponse:
        """Tell that the process is alive."""
        return JSONResponse({"status": "ok"})

    async def readyz(self) -> JSONResponse:
        """Tell whether requests should be sent here."""
        if self.gate.is_closing:
            raise RequestError(503, "the service is about to end; ask another one")
        return JSONResponse({"status": "ready"})

    async def metrics(self) -> PlainTextResponse:
        """Return counts, durations and what is under way, as Prometheus reads it."""
        return PlainTextResponse(self.measures.text(self.gate), media_type=measures.MEDIA_TYPE)

    async def _judged(self, request: Request, judge: Judge, name: str | None, **named: Any) -> Response:
        model = chosen(self.models, name)
        check_upload(request, self.limits)
        with self.gate.place() as place, in_memory() as (file, path):
            upload = await receive(request, file, path, place, self.limits)
            call = partial(judging.answered, judge, upload, model, self.limits, **named)
            return Response(await self.gate.work(call, request.is_disconnected), media_type="application/json")
