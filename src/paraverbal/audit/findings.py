"""What the tables of a corpus and a split tell about a score, without listening: speakers, sentences, counts.

Each check answers a finding: `{check, verdict, detail, items}`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import polars as pl

    from paraverbal.corpora.corpus import Corpus
    from paraverbal.corpora.split import Split

Finding = dict[str, Any]

# With fewer test clips of an emotion than this, one clip moves its recall by 20 points or more.
FEWEST_TEST_CLIPS = 5

# A speaker with more than this many times the clips of the middle one shapes a model and its score.
MOST_TIMES_MEDIAN = 3

# An emotion's share that differs by more than this between the sexes, or languages, gives a model something to guess by.
MOST_TIMES_SHARE = 2

# Shares of fewer clips than this say nothing.
_FEWEST_COUNTED = 10


def finding(
    check: str, verdict: Literal["ok", "notice", "leak"], detail: str, items: Mapping[str, Any] | None = None
) -> Finding:
    """Return a finding with the keys that all have."""
    return {"check": check, "verdict": verdict, "detail": detail, "items": dict(items or {})}


def matched_rows(corpus: "Corpus", split: "Split") -> "pl.DataFrame":
    """Return the utterances of a split, `fold`, `split` and the columns of the corpus, one row each in every fold.

    Speakers and sentences are named `corpus/name` where several corpora are joined.

    Raises:
        SplitError: Rows of the split without a file in the corpus.
    """
    import polars as pl

    from paraverbal.corpora.match import match_files

    files = match_files(corpus, split.table["file"].to_list(), split.table["emotion"].to_list())
    parts = split.table.select("fold", "split").with_columns(file=pl.Series(files, dtype=pl.String))
    rows = parts.drop_nulls("file").unique(maintain_order=True)
    table = corpus.table
    if table["corpus"].n_unique() > 1:
        table = table.with_columns(pl.format("{}/{}", "corpus", name).alias(name) for name in ("speaker", "sentence"))
    return rows.join(table, on="file", maintain_order="left")


def shared_speakers(corpus: "Corpus", rows: "pl.DataFrame") -> Finding:
    """Leak if somebody is heard in two parts."""
    check = "shared_speakers"
    unknown = corpus.table["speaker"].null_count()
    if unknown == len(corpus):
        return finding(check, "notice", "no speaker is known, so whether they are apart cannot be said")
    shared = _in_two_parts(rows, "speaker")
    if shared:
        detail = f"speakers are in two parts ({counted(shared)}), so the score does not hold for new speakers"
        return finding(check, "leak", detail, shared)
    if unknown:
        return finding(check, "notice", f"no known speaker is in two parts, but {unknown} clips have no speaker")
    return finding(check, "ok", "no speaker is in two parts")


def shared_sentences(rows: "pl.DataFrame") -> Finding:
    """Notice if the same words are in two parts, which is usual where actors read."""
    check = "shared_sentences"
    known = rows["sentence"].n_unique() - int(rows["sentence"].null_count() > 0)
    if not known:
        return finding(check, "ok", "no sentence is known")
    shared = _in_two_parts(rows, "sentence")
    if not shared:
        return finding(check, "ok", "no sentence is in two parts")
    several = len(set().union(*shared.values()))
    detail = (
        f"{several} of {known} sentences are in two parts ({counted(shared)}), as is usual where sentences are read; the "
        "score does not show how other words do"
    )
    return finding(check, "notice", detail, shared)


def small_classes(split: "Split") -> Finding:
    """Count the test clips of each emotion; with several folds, those of the fold where it has the fewest."""
    check = "small_classes"
    rows = split.table.drop_nulls("emotion")
    fewest: dict[str, int] = {}
    for fold in split.folds:
        test = rows.filter((rows["split"] == "test") & (rows["fold"] == fold))
        counts = Counter(test["emotion"].to_list())
        fewest = {emotion: min(counts[emotion], fewest.get(emotion, counts[emotion])) for emotion in rows["emotion"]}
    small = {emotion: fewest[emotion] for emotion in sorted(fewest) if fewest[emotion] < FEWEST_TEST_CLIPS}
    if not small:
        return finding(check, "ok", f"every emotion has {FEWEST_TEST_CLIPS} test clips or more")
    named = ", ".join(f"{emotion} ({clips})" for emotion, clips in small.items())
    detail = f"fewer than {FEWEST_TEST_CLIPS} test clips of {named}, so their recall says little"
    return finding(check, "notice", detail, small)


def speakers_and_classes(rows: "pl.DataFrame") -> Finding:
    """Notice if a speaker lacks an emotion, or has far more clips than the middle one: a model may learn the speaker."""
    check = "speakers_and_classes"
    table = _table(rows, "speaker")
    if not table:
        return finding(check, "ok", "no speaker is known")
    totals = {speaker: sum(counts.values()) for speaker, counts in table.items()}
    middle = median(totals.values())
    lacking = [speaker for speaker, counts in table.items() if 0 in counts.values()]
    heavy = [speaker for speaker, total in totals.items() if total > MOST_TIMES_MEDIAN * middle]
    if not lacking and not heavy:
        return finding(
            check, "ok", f"every speaker has clips of every emotion, none over {MOST_TIMES_MEDIAN} times the median"
        )
    details = [f"{len(lacking)} of {len(table)} speakers lack an emotion"] if lacking else []
    details += [f"{len(heavy)} have over {MOST_TIMES_MEDIAN} times the median of {middle:g} clips"] if heavy else []
    items = {speaker: table[speaker] for speaker in table if speaker in {*lacking, *heavy}}
    return finding(check, "notice", f"{' and '.join(details)}, so a voice may tell the emotion", items)


def balance(rows: "pl.DataFrame") -> Finding:
    """Notice if the shares of emotions differ between the sexes, or languages: a model may guess by these."""
    check = "balance"
    tables = {name: _table(rows, name) for name in ("sex", "language")}
    compared = {name: table for name, table in tables.items() if len(table) > 1}
    if not compared:
        return finding(check, "ok", "fewer than two sexes or languages are known")
    uneven = {name: emotions for name, table in compared.items() if (emotions := _uneven(list(table.values())))}
    if not uneven:
        detail = f"no emotion's share differs by more than a factor {MOST_TIMES_SHARE} by {' or '.join(compared)}"
        return finding(check, "ok", detail)
    named = "; ".join(f"by {name} of {', '.join(emotions)}" for name, emotions in uneven.items())
    detail = f"shares differ by more than a factor {MOST_TIMES_SHARE}: {named}; a model may guess emotions by these"
    return finding(
        check,
        "notice",
        detail,
        {f"{name} {group}": compared[name][group] for name in uneven for group in compared[name]},
    )


def selection(selected_on: str) -> Finding:
    """Leak if the test clips choose the epoch."""
    if selected_on == "test":
        return finding("selection", "leak", "the best epoch is chosen on the test clips, so the score is optimistic")
    return finding(
        "selection",
        "ok",
        "what is chosen, epoch or temperature, is chosen on validation clips, never on test clips",
    )


def counted(items: Mapping[str, Sequence[object]]) -> str:
    """Return how many there are in each pair of parts: `2 in train and test`."""
    return ", ".join(f"{len(values)} in {pair.replace('/', ' and ')}" for pair, values in items.items())


def _in_two_parts(rows: "pl.DataFrame", column: str) -> dict[str, list[str]]:
    """Return the values of a column that are in two parts of a fold, by pair of parts; pairs without any are left out."""
    from paraverbal.corpora.split import PAIRS

    parts: dict[tuple[int, str], set[str]] = {}
    for fold, part, value in rows.select("fold", "split", column).drop_nulls(column).iter_rows():
        parts.setdefault((fold, part), set()).add(value)
    shared: dict[str, list[str]] = {}
    for pair in PAIRS:
        first, second = pair.split("/")
        both = [parts.get((fold, first), set()) & parts.get((fold, second), set()) for fold in set(rows["fold"])]
        if values := set().union(*both):
            shared[pair] = sorted(values)
    return shared


def _table(rows: "pl.DataFrame", column: str) -> dict[str, dict[str, int]]:
    """Return value -> emotion -> clips, each utterance once; unknown values are left out."""
    known = rows.unique(("file", "start", "end"), keep="first", maintain_order=True).drop_nulls(column)
    counts = Counter(known.select(column, "emotion").iter_rows())
    emotions = sorted(set(rows["emotion"].drop_nulls()))
    return {value: {emotion: counts[value, emotion] for emotion in emotions} for value in sorted(set(known[column]))}


def _uneven(groups: Sequence[Mapping[str, int]]) -> list[str]:
    """Return the emotions whose share of a group is more than a factor above that of another."""
    totals = [sum(group.values()) for group in groups]
    uneven = []
    for emotion in groups[0]:
        shares = [group[emotion] / total for group, total in zip(groups, totals, strict=True) if total]
        enough = sum(group[emotion] for group in groups) >= _FEWEST_COUNTED
        if enough and max(shares) > MOST_TIMES_SHARE * min(shares):
            uneven.append(emotion)
    return uneven
