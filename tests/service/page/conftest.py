"""The real service at a free port, and a browser whose microphone is a recording."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.service.page.visiting import leave, open_page

CLIPS = Path(__file__).parents[3] / "examples" / "clips"
MICROPHONE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]

# A name that is this machine, but not one that browsers trust with a microphone.
PLAIN_HOST = "voices.example"

TOKEN = "a-token-for-the-tests-of-the-page"


@contextmanager
def serving(*options, token=None):
    """Yield the process and the address of a service."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"OMP_NUM_THREADS": "1"} | ({"PARAVERBAL_TOKEN": token} if token else {})
    command = [sys.executable, "-m", "paraverbal", "serve", "--port", str(port), "--grace", "0", *options]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/readyz", process)
        yield process, f"http://127.0.0.1:{port}/"
    finally:
        process.kill()
        process.wait()


def wait_for(address, process, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except urllib.error.URLError:
            time.sleep(0.05)
    pytest.fail(f"no service came up at {address}")


@pytest.fixture(scope="session")
def service():
    """The address of a service with its default model."""
    with serving() as (_, address):
        yield address


@pytest.fixture(scope="session")
def strict_service():
    """The address of a service that wants a token, takes 3 s of a recording, and one stream."""
    with serving("--most-seconds", "3", "--streams", "1", token=TOKEN) as (_, address):
        yield address


@pytest.fixture
def mortal_service():
    """The process and the address of a service that a test may kill."""
    with serving() as started:
        yield started


@pytest.fixture(scope="session")
def spoken(tmp_path_factory):
    """A WAV file that the microphone plays again and again."""
    voice, rate = soundfile.read(CLIPS / "angry_1.flac")
    file = tmp_path_factory.mktemp("microphone") / "voice.wav"
    soundfile.write(file, np.concatenate([voice, voice[: rate // 2]]), rate, subtype="PCM_16")
    return file


@pytest.fixture(scope="module")
def browser(launch, spoken):
    """A browser whose microphone plays the recording, and is given to whoever asks."""
    one = launch(*MICROPHONE, f"--use-file-for-fake-audio-capture={spoken}")
    yield one
    one.close()


@pytest.fixture
def visit(browser):
    """Open a page at an address in a context of its own; at the end nothing may be logged and nobody else asked."""
    pages = []

    def visit_page(address, *, browser=browser, **context):
        pages.append(open_page(browser, address, **context))
        return pages[-1]

    yield visit_page
    for page in pages:
        leave(page)


@pytest.fixture
def page(visit, service):
    """The page as a visitor finds it."""
    return visit(service)
