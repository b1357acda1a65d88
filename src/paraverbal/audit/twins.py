"""Recordings that are in two parts under two names: the same once more, or a copy that was changed a little."""

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from paraverbal.audit.duplicates import CHANGED, SAME, Twins
from paraverbal.audit.findings import Finding, counted, finding

if TYPE_CHECKING:
    import polars as pl

Pair = tuple[str, str]

# What augmentation and file managers append: `_aug1`, `-noise`, `_pitch+2`, `_stretch0.9`, ` - Copy (2)`.
_CHANGED_NAME = re.compile(
    r"[\s_.-]+(?:aug(?:mented)?|nois[ey]|pitch(?:ed)?|stretch(?:ed)?|copy)[\s_]*\(?[+-]?[\d.]*\)?$", re.IGNORECASE
)


def duplicate_audio(rows: "pl.DataFrame", twins: Twins) -> Finding:
    """Leak if a recording is in two parts; `twins` names files as the corpus does."""
    check = "duplicate_audio"
    shared = _across(rows, ((one, other) for one, other, score in twins.pairs if score >= SAME))
    heard = f"{twins.compared} recordings were compared" + _skipped(twins)
    if not shared:
        return finding(check, "ok", f"no recording is in two parts; {heard}")
    detail = (
        f"the same recordings are in two parts ({counted(shared)}), so the model is tested on what it knows; {heard}"
    )
    return finding(check, "leak", detail, _named(shared))


def augmented_twins(rows: "pl.DataFrame", twins: Twins | None) -> Finding:
    """Leak if a recording is in one part and a changed copy of it in another, by name, and by sound if `twins` are known."""
    check = "augmented_twins"
    by_name = changed_names(rows["file"].unique(maintain_order=True).to_list())
    by_sound = [] if twins is None else [(one, other) for one, other, score in twins.pairs if CHANGED <= score < SAME]
    shared = _across(rows, [*by_name, *by_sound])
    how = "copies changed in pitch or speed are known by name only (such as x_aug1 of x)"
    how += "; sounds were not compared" if twins is None else ", copies with noise also by sound"
    if not shared:
        return finding(check, "ok", f"no changed copy is in another part than its original; {how}")
    detail = (
        f"changed copies are in another part than their originals ({counted(shared)}), so the score is too good; {how}"
    )
    return finding(check, "leak", detail, _named(shared))


def changed_names(files: Sequence[str]) -> list[Pair]:
    """Return pairs of files of which one is, by its name, a changed copy of the other, or both are of a third.

    `x_aug1` is a copy of `x` in the same folder, or else of the only `x` that there is.

    Example:
        >>> changed_names(["a/x.wav", "a/x_noise1.wav", "a/x_y.wav"])
        [('a/x.wav', 'a/x_noise1.wav')]
    """
    paths = [PurePosixPath(file) for file in files]
    roots = [_root(path.stem) for path in paths]
    originals = {path.parent / path.stem for path, root in zip(paths, roots, strict=True) if path.stem == root}
    names = Counter(place.name for place in originals)
    home = {place.name: place for place in originals if names[place.name] == 1}
    families: dict[PurePosixPath, list[str]] = defaultdict(list)
    for file, path, root in zip(files, paths, roots, strict=True):
        own = path.parent / root
        families[own if own in originals else home.get(root, own)].append(file)
    changed = {file for file, path, root in zip(files, paths, roots, strict=True) if path.stem != root}
    pairs = itertools.chain.from_iterable(itertools.combinations(family, 2) for family in families.values())
    return [pair for pair in pairs if changed & set(pair)]


def _root(stem: str) -> str:
    """Return a stem without what changing appended, once or several times."""
    while (match := _CHANGED_NAME.search(stem)) and match.start():
        stem = stem[: match.start()]
    return stem


def _across(rows: "pl.DataFrame", pairs: Iterable[Pair]) -> dict[str, list[Pair]]:
    """Return the pairs that are in two parts of a fold, by pair of parts, the file of the earlier part first."""
    from paraverbal.corpora.split import PAIRS, PARTS

    parts: dict[str, dict[int, str]] = defaultdict(dict)
    for file, fold, part in rows.select("file", "fold", "split").iter_rows():
        parts[file][fold] = part
    shared: dict[str, dict[Pair, None]] = {}
    for pair in pairs:
        for fold in parts[pair[0]].keys() & parts[pair[1]].keys():
            first, second = sorted(pair, key=lambda file: PARTS.index(parts[file][fold]))
            shared.setdefault(f"{parts[first][fold]}/{parts[second][fold]}", {})[first, second] = None
    return {name: list(shared[name]) for name in PAIRS if name in shared}


def _named(shared: dict[str, list[Pair]]) -> dict[str, list[str]]:
    return {name: [f"{first} = {second}" for first, second in pairs] for name, pairs in shared.items()}


def _skipped(twins: Twins) -> str:
    return f", {len(twins.skipped)} could not be (unreadable, or without sound)" if twins.skipped else ""
