"""What `result.json` says of scores beside the scores, made ready for the page: intervals, audit, groups and more.

Runs of before these were computed have none of them; each function then returns what says nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from paraverbal.errors import RunError
from paraverbal.evaluation.groups import Gap, GroupScores, GroupTable
from paraverbal.evaluation.protocol import Result
from paraverbal.evaluation.robustness import CLEAN, ConditionScores, RobustnessTable
from paraverbal.metrics.calibration import CoveragePoint, ReliabilityBin
from paraverbal.report.evaluation_figures import lowest_groups
from paraverbal.report.tables import percent, signed

Document = Mapping[str, Any]

VERDICTS = ("ok", "notice", "leak")  # from good to bad
NAMES_SHOWN = 12  # of a finding's files or speakers; the rest is counted
LINES_SHOWN = 20  # of a finding's items
# More groups than these are shown only when asked for: their picture says enough.
GROUPS_OPEN = 12


def intervals_note(result: Result) -> str:
    """Return what the intervals of a result were drawn from and why to doubt them; empty where none was computed."""
    found = result.intervals
    if not found:
        return ""
    alone = found["clusters"] == found["clips"]
    drawn = f"{found['clips']} single clips" if alone else f"{found['clusters']} speakers, each with all clips"
    told = (
        f"Intervals of {100 * found['level']:g} %, drawn {found['draws']} times from {drawn}." if found["uar"] else ""
    )
    return " ".join(part for part in (told, found["warning"]) if part)


def finding(check: str, found: Document) -> dict[str, Any]:
    """Return a finding of the audit; its items as lines such as `train/test: 03, 05` or `03: anger 12, fear 3`."""
    lines = [f"{key}: {_item(value)}" for key, value in found.get("items", {}).items()]
    more = len(lines) - LINES_SHOWN
    return {
        "check": check,
        "name": check.replace("_", " "),
        "verdict": found.get("verdict", ""),
        "detail": found.get("detail", ""),
        "lines": [*lines[:LINES_SHOWN], *([f"and {more} more"] if more > 0 else [])],
    }


def _item(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {count}" for key, count in value.items())
    values = value if isinstance(value, list) else [value]
    shown = ", ".join(map(str, values[:NAMES_SHOWN]))
    return shown if len(values) <= NAMES_SHOWN else f"{shown} and {len(values) - NAMES_SHOWN} more"


def calibration(document: Document) -> Document | None:
    """Return the calibration of a run: bins and points as objects, and sentences; None for a run without.

    Raises:
        RunError: Part of it is missing.
    """
    found = document.get("calibration")
    return _read("calibration", _calibration, found, document) if found else None


def reliability_words(found: Document) -> str:
    """Return the reliability diagrams of a calibration in words."""
    temperature, _, _ = found["sentences"]
    return f"Accuracy of the test clips over their confidence, before and after the temperature. {temperature}"


def _calibration(found: Document, document: Document) -> Document:
    return {
        "threshold": found["threshold"] or None,
        "rows": {name: found[name] for name in ("before", "after")},
        "before": [ReliabilityBin(**one) for one in found["before"]["reliability"]],
        "after": [ReliabilityBin(**one) for one in found["after"]["reliability"]],
        "points": _coverage(found, document["clips"]),
        "sentences": [_temperature(found), _threshold(found, document), _sets(found, len(document["labels"]))],
    }


def _coverage(found: Document, clips: int) -> list[CoveragePoint]:
    """Return the points of the curve, which were thinned, and the one of the threshold."""
    points = [CoveragePoint(**one) for one in found["coverage_curve"]]
    answered, accuracy = found["answered"], found["answered_accuracy"]
    if accuracy is not None and all(abs(point.answered - answered) > 1e-9 for point in points):
        points.append(CoveragePoint(found["threshold"], answered, accuracy, round(answered * clips)))
    return sorted(points, key=lambda point: (-point.answered, point.threshold))


def _temperature(found: Document) -> str:
    before, after = (percent(found[name]["ece"]) for name in ("before", "after"))
    return (
        f"The temperature, {found['temperature']:.2f}, was chosen on validation clips; with it the test clips' mean distance of "
        f"confidence and accuracy (ECE) is {after} points, without {before}."
    )


def _threshold(found: Document, document: Document) -> str:
    if not found["threshold"]:
        return (
            "No threshold was found that leaves fewer errors on validation clips, so every clip is answered: "
            f"{percent(document['wa'])} % are right."
        )
    right = (
        "none of which is right"
        if found["answered_accuracy"] is None
        else (f"of which {percent(found['answered_accuracy'])} % are right; of all clips {percent(document['wa'])} %")
    )
    return (
        f"Below a confidence of {percent(found['threshold'])} % the answer is “uncertain”; "
        f"{percent(found['answered'])} % of the test clips are answered, {right}."
    )


def _sets(found: Document, labels: int) -> str:
    return (
        "Instead of one emotion the model can name a conformal set of those it does not rule out. On validation clips it was "
        f"made to hold the truth in 90 % of clips; on test clips it does in {percent(found['set_coverage'])} %, with "
        f"{found['set_size']:.2f} of {labels} emotions on average. Other speakers or recordings than those of the "
        "validation clips void the 90 %."
    )


def groups(document: Document) -> dict[str, GroupTable]:
    """Return the tables of groups by column; none of a column in which all clips agree.

    Raises:
        RunError: Part of a table is missing.
    """
    found = document.get("groups") or {}
    tables = {name: _read(f"groups.{name}", _group_table, table) for name, table in found.items()}
    return {name: table for name, table in tables.items() if len(table.groups) > 1}


def _group_table(found: Document) -> GroupTable:
    members = tuple(GroupScores(**one) for one in found["groups"])
    gap = None if found["gap"] is None else Gap(**found["gap"])
    return GroupTable(**{**found, "groups": members, "gap": gap})


def group_section(table: GroupTable) -> dict[str, Any]:
    """Return a table of groups for the page."""
    shown = lowest_groups(table.groups)
    doubted = next((group for group in shown if group.warning), None)
    notes = [gap_sentence(table)]
    if len(shown) < len(table.groups):
        notes.append(f"The {len(shown)} of {len(table.groups)} with the lowest UAR are shown.")
    if table.unknown:
        notes.append(f"Of {table.unknown} clips it is not known; they are in no group.")
    if doubted:
        notes.append(f"* An interval not to be relied on; of {doubted.group}: {doubted.warning}")
    return {
        "column": table.column,
        "groups": shown,
        "open": len(shown) <= GROUPS_OPEN,
        "notes": [note for note in notes if note],
    }


def groups_words(table: GroupTable) -> str:
    """Return the figure of a table of groups in words."""
    ordered = sorted(table.groups, key=lambda group: group.uar)
    ends = " to ".join(f"{group.group} {percent(group.uar)} %" for group in (ordered[0], ordered[-1]))
    return f"UAR of {len(table.groups)} groups by {table.column}, from {ends}; all clips {percent(table.uar)} %."


def gap_sentence(table: GroupTable) -> str:
    """Return the largest gap of a table as a sentence; empty where there is none."""
    gap = table.gap
    if gap is None:
        return ""
    if not gap.value:
        return "All groups that are large enough have the same UAR."
    told = f"Largest gap by {table.column}: {percent(gap.value)} points of UAR; highest {gap.best}, lowest {gap.worst}."
    return " ".join(part for part in (told, gap.warning) if part)


def widest(tables: Mapping[str, GroupTable]) -> str:
    """Return the largest gap of all tables as a sentence; empty where there is none."""
    with_gap = [(table.gap.value, table) for table in tables.values() if table.gap]
    if not with_gap:
        return ""
    _, table = max(with_gap, key=lambda entry: entry[0])
    return f"{gap_sentence(table)} The largest of many gaps is large by chance alone: look at the intervals."


def repeats(document: Document) -> list[dict[str, Any]]:
    """Return the scores of each fold and each seed of a cross-validation, and their spread in words; of a run nothing.

    Raises:
        RunError: Part of them is missing.
    """
    listed = (("fold", "folds", "spread"), ("seed", "seeds", "seed_spread"))
    return [
        {"name": name, "rows": document[rows], "told": _read(rows, spread_sentence, document[spread]["uar"])}
        for name, rows, spread in listed
        if rows in document
    ]


def spread_sentence(found: Document) -> str:
    """Return mean, deviation, least and greatest of a score."""
    told = f"UAR: mean {percent(found['mean'])} %, {percent(found['least'])} to {percent(found['greatest'])} %"
    return f"{told}." if found["deviation"] is None else f"{told}, standard deviation {percent(found['deviation'])}."


def audit_of_all(document: Document) -> dict[str, Any]:
    """Return the findings of a run; of a cross-validation the worst of each check, and in how many folds it is that."""
    audit = document.get("audit", {})
    if "folds" not in document:
        return dict(audit)
    folds = list(audit.values())
    return {check: _worst([found[check] for found in folds if check in found]) for check in (folds[0] if folds else {})}


def _worst(findings: Sequence[Document]) -> dict[str, Any]:
    verdict = max((found["verdict"] for found in findings), key=VERDICTS.index)
    alike = [found for found in findings if found["verdict"] == verdict]
    return {**alike[0], "detail": f"{alike[0]['detail']} ({len(alike)} of {len(findings)} folds {verdict})"}


def robustness(document: Document) -> RobustnessTable | None:
    """Return the scores under worse conditions; None for a run without.

    Raises:
        RunError: Part of them is missing.
    """
    found = document.get("robustness")
    return _read("robustness", _robustness, found) if found else None


def _robustness(found: Document) -> RobustnessTable:
    rows = tuple(ConditionScores(**row) for row in found["rows"])
    if all(row.condition != CLEAN for row in rows):
        raise KeyError(CLEAN)
    return RobustnessTable(**{**found, "rows": rows})


def robustness_words(table: RobustnessTable) -> str:
    """Return the figure of a table of conditions in words."""
    lost = ", ".join(f"{row.what} {signed(-row.lost)}" for row in table.rows if row.condition != CLEAN)
    return f"Points of UAR that change under worse conditions: {lost or 'none was tried'}."


def robustness_notes(table: RobustnessTable) -> list[str]:
    """Return what the table does not show: doubts, conditions and clips left out."""
    notes = [table.warning] if table.warning else []
    notes += [f"Left out: {name.replace('_', ' ')}: {why}" for name, why in table.left_out.items()]
    if table.failed:
        notes.append(f"{len(table.failed)} clips could not be read or predicted, such as {table.failed[0]['file']}.")
    return notes


def _read(name: str, read: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return read(*arguments)
    except (KeyError, TypeError, AttributeError) as error:
        raise RunError(f"result.json: {name} is damaged ({error}); evaluate the run anew") from error
