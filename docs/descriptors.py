"""Write `descriptors.md`: every descriptor, family by family, from the registry in `paraverbal.features.descriptors`.

    python docs/descriptors.py [--output FILE]

What is known of a quantity stands beside its code; only the words around it are here. `descriptors.template.md` holds the
head of the page.
"""

import argparse
import math
import re
from pathlib import Path

from paraverbal.features.descriptors import DESCRIPTORS, FAMILIES, Bound, Descriptor, Family
from paraverbal.features.descriptors.references import REFERENCES
from paraverbal.features.egemaps import NAMES
from paraverbal.report.plain_names import plain_name, unit

HERE = Path(__file__).parent
TARGET = HERE / "descriptors.md"
TEMPLATE = HERE / "descriptors.template.md"

ABOUT: dict[Family, str] = {
    "time domain": "What the waveform itself tells, without a spectrum.",
    "frequency domain": "How the power of a frame is spread over frequencies, in one number each.",
    "time-frequency": "How power is spread over time and frequency at once: pictures, and what is condensed from them.",
    "spectral": "The shape of the spectrum as vocal tract and voice make it. Strictly a part of the frequency domain.",
    "prosodic": "What goes beyond single sounds: pitch, loudness, pauses, tempo and rhythm.",
    "voice quality": "How regular, how pressed and how clean a voice is. Also told by HNR, slopes and the alpha ratio above.",
    "dynamic": "How other descriptors change from frame to frame. Most of the others are static: they describe one moment.",
    "timbre": "What tells two sounds of equal pitch and loudness apart: mostly spectral, partly how they begin and end.",
}
EGEMAPS = """## The 88 functionals of eGeMAPS

What `pv.describe` and `paraverbal features` give: one number each for a whole recording, by openSMILE's names.
Descriptors of every 10 ms are averaged over three frames (`sma3`; `sma3nz`: of those that have a value), then over
the clip: `amean` is the mean, `stddevNorm` the deviation over the mean, `percentile` and `pctlrange` as they say,
slopes are those between turning points. `V` are voiced frames, `UV` unvoiced ones. A clip without voiced frames has 0
where F0 and voice quality would stand, as in openSMILE. The definitions are openSMILE's eGeMAPSv02, with its faults
(`as_opensmile`), so that models trained on its numbers can be used; the descriptors above are those of the papers.
Source: Eyben et al. 2016."""
_MISSING = {
    "frame": {"never": "never NaN", "silence": "NaN in frames without sound", "unvoiced": "NaN in unvoiced frames"},
    "clip": {"never": "never NaN", "silence": "NaN without any sound", "unvoiced": "NaN without voiced frames"},
}


def page() -> str:
    """Return the text of `descriptors.md`."""
    sections = [section(family) for family in FAMILIES]
    works = "\n".join(f"- **{short}**: {full}" for short, full in sorted(REFERENCES.items(), key=_by_name))
    head = TEMPLATE.read_text(encoding="utf-8").replace("{overview}", overview())
    return "\n\n".join([head.rstrip(), *sections, egemaps(), f"## Works\n\n{works}"]) + "\n"


def egemaps() -> str:
    """Return the table of the 88 functionals."""
    rows = [f"| `{name}` | {plain_name(name)} | {unit(name) or '–'} |" for name in NAMES]
    return "\n".join([EGEMAPS, "", "| name | what | unit |", "|---|---|---|", *rows])


def overview() -> str:
    """Return the table of families."""
    rows = [f"| [{family}](#{family.replace(' ', '-')}) | {_listed(family)} |" for family in FAMILIES]
    return "\n".join(["| family | descriptors |", "|---|---|", *rows])


def section(family: Family) -> str:
    """Return the section of a family: its own descriptors, then the names of those that others tell about too."""
    entries = [entry for entry in DESCRIPTORS.values() if entry.family == family]
    guests = ", ".join(f"`{entry.name}`" for entry in DESCRIPTORS.values() if family in entry.also)
    note = f"\n\nOthers that count among it: {guests}." if guests else ""
    return f"## {family.capitalize()}\n\n{ABOUT[family]}{note}\n\n" + "\n\n".join(map(paragraph, entries))


def paragraph(entry: Descriptor) -> str:
    """Return all that is known of a descriptor."""
    shape = "one number a clip"
    if entry.scope == "frame":
        shape = "one value a frame" if entry.counted_from is None else f"several a frame, from {entry.counted_from} on"
    lines = [
        f"**Is**: {entry.motion}, {shape}.",
        f"**Formula**: {entry.formula.rstrip('.')}.",
        f"**Unit**: {entry.unit or 'none'}. **Range**: {span(entry)}; {missing(entry)}.",
        f"**Emotion**: {entry.emotion}",
        f"**Fails**: {entry.fails}",
        *([f"**Source**: {entry.source}."] if entry.source else []),
    ]
    return f"### `{entry.name}`\n\n{entry.is_}\n\n" + "\n".join(f"- {line}" for line in lines)


def span(entry: Descriptor) -> str:
    """Return the range of a descriptor in words."""
    low, high = _number(entry.low), _number(entry.high)
    if low and high:
        return f"{low} to {high}"
    if low:
        return f"{low} and above"
    return f"{high} and below" if high else "any number"


def missing(entry: Descriptor) -> str:
    """Return where a descriptor does not exist, in words."""
    return f"NaN {entry.absent_where}" if entry.missing == "absent" else _MISSING[entry.scope][entry.missing]


def _number(bound: Bound) -> str:
    """Return a bound in words, without the hair that rounding needs; empty for infinity."""
    if isinstance(bound, str):
        return bound
    return "" if math.isinf(bound) else f"{round(bound, 1):g}"


def _listed(family: Family) -> str:
    own = [entry for entry in DESCRIPTORS.values() if entry.family == family]
    return ", ".join(f"[`{entry.name}`](#{entry.name})" for entry in own)


def _by_name(work: tuple[str, str]) -> str:
    return re.sub(r"^\W+", "", work[0]).lower()


def main() -> None:
    parser = argparse.ArgumentParser(description="Write docs/descriptors.md from the registry of descriptors.")
    parser.add_argument("--output", type=Path, default=TARGET, help="where to write (default: descriptors.md)")
    target = parser.parse_args().output
    target.write_text(page(), encoding="utf-8")
    print(target)


if __name__ == "__main__":
    main()
