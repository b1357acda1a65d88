import json
import subprocess
import sys

import httpx2
import numpy as np
import pytest
import soundfile
from starlette.testclient import TestClient
from tests.service.conftest import RATE, clip

import paraverbal
from paraverbal.inference.formats import json_line
from paraverbal.inference.timeline_formats import document
from paraverbal.service import Limits, create_app

AUDIO = {"Content-Type": "audio/flac"}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "clip.flac"
    path.write_bytes(clip(2.5))
    return path


@pytest.mark.parametrize("name", ["tiny", "other"])
def test_a_prediction_is_that_of_the_command_line(client, models, file, name):
    sent = {"file": ("folder/clip.flac", file.read_bytes())}
    answer = client.post("/v1/predict", params={"model": name}, files=sent)
    assert answer.status_code == 200
    expected = json.loads(json_line(paraverbal.predict(file, model=models[name]))) | {"file": "clip.flac"}
    assert answer.json() == {"model": name, "duration_seconds": 2.5, "sampling_rate": RATE, "prediction": expected}


def test_a_timeline_is_that_of_the_command_line(client, models, file):
    answer = client.post("/v1/timeline", params={"hop_seconds": 0.5}, content=file.read_bytes(), headers=AUDIO)
    expected = document(paraverbal.timeline(file, model=models["tiny"], hop=0.5))
    assert answer.json() == {"model": "tiny"} | expected | {"file": "recording"}


def test_saliency_is_that_of_the_function(client, models, file):
    answer = client.post("/v1/saliency", params={"emotion": "sadness"}, content=file.read_bytes(), headers=AUDIO)
    waveform, rate = soundfile.read(file, dtype="float32")
    expected = paraverbal.saliency(models["tiny"], waveform, "sadness", sampling_rate=rate).to_dict()
    assert answer.json() == json.loads(json.dumps({"model": "tiny"} | expected))


def test_the_first_model_is_the_default(client):
    first, second = client.get("/v1/models").json()["models"]
    assert (first["name"], first["default"], first["card"]) == ("tiny", True, "")
    assert (second["name"], second["default"], second["card"]) == ("other", False, "# The other one\n")
    assert second["dimensions"] == ["arousal", "valence"]
    assert client.post("/v1/predict", content=clip(), headers=AUDIO).json()["model"] == "tiny"


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG", "MP3", "AIFF"])
def test_formats_are_told_by_their_content(client, form):
    answer = client.post("/v1/predict", content=clip(form=form), headers={"Content-Type": "application/octet-stream"})
    assert answer.status_code == 200
    assert answer.json()["prediction"]["emotion"] in answer.json()["prediction"]["probabilities"]


@pytest.mark.parametrize("path", ["predict", "timeline", "saliency"])
@pytest.mark.parametrize("name", ["tinny", "../tiny", "/etc", "tiny/../tiny", "", "tiny\x00"])
def test_a_model_of_an_unknown_name_is_refused(client, path, name):
    answer = client.post(f"/v1/{path}", params={"model": name}, content=clip(), headers=AUDIO)
    assert answer.status_code == 422
    assert "known: tiny, other" in answer.json()["detail"]


@pytest.mark.parametrize(
    "query", [{"hop_seconds": "0"}, {"hop_seconds": "9"}, {"hop_seconds": "nan"}, {"hop_seconds": "x"}]
)
def test_an_impossible_hop_is_refused(client, query):
    answer = client.post("/v1/timeline", params=query, content=clip(), headers=AUDIO)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert "hop_seconds" in answer.json()["detail"]


def test_an_emotion_that_the_model_does_not_know_is_refused(client):
    answer = client.post("/v1/saliency", params={"emotion": "angst"}, content=clip(), headers=AUDIO)
    assert answer.status_code == 422
    assert "it knows anger, neutral, sadness" in answer.json()["detail"]


def test_text_is_refused_by_a_model_that_hears_only(client):
    sent = {"file": ("clip.flac", clip())}
    for path in ("predict", "timeline", "saliency"):
        answer = client.post(f"/v1/{path}", files=sent, data={"text": "hello"})
        assert answer.status_code == 422
        assert "text" in answer.json()["detail"]
        assert client.post(f"/v1/{path}", files=sent, data={"text": ""}).status_code == 200


def test_errors_are_problems(client):
    for answer, status in ((client.get("/v2"), 404), (client.get("/v1/predict"), 405), (client.put("/healthz"), 405)):
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(answer.json()) == {"type", "title", "status", "detail"}
        assert answer.json()["status"] == status


def test_a_failure_of_the_service_itself_is_a_problem_and_says_nothing_of_it(models, monkeypatch):
    def fails(*_, **__):
        raise RuntimeError("secret")

    monkeypatch.setattr("paraverbal.service.judging.predict", fails)
    with TestClient(create_app(models), raise_server_exceptions=False) as client:
        answer = client.post("/v1/predict", content=clip(), headers=AUDIO)
        assert answer.status_code == 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert "secret" not in answer.text
        assert client.get("/healthz").status_code == 200


def test_it_is_alive_and_ready(client):
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}


def test_before_its_end_it_is_alive_and_not_ready(models):
    app = create_app(models)
    with TestClient(app) as client:
        app.state.service.gate.begin_closing()
        assert client.get("/healthz").status_code == 200
        answer = client.get("/readyz")
        assert (answer.status_code, answer.headers["connection"]) == (503, "close")
        assert client.post("/v1/predict", content=clip(), headers=AUDIO).status_code == 200


def test_nothing_else_is_loaded_from_anywhere(client):
    assert client.get("/docs").status_code == 404
    assert client.get("/redoc").status_code == 404


def test_paraverbal_itself_imports_no_web_framework():
    code = "import sys, paraverbal.cli; print({'fastapi', 'uvicorn', 'starlette', 'websockets'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_limits_of_nothing_are_an_error():
    with pytest.raises(paraverbal.ParaverbalError, match="seconds is nan"):
        Limits(seconds=np.nan)
    with pytest.raises(paraverbal.ParaverbalError, match="streams is 0"):
        Limits(streams=0)
    assert Limits(queue=0).queue == 0


def test_an_answer_has_the_type_that_browsers_may_not_guess(client):
    answer = client.get("/v1/models")
    assert isinstance(answer, httpx2.Response)
    assert answer.headers["x-content-type-options"] == "nosniff"
