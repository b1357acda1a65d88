"""Put what the benchmark `service` measured into docs/service.md, between its two comments."""

import json
import re
from pathlib import Path
from textwrap import fill
from typing import Any

WIDTH = 130

HERE = Path(__file__).parent
PAGE = HERE / "service.md"
RESULT = HERE / "results" / "bench-service.json"
BETWEEN = re.compile(r"(?<=<!-- numbers -->\n).*(?=<!-- end of numbers -->)", re.DOTALL)


def row(found: dict[str, Any]) -> str:
    cells = [
        str(found["clients"]),
        f"{found['seconds']:.0f}",
        str(found["requests"]),
        str(found["errors"]),
        f"{found['requests_per_second']:.0f}",
        f"{found['p50_ms']:.0f}",
        f"{found['p99_ms']:.0f}",
        f"{found['server_processor_ms_per_request']:.1f}",
    ]
    return f"| {' | '.join(cells)} |"


def text(found: dict[str, Any]) -> str:
    """Return the section."""
    over, after = found["overload"]["over"], found["overload"]["after"]
    batches = found["window_processor_ms_by_batch"]
    milliseconds = ", ".join(f"{value:.1f}" for value in batches.values())
    loads = [one["load"] for one in (*found["clients"], found["sustained"])]
    first = [
        "clients",
        "seconds",
        "requests",
        "errors",
        "requests a second",
        "p50 ms",
        "p99 ms",
        "processor ms a request",
    ]
    lines = [
        "## How fast",
        "",
        f"Model `{found['model']}`, FLAC clips of 3 s, {found['cores']} processors that the clients and others used as well "
        f"(load {min(loads):.1f} to {max(loads):.1f}):",
        "",
        f"| {' | '.join(first)} |",
        "|" + "---|" * len(first),
        *[row(one) for one in (*found["clients"], found["sustained"])],
        "",
        f"Peak memory {found['peak_mb']:.0f} MB before the long run, {found['sustained_peak_mb']:.0f} MB after it. Where "
        f"{found['overload']['most_at_once']} may be in at once, {over['clients']} clients got "
        f"{over['statuses'].get('200', 0)} answers and {over['statuses'].get('429', 0)} times 429; {after['clients']} "
        f"clients right after them {after['requests']} answers and {after['errors']} errors.",
        "",
        "Windows of several requests are not gathered for one pass through the network. In batches of "
        f"{', '.join(batches)} a window takes {milliseconds} ms of a processor; of a whole request, a prototype that gathered "
        "them saved nothing that could be told from noise ([log](log.md)).",
        "",
    ]
    return "\n".join(line if line.startswith("|") else fill(line, WIDTH) for line in lines)


if __name__ == "__main__":
    section = text(json.loads(RESULT.read_text(encoding="utf-8")))
    PAGE.write_text(BETWEEN.sub(lambda _: section, PAGE.read_text(encoding="utf-8")), encoding="utf-8")
