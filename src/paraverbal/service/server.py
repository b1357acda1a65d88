"""The process: listens, and ends without leaving anyone without an answer."""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable
from time import monotonic
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI

from paraverbal.errors import ParaverbalError
from paraverbal.service.gate import Gate
from paraverbal.service.limits import MEGABYTE

# Where a load balancer asks `/readyz` every second or two, it has stopped sending by then.
GRACE_SECONDS = 2.0

# For bytes that are on their way when the last connection was taken.
LINGER_SECONDS = 0.25

# For the last estimates of live streams.
STREAM_SECONDS = 5.0

# Whoever does not take an answer within this time does not keep the process alive.
MOST_SECONDS = 120

# Until the event loop takes them.
_WAITING_CONNECTIONS = 2048

# What one message of a WebSocket may have before it is understood at all.
_LARGEST_MESSAGE = 4 * MEGABYTE


_log = logging.getLogger("paraverbal.service")


class Server(uvicorn.Server):
    """Ends in order on SIGTERM and SIGINT; a second signal ends it at once.

    First `/readyz` answers 503, every answer closes its connection, and live streams are brought to their end; requests are
    still taken for `grace_seconds`, as those who send them know only later. Then no connection is taken any more, what was
    accepted is answered, and the process ends with 0.

    Args:
        config: Of uvicorn.
        gate: Knows what is under way.
        grace_seconds: On SIGTERM; on SIGINT, which a person sends, it is none.
    """

    def __init__(self, config: uvicorn.Config, gate: Gate, grace_seconds: float) -> None:
        super().__init__(config)
        self._gate = gate
        self._grace_seconds = grace_seconds

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal."""
        if self.should_exit:
            self.force_exit = True
        if sig != signal.SIGTERM:
            self._grace_seconds = 0.0
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and tell where."""
        await super().startup(sockets)
        for server in self.servers:
            for one in server.sockets:
                address, port = one.getsockname()[:2]
                _log.info("listening at http://%s:%d", f"[{address}]" if ":" in address else address, port)

    async def main_loop(self) -> None:
        """Serve until a signal comes, and until those who send know that the service ends."""
        await super().main_loop()
        self._gate.begin_closing()
        await self._wait(self._grace_seconds)
        for server in self.servers:
            server.close()
        await self._wait(LINGER_SECONDS)
        await self._wait(STREAM_SECONDS, lambda: self._gate.streams == 0)

    async def _wait(self, seconds: float, is_over: Callable[[], bool] = bool) -> None:
        end = monotonic() + seconds
        while monotonic() < end and not (self.force_exit or is_over()):
            await asyncio.sleep(0.02)


def serve(app: FastAPI, *, host: str, port: int, grace_seconds: float = GRACE_SECONDS) -> None:
    """Serve an application of `create_app` until a signal ends it.

    Args:
        app: The application.
        host: Address to listen at.
        port: Port; 0 takes a free one, which the log tells.
        grace_seconds: How long requests are still taken after SIGTERM.

    Raises:
        ParaverbalError: There is no such address here, or the port is taken.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    # They would name clients and what they ask for, and quote bodies.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
    settings: dict[str, Any] = {"log_config": None, "access_log": False, "server_header": False}
    config = uvicorn.Config(
        app,
        ws_max_size=_LARGEST_MESSAGE,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=MOST_SECONDS,
        **settings,
    )
    with _listening(host, port) as listener:
        Server(config, app.state.service.gate, grace_seconds).run(sockets=[listener])


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=_WAITING_CONNECTIONS)
    except OSError as error:
        reason = error.strerror or error
        raise ParaverbalError(f"port {port} of {host} cannot be listened at ({reason}); give another one") from error
    # Connections inherit it. asyncio sets it on those whose protocol is named, which create_server does not; without it the
    # second part of an answer waits 40 ms for the client's delayed acknowledgement of the first.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
