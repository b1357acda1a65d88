import asyncio
import base64
import json
import os
import socket
import struct
import threading

import numpy as np
import pytest
import websockets
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from tests.service.conftest import HeldModel, served, until
from tests.voices import spoken

from paraverbal.inference.stream import Stream
from paraverbal.inference.timeline_formats import estimate_document
from paraverbal.service import Limits, create_app

RATE = 16_000
END = json.dumps({"type": "end"})


def voice(seconds, rate=RATE):
    """Return a voice as 16-bit samples."""
    return np.round(32767 * 0.5 * spoken(seconds, rate=rate)).astype("<i2")


def blocks(samples, size):
    return [samples[first : first + size].tobytes() for first in range(0, len(samples), size)]


def told(socket_):
    """Return all messages to the end, and the code that the connection was closed with."""
    found = []
    while True:
        try:
            found.append(socket_.receive_json())
        except WebSocketDisconnect as end:
            return found, end.code


@pytest.fixture
def page(models):
    limits = Limits(frame_bytes=100_000, streams=2, idle_seconds=5)
    with TestClient(create_app(models, limits)) as client:
        yield client


@pytest.mark.parametrize(("rate", "hop", "size"), [(16_000, 1.0, 800), (16_000, 0.5, 12_345), (44_100, 1.0, 4_096)])
def test_estimates_are_those_of_a_stream(page, models, rate, hop, size):
    samples = voice(6.0, rate)
    with page.websocket_connect(f"/v1/stream?rate={rate}&hop_seconds={hop}") as line:
        for block in blocks(samples, size):
            line.send_bytes(block)
        line.send_text(END)
        found, code = told(line)
    stream = Stream(models["tiny"], rate, hop=hop)
    expected = stream.feed(samples.astype(np.float32) / 32768) + stream.flush()
    assert len(expected) >= 4
    assert found[0] == {
        "type": "ready",
        "model": "tiny",
        "labels": ["anger", "neutral", "sadness"],
        "window_seconds": 3.0,
        "hop_seconds": hop,
        "rate": rate,
    }
    assert (found[-1], code) == ({"type": "end"}, 1000)
    assert len(found) == len(expected) + 2
    for one, estimate in zip(found[1:-1], expected, strict=True):
        assert one.pop("type") == "estimate"
        assert 0 <= one.pop("latency_seconds") < 20
        assert isinstance(one.pop("speech"), bool)
        wanted = estimate_document(estimate)
        assert one.pop("probabilities") == pytest.approx(wanted.pop("probabilities"), abs=1e-4)
        assert one.pop("confidence") == pytest.approx(wanted.pop("confidence"), abs=1e-4)
        assert one == wanted


def test_without_a_query_it_is_the_default_model_at_its_rate(page):
    with page.websocket_connect("/v1/stream") as line:
        ready = line.receive_json()
        assert (ready["model"], ready["rate"], ready["hop_seconds"]) == ("tiny", RATE, 1.0)
        line.send_text(END)
        assert told(line) == ([{"type": "end"}], 1000)


@pytest.mark.parametrize(
    "query",
    [
        "rate=0",
        "rate=-16000",
        "rate=nan",
        "rate=inf",
        "rate=many",
        "rate=1e9",
        "rate=",
        "hop_seconds=0",
        "hop_seconds=4",
        "model=tinny",
        "model=../tiny",
        "model=",
    ],
)
def test_a_wrong_rate_hop_or_model_is_1008(page, query):
    with page.websocket_connect(f"/v1/stream?{query}") as line:
        (error,), code = told(line)
    assert (error["type"], code) == ("error", 1008)
    assert error["title"]
    assert error["detail"]


@pytest.mark.parametrize("text", ["hello", "{}", '{"type":"stop"}', "[" * 20_000, "", "1", '{"type":"end","x":1}'])
def test_text_that_is_not_understood_is_1003(page, text):
    with page.websocket_connect("/v1/stream") as line:
        line.receive_json()
        line.send_text(text)
        (error,), code = told(line)
    assert (error["type"], code) == ("error", 1003)


@pytest.mark.parametrize("count", [1, 801])
def test_half_a_sample_is_1003(page, count):
    with page.websocket_connect("/v1/stream") as line:
        line.receive_json()
        line.send_bytes(bytes(count))
        (error,), code = told(line)
    assert (error["title"], code) == ("Half a sample", 1003)


def test_an_empty_frame_says_nothing(page):
    with page.websocket_connect("/v1/stream") as line:
        line.receive_json()
        line.send_bytes(b"")
        line.send_text(END)
        assert told(line) == ([{"type": "end"}], 1000)


def test_a_frame_too_large_is_1009(page):
    with page.websocket_connect("/v1/stream") as line:
        line.receive_json()
        line.send_bytes(bytes(100_002))
        (error,), code = told(line)
    assert (error["title"], code) == ("Frame too large", 1009)


def test_one_stream_too_many_is_1013_until_another_ends(page):
    with page.websocket_connect("/v1/stream") as first, page.websocket_connect("/v1/stream") as second:
        assert [first.receive_json()["type"], second.receive_json()["type"]] == ["ready", "ready"]
        with page.websocket_connect("/v1/stream") as third:
            (error,), code = told(third)
        assert (error["type"], code) == ("error", 1013)
        first.send_text(END)
        told(first)
        with page.websocket_connect("/v1/stream") as fourth:
            assert fourth.receive_json()["type"] == "ready"


def test_a_client_that_says_nothing_is_let_go(models):
    app = create_app(models, Limits(idle_seconds=0.1))
    with TestClient(app) as client, client.websocket_connect("/v1/stream") as line:
        line.receive_json()
        (error,), code = told(line)
    assert (error["title"], code) == ("Silent client", 1008)
    assert app.state.service.gate.streams == 0


def test_the_token_may_come_in_the_header_or_as_a_subprotocol(models):
    token = "a-token-of-many-letters"
    with TestClient(create_app(models, token=token)) as client:
        with client.websocket_connect("/v1/stream", headers={"Authorization": f"Bearer {token}"}) as line:
            assert line.receive_json()["type"] == "ready"
        with client.websocket_connect("/v1/stream", subprotocols=["other", f"bearer.{token}"]) as line:
            assert line.accepted_subprotocol == f"bearer.{token}"
            assert line.receive_json()["type"] == "ready"
        for refused in ({}, {"headers": {"Authorization": "Bearer no"}}, {"subprotocols": ["bearer.no"]}):
            with client.websocket_connect("/v1/stream", **refused) as line:
                (error,), code = told(line)
            assert (error["title"], code) == ("Unauthorized", 1008)


def test_a_page_of_another_site_is_refused(page):
    with page.websocket_connect("/v1/stream", headers={"Origin": "http://elsewhere.example"}) as line:
        (error,), code = told(line)
    assert (error["title"], code) == ("Another site", 1008)
    with page.websocket_connect("/v1/stream", headers={"Origin": "http://testserver"}) as line:
        assert line.receive_json()["type"] == "ready"


def handshake(port):
    """Return a raw connection on which the handshake of a WebSocket is done."""
    line = socket.create_connection(("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16)).decode()
    line.sendall(
        f"GET /v1/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    assert line.recv(12) == b"HTTP/1.1 101"
    return line


@pytest.mark.parametrize("sent", [b"", b"\x82", b"\x82\xfe\x10\x00abcd" + bytes(100), b"\xff\xff\xff\xff"])
def test_a_client_that_stops_mid_frame_leaves_its_place(models, sent):
    app = create_app(models)
    gate = app.state.service.gate
    with served(app) as port:
        line = handshake(port)
        until(lambda: gate.streams == 1)
        line.sendall(sent)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset, no goodbye
        line.close()
        until(lambda: gate.streams == 0)


def test_a_client_that_does_not_read_does_not_hold_up_another(models):
    app = create_app(models, Limits(workers=1))
    with served(app) as port, handshake(port) as deaf:
        frame = struct.pack("!BBH", 0x82, 0xFE, 32_000) + bytes(4) + voice(1.0).tobytes()
        deaf.setblocking(False)
        stop = threading.Event()

        def flood():
            while not stop.is_set():
                try:
                    deaf.send(frame)
                except OSError:
                    stop.wait(0.001)

        thread = threading.Thread(target=flood)
        thread.start()
        try:
            assert asyncio.run(heard(port, 5.0)) == 3
        finally:
            stop.set()
            thread.join()


async def heard(port, seconds):
    """Return how many estimates a voice gets."""
    async with asyncio.timeout(20), websockets.connect(f"ws://127.0.0.1:{port}/v1/stream") as line:
        await line.recv()
        for block in blocks(voice(seconds), 1600):
            await line.send(block)
        await line.send(END)
        return sum(json.loads(message)["type"] == "estimate" for message in [one async for one in line])


def test_a_queue_of_recordings_does_not_hold_up_a_voice(bundle, models):
    held = HeldModel(bundle)
    app = create_app({"tiny": models["tiny"], "held": held}, Limits(workers=1))
    gate = app.state.service.gate
    with TestClient(app) as client:
        post = threading.Thread(
            target=client.post,
            args=("/v1/predict?model=held",),
            kwargs={"content": _recording(), "headers": {"Content-Type": "audio/wav"}},
        )
        post.start()
        until(lambda: gate.working == 1)
        with client.websocket_connect("/v1/stream") as line:
            line.send_bytes(voice(3.0).tobytes())
            line.send_text(END)
            found, code = told(line)
        assert ([one["type"] for one in found], code) == (["ready", "estimate", "end"], 1000)
        held.may_answer.set()
        post.join()


def _recording():
    from tests.service.conftest import clip

    return clip(form="WAV")


def test_before_the_end_of_the_service_a_stream_gets_its_last_estimates(models):
    app = create_app(models)
    with TestClient(app) as client, client.websocket_connect("/v1/stream") as line:
        line.receive_json()
        line.send_bytes(voice(1.0).tobytes())
        until(lambda: client.get("/metrics").status_code == 200)
        client.portal.call(app.state.service.gate.begin_closing)
        found, code = told(line)
        assert ([one["type"] for one in found], code) == (["estimate", "end"], 1001)
        with client.websocket_connect("/v1/stream") as late:
            (error,), code = told(late)
        assert (error["type"], code) == ("error", 1013)
