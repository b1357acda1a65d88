"""Who is let in, and who works: so many requests at once, so many more that wait, and no more."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import perf_counter
from typing import Any, TypeVar

from paraverbal.inference.predict import processors
from paraverbal.service.limits import MEGABYTE, Limits
from paraverbal.service.problems import RequestError

Result = TypeVar("Result")

# How much the last request counts in the mean time that one takes.
_NEWEST = 0.1

# A client is not told to wait longer, whatever the mean says.
_LONGEST_WAIT = 60


class Gate:
    """Counts who is in; runs work in threads, in the order of arrival.

    Live streams have threads of their own: a queue of recordings does not hold up a voice that is speaking.

    Args:
        limits: How many.

    Attributes:
        accepted: Requests that were let in and are not answered yet.
        working: Those of them that are worked on.
        streams: Live streams that are open.
        held_bytes: Of the bodies in memory.
        closing: Set when the service is about to end.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.workers = limits.workers or processors()
        self.accepted = 0
        self.working = 0
        self.streams = 0
        self.held_bytes = 0
        self.closing = asyncio.Event()
        self._mean_seconds = 0.0
        self._turn = asyncio.Semaphore(self.workers)
        self._pool = ThreadPoolExecutor(self.workers, "recordings")
        self._stream_pool = ThreadPoolExecutor(self.workers, "streams")

    @contextmanager
    def place(self) -> Iterator["Place"]:
        """Let a request in until it is answered.

        Raises:
            RequestError: 429, all places are taken.
        """
        if self.accepted >= self.workers + self.limits.queue:
            raise self.busy(f"{self.accepted} requests are under way or waiting, more are not taken")
        self.accepted += 1
        place = Place(self)
        try:
            yield place
        finally:
            self.accepted -= 1
            place.release()

    @contextmanager
    def stream(self) -> Iterator[None]:
        """Let a live stream in until it ends.

        Raises:
            RequestError: 429, there are as many as may be.
        """
        if self.is_closing:
            raise self.busy("the service is about to end")
        if self.streams >= self.limits.streams:
            raise self.busy(f"{self.streams} live streams are open, more are not taken")
        self.streams += 1
        try:
            yield
        finally:
            self.streams -= 1

    async def work(self, function: Callable[[], Result], has_left: Callable[[], Awaitable[bool]]) -> Result:
        """Return what a function returns, called in a thread when it is its turn.

        Args:
            function: Takes the processor's time.
            has_left: Tells whether the client has gone away while it waited.

        Raises:
            RequestError: 400, it has; nobody reads this.
        """
        async with self._turn:
            if await has_left():
                raise RequestError(400, "the client went away before it was its turn")
            self.working += 1
            begun = perf_counter()
            try:
                return await asyncio.get_running_loop().run_in_executor(self._pool, function)
            finally:
                self.working -= 1
                self._mean_seconds += _NEWEST * (perf_counter() - begun - self._mean_seconds)

    async def stream_work(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Return what a function returns, called in a thread that is there for live streams."""
        return await asyncio.get_running_loop().run_in_executor(self._stream_pool, function, *arguments)

    def busy(self, detail: str) -> RequestError:
        """Return the problem of too much at once, with the time that the queue will take."""
        wait = math.ceil(self.accepted * self._mean_seconds / self.workers)
        return RequestError(429, f"{detail}; try again later", {"Retry-After": str(min(max(wait, 1), _LONGEST_WAIT))})

    @property
    def is_closing(self) -> bool:
        """Whether the service is about to end; what was accepted goes on."""
        return self.closing.is_set()

    def begin_closing(self) -> None:
        """Note that the service is about to end."""
        self.closing.set()


class Place:
    """What one request holds: the bytes of its body that are in memory."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._bytes = 0

    def hold(self, count: int) -> None:
        """Note so many more bytes.

        Raises:
            RequestError: 413, more than one body may have; 429, more than all may have together.
        """
        limits = self._gate.limits
        if self._bytes + count > limits.body_bytes:
            raise too_large(limits)
        if self._gate.held_bytes + count > limits.held_bytes:
            raise self._gate.busy("the recordings that are being worked on fill the memory")
        self._bytes += count
        self._gate.held_bytes += count

    def release(self) -> None:
        """Note that the bytes are gone."""
        self._gate.held_bytes -= self._bytes
        self._bytes = 0


def too_large(limits: Limits) -> RequestError:
    """Return the problem of a body of too many bytes; the connection closes, as the rest of it is not read."""
    most = limits.body_bytes / MEGABYTE
    return RequestError(
        413,
        f"the body is larger than {most:g} MB; send a shorter recording, or FLAC or MP3 instead of WAV",
        {"Connection": "close"},
    )
