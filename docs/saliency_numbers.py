"""Put what the benchmark `saliency` measured into docs/saliency.md, between its two comments."""

import json
import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE / "saliency.md"
RESULT = HERE / "results" / "bench-saliency.json"
BETWEEN = re.compile(r"(?<=<!-- numbers -->\n).*(?=<!-- end of numbers -->)", re.DOTALL)
SHARES = (5, 10, 20)


def text() -> str:
    """Return the table."""
    found = json.loads(RESULT.read_text(encoding="utf-8"))
    fall = found["medians"]
    lines = ["| removed | most salient | at random |", "|---|---:|---:|"]
    for share in SHARES:
        values = [fall[f"fall of probability, {which} {share} % removed"] for which in ("most salient", "random")]
        lines.append(f"| {share} % of the patches | {values[0]:.2f} | {values[1]:.2f} |")
    cost = fall["processor seconds a second of sound"]
    about = f"Mean fall of the probability, {found['clips']} clips, model `{found['model']}`"
    return "\n".join([f"{about}; {cost:.2f} s of a processor for a second of sound.", "", *lines, ""])


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(BETWEEN.sub(lambda _: text(), page), encoding="utf-8")
