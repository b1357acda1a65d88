import socket

import pytest
from starlette.testclient import TestClient
from tests.service.conftest import served

from paraverbal.service import create_app, pages


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A page of few files, beside something that is not its business."""
    tmp_path = tmp_path_factory.mktemp("site")
    (tmp_path / "secret.js").write_text("secret")
    page = tmp_path / "page"
    (page / "parts").mkdir(parents=True)
    for name in ("index.html", "page.css", "main.js", "parts/draw.mjs", "icon.svg", ".hidden", "notes.py"):
        (page / name).write_text(f"content of {name}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "FOLDER", page)
        yield page


@pytest.fixture
def visitor(folder, models):
    with TestClient(create_app(models)) as client:
        yield client


@pytest.fixture(scope="module")
def port(folder, models):
    with served(create_app(models)) as number:
        yield number


@pytest.mark.parametrize(
    ("path", "kind", "name"),
    [
        ("/", "text/html; charset=utf-8", "index.html"),
        ("/static/page.css", "text/css; charset=utf-8", "page.css"),
        ("/static/main.js", "text/javascript; charset=utf-8", "main.js"),
        ("/static/parts/draw.mjs", "text/javascript; charset=utf-8", "parts/draw.mjs"),
        ("/static/icon.svg", "image/svg+xml", "icon.svg"),
    ],
)
def test_files_have_their_types_and_load_nothing_from_elsewhere(visitor, path, kind, name):
    answer = visitor.get(path)
    assert (answer.status_code, answer.text) == (200, f"content of {name}")
    assert answer.headers["content-type"] == kind
    policy = answer.headers["content-security-policy"]
    assert policy.startswith(
        "default-src 'self'; media-src 'self' blob:; img-src 'self' blob: data:; "
        "connect-src 'self' ws: wss:; worker-src 'self' blob:"
    )
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert visitor.head(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/../secret.js",
        "/static/..%2fsecret.js",
        "/static/%2e%2e/secret.js",
        "/static/%2e%2e%2fsecret.js",
        "/static/..%5csecret.js",
        "/static/parts/../../secret.js",
        "/static/parts/../main.js",
        "/static//main.js",
        "/static/%2fetc%2fpasswd",
        "/static//etc/passwd",
        "/static/.hidden",
        "/static/notes.py",
        "/static/parts",
        "/static/parts/",
        "/static/",
        "/static/main.js%00.css",
        "/static/main.js/",
        "/static/MAIN.JS",
        "/secret.js",
    ],
)
def test_whatever_is_no_file_of_the_page_is_404(port, path):
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = line.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"application/problem+json" in answer
    assert b"secret" not in answer


def test_without_a_page_the_rest_is_there(models, tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "FOLDER", tmp_path)
    with TestClient(create_app(models)) as client:
        assert client.get("/").status_code == 404
        assert client.get("/healthz").status_code == 200
