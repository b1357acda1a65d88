"""A thousand bodies that are wrong in a thousand ways: the service answers each, and never that it failed itself."""

import io
import struct

import numpy as np
import pytest
from tests.service.conftest import clip
from tests.service.test_multipart import form, part

COUNT = 1000
KINDS = ("audio/wav", "audio/flac", "audio/mpeg", "application/octet-stream", "multipart/form-data; boundary=line")
FORMS = ("WAV", "FLAC", "OGG", "MP3", "AIFF", "AU", "CAF", "W64", "RF64")
PATHS = ("predict", "predict", "predict", "timeline", "saliency")


def flipped(rng, body):
    """Change some bytes, most of them near the beginning, where headers are."""
    changed = np.frombuffer(body, np.uint8).copy()
    for _ in range(int(rng.integers(1, 12))):
        place = int(min(len(changed) - 1, rng.exponential(60)))
        changed[place] = rng.integers(256)
    return changed.tobytes()


def cut(rng, body):
    return body[: int(rng.integers(len(body)))]


def spliced(rng, body):
    first, second = sorted(rng.integers(0, len(body), 2))
    return body[:first] + rng.bytes(int(rng.integers(64))) + body[second:]


def numbers(rng, body):
    """Write numbers that are seldom thought of where a header has its own."""
    place = 4 * int(rng.integers(1, 12))
    number = int(rng.choice([0, 1, 2**31 - 1, 2**31, 2**32 - 1, 0x7FF80000]))
    return body[:place] + struct.pack(rng.choice(["<I", ">I"]), number) + body[place + 4 :]


def odd_wav(rng, _):
    """Return a WAV of impossible rates, channels, bits, and float samples that are no numbers."""
    rate = int(rng.choice([0, 1, 7, 4_000_000_000, 2**32 - 1]))
    channels, bits, tag = (
        int(rng.choice([0, 1, 2, 65_535])),
        int(rng.choice([0, 1, 8, 16, 32, 64])),
        int(rng.integers(8)),
    )
    data = rng.bytes(int(rng.integers(2_000)))
    header = struct.pack("<HHIIHH", tag, channels, rate, rate * 2 % 2**32, channels * bits // 8 % 2**16, bits)
    chunk = b"data" + struct.pack("<I", int(rng.choice([len(data), 0, 2**32 - 1]))) + data
    return b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<I", 16) + header + chunk


def noise(rng, _):
    return rng.bytes(int(rng.integers(3_000)))


def array(rng, _):
    buffer = io.BytesIO()
    np.savez(buffer, X=rng.standard_normal((2, 100)))
    return buffer.getvalue()


WAYS = (flipped, flipped, cut, spliced, numbers, numbers, odd_wav, noise, array)


@pytest.fixture(scope="module")
def whole():
    bodies = []
    for name in FORMS:
        bodies.append(clip(0.6, form=name))
    return bodies


def malformed(rng, whole):
    """Return path, content type and body."""
    kind = str(rng.choice(KINDS))
    body = whole[int(rng.integers(len(whole)))]
    way = WAYS[int(rng.integers(len(WAYS)))]
    if kind.startswith("multipart"):
        body = form((part("file", "a.wav"), body), (part("text"), b"x"))
        if rng.random() < 0.5:
            body = form((part("file", "a.wav"), way(rng, whole[0])))
            return str(rng.choice(PATHS)), kind, body
    return str(rng.choice(PATHS)), kind, way(rng, body)


def test_a_thousand_malformed_bodies_are_answered_and_none_with_500(client, whole):
    rng = np.random.default_rng(8)
    found = {}
    for number in range(COUNT):
        path, kind, body = malformed(rng, whole)
        answer = client.post(f"/v1/{path}", content=body, headers={"Content-Type": kind})
        found[answer.status_code] = found.get(answer.status_code, 0) + 1
        assert answer.status_code in (200, 413, 422), (number, path, kind, answer.status_code)
        if answer.status_code == 200:
            assert answer.json()["model"] == "tiny"
        else:
            assert answer.headers["content-type"] == "application/problem+json"
    assert sum(found.values()) == COUNT
    assert found[422] > COUNT / 2  # else the bodies are not malformed enough to try anything
