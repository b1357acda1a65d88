import re

from starlette.testclient import TestClient
from tests.service.conftest import clip

from paraverbal.service import Limits, create_app
from paraverbal.service.gate import Gate
from paraverbal.service.measures import EDGES, Measures

AUDIO = {"Content-Type": "audio/flac"}


def values(text):
    """Return name with labels -> value of every line, after checking that it is one of the format."""
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            assert re.fullmatch(r"# (HELP|TYPE) [a-z_]+ .+", line)
            continue
        match = re.fullmatch(r'([a-z_]+(?:\{(?:[a-z]+="[^"\\]*",?)+\})?) ([0-9.e+-]+)', line)
        assert match, line
        found[match[1]] = float(match[2])
    return found


def test_a_histogram_counts_what_lies_below_each_edge():
    measures = Measures()
    for seconds in (0.001, 0.005, 0.006, 0.2, 1000):
        measures.count("/x", 200, seconds)
    found = values(measures.text(Gate(Limits())))
    name = 'paraverbal_request_seconds_bucket{{path="/x",le="{}"}}'
    counted = [found[name.format(edge)] for edge in EDGES]
    assert counted == [sum(seconds <= edge for seconds in (0.001, 0.005, 0.006, 0.2, 1000)) for edge in EDGES]
    assert found[name.format("+Inf")] == found['paraverbal_request_seconds_count{path="/x"}'] == 5
    assert found['paraverbal_request_seconds_sum{path="/x"}'] == 1000.212


def test_requests_are_counted_by_address_and_status(models):
    with TestClient(create_app(models)) as client:
        for _ in range(3):
            client.post("/v1/predict", content=clip(), headers=AUDIO)
        client.post("/v1/predict", content=b"", headers=AUDIO)
        client.get("/nowhere%22%0A")
        client.get("/static/nothing.js")
        answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = values(answer.text)
    counted = {name: value for name, value in found.items() if name.startswith("paraverbal_requests_total")}
    assert counted == {
        'paraverbal_requests_total{path="/v1/predict",status="200"}': 3,
        'paraverbal_requests_total{path="/v1/predict",status="422"}': 1,
        'paraverbal_requests_total{path="other",status="404"}': 1,
        'paraverbal_requests_total{path="/static/{name:path}",status="404"}': 1,
    }
    assert [found[f"paraverbal_{name}"] for name in ("accepted", "working", "streams", "held_bytes")] == [0, 0, 0, 0]
