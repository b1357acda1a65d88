"""The page and its files, as they lie in `page/`, with headers that let it load nothing from elsewhere."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

from paraverbal.service.problems import RequestError

FOLDER = Path(__file__).parent / "page"

POLICY = (
    "default-src 'self'; media-src 'self' blob:; img-src 'self' blob: data:; connect-src 'self' ws: wss:; "
    "worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

# What the types are called is not left to the machine: a browser runs no module of a wrong one.
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}

router = APIRouter(include_in_schema=False)


@router.api_route("/", methods=["GET", "HEAD"])
def page() -> FileResponse:
    """Return the page."""
    return file_of("index.html")


@router.api_route("/static/{name:path}", methods=["GET", "HEAD"])
def static(name: str) -> FileResponse:
    """Return a file of the page."""
    return file_of(name)


def file_of(name: str) -> FileResponse:
    """Return a file by its path below the page's folder, which is looked up among those that are there.

    Raises:
        RequestError: 404, there is none of this name.
    """
    known = {file.relative_to(FOLDER).as_posix(): file for file in FOLDER.rglob("*") if file.suffix in TYPES}
    if name not in known:
        raise RequestError(404, "there is nothing at this address")
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache", "Referrer-Policy": "no-referrer"}
    return FileResponse(known[name], headers=headers, media_type=TYPES[known[name].suffix])
