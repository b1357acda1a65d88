"""Corpus and split -> what is in them, and what would make a score look better than it is."""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from paraverbal.audit import findings
from paraverbal.audit.duplicates import Progress, Twins, compare, duplicates
from paraverbal.audit.findings import Finding
from paraverbal.audit.inventory import Inventory, inventory
from paraverbal.audit.twins import augmented_twins, duplicate_audio

if TYPE_CHECKING:
    from paraverbal.corpora.corpus import Corpus
    from paraverbal.corpora.split import Split

__all__ = ["Inventory", "Twins", "audit", "duplicates", "inventory", "twins_of"]


def audit(
    corpus: "Corpus",
    split: "Split",
    *,
    selected_on: Literal["valid", "test"] = "valid",
    listen: bool = False,
    twins: Twins | None = None,
    progress: Progress | None = None,
) -> dict[str, Finding]:
    """Look for what would make the scores of a split look better, or surer, than they are.

    Args:
        corpus: The corpus that the split was made from.
        split: Train, valid and test.
        selected_on: What the best epoch is chosen on.
        listen: Read all recordings and compare them; without, `duplicate_audio` is not among the findings.
        twins: What `twins_of` found, where it is known already: one listening serves several splits.
        progress: While listening, told how many files of how many are done.

    Returns:
        Findings by the name of the check, each `{check, verdict, detail, items}`: the verdict is `ok` (nothing was found,
        or nothing is known that could be looked at), `notice` (to be known) or `leak` (the score is too good), the detail a
        sentence. The items are, for `shared_speakers`, `shared_sentences`, `duplicate_audio` and `augmented_twins`, pair of
        parts -> speakers, sentences or `file = file`; for `small_classes` emotion -> test clips; for
        `speakers_and_classes` speaker -> emotion -> clips; for `balance` `sex female` -> emotion -> clips; `selection` has
        none.

    Raises:
        SplitError: Rows of the split without a file in the corpus.
    """
    rows = findings.matched_rows(corpus, split)
    if listen and twins is None:
        twins = twins_of(corpus, rows["file"].unique(maintain_order=True).to_list(), progress=progress)
    found = [
        findings.shared_speakers(corpus, rows),
        findings.shared_sentences(rows),
        *([] if twins is None else [duplicate_audio(rows, twins)]),
        augmented_twins(rows, twins),
        findings.small_classes(split),
        findings.speakers_and_classes(rows),
        findings.balance(rows),
        findings.selection(selected_on),
    ]
    return {finding["check"]: finding for finding in found}


def twins_of(corpus: "Corpus", files: list[str] | None = None, *, progress: Progress | None = None) -> Twins:
    """Compare the recordings of a corpus with each other, each file as a whole.

    Args:
        corpus: The recordings.
        files: As the corpus names them; None for all.
        progress: Told how many files of how many are done.

    Returns:
        Pairs and skipped files by the names that the corpus gives them.
    """
    names = corpus.table["file"].unique(maintain_order=True).to_list() if files is None else files
    own = {str(corpus.path(file)): file for file in names}
    twins = compare(list(own), progress=progress)
    pairs = [(own[first], own[second], score) for first, second, score in twins.pairs]
    return replace(twins, pairs=pairs, skipped=[own[file] for file in twins.skipped])
