"""The service under load: requests a second, delay, what becomes of too many, and whether batches of windows would help.

`python benchmarks/service.py [--seconds 10] [--sustained-seconds 120] [--model MODEL]`. The server is a process of its own on two
processors, as `paraverbal serve` starts it; the clients are another one on the same two, with connections that stay open, and
their share of the processors is told. Each request is a FLAC of 3 s.
"""

import argparse
import asyncio
import io
import json
import os
import re
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from paraverbal.audio import read
from paraverbal.bundle.load import load_model
from side_by_side import RESULTS

CLIPS = Path(__file__).parent.parent / "examples" / "clips"
CLIENTS = (1, 8, 64)
BATCHES = (1, 2, 4, 8)
BATCH_ROUNDS = 40
PROCESSORS = sorted(os.sched_getaffinity(0))[:2]

# Of the server that is given too much: 64 clients want in where 10 are let in.
SMALL_QUEUE = 8


def three_seconds() -> bytes:
    """Return a clip of 3 s of the example's voice as FLAC."""
    waveform, rate = read(CLIPS / "angry_1.flac")
    buffer = io.BytesIO()
    soundfile.write(buffer, np.resize(waveform, 3 * rate), rate, format="FLAC")
    return buffer.getvalue()


@contextmanager
def server(model: str, *options: str) -> Iterator[tuple[int, int]]:
    """Yield process and port of a server."""
    command = [sys.executable, "-m", "paraverbal", "serve", "--model", model, "--port", "0", "--grace", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        if process.stderr is None:
            raise RuntimeError("no log")
        port = next(int(found[1]) for line in process.stderr if (found := re.search(r"listening at .*:(\d+)", line)))
        with ThreadPoolExecutor(1) as reader:
            reader.submit(lambda log: [None for _ in log], process.stderr)
            try:
                yield process.pid, port
            finally:
                process.terminate()


def processor_seconds(pid: int) -> float:
    """Return the processors' time that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mb(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")


async def ask(port: int, body: bytes, end: float, delays: list[float], statuses: Counter[int]) -> None:
    """Be one client: ask again and again until the end; -1 counts a connection that broke."""
    head = f"POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: audio/flac\r\nContent-Length: {len(body)}\r\n\r\n"
    request = head.encode() + body
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < end:
        begun = time.perf_counter()
        writer.write(request)
        try:
            answer = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(answer.lower().partition(b"content-length: ")[2].partition(b"\r")[0]))
        except (OSError, EOFError):
            statuses[-1] += 1
            return
        statuses[int(answer[9:12])] += 1
        if answer[9:12] == b"200":
            delays.append(time.perf_counter() - begun)
        else:
            await asyncio.sleep(0.01)  # a client that did not wait at all would measure how fast it can ask
    writer.close()


async def crowd(port: int, clients: int, seconds: float, body: bytes) -> tuple[list[float], Counter[int]]:
    delays: list[float] = []
    statuses: Counter[int] = Counter()
    end = time.perf_counter() + seconds
    await asyncio.gather(*(ask(port, body, end, delays, statuses) for _ in range(clients)))
    return delays, statuses


def load(pid: int, port: int, clients: int, seconds: float) -> dict[str, Any]:
    """Return what a number of clients got within some seconds."""
    body = three_seconds()
    used, mine, begun = processor_seconds(pid), time.process_time(), time.perf_counter()
    delays, statuses = asyncio.run(crowd(port, clients, seconds, body))
    wall = time.perf_counter() - begun
    middle, most = np.quantile(delays, [0.5, 0.99])
    return {
        "clients": clients,
        "seconds": round(wall, 1),
        "requests": sum(statuses.values()),
        "statuses": {str(status): count for status, count in sorted(statuses.items())},
        "errors": sum(count for status, count in statuses.items() if status != 200),
        "requests_per_second": round(len(delays) / wall, 1),
        "p50_ms": round(1000 * float(middle), 1),
        "p99_ms": round(1000 * float(most), 1),
        "server_processor_ms_per_request": round(1000 * (processor_seconds(pid) - used) / len(delays), 2),
        "client_processor_ms_per_request": round(1000 * (time.process_time() - mine) / len(delays), 2),
        "load": round(os.getloadavg()[0], 1),
    }


def batches(model: str) -> dict[str, float]:
    """Return the processor's milliseconds for a window of 3 s, by how many go through the graph at once, in turn; medians."""
    loaded = load_model(model)
    noise = 0.1 * np.random.default_rng(0).standard_normal((max(BATCHES), 3 * loaded.sampling_rate)).astype(np.float32)
    found: dict[int, list[float]] = {count: [] for count in BATCHES}
    for _ in range(BATCH_ROUNDS):
        for count in BATCHES:
            begun = time.process_time()
            for first in range(0, len(noise), count):
                loaded.run_windows(noise[first : first + count])
            found[count].append(1000 * (time.process_time() - begun) / len(noise))
    return {str(count): round(float(np.median(values)), 2) for count, values in found.items()}


def overload(model: str) -> dict[str, Any]:
    """Ask more than the queue takes, then as much as it takes."""
    with server(model, "--queue", str(SMALL_QUEUE)) as (pid, port):
        return {"most_at_once": SMALL_QUEUE + 2, "over": load(pid, port, 64, 3), "after": load(pid, port, 8, 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--sustained-seconds", type=float, default=120.0)
    parser.add_argument("--model", default="default")
    given = parser.parse_args()
    os.sched_setaffinity(0, PROCESSORS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    document = {"name": "service", "model": load_model(given.model).name, "cores": len(PROCESSORS)}
    document |= {"window_processor_ms_by_batch": batches(given.model)}
    with server(given.model) as (pid, port):
        load(pid, port, 2, 1)
        document["clients"] = [load(pid, port, clients, given.seconds) for clients in CLIENTS]
        document["peak_mb"] = round(peak_mb(pid), 1)
        document["sustained"] = load(pid, port, 64, given.sustained_seconds)
        document["sustained_peak_mb"] = round(peak_mb(pid), 1)
    document["overload"] = overload(given.model)
    (RESULTS / "bench-service.json").write_text(json.dumps(document, indent=1) + "\n")
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
