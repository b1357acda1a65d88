import logging

import pytest
from starlette.testclient import TestClient
from tests.service.conftest import clip

from paraverbal.service import create_app

TOKEN = "a-token-of-many-letters"
AUDIO = {"Content-Type": "audio/flac"}


@pytest.fixture
def guarded(models):
    with TestClient(create_app(models, token=TOKEN)) as client:
        yield client


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", "Bearer \xff"],
)
@pytest.mark.parametrize(
    "path", ["/v1/predict", "/v1/timeline", "/v1/saliency", "/v1/models", "/v1/nothing", "/metrics"]
)
def test_without_the_token_it_is_401(guarded, path, header):
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    for answer in (guarded.get(path, headers=headers), guarded.post(path, headers=headers, content=b"x")):
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"] == "application/problem+json"
        assert TOKEN not in answer.text


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_with_the_token_it_is_not(guarded, scheme):
    headers = {"Authorization": f"{scheme} {TOKEN}"}
    assert guarded.get("/v1/models", headers=headers).status_code == 200
    assert guarded.get("/metrics", headers=headers).status_code == 200
    assert guarded.post("/v1/predict", headers=headers | AUDIO, content=clip()).status_code == 200


def test_the_page_and_the_states_need_none(guarded):
    for path in ("/", "/healthz", "/readyz", "/openapi.json"):
        assert guarded.get(path).status_code == 200
    document = guarded.get("/openapi.json").json()
    assert document["paths"]["/v1/predict"]["post"]["security"] == [{"token": []}]
    assert "security" not in document["paths"]["/healthz"]["get"]
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


def test_the_log_names_no_file_no_model_no_client_and_no_token(models, caplog):
    caplog.set_level(logging.DEBUG)
    with TestClient(create_app(models, token=TOKEN), client=("203.0.113.9", 4321)) as client:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        sent = {"file": ("jane-doe.flac", clip()), "text": (None, "my-secret-words")}
        assert client.post("/v1/predict", headers=headers, files=sent, params={"model": "other"}).status_code == 422
        assert client.post("/v1/predict", headers=headers, files=sent | {"text": (None, "")}).status_code in (200, 422)
        assert client.get("/static/jane-doe", headers=headers).status_code == 404
        assert client.get("/jane-doe", headers=headers).status_code == 404
    ours = [record.getMessage() for record in caplog.records if record.name == "paraverbal.service"]
    assert any(line.startswith("POST /v1/predict 422 ") for line in ours)
    assert len(ours) == 4
    said = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("httpx"))
    for secret in ("jane", "other?", "secret", TOKEN, "203.0.113.9", "/proc"):
        assert secret not in said
