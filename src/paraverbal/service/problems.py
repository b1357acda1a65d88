"""What is wrong with a request, as `application/problem+json` (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from paraverbal.errors import ParaverbalError

MEDIA_TYPE = "application/problem+json"


class RequestError(ParaverbalError):
    """A request is answered with an error.

    Args:
        status: Of HTTP.
        detail: What was given, what was expected and what to do, as one sentence; nothing of the recording or its name.
        headers: That belong to the answer.
    """

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})

    @property
    def title(self) -> str:
        """The status in words."""
        return HTTPStatus(self.status).phrase

    def document(self) -> dict[str, Any]:
        """Return what the answer holds."""
        return {"type": "about:blank", "title": self.title, "status": self.status, "detail": self.detail}

    def response(self) -> JSONResponse:
        """Return the answer."""
        return JSONResponse(self.document(), self.status, self.headers, MEDIA_TYPE)


def add_problems(app: FastAPI) -> None:
    """Make an application answer every error as a problem."""

    @app.exception_handler(RequestError)
    async def of_ours(_: Request, problem: RequestError) -> JSONResponse:
        return problem.response()

    @app.exception_handler(RequestValidationError)
    async def of_query(_: Request, error: RequestValidationError) -> JSONResponse:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors())
        return RequestError(422, f"the query is wrong: {wrong}").response()

    @app.exception_handler(HTTPException)
    async def of_routes(_: Request, error: HTTPException) -> JSONResponse:
        details = {404: "there is nothing at this address", 405: "this address takes another method"}
        detail = details.get(error.status_code, str(error.detail))
        return RequestError(error.status_code, detail, error.headers).response()

    @app.exception_handler(Exception)
    async def of_nobody(_: Request, __: Exception) -> JSONResponse:
        return RequestError(500, "the service failed on this request; its log says why").response()
