"""The page of results holds what its files hold, and nothing that was typed."""

import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
sys.path.append(str(DOCS))

import published  # noqa: E402
import published_page  # noqa: E402
import results  # noqa: E402


def line(run, *, uar, corpus="aesdd", fold=1, seed=0):
    part = {"uar": uar, "wa": uar + 0.01, "loss": 1.25}
    return {
        "run": run,
        "corpus": corpus,
        "fold": fold,
        "seed": seed,
        "recipe": "adaptive-cnn-3",
        "parts": {"test": part, "valid": part},
        "best_epoch": 3,
        "epochs": 9,
        "samples_per_second": 50.0,
        "minutes": 2.0,
    }


def test_the_page_is_what_its_files_give() -> None:
    assert results.PAGE.read_text(encoding="utf-8") == results.page()


def test_every_kept_training_is_planned_with_the_settings_it_had() -> None:
    units = {unit.key: unit for unit in published.units(published.plan())}
    for kept in published.kept():
        unit = units[kept["run"], kept["corpus"], kept["fold"], kept["seed"]]
        assert kept["recipe"] == unit.run["recipe"]
        assert kept["set"] == unit.run.get("set", []), kept["run"]


def test_a_row_is_the_mean_of_its_trainings_with_the_least_and_the_greatest() -> None:
    lines = [line("a", uar=uar, seed=seed) for seed, uar in enumerate((0.5, 0.6, 0.4))]
    group = {"name": "any", "title": "Any", "text": "Some."}
    section = published_page.group_section(group, [{"name": "a", "set": []}, {"name": "b", "set": []}], lines)
    assert (
        "3 seeds | 50.0 (40.0 to 60.0) | 50.0 (40.0 to 60.0) | 51.0 (41.0 to 61.0) | 1.250 | 3 of 9 | 50 | 2.0 |"
        in section
    )
    assert "not yet run: b" in section


def test_a_group_may_be_of_some_folds_alone() -> None:
    lines = [line("a", uar=0.5, corpus="ravdess", fold=fold) for fold in (1, 2)] + [line("a", uar=0.9)]
    group = {"name": "any", "title": "Any", "text": "Some.", "only": [["ravdess", 1]]}
    section = published_page.group_section(group, [{"name": "a", "set": []}], lines)
    assert "| RAVDESS |" in section and "1 of 6 folds | 50.0 |" in section
    assert "AESDD" not in section


def test_choosing_on_the_test_clips_is_compared_seed_by_seed() -> None:
    valid, test = published_page.SELECTION
    lines = [line(valid, uar=0.5), line(valid, uar=0.6, seed=1), line(test, uar=0.56), line(test, uar=0.7, seed=2)]
    assert (
        published_page.selection_note(lines)
        == "Choosing the epoch on the test clips adds 6.0 points of WA (+6.0 for seeds [0])."
    )
    assert published_page.selection_note(lines[:2]) == ""


def test_batches_are_told_beside_the_batch_of_one() -> None:
    settings, one, sixteen = published_page.BATCHES[0]
    lines = [line(one, uar=0.65), line(sixteen, uar=0.6), line(sixteen, uar=0.64, seed=1)]
    note = published_page.batch_note(lines)
    assert note.startswith(f"{settings}: 3.0 points below the batch of one, seeds up to 4.0 apart. Side by side")
    note = published_page.batch_note([*lines, line(one, uar=0.59, seed=1)])
    assert note.startswith(
        f"{settings}: 0.0 points below the batch of one, seeds up to 6.0 and 4.0 apart. Side by side"
    )
    assert "by profile" not in note


@pytest.mark.parametrize(("share", "count", "low", "high"), [(0.8741, 135, "80.8", "92.0"), (0.5, 10, "23.7", "76.3")])
def test_wilson_interval(share, count, low, high) -> None:
    assert results.wilson(share, count) == (low, high)
