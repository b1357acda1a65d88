"""It listens where it is told to, and ends without leaving anyone without an answer."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import httpx2
import pytest
import uvicorn
import websockets.sync.client
from tests.service.conftest import clip, until

from paraverbal.errors import ParaverbalError
from paraverbal.service import create_app
from paraverbal.service.server import Server, _listening, serve

AUDIO = {"Content-Type": "audio/flac"}
TOKEN = "a-token-of-many-letters"


@contextmanager
def process(*options, **environment):
    """Yield a process that serves the default model, its port and the lines of its log."""
    command = [sys.executable, "-m", "paraverbal", "serve", "--port", "0", *options]
    lines = []
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | environment) as running:
        reader = threading.Thread(target=lambda: lines.extend(iter(running.stderr.readline, "")))
        reader.start()
        try:
            until(lambda: any("listening at" in line for line in lines) or running.poll() is not None, 60)
            yield running, int(re.search(r"listening at http://127\.0\.0\.1:(\d+)", "".join(lines))[1]), lines
        finally:
            running.kill()
            reader.join()


@contextmanager
def thread(app, grace_seconds):
    """Yield a server that a thread runs, the thread, and its address."""
    server = Server(uvicorn.Config(app, port=0, log_config=None), app.state.service.gate, grace_seconds)
    running = threading.Thread(target=server.run)
    running.start()
    until(lambda: server.started)
    try:
        yield server, running, f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.handle_exit(signal.SIGINT, None)
        running.join()


class Asking(threading.Thread):
    """A client that asks again and again until it is told to go, as a load balancer's would."""

    def __init__(self, port):
        super().__init__()
        self.port = port
        self.statuses = []
        self.error = None
        self.was_told = False

    def run(self):
        body = clip(3.0)
        try:
            with httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30) as client:
                while not self.was_told:
                    answer = client.post("/v1/predict", content=body, headers=AUDIO)
                    self.statuses.append((answer.status_code, bool(answer.json()["prediction"])))
                    self.was_told = answer.headers.get("connection") == "close"
        except httpx2.HTTPError as error:
            self.error = error


def test_on_sigterm_under_load_every_request_is_answered():
    with process("--grace", "1") as (running, port, lines):
        clients = [Asking(port) for _ in range(16)]
        for one in clients:
            one.start()
        until(lambda: all(len(one.statuses) >= 3 for one in clients), 60)
        with (
            httpx2.Client(base_url=f"http://127.0.0.1:{port}") as watcher,
            websockets.sync.client.connect(f"ws://127.0.0.1:{port}/v1/stream") as line,
        ):
            assert '"ready"' in line.recv()
            assert watcher.get("/readyz").status_code == 200
            running.send_signal(signal.SIGTERM)
            until(lambda: watcher.get("/readyz").status_code == 503)
            assert watcher.get("/healthz").status_code == 200
            assert line.recv() == '{"type": "end"}'
            with pytest.raises(websockets.ConnectionClosedOK):
                line.recv()
            assert line.close_code == 1001
        for one in clients:
            one.join(30)
        assert running.wait(30) == 0
    assert [one.error for one in clients] == [None] * 16
    assert all(one.was_told for one in clients)
    assert {status for one in clients for status in one.statuses} == {(200, True)}
    answered = sum(len(one.statuses) for one in clients)
    assert sum("POST /v1/predict 200" in line for line in lines) == answered
    assert not [line for line in lines if "Traceback" in line or "Error" in line]


def test_the_token_of_the_environment_is_asked_for_and_ctrl_c_ends_in_order():
    with process("--grace", "60", PARAVERBAL_TOKEN=TOKEN) as (running, port, lines):
        assert httpx2.get(f"http://127.0.0.1:{port}/v1/models").status_code == 401
        headers = {"Authorization": f"Bearer {TOKEN}"}
        assert httpx2.get(f"http://127.0.0.1:{port}/v1/models", headers=headers).status_code == 200
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == 0
    assert TOKEN not in "".join(lines)
    assert "Traceback" not in "".join(lines)


def test_what_was_accepted_is_answered_after_the_last_connection_was_taken(models):
    app = create_app(models)
    with thread(app, 0.05) as (server, running, address):
        body, goes_on, found = clip(3.0), threading.Event(), []

        def slowly():
            yield body[:1000]
            goes_on.wait(20)
            yield body[1000:]

        slow = threading.Thread(
            target=lambda: found.append(httpx2.post(f"{address}/v1/predict", content=slowly(), headers=AUDIO))
        )
        slow.start()
        until(lambda: app.state.service.gate.held_bytes == 1000)
        server.handle_exit(signal.SIGTERM, None)
        until(lambda: not any(one.is_serving() for one in server.servers))
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(f"{address}/healthz")
        assert running.is_alive()
        goes_on.set()
        slow.join()
        running.join(20)
        assert not running.is_alive()
    assert (found[0].status_code, found[0].headers["connection"]) == (200, "close")


def test_a_second_signal_does_not_wait(models):
    with thread(create_app(models), 3600.0) as (server, running, address):
        server.handle_exit(signal.SIGTERM, None)
        until(lambda: httpx2.get(f"{address}/readyz").status_code == 503)
        time.sleep(0.1)
        assert running.is_alive()
        server.handle_exit(signal.SIGTERM, None)
        running.join(20)
        assert not running.is_alive()


def test_a_port_that_is_taken_is_told(models):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ParaverbalError, match=f"port {port} of 127.0.0.1 cannot be listened at .*in use"):
            serve(create_app(models), host="127.0.0.1", port=port)


def test_an_address_of_another_machine_is_told(models):
    with pytest.raises(ParaverbalError, match=r"port 80 of 192\.0\.2\.1 cannot be listened at"):
        serve(create_app(models), host="192.0.2.1", port=80)


def test_answers_are_sent_at_once():
    with _listening("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
