"""A WebSocket that brings a voice: blocks of 16-bit samples in, an estimate of each window out."""

import asyncio
import json
import math
from collections.abc import Mapping
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from fastapi import WebSocket, WebSocketDisconnect
from starlette.websockets import WebSocketState

from paraverbal.bundle.load import Model
from paraverbal.errors import ParaverbalError
from paraverbal.inference.stream import Estimate, Stream
from paraverbal.inference.timeline_formats import estimate_document
from paraverbal.inference.windows import HOP_SECONDS, WINDOW_SECONDS
from paraverbal.service.door import knows_token, subprotocol
from paraverbal.service.gate import Gate
from paraverbal.service.limits import SHORTEST_HOP, Limits
from paraverbal.service.models import chosen
from paraverbal.service.problems import RequestError

# Rates that sound cards and telephones have, in hertz.
LOWEST_RATE = 4_000
HIGHEST_RATE = 192_000

_FULL_SCALE = 32_768.0

# Codes of closing (RFC 6455, 7.4.1).
DONE = 1000
GOING_AWAY = 1001
NOT_UNDERSTOOD = 1003
REFUSED = 1008
TOO_LARGE = 1009
BUSY = 1013


class StreamError(ParaverbalError):
    """A stream ends with an error.

    Args:
        code: That the connection is closed with.
        title: What happened, in a few words.
        detail: What was given, what was expected, what to do.
    """

    def __init__(self, code: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.title = title
        self.detail = detail


class Listener:
    """One connection, from its beginning to its end.

    Args:
        socket: The connection, not accepted yet.
        models: Name -> model.
        gate: Counts streams and runs work.
        limits: Of frames, and of silence.
        token: What a client must know, or None.
    """

    def __init__(
        self, socket: WebSocket, models: Mapping[str, Model], gate: Gate, limits: Limits, token: str | None
    ) -> None:
        self._socket = socket
        self._token = token
        self._models = models
        self._gate = gate
        self._limits = limits

    async def run(self) -> None:
        """Accept, listen, answer, close; whatever the client does."""
        await self._socket.accept(subprotocol(self._socket.headers))
        try:
            self._check_client()
            with self._gate.stream():
                await self._listen(self._opened())
        except RequestError as problem:
            await self._fail(StreamError(BUSY, problem.title, problem.detail))
        except StreamError as fault:
            await self._fail(fault)
        except WebSocketDisconnect:
            return

    def _check_client(self) -> None:
        """Raise if the client does not know the token, or is a page of another site in someone's browser."""
        headers = self._socket.headers
        if not knows_token(headers, self._token):
            raise StreamError(REFUSED, "Unauthorized", "a token is needed and was not given, or is wrong")
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != headers.get("host"):
            raise StreamError(REFUSED, "Another site", "a browser sent this for a page that does not come from here")

    def _opened(self) -> Stream:
        """Return the stream that the query asks for."""
        query = self._socket.query_params
        try:
            model = chosen(self._models, query.get("model"))
            rate = _number(query, "rate", model.sampling_rate, LOWEST_RATE, HIGHEST_RATE)
            hop = _number(query, "hop_seconds", HOP_SECONDS, SHORTEST_HOP, WINDOW_SECONDS)
            self._hop = hop
            return Stream(model, rate, hop=hop)
        except RequestError as problem:
            raise StreamError(REFUSED, "Unknown model", problem.detail) from problem
        except ParaverbalError as error:
            raise StreamError(REFUSED, "Impossible stream", str(error)) from error

    async def _listen(self, stream: Stream) -> None:
        await self._send(
            type="ready",
            model=stream.model.name,
            labels=list(stream.model.labels),
            window_seconds=WINDOW_SECONDS,
            hop_seconds=self._hop,
            rate=round(stream.sampling_rate),
        )
        while (block := await self._block()) is not None:
            arrived = perf_counter()
            await self._tell(stream, await self._gate.stream_work(stream.feed, block), arrived)
        arrived = perf_counter()
        await self._tell(stream, await self._gate.stream_work(stream.flush), arrived)
        await self._send(type="end")
        await self._socket.close(GOING_AWAY if self._gate.is_closing else DONE)

    async def _block(self) -> Any:
        """Return the next samples, float32 in -1..1; None at the end that the client, or the service's own end, asks for."""
        message = await self._message()
        if message is None:
            return None
        data = message.get("bytes")
        if data is None:
            _check_end(message.get("text") or "")
            return None
        if len(data) > self._limits.frame_bytes:
            raise StreamError(
                TOO_LARGE,
                "Frame too large",
                f"a frame of {len(data)} bytes came, at most {self._limits.frame_bytes} fit",
            )
        if len(data) % 2:
            raise StreamError(
                NOT_UNDERSTOOD, "Half a sample", f"a frame of {len(data)} bytes came; samples of 16 bits take two each"
            )
        return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(_FULL_SCALE)

    async def _message(self) -> Any:
        """Return the next message, or None if the service is about to end."""
        coming = asyncio.ensure_future(self._socket.receive())
        closing = asyncio.ensure_future(self._gate.closing.wait())
        try:
            await asyncio.wait(
                (coming, closing), timeout=self._limits.idle_seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if not coming.done() and not closing.done():
                raise StreamError(REFUSED, "Silent client", f"no message came for {self._limits.idle_seconds:g} s")
            if not coming.done():
                return None
        finally:
            closing.cancel()
            if not coming.done():
                coming.cancel()
        message = coming.result()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", DONE))
        return message

    async def _tell(self, stream: Stream, estimates: list[Estimate], arrived: float) -> None:
        for one in estimates:
            latency = round(perf_counter() - arrived, 6)
            await self._send(
                type="estimate", **estimate_document(one), speech=stream.is_speech, latency_seconds=latency
            )

    async def _send(self, **message: Any) -> None:
        await self._socket.send_text(json.dumps(message, ensure_ascii=False))

    async def _fail(self, fault: StreamError) -> None:
        if self._socket.client_state is not WebSocketState.CONNECTED:
            return
        try:
            await self._send(type="error", title=fault.title, detail=fault.detail)
            await self._socket.close(fault.code)
        except WebSocketDisconnect:
            return


def _check_end(text: str) -> None:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        message = None
    if message != {"type": "end"}:
        raise StreamError(NOT_UNDERSTOOD, "Text not understood", 'the only text that is understood is {"type":"end"}')


def _number(query: Mapping[str, str], name: str, default: float, least: float, most: float) -> float:
    text = query.get(name)
    try:
        value = default if text is None else float(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise StreamError(REFUSED, f"Wrong {name}", f"{name} must be a number from {least:g} to {most:g}")
    return value
