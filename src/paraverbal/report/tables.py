"""Results as aligned plain text, for a terminal. Scores are shown in percent, a score that does not exist as a dash."""

from collections.abc import Mapping, Sequence

from paraverbal.evaluation.protocol import Result

NO_SCORE = "–"
OPTIMISTIC = "optimistic: the weights were chosen on the test set, so unseen speech will be recognised less well"


def percent(score: float | None) -> str:
    """Return a fraction in percent with one decimal.

    Example:
        >>> percent(0.8741), percent(None)
        ('87.4', '–')
    """
    return NO_SCORE if score is None else f"{100 * score:.1f}"


def interval(bounds: Sequence[float] | None) -> str:
    """Return an interval of fractions in percent, a dash where there is none.

    Example:
        >>> interval([0.712, 0.88]), interval(None)
        ('71.2 to 88.0', '–')
    """
    return NO_SCORE if bounds is None else f"{percent(bounds[0])} to {percent(bounds[1])}"


def signed(value: float | None) -> str:
    """Return a difference of fractions in points, with its sign."""
    return NO_SCORE if value is None else f"{100 * value:+.1f}"


def signed_interval(bounds: Sequence[float] | None) -> str:
    """Return an interval of differences in points."""
    return NO_SCORE if bounds is None else f"{signed(bounds[0])} to {signed(bounds[1])}"


def decimals(value: float | None) -> str:
    """Return a number with three decimals, a dash where there is none."""
    return NO_SCORE if value is None else f"{value:.3f}"


def decimals_interval(bounds: Sequence[float] | None) -> str:
    """Return an interval of numbers with three decimals."""
    return NO_SCORE if bounds is None else f"{decimals(bounds[0])} to {decimals(bounds[1])}"


def p_value(value: float | None) -> str:
    """Return a p value with three decimals, one that is lower as `< 0.001`."""
    return NO_SCORE if value is None else f"{value:.3f}" if value >= 0.001 else "< 0.001"


def sentence(text: str) -> str:
    """Return a text as a sentence: a capital at its start, one full stop at its end."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def scores_table(parts: Mapping[str, Result]) -> str:
    """Return the scores of each part, one row a part; a line below says so when the test set chose the weights."""
    header = ["", "clips", "UAR %", "WA %", "macro-F1 %", "loss"]
    rows = [
        [
            part,
            str(result.clips),
            percent(result.uar),
            percent(result.wa),
            percent(result.macro_f1),
            f"{result.loss:.3f}",
        ]
        for part, result in parts.items()
    ]
    chosen_on_test = any(result.selected_on == "test" for result in parts.values())
    return align([header, *rows]) + (f"\n{OPTIMISTIC}" if chosen_on_test else "")


def per_class_table(result: Result) -> str:
    """Return precision, recall, F1 and clips of each class, one row a class."""
    header = ["", "precision %", "recall %", "F1 %", "clips"]
    rows = [
        [label, percent(row["precision"]), percent(row["recall"]), percent(row["f1"]), str(row["support"])]
        for label, row in result.per_class.items()
    ]
    return align([header, *rows])


def confusion_table(result: Result) -> str:
    """Return the confusion matrix: a row a true class, a column a predicted one, clips in the cells."""
    header = ["truth \\ predicted", *result.labels]
    rows = [[label, *map(str, counts)] for label, counts in zip(result.labels, result.confusion, strict=True)]
    return align([header, *rows])


def align(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of cells as lines of equal columns: the first set to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        cell.rjust(width) if index else cell.ljust(width)
        for index, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join([first, *others]).rstrip()
