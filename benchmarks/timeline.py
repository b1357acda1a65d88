"""A timeline of hours, and a stream of an hour: speed, peak memory, delay of an answer. Needs PARAVERBAL_CORPORA.

    python benchmarks/timeline.py [--hours 10] [--stream-hours 1] [--model MODEL] [--only stream]

The recording is real clips one after the other, again and again, written once as FLAC at 44.1 kHz. Each part runs in a process
of its own on two processors. Busy neighbours slow the clock: the processors' own seconds are told beside it, and how busy the
machine was. The stream's sound is fed as fast as it is taken, so that an hour takes a minute; an answer's delay is what passes
between the block with a window's last sample and its answer.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from paraverbal.audio import find_audio, read
from paraverbal.bundle.load import load_model
from paraverbal.inference.stream import Stream
from paraverbal.inference.timeline import timeline
from side_by_side import RESULTS

CORPORA = ("aesdd", "ravdess", "urdu")
RATE = 44_100
EVERY = 40  # the clips of a corpus that are used: one in so many
BLOCK_SECONDS = 0.05
MEMORY_SAMPLES = 500  # of resident memory, evenly over the stream


def write_recording(file: Path, hours: float) -> None:
    folder = Path(os.environ["PARAVERBAL_CORPORA"])
    files = [file for name in CORPORA for file in find_audio(folder / name)[1::EVERY]]
    clips = np.concatenate([read(one, sampling_rate=RATE)[0] for one in files])
    left = round(hours * 3600 * RATE)
    with soundfile.SoundFile(file, "w", RATE, 1, subtype="PCM_16") as sound:
        while left > 0:
            sound.write(clips[:left])
            left -= len(clips)


def megabytes() -> float:
    """Peak resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def resident_megabytes() -> float:
    """Resident memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1024**2


def growth_mb_an_hour(memory: list[float], seconds: float) -> float:
    """Slope of a line through samples that are evenly spaced over some seconds of sound, after the first tenth of them."""
    settled = np.array(memory[len(memory) // 10 :])
    hours = np.arange(len(settled)) * seconds / len(memory) / 3600
    return float(np.polyfit(hours, settled, 1)[0])


def timeline_part(file: str, model: str) -> dict[str, Any]:
    loaded = load_model(model)
    begun, used = time.perf_counter(), time.process_time()
    found = timeline(file, model=loaded)
    wall, processors = time.perf_counter() - begun, time.process_time() - used
    return {
        "hours": round(found.seconds / 3600, 3),
        "windows": len(found.starts),
        "segments": len(found.segments),
        "seconds": round(wall, 1),
        "x_real_time": round(found.seconds / wall, 1),
        "processor_seconds": round(processors, 1),
        "x_real_time_by_2_processors": round(2 * found.seconds / processors, 1),
        "peak_mb": round(megabytes(), 1),
    }


def stream_part(hours: str, model: str) -> dict[str, Any]:
    """Feed real clips in blocks of 50 ms at the model's rate; time each call that brings an answer."""
    loaded = load_model(model)
    rate = loaded.sampling_rate
    folder = Path(os.environ["PARAVERBAL_CORPORA"])
    files = [file for name in CORPORA for file in find_audio(folder / name)[1::EVERY]]
    clips = np.concatenate([read(file, sampling_rate=rate)[0] for file in files])
    size = round(BLOCK_SECONDS * rate)
    stream = Stream(loaded, rate)
    delays: list[float] = []
    work: list[float] = []
    memory, resident = [], []
    count = round(float(hours) * 3600 / BLOCK_SECONDS)
    begun, used = time.perf_counter(), time.process_time()
    for number in range(count):
        first = number * size % (len(clips) - size)
        called, worked = time.perf_counter(), time.thread_time()
        answers = stream.feed(clips[first : first + size])
        if answers:
            delays.append(time.perf_counter() - called)
            work.append(time.thread_time() - worked)
        if number in (count // 10, count - 1):
            memory.append(round(megabytes(), 1))
        if number % max(1, count // MEMORY_SAMPLES) == 0:
            resident.append(resident_megabytes())
    wall, processors = time.perf_counter() - begun, time.process_time() - used
    middle, most = np.quantile(delays, [0.5, 0.99])
    return {
        "hours": round(stream.seconds / 3600, 3),
        "answers": len(delays),
        "delay_ms_median": round(1000 * float(middle), 2),
        "delay_ms_p99": round(1000 * float(most), 2),
        "processor_ms_median": round(1000 * float(np.median(work)), 2),
        "processor_ms_p99": round(1000 * float(np.quantile(work, 0.99)), 2),
        "real_time_factor": round(wall / stream.seconds, 5),
        "processor_seconds": round(processors, 1),
        "peak_mb_after_a_tenth": memory[0],
        "peak_mb_at_the_end": memory[-1],
        "resident_mb_after_a_tenth": round(resident[len(resident) // 10], 1),
        "resident_mb_at_the_end": round(resident[-1], 1),
        "resident_mb_growth_an_hour": round(growth_mb_an_hour(resident, stream.seconds), 3),
    }


PARTS = {"timeline": timeline_part, "stream": stream_part}


def separately(part: str, argument: str, model: str) -> dict[str, Any]:
    """Run a part in a process of its own, on two processors at most."""
    before = os.getloadavg()[0]
    output = subprocess.run(
        [sys.executable, __file__, "--part", part, argument, "--model", model],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2]),
    ).stdout
    found: dict[str, Any] = json.loads(output)
    return found | {"load_before": round(before, 1), "load_after": round(os.getloadavg()[0], 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=10.0)
    parser.add_argument("--stream-hours", type=float, default=1.0)
    parser.add_argument("--model", default="default")
    parser.add_argument(
        "--only", choices=sorted(PARTS), help="measure this part; what was measured of the other is kept"
    )
    parser.add_argument("--part", nargs=2)
    given = parser.parse_args()
    if given.part:
        print(json.dumps(PARTS[given.part[0]](given.part[1], given.model)))
        return
    target = RESULTS / "bench-timeline.json"
    head = {"name": "timeline", "model": load_model(given.model).name, "cores": os.cpu_count()}
    document = (json.loads(target.read_text()) if given.only else {}) | head
    if given.only != "stream":
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "hours.flac"
            write_recording(file, given.hours)
            document["timeline"] = separately("timeline", str(file), given.model)
    if given.only != "timeline":
        document["stream"] = separately("stream", str(given.stream_hours), given.model)
    target.write_text(json.dumps(document, indent=1) + "\n")
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
