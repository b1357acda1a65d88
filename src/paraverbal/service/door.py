"""What every HTTP request passes: the token, the count, the log; the log names no one and nothing.

`/v1/` and `/metrics` need the token, if there is one. The page, `/healthz`, `/readyz` and `/openapi.json` tell nothing that is
secret.
"""

import hmac
import logging
from time import perf_counter

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from paraverbal.service.gate import Gate
from paraverbal.service.measures import Measures
from paraverbal.service.problems import RequestError

SCHEME = "bearer "

# A browser cannot set a header of a WebSocket: it offers this and the token as a subprotocol.
SUBPROTOCOL = "bearer."

_log = logging.getLogger("paraverbal.service")


class Door:
    """Middleware around the application.

    Args:
        app: What stands behind it.
        gate: Tells whether the service is about to end.
        measures: Counts requests.
        token: What a client must know, or None.
    """

    def __init__(self, app: ASGIApp, gate: Gate, measures: Measures, token: str | None) -> None:
        self._app = app
        self._gate = gate
        self._measures = measures
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, if it may."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                if self._gate.is_closing:
                    headers["Connection"] = "close"
            await send(message)

        try:
            if self._needs_token(scope["path"]) and not knows_token(Headers(scope=scope), self._token):
                await refusal().response()(scope, receive, sending)
            else:
                await self._app(scope, receive, sending)
        finally:
            seconds = perf_counter() - begun
            path = getattr(scope.get("route"), "path", "other")
            self._measures.count(path, status, seconds)
            _log.info("%s %s %d %.0f ms", scope["method"], path, status, 1000 * seconds)

    def _needs_token(self, path: str) -> bool:
        return self._token is not None and (path.startswith("/v1/") or path == "/metrics")


def knows_token(headers: Headers, token: str | None) -> bool:
    """Tell whether a request holds the token, as `Authorization: Bearer` or as a subprotocol; anyone does if there is none."""
    if token is None:
        return True
    given = headers.get("authorization", "")
    offers = [given[len(SCHEME) :].strip()] if given[: len(SCHEME)].lower() == SCHEME else []
    offer = subprotocol(headers)
    offers += [] if offer is None else [offer.removeprefix(SUBPROTOCOL)]
    return any(hmac.compare_digest(one.encode(), token.encode()) for one in offers)


def subprotocol(headers: Headers) -> str | None:
    """Return the subprotocol in which a WebSocket brings its token, if it does."""
    offered = [one.strip() for one in headers.get("sec-websocket-protocol", "").split(",")]
    return next((one for one in offered if one.startswith(SUBPROTOCOL)), None)


def refusal() -> RequestError:
    """Return the problem of a request without the token."""
    return RequestError(
        401,
        "a token is needed and was not given, or is wrong: Authorization: Bearer TOKEN",
        {"WWW-Authenticate": "Bearer"},
    )
