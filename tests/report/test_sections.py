import copy

import pytest

from paraverbal.errors import RunError
from paraverbal.evaluation.groups import GroupScores, GroupTable
from paraverbal.evaluation.protocol import Result, read_document
from paraverbal.report import sections, tables


@pytest.fixture
def document(evaluated):
    return read_document(evaluated / "result.json")


def test_intervals_are_in_percent_and_a_dash_where_there_is_none():
    assert tables.interval([0.5, 0.75]) == "50.0 to 75.0"
    assert tables.signed_interval((-0.01, 0.2)) == "-1.0 to +20.0"
    assert (tables.interval(None), tables.signed(None), tables.p_value(None)) == ("–", "–", "–")
    assert (tables.p_value(0.0004), tables.p_value(0.001)) == ("< 0.001", "0.001")


def test_what_the_intervals_were_drawn_from_is_said(document):
    result = Result.from_dict(document)
    told = "Intervals of 95 %, drawn 2000 times from 6 speakers, each with all clips."
    assert sections.intervals_note(result) == told
    result.intervals.update(clusters=149, warning="Doubtful.")
    assert sections.intervals_note(result) == "Intervals of 95 %, drawn 2000 times from 149 single clips. Doubtful."


def test_a_score_without_interval_says_why_and_an_old_one_nothing(document):
    alone = Result.from_dict(document)
    alone.intervals.update(uar=None, clusters=1, warning="There is no interval.")
    assert sections.intervals_note(alone) == "There is no interval."
    alone.intervals.clear()
    assert sections.intervals_note(alone) == ""


def test_counts_by_emotion_are_written_out():
    items = {"03": {"anger": 12, "fear": 0}, "05": {"anger": 1, "fear": 2}}
    lines = sections.finding("speakers_and_classes", {"verdict": "notice", "detail": "", "items": items})["lines"]
    assert lines == ["03: anger 12, fear 0", "05: anger 1, fear 2"]


def test_of_many_items_the_first_are_listed():
    items = {f"{speaker:02}": {"anger": 1} for speaker in range(25)}
    lines = sections.finding("balance", {"items": items})["lines"]
    assert len(lines) == 21
    assert lines[-2:] == ["19: anger 1", "and 5 more"]


def test_the_calibration_is_read_back_with_its_threshold_on_the_curve(document):
    found = sections.calibration(document)
    stored = document["calibration"]
    assert sum(one.clips for one in found["before"]) == document["clips"]
    answered = [point.answered for point in found["points"]]
    assert answered == sorted(answered, reverse=True)
    assert any(point.answered == pytest.approx(stored["answered"]) for point in found["points"])
    assert f"{100 * stored['set_coverage']:.1f} %" in found["sentences"][2]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"threshold": 0.0}, "so every clip is answered"),
        (
            {"threshold": 0.7, "answered": 0.5, "answered_accuracy": 0.9},
            "50.0 % of the test clips are answered, of which 90.0 %",
        ),
        ({"threshold": 0.99, "answered": 0.0, "answered_accuracy": None}, "0.0 % of the test clips are answered, none"),
    ],
)
def test_the_threshold_is_told_in_a_sentence(document, changes, told):
    found = sections.calibration({**document, "calibration": {**document["calibration"], **changes}})
    assert told in found["sentences"][1]
    assert found["threshold"] == (changes["threshold"] or None)


def test_groups_are_read_back_and_a_column_of_one_value_is_left_out(document):
    tables = sections.groups(document)
    assert list(tables) == ["speaker", "sex"]
    assert "corpus" in document["groups"]
    assert tables["sex"].to_dict() == document["groups"]["sex"]


def test_the_widest_gap_is_that_of_the_table_where_it_is_largest(document):
    tables = sections.groups(document)
    table = max(tables.values(), key=lambda one: one.gap.value)
    assert sections.widest(tables).startswith(
        f"Largest gap by {table.column}: {100 * table.gap.value:.1f} points of UAR; highest {table.gap.best}, lowest "
    )
    assert sections.widest({}) == ""


def test_a_section_of_groups_tells_what_is_unknown_doubtful_and_left_out():
    groups = tuple(
        GroupScores(f"s{n}", 5, 1, ("anger",), n / 100, 0.5, None, None, "clips", "too few." if n else None)
        for n in range(45)
    )
    section = sections.group_section(GroupTable("speaker", 0.5, groups, 3, None))
    assert [group.group for group in section["groups"]] == [f"s{n}" for n in range(40)]
    assert not section["open"]
    assert section["notes"] == [
        "The 40 of 45 with the lowest UAR are shown.",
        "Of 3 clips it is not known; they are in no group.",
        "* An interval not to be relied on; of s1: too few.",
    ]


def test_robustness_is_read_back_with_what_was_left_out(document):
    table = sections.robustness(document)
    assert [row.condition for row in table.rows] == ["clean", "noise_0_db"]
    assert sections.robustness_notes(table) == ["Left out: mp3: this libsndfile writes no MP3"]
    assert "white noise -30.0" in sections.robustness_words(table)


def test_a_run_from_before_has_nothing_to_tell():
    assert (sections.calibration({}), sections.groups({}), sections.robustness({})) == (None, {}, None)


@pytest.mark.parametrize(
    ("name", "part"), [("calibration", "before"), ("groups", "sex"), ("robustness", "rows"), ("robustness", "clips")]
)
def test_a_damaged_part_is_an_error_that_names_it(document, name, part):
    broken = copy.deepcopy(document)
    broken[name][part] = {} if part == "sex" else []
    if part == "clips":
        del broken[name][part]
    with pytest.raises(RunError, match=rf"result\.json: {name}.* is damaged"):
        getattr(sections, name)(broken)


SPREAD = {"mean": 0.5, "deviation": 0.05, "least": 0.45, "greatest": 0.55, "count": 2}


def folds_of(*verdicts):
    """The document of a cross-validation whose folds have these verdicts of one check."""
    audit = {
        f"fold {fold}": {"shared_speakers": {"verdict": verdict, "detail": f"as fold {fold} says", "items": {}}}
        for fold, verdict in enumerate(verdicts, start=1)
    }
    return {"folds": [{"fold": fold} for fold, _ in enumerate(verdicts, 1)], "spread": {"uar": SPREAD}, "audit": audit}


@pytest.mark.parametrize(
    ("verdicts", "verdict", "detail"),
    [
        (("ok", "ok"), "ok", "as fold 1 says (2 of 2 folds ok)"),
        (("ok", "leak", "notice"), "leak", "as fold 2 says (1 of 3 folds leak)"),
        (("notice", "ok", "notice"), "notice", "as fold 1 says (2 of 3 folds notice)"),
    ],
)
def test_the_audit_of_all_folds_is_the_worst_of_each_check_and_says_in_how_many(verdicts, verdict, detail):
    found = sections.audit_of_all(folds_of(*verdicts))
    assert list(found) == ["shared_speakers"]
    assert (found["shared_speakers"]["verdict"], found["shared_speakers"]["detail"]) == (verdict, detail)


def test_the_audit_of_a_run_is_as_it_is(document):
    assert sections.audit_of_all(document) == document["audit"]
    assert sections.audit_of_all({"folds": [], "audit": {}}) == sections.audit_of_all({}) == {}


def test_folds_and_seeds_are_told_with_their_spread_and_a_run_has_neither(document):
    told = "UAR: mean 50.0 %, 45.0 to 55.0 %, standard deviation 5.0."
    (folds,) = sections.repeats(folds_of("ok", "ok"))
    assert (folds["name"], len(folds["rows"]), folds["told"]) == ("fold", 2, told)
    several = {**folds_of("ok"), "seeds": [{"seed": 3}], "seed_spread": {"uar": {**SPREAD, "deviation": None}}}
    assert [(part["name"], part["told"]) for part in sections.repeats(several)] == [
        ("fold", told),
        ("seed", "UAR: mean 50.0 %, 45.0 to 55.0 %."),
    ]
    assert sections.repeats(document) == []


def test_a_damaged_spread_is_an_error_that_names_its_rows():
    with pytest.raises(RunError, match=r"result\.json: folds.* is damaged"):
        sections.repeats({**folds_of("ok"), "spread": {"uar": {"mean": 0.5}}})
