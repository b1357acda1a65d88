import threading

import httpx2
import pytest
from tests.service.conftest import clip, served, until

from paraverbal.service import Limits, create_app
from paraverbal.service.gate import Gate
from paraverbal.service.problems import RequestError

AUDIO = {"Content-Type": "audio/flac"}


def post(port, found, body=None):
    answer = httpx2.post(f"http://127.0.0.1:{port}/v1/predict", content=body or clip(), headers=AUDIO, timeout=30)
    found.append(answer.status_code)


def test_beyond_workers_and_queue_requests_are_429_and_later_they_are_not(held):
    app = create_app({"held": held}, Limits(workers=1, queue=2))
    gate = app.state.service.gate
    with served(app) as port:
        found = []
        threads = [threading.Thread(target=post, args=(port, found)) for _ in range(3)]
        for thread in threads:
            thread.start()
        until(lambda: (gate.accepted, gate.working) == (3, 1))
        for _ in range(5):
            answer = httpx2.post(f"http://127.0.0.1:{port}/v1/predict", content=clip(), headers=AUDIO)
            assert answer.status_code == 429
            assert answer.headers["content-type"] == "application/problem+json"
            assert int(answer.headers["retry-after"]) >= 1
        assert httpx2.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
        held.may_answer.set()
        for thread in threads:
            thread.join()
        assert found == [200, 200, 200]
        post(port, found)
        assert found[-1] == 200
        assert gate.accepted == 0


def test_more_bytes_at_once_than_fit_are_429_and_later_they_are_not(held):
    body = clip(form="WAV")
    app = create_app({"held": held}, Limits(body_bytes=40_000, held_bytes=50_000))
    gate = app.state.service.gate
    with served(app) as port:
        found = []
        thread = threading.Thread(target=post, args=(port, found, body))
        thread.start()
        until(lambda: gate.working == 1)
        post(port, found, body)
        assert found == [429]
        held.may_answer.set()
        thread.join()
        post(port, found, body)
        assert found == [429, 200, 200]
        assert gate.held_bytes == 0


def test_who_waits_is_told_how_long():
    gate = Gate(Limits(workers=2, queue=10))
    gate.accepted, gate._mean_seconds = 9, 0.5
    assert gate.busy("full").headers["Retry-After"] == "3"  # 9 requests of half a second, two at once
    gate.accepted = 10_000
    assert gate.busy("full").headers["Retry-After"] == "60"


def test_a_place_is_given_back_whatever_happens():
    gate = Gate(Limits(workers=1, queue=0))
    with pytest.raises(ZeroDivisionError), gate.place() as place:
        place.hold(10)
        assert (gate.accepted, gate.held_bytes) == (1, 10)
        raise ZeroDivisionError
    assert (gate.accepted, gate.held_bytes) == (0, 0)
    with gate.place(), pytest.raises(RequestError, match="more are not taken"), gate.place():
        pass
    assert gate.accepted == 0


def test_who_has_left_is_not_worked_for(held):
    app = create_app({"held": held}, Limits(workers=1))
    gate = app.state.service.gate
    with served(app) as port:
        found = []
        first = threading.Thread(target=post, args=(port, found))
        first.start()
        until(lambda: gate.working == 1)
        for _ in range(3):
            with pytest.raises(httpx2.ReadTimeout):
                httpx2.post(f"http://127.0.0.1:{port}/v1/predict", content=clip(), headers=AUDIO, timeout=0.2)
        held.may_answer.set()
        first.join()
        until(lambda: gate.accepted == 0)
    assert found == [200]
    assert held.calls == 1
