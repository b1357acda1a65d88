"""What the service counts, in the text format of Prometheus (exposition format 0.0.4)."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator

from paraverbal.service.gate import Gate

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# Upper edges in seconds: a clip takes about 10 ms, a long timeline seconds.
EDGES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Measures:
    """Counts requests by address and status, and how long they took. For the event loop's thread alone."""

    def __init__(self) -> None:
        self._requests: dict[tuple[str, int], int] = defaultdict(int)
        self._seconds: dict[str, float] = defaultdict(float)
        self._buckets: dict[str, list[int]] = defaultdict(lambda: [0] * (len(EDGES) + 1))

    def count(self, path: str, status: int, seconds: float) -> None:
        """Note a request that was answered: the address as it was declared, never as it was asked for."""
        self._requests[path, status] += 1
        self._seconds[path] += seconds
        self._buckets[path][bisect_left(EDGES, seconds)] += 1

    def text(self, gate: Gate) -> str:
        """Return everything, with what is under way at the gate."""
        return "\n".join([*self._counts(), *self._histograms(), *_gauges(gate)]) + "\n"

    def _counts(self) -> Iterator[str]:
        yield from _head("requests_total", "counter", "Requests that were answered.")
        for (path, status), count in sorted(self._requests.items()):
            yield f'paraverbal_requests_total{{path="{path}",status="{status}"}} {count}'

    def _histograms(self) -> Iterator[str]:
        yield from _head("request_seconds", "histogram", "From a request's header to the end of its answer.")
        for path, buckets in sorted(self._buckets.items()):
            total = 0
            for edge, count in zip((*EDGES, "+Inf"), buckets, strict=True):
                total += count
                yield f'paraverbal_request_seconds_bucket{{path="{path}",le="{edge}"}} {total}'
            yield f'paraverbal_request_seconds_sum{{path="{path}"}} {self._seconds[path]:.6f}'
            yield f'paraverbal_request_seconds_count{{path="{path}"}} {total}'


def _gauges(gate: Gate) -> Iterator[str]:
    now = {
        "accepted": (gate.accepted, "Requests that were let in and are not answered yet."),
        "working": (gate.working, "Requests that are worked on."),
        "streams": (gate.streams, "Live streams that are open."),
        "held_bytes": (gate.held_bytes, "Bodies in memory."),
    }
    for name, (value, text) in now.items():
        yield from _head(name, "gauge", text)
        yield f"paraverbal_{name} {value}"


def _head(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP paraverbal_{name} {text}"
    yield f"# TYPE paraverbal_{name} {kind}"
