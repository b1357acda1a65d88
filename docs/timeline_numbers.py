"""Put what the benchmarks `activity` and `timeline` measured into docs/timeline.md, between its two comments."""

import json
import re
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE / "timeline.md"
BETWEEN = re.compile(r"(?<=<!-- numbers -->\n).*(?=<!-- end of numbers -->)", re.DOTALL)


def read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((HERE / "results" / f"bench-{name}.json").read_text(encoding="utf-8"))
    return document


def activity_text(found: dict[str, Any]) -> str:
    lines = [
        f"{found['clips']} clips of AESDD, RAVDESS and URDU with one to two seconds of silence before and after, "
        "steps of 10 ms; noise at a ratio to the mean",
        "power of the clip. Agreement is the share of steps, kappa (Cohen) what is left of it beyond chance; the last two "
        "columns take what",
        "silero finds in quiet for the truth.",
        "",
        "| | energy with silero: agreement | kappa | kappa to quiet: energy | silero |",
        "|---|---|---|---|---|",
    ]
    for name, row in found["conditions"].items():
        both, energy, silero = row.values()
        lines.append(
            f"| {name} | {100 * both['agreement']:.1f} % | {both['kappa']:.2f} | {energy['kappa']:.2f} | {silero['kappa']:.2f} |"
        )
    return "\n".join(lines)


def timeline_text(found: dict[str, Any]) -> str:
    whole, stream = found["timeline"], found["stream"]
    return "\n".join(
        [
            f"Model `{found['model']}`, two processors that others used as well (load {whole['load_before']:.0f} to "
            f"{stream['load_after']:.0f}):",
            "",
            "| | |",
            "|---|---|",
            f"| timeline of {whole['hours']:g} h | {whole['windows']} windows, {whole['x_real_time']:.0f} x real time by the "
            f"clock, {whole['x_real_time_by_2_processors']:.0f} x by the processors' own seconds, peak "
            f"{whole['peak_mb']:.0f} MB |",
            f"| stream of {stream['hours']:g} h | answer after {stream['delay_ms_median']:.0f} ms (median), "
            f"{stream['delay_ms_p99']:.0f} ms (99 %), {stream['processor_ms_p99']:.0f} ms of a processor (99 %); real-time "
            f"factor {stream['real_time_factor']:.3f}; peak {stream['peak_mb_after_a_tenth']:.0f} MB after a tenth of it, "
            f"{stream['peak_mb_at_the_end']:.0f} MB at the end |",
        ]
    )


if __name__ == "__main__":
    text = (
        f"## How well speech is found\n\n{activity_text(read('activity'))}\n\n"
        f"## How fast\n\n{timeline_text(read('timeline'))}\n"
    )
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(BETWEEN.sub(lambda _: text, page), encoding="utf-8")
