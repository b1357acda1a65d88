"""A service with models so small that only the service itself takes time, in this process and at a real port."""

import io
import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest
import soundfile
import uvicorn
from starlette.testclient import TestClient
from tests.bundles import write_bundle

from paraverbal.bundle.load import Model
from paraverbal.service import Limits, create_app
from paraverbal.service.server import Server

RATE = 16_000


def clip(seconds=1.0, rate=RATE, amplitude=0.3, form="FLAC"):
    """Return a recording of a voice-like tone as the bytes of a file."""
    times = np.arange(round(seconds * rate)) / rate
    tone = amplitude * np.sign(np.sin(2 * np.pi * 120 * times)) * (0.5 + 0.5 * np.sin(2 * np.pi * 4 * times))
    buffer = io.BytesIO()
    soundfile.write(buffer, tone.astype(np.float32), rate, format=form)
    return buffer.getvalue()


class HeldModel(Model):
    """Answers when it is told to."""

    def __init__(self, folder):
        super().__init__(folder)
        self.may_answer = threading.Event()
        self.calls = 0

    def run_windows(self, pieces, **named):
        self.calls += 1
        self.may_answer.wait(20)
        return super().run_windows(pieces, **named)


@contextmanager
def served(app, grace_seconds=0.0):
    """Yield the port of an application that a thread serves."""
    config = uvicorn.Config(
        app, port=0, log_config=None, access_log=False, ws_max_size=4_000_000, ws_per_message_deflate=False
    )
    server = Server(config, app.state.service.gate, grace_seconds)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


def until(is_so, seconds=20):
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.005)


@pytest.fixture(scope="session")
def bundle(tmp_path_factory):
    return write_bundle(tmp_path_factory.mktemp("bundles") / "tiny")


@pytest.fixture(scope="session")
def models(bundle, tmp_path_factory):
    other = write_bundle(tmp_path_factory.mktemp("bundles") / "other", name="other", dimensions=("arousal", "valence"))
    (other / "README.md").write_text("# The other one\n", encoding="utf-8")
    return {"tiny": Model(bundle), "other": Model(other)}


@pytest.fixture
def client(models):
    """A client of a service with small limits."""
    limits = Limits(body_bytes=1_000_000, seconds=20.0, saliency_seconds=3.0)
    with TestClient(create_app(models, limits), raise_server_exceptions=False) as one:
        yield one


@pytest.fixture
def held(bundle):
    """A model that answers when it is told to, and does at the latest when the test ends."""
    model = HeldModel(bundle)
    yield model
    model.may_answer.set()
