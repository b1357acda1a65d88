"""A request's body -> a recording in memory that can be opened as a file, and what was sent beside it.

Nothing is written to a disk: the file lies in memory and is gone when it is closed, also when the process is killed. Where a
system has no such files (all but Linux), it is a temporary file, which is removed when it is closed.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from fastapi import Request
from starlette.requests import ClientDisconnect

from paraverbal.service.gate import Place, too_large
from paraverbal.service.limits import Limits
from paraverbal.service.multipart import Form
from paraverbal.service.problems import RequestError

FORM_TYPE = "multipart/form-data"
RAW_TYPES = "audio/* or application/octet-stream"

# What a recording that comes without a name is called.
NAMELESS = "recording"
LONGEST_NAME = 255

# The rest of such a body is not waited for.
_CLOSE = {"Connection": "close"}


@dataclass(frozen=True)
class Upload:
    """What a request brought.

    Attributes:
        path: Where the recording can be opened while the request lasts.
        name: As its sender calls it, without folders.
        text: What is said in it, if that was sent too and is not empty.
    """

    path: str
    name: str
    text: str | None


def check_upload(request: Request, limits: Limits) -> None:
    """Raise if the header of a request alone says that its body is not wanted.

    Raises:
        RequestError: 415, neither audio nor a form; 413, it announces too many bytes.
    """
    kind = _media_type(request)
    if not (kind == FORM_TYPE or kind.startswith("audio/") or kind == "application/octet-stream"):
        given = f"the content type {kind!r} was given" if kind else "no content type was given"
        raise RequestError(415, f"{given}; send the recording as {RAW_TYPES}, or as the field 'file' of {FORM_TYPE}")
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limits.body_bytes:
        raise too_large(limits)


@contextmanager
def in_memory() -> Iterator[tuple[IO[bytes], str]]:
    """Yield a file that is in memory alone, and the path at which it can be opened once more while it is open."""
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("recording"), "wb", buffering=0) as file:
            yield file, f"/proc/self/fd/{file.fileno()}"
        return
    with tempfile.NamedTemporaryFile(buffering=0) as named:
        yield named, named.name


async def receive(request: Request, file: IO[bytes], path: str, place: Place, limits: Limits) -> Upload:
    """Read a request's body into a file.

    Args:
        request: The request.
        file: Where the recording goes.
        path: Where it can be opened.
        place: What counts its bytes.
        limits: How many bytes, and how long it may take.

    Raises:
        RequestError: 408, 413, 422 or 429.
    """
    try:
        async with asyncio.timeout(limits.upload_seconds):
            if _media_type(request) == FORM_TYPE:
                return await _form(request, file, path, place)
            async for chunk in _chunks(request, place):
                file.write(chunk)
    except TimeoutError as error:
        raise RequestError(408, f"the body did not arrive within {limits.upload_seconds:g} s", _CLOSE) from error
    return Upload(path, NAMELESS, None)


async def _form(request: Request, file: IO[bytes], path: str, place: Place) -> Upload:
    form = Form(request.headers["content-type"], file)
    async for chunk in _chunks(request, place):
        form.feed(chunk)
    form.end()
    return Upload(path, base_name(form.name), form.text or None)


async def _chunks(request: Request, place: Place) -> AsyncIterator[bytes]:
    try:
        async for chunk in request.stream():
            if chunk:
                place.hold(len(chunk))
                yield chunk
    except ClientDisconnect as error:
        raise RequestError(400, "the body ended before its announced length") from error


def base_name(name: str) -> str:
    """Return a file's name without folders, drives and characters that do not print, cut to 255 characters."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(character for character in last if character.isprintable()).strip()
    return shown[-LONGEST_NAME:] if shown not in ("", ".", "..") else NAMELESS


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
