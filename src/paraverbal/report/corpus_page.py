"""A corpus as one HTML page that needs nothing beside it: counts, examples to hear, descriptors, a map, outliers, its split."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from paraverbal.audio.resample import resample
from paraverbal.errors import AudioError, ParaverbalError
from paraverbal.evaluation.descriptor_effects import DRAWS, PERMUTATIONS, DescriptorEffect, without_speakers
from paraverbal.evaluation.exploration import Exploration
from paraverbal.features.spectral import log_mel
from paraverbal.report import sections, tables
from paraverbal.report.corpus_figures import descriptor_figure, histogram_figure, map_figure
from paraverbal.report.embedding import Drawn, drawn, flac_uri, template
from paraverbal.report.example import Example, draw_example
from paraverbal.report.figures import LIGHT, Palette, clip_figure
from paraverbal.report.listening import SAMPLING_RATE, SECONDS, SPECTROGRAM
from paraverbal.report.plain_names import plain_name, unit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from paraverbal.corpora.corpus import Corpus

SIGNIFICANT = 0.05
DRAWN = 12  # descriptors, the first of the ranking
ROWS_OPEN = 20  # of the ranking; the rest is shown when asked for
VALUES_SHOWN = 12  # of a column, as sentences
OUTLIERS_SHOWN = 40
SPEAKERS_OPEN = 12
FEW_SPEAKERS = 20  # of fewer, intervals of 95 % hold the truth less often than that
TRIES = 20  # draws of an example that can be read
EXAMPLE_INCHES = (4.9, 3.4)
EXAMPLE_COLOURS = 64  # of a spectrogram's picture


def check_target(path: Path, example: str | None) -> None:
    """Raise a ParaverbalError where a page cannot be written to `path`, or was asked for beside an example."""
    if example is not None:
        raise ParaverbalError(f"--example {example} and --output {path} were both given; give one of them")
    if path.suffix.lower() != ".html":
        raise ParaverbalError(f"--output {path}: a page is written; give a name that ends in .html")
    if not path.parent.is_dir():
        raise ParaverbalError(f"--output {path}: there is no folder {path.parent}; make it first")


def write_corpus_page(path: Path, corpus: "Corpus", found: Mapping[str, Any], explored: Exploration) -> Path:
    """Write what is in a corpus as a page, and return its path.

    Args:
        path: The page, `.html`.
        corpus: Where examples are drawn from.
        found: The inventory, `Inventory.to_dict`, with the audit of each fold of a split, if one was given.
        explored: What `explore` found.

    Raises:
        ParaverbalError: The page cannot be written.
    """
    page = _page(corpus, found, explored)
    draft = path.with_name(f"{path.name}.partial")
    try:
        draft.write_text(page, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise ParaverbalError(f"{path}: cannot be written: {error}") from error
    return path


def _page(corpus: "Corpus", found: Mapping[str, Any], explored: Exploration) -> str:
    figures = _figures(explored)
    return (
        template("corpus.html").render(
            found=found,
            pictures={name: one.element(name.rstrip("0123456789")) for name, one in figures.items()},
            widths={name: one.width for name, one in figures.items()},
            examples=_examples(corpus, explored),
            descriptors=_descriptors(explored),
            **_counted(found, explored),
            **_told(found, explored),
        )
        + "\n"
    )


def _figures(explored: Exploration) -> dict[str, Drawn]:
    """Return durations, frames and both maps, as far as there is anything to draw."""
    figures = {}
    for name, unit_name in (("seconds", "s"), ("frames", "frames of 10 ms")):
        values = {
            emotion: [float(getattr(clip.signal, name)) for clip in explored.clips if clip.emotion == emotion]
            for emotion in sorted({clip.emotion for clip in explored.clips})
        }
        if values:
            words = ", ".join(f"{emotion} {np.median(own):.3g}" for emotion, own in values.items())
            figures[name] = drawn(
                partial(histogram_figure, values, unit_name),
                f"Histograms of duration. Medians in {unit_name}: {words}.",
            )
    if explored.projection is not None:
        emotions = [clip.emotion for clip in explored.clips]
        figures["map-emotion"] = _map(explored, emotions, "emotion")
        if any(speakers := [clip.speaker for clip in explored.clips]):
            figures["map-speaker"] = _map(explored, speakers, "speaker")
    return figures


def _map(explored: Exploration, groups: list[Any], name: str) -> Drawn:
    projection = explored.projection
    if projection is None:
        raise ValueError("a corpus without a map cannot be drawn as one")
    first, second = (tables.percent(share) for share in projection.explained)
    words = (
        f"Map of {len(groups)} clips, coloured by {name}: the first two principal components of standardised functionals, "
        f"{first} % and {second} % of their variance."
    )
    draw = partial(map_figure, projection.places, groups, projection.explained, emotions=name == "emotion")
    return drawn(draw, words)


def _examples(corpus: "Corpus", explored: Exploration) -> list[dict[str, Any]]:
    """Return a clip of each emotion with its picture and its sound; emotions without one that can be read are left out."""
    emotions = sorted({clip.emotion for clip in explored.clips})
    return [_example(one) for emotion in emotions if (one := _readable(corpus, emotion)) is not None]


def _readable(corpus: "Corpus", emotion: str) -> Example | None:
    for seed in range(TRIES):
        try:
            return draw_example(corpus, emotion, seed=seed)
        except AudioError:
            continue
    return None


def _example(example: Example) -> dict[str, Any]:
    cut = example.waveform[: round(SECONDS * example.sampling_rate)]
    waveform = resample(cut, example.sampling_rate, SAMPLING_RATE)
    file = Path(example.path).name
    words = f"Waveform and log-mel spectrogram of {file}, {example.emotion}, {len(waveform) / SAMPLING_RATE:.1f} s."

    def draw(palette: Palette = LIGHT) -> "Figure":
        figure = clip_figure(
            waveform,
            SAMPLING_RATE,
            log_mel(waveform, SAMPLING_RATE, SPECTROGRAM),
            settings=SPECTROGRAM,
            title=example.emotion,
            palette=palette,
        )
        figure.set_size_inches(*EXAMPLE_INCHES)
        return figure

    return {
        "emotion": example.emotion,
        "speaker": example.speaker,
        "file": file,
        "seconds": len(waveform) / SAMPLING_RATE,
        "cut": len(cut) < len(example.waveform),
        "picture": drawn(draw, words, EXAMPLE_COLOURS).element("example"),
        "address": flac_uri(waveform, SAMPLING_RATE),
    }


def _descriptors(explored: Exploration) -> list[dict[str, Any]]:
    """Return the pictures of the descriptors with the largest effects."""
    if not explored.effects.ranked:
        return []
    values = without_speakers(explored.values, [clip.speaker for clip in explored.clips])
    emotions = np.array([clip.emotion for clip in explored.clips])
    return [
        _descriptor(one, values[:, explored.names.index(one.name)], emotions) for one in explored.effects.ranked[:DRAWN]
    ]


def _descriptor(effect: DescriptorEffect, values: Any, emotions: Any) -> dict[str, Any]:
    known = ~np.isnan(values)
    own = {str(emotion): values[known & (emotions == emotion)] for emotion in np.unique(emotions[known])}
    medians = ", ".join(f"{emotion} {np.median(inside):.3g}" for emotion, inside in own.items())
    words = f"{plain_name(effect.name)} by emotion, in {unit(effect.name) or 'its own unit'}. Medians: {medians}."
    draw = partial(descriptor_figure, own, unit(effect.name))
    return {"words": plain_name(effect.name), "effect": effect, "picture": drawn(draw, words).element("descriptor")}


def _counted(found: Mapping[str, Any], explored: Exploration) -> dict[str, Any]:
    """Return what is counted: columns as rows of value, clips and share, and speakers by emotions."""
    columns = []
    for name, counts in explored.counts.items():
        rows = list(counts.items())
        most = rows[0][1]
        columns.append(
            {
                "name": name,
                "rows": [(value, clips, clips / most) for value, clips in rows[:VALUES_SHOWN]],
                "distinct": len(rows),
                "more": max(0, len(rows) - VALUES_SHOWN),
            }
        )
    seconds = [clip.signal.seconds for clip in explored.clips]
    return {
        "columns": columns,
        "speaker_emotions": explored.speaker_emotions,
        "speakers_open": len(explored.speaker_emotions) <= SPEAKERS_OPEN,
        "hours": found["seconds"] / 3600,
        "seconds": None if not seconds else (min(seconds), float(np.median(seconds)), max(seconds)),
    }


def _told(found: Mapping[str, Any], explored: Exploration) -> dict[str, Any]:
    """Return ranking, map, outliers, broken files and audit, ready for the page."""
    effects = explored.effects
    broken = {one["file"]: one["error"] for one in [*explored.failed, *found["broken"]]}
    audit = found["audit"]
    folds = sections.audit_of_all({"folds": list(audit), "audit": audit}) if audit else {}
    rows = [
        {"rank": rank, "words": plain_name(one.name), "unit": unit(one.name), "effect": one}
        for rank, one in enumerate(effects.ranked, 1)
    ]
    return {
        "effects": effects,
        "rows": rows[:ROWS_OPEN],
        "other_rows": rows[ROWS_OPEN:],
        "significant": sum(one.p_holm < SIGNIFICANT for one in effects.ranked),
        "significant_bh": sum(one.p_bh < SIGNIFICANT for one in effects.ranked),
        "method": _method(explored),
        "axes": _axes(explored),
        "outliers": [(explored.clips[one.clip], one) for one in explored.outliers[:OUTLIERS_SHOWN]],
        "more_outliers": max(0, len(explored.outliers) - OUTLIERS_SHOWN),
        "broken": broken,
        "findings": [sections.finding(check, one) for check, one in folds.items()],
        "folds": len(audit),
    }


def _method(explored: Exploration) -> list[str]:
    """Return how effects, intervals and p values were made, as sentences."""
    effects = explored.effects
    out = "after each speaker's mean was taken out, " if effects.speakers else ""
    lines = [
        f"Effect size: epsilon squared, the share of a descriptor's variance that emotions explain {out}less what they would "
        "explain by chance: 0 nothing, 1 all; slightly below 0 is chance."
    ]
    if not effects.speakers:
        lines.append(
            "Speakers are not known, so what differs between them counts as error or, if they differ in emotions, as effect."
        )
    if effects.unknown:
        lines.append(f"{effects.unknown} clips of no known speaker count as one speaker together.")
    lines.append(
        f"Interval: 95 %, {DRAWS} bootstrap draws of whole speakers, moved by their bias"
        + (
            f"; of only {effects.speakers} speakers, so somewhat too narrow."
            if effects.speakers < FEW_SPEAKERS
            else "."
        )
        if effects.drawn == "speakers"
        else f"Interval: 95 %, {DRAWS} bootstrap draws of single clips, which tells nothing of other speakers."
    )
    lines.append(
        f"p: {PERMUTATIONS} permutations of the emotions within speakers, so no p is below {1 / (PERMUTATIONS + 1):g} before "
        "correction."
        if effects.test == "permutation"
        else "p: Kruskal and Wallis's test, which takes all clips to be independent."
    )
    lines.append(
        f"p is shown corrected for {len(effects.ranked)} tests: by Holm (the chance of any false finding) and by Benjamini and "
        "Hochberg (BH: the share of false ones among the findings)."
    )
    return lines


def _axes(explored: Exploration) -> list[str]:
    """Return what the axes of the map are made of, and what emotions and speakers explain of it."""
    projection = explored.projection
    if projection is None:
        return []
    lines = [
        f"{name} axis ({tables.percent(share)} % of the variance): "
        + ", ".join(f"{plain_name(one)} {weight:+.2f}" for one, weight in loadings)
        + "."
        for name, share, loadings in zip(("First", "Second"), projection.explained, projection.loadings, strict=True)
        if loadings
    ]
    shares = {"emotion": projection.by_emotion, "speaker": projection.by_speaker}
    told = [f"{name} {tables.percent(max(share, 0))} %" for name, share in shares.items() if share is not None]
    if told:
        lines.append(f"Of the variance on the map, explained by {' and by '.join(told)}.")
    return lines
