import io
import os
import socket
import struct
import threading
from pathlib import Path

import httpx2
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient
from tests.service.conftest import RATE, clip, served, until

from paraverbal.service import Limits, create_app
from paraverbal.service.uploads import base_name, in_memory

AUDIO = {"Content-Type": "audio/flac"}
LARGE = 1_000_000


def head(length, kind="audio/wav", path="/v1/predict"):
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n".encode()


def silence(seconds, rate):
    """Return a FLAC of silence: 36000 seconds at 1 kHz are about 100 kB."""
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", rate, 1, format="FLAC", subtype="PCM_16") as sound:
        for _ in range(0, seconds, 600):
            sound.write(np.zeros(600 * rate, np.int16))
    return bytearray(buffer.getvalue())


def promising(flac, samples):
    """Return a FLAC whose header promises so many samples (STREAMINFO, RFC 9639 section 8.2: 36 bits from bit 108 on)."""
    changed = bytearray(flac)
    changed[21] = changed[21] & 0xF0 | samples >> 32
    changed[22:26] = struct.pack(">I", samples & 0xFFFFFFFF)
    return bytes(changed)


def open_files():
    """Return how many files this process has open, where the system tells."""
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "video/mp4", "", "multipart/mixed; boundary=x"])
def test_a_wrong_content_type_is_415(client, kind):
    answer = client.post("/v1/predict", content=clip(), headers={"Content-Type": kind})
    assert answer.status_code == 415
    assert "audio/*" in answer.json()["detail"]


def test_a_body_that_is_refused_unread_does_not_end_the_connection(models):
    with served(create_app(models)) as port, httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
        for _ in range(3):
            answer = client.post("/v1/predict", content=bytes(500_000), headers={"Content-Type": "text/plain"})
            assert answer.status_code == 415
            assert "connection" not in answer.headers
            assert client.post("/v1/predict", content=clip(), headers=AUDIO).status_code == 200


def test_no_bytes_are_422(client):
    answer = client.post("/v1/predict", content=b"", headers=AUDIO)
    assert answer.status_code == 422
    assert "0 bytes" in answer.json()["detail"]


@pytest.mark.parametrize("form", ["WAV", "FLAC"])
@pytest.mark.parametrize("path", ["predict", "timeline", "saliency"])
def test_half_a_recording_is_422(client, form, path):
    whole = clip(2.0, form=form)
    answer = client.post(f"/v1/{path}", content=whole[: len(whole) // 2], headers=AUDIO)
    assert answer.status_code == 422
    assert "get a whole copy" in answer.json()["detail"]


def test_what_is_no_audio_is_422(client):
    answer = client.post("/v1/predict", content=b"<html>" * 100, headers=AUDIO)
    assert answer.status_code == 422
    assert "/proc" not in answer.text


def test_more_bytes_than_allowed_are_413_however_they_come(client):
    body = bytes(LARGE + 1)
    assert client.post("/v1/predict", content=body, headers=AUDIO).status_code == 413
    chunks = (body[first : first + 50_000] for first in range(0, len(body), 50_000))
    assert client.post("/v1/predict", content=chunks, headers=AUDIO).status_code == 413
    assert client.post("/v1/predict", files={"file": ("a.wav", body)}).status_code == 413


def test_two_gigabytes_are_refused_when_they_are_announced(models):
    with served(create_app(models)) as port, socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(head(2_000_000_000) + b"RIFF")
        answer = line.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in answer.lower()


def test_an_upload_that_breaks_off_leaves_nothing_behind(models):
    app = create_app(models)
    gate = app.state.service.gate
    with served(app) as port:
        before = open_files()
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(head(500_000) + bytes(1000))
            until(lambda: gate.held_bytes == 1000)
        until(lambda: (gate.accepted, gate.held_bytes) == (0, 0))
        until(lambda: open_files() <= before)
        assert httpx2.post(f"http://127.0.0.1:{port}/v1/predict", content=clip(), headers=AUDIO).status_code == 200


def test_a_slow_upload_does_not_hold_up_another(models):
    app = create_app(models, Limits(workers=1))
    with served(app) as port, socket.create_connection(("127.0.0.1", port)) as slow:
        body = clip()
        slow.sendall(head(len(body), "audio/flac") + body[:100])
        until(lambda: app.state.service.gate.accepted == 1)
        for _ in range(3):
            answer = httpx2.post(f"http://127.0.0.1:{port}/v1/predict", content=body, headers=AUDIO)
            assert answer.status_code == 200
        slow.sendall(body[100:])
        assert slow.recv(15) == b"HTTP/1.1 200 OK"


def test_a_body_that_does_not_arrive_in_time_is_408(models):
    app = create_app(models, Limits(upload_seconds=0.2))
    with served(app) as port, socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(head(500_000) + bytes(1000))
        assert line.makefile("rb").readline().startswith(b"HTTP/1.1 408")


def test_ten_hours_of_silence_in_100_kilobytes_are_not_unpacked(models, monkeypatch):
    bomb = silence(36_000, 1_000)
    assert len(bomb) < 130_000

    def fails(*_, **__):
        raise AssertionError("it was decoded")

    monkeypatch.setattr("soundfile.SoundFile.read", fails)
    with TestClient(create_app(models)) as client:
        for path in ("predict", "timeline", "saliency"):
            answer = client.post(f"/v1/{path}", content=bytes(bomb), headers=AUDIO)
            assert answer.status_code == 413
            assert "lasts 36000 s" in answer.json()["detail"]


def test_a_header_that_promises_less_does_not_hide_what_is_there(client):
    """libsndfile decodes what the header promises and no more."""
    bomb = silence(36_000, 1_000)
    answer = client.post("/v1/timeline", content=promising(bomb, 2_000), headers=AUDIO)
    assert answer.status_code == 200
    assert answer.json()["seconds"] == 2.0


def test_a_header_that_does_not_tell_the_length_is_refused(client):
    for path in ("predict", "timeline", "saliency"):
        answer = client.post(f"/v1/{path}", content=promising(silence(600, 1_000), 0), headers=AUDIO)
        assert answer.status_code == 422
        assert "does not tell its length" in answer.json()["detail"]


def test_many_channels_at_a_high_rate_count_as_the_memory_that_they_take(client):
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros((19 * 48_000, 8), np.int16), 48_000, format="FLAC")
    answer = client.post("/v1/predict", content=buffer.getvalue(), headers=AUDIO)
    assert answer.status_code == 413
    assert "8 channels" in answer.json()["detail"]


def test_less_than_a_millisecond_is_refused(client):
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(4, np.int16), 2_000_000_000, format="WAV")
    for path in ("predict", "timeline", "saliency"):
        answer = client.post(f"/v1/{path}", content=buffer.getvalue(), headers=AUDIO)
        assert answer.status_code == 422
        assert "millisecond" in answer.json()["detail"]


def test_samples_far_beyond_full_scale_are_refused(client):
    buffer = io.BytesIO()
    soundfile.write(buffer, np.full(RATE, 3e38, np.float32), RATE, format="WAV", subtype="FLOAT")
    answer = client.post("/v1/predict", content=buffer.getvalue(), headers=AUDIO)
    assert answer.status_code == 422
    assert "full scale" in answer.json()["detail"]


def test_a_recording_as_long_as_may_be_is_taken_and_a_longer_one_not(client):
    assert client.post("/v1/predict", content=clip(20.0), headers=AUDIO).status_code == 200
    assert client.post("/v1/predict", content=clip(20.1), headers=AUDIO).status_code == 413


def test_saliency_takes_shorter_recordings(client):
    assert client.post("/v1/saliency", content=clip(3.2), headers=AUDIO).status_code == 413


def test_names_lose_their_folders(client):
    for given_name, kept in (
        ("../../etc/passwd", "passwd"),
        ("C:\\voices\\a.wav", "a.wav"),
        ("声音.wav", "声音.wav"),
        ("..", "recording"),
        ("a\x07b\u202ec.wav", "abc.wav"),
    ):
        assert base_name(given_name) == kept
    answer = client.post("/v1/predict", files={"file": ("../../voice.flac", clip())})
    assert answer.json()["prediction"]["file"] == "voice.flac"


@given(st.text())
def test_a_name_is_never_a_path(name):
    kept = base_name(name)
    assert kept
    assert kept not in (".", "..")
    assert not {"/", "\\", "\x00"} & set(kept)
    assert len(kept) <= 255


def test_the_file_in_memory_opens_more_than_once_and_is_gone_afterwards():
    with in_memory() as (file, path):
        file.write(b"abc")
        assert [Path(path).read_bytes() for _ in range(2)] == [b"abc", b"abc"]
    assert not Path(path).exists()


def test_without_files_in_memory_a_temporary_one_is_removed(monkeypatch):
    monkeypatch.delattr(os, "memfd_create", raising=False)
    with in_memory() as (file, path):
        file.write(b"abc")
        assert Path(path).read_bytes() == b"abc"
    assert not Path(path).exists()


def test_nothing_is_written_to_the_temporary_folder(models, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    seen = []
    app = create_app(models)
    real = app.state.service.gate.work

    async def watched(*arguments, **named):
        seen.append(list(tmp_path.iterdir()))
        return await real(*arguments, **named)

    app.state.service.gate.work = watched
    with TestClient(app) as client:
        assert client.post("/v1/predict", files={"file": ("a.wav", clip(20.0, form="WAV"))}).status_code == 200
    assert seen == [[]]
    assert list(tmp_path.iterdir()) == []


def test_uploads_at_once_keep_apart(models):
    app = create_app(models)
    with served(app) as port:
        found = {}

        def ask(amplitude):
            body = clip(1.0, amplitude=amplitude)
            answer = httpx2.post(f"http://127.0.0.1:{port}/v1/predict", content=body, headers=AUDIO)
            found[amplitude] = answer.json()["prediction"]["probabilities"]["anger"]

        amplitudes = [number / 40 for number in range(1, 33)]
        threads = [threading.Thread(target=ask, args=(amplitude,)) for amplitude in amplitudes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    told = [found[amplitude] for amplitude in amplitudes]
    assert told == sorted(told)  # the louder, the angrier: that is all the small model knows
    assert len(set(told)) == len(told)
