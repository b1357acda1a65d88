"""`paraverbal corpus --output` from recordings to page, with the functionals that users get."""

import json

import pytest

from paraverbal.evaluation import descriptor_effects, exploration
from paraverbal.report import corpus_page


def test_the_page_of_a_corpus_is_written_beside_what_is_printed(command, flawed, tmp_path, monkeypatch):
    monkeypatch.setattr(exploration, "WORKERS", 1)
    monkeypatch.setattr(descriptor_effects, "PERMUTATIONS", 999)
    monkeypatch.setattr(corpus_page, "DRAWN", 1)
    target = tmp_path / "report.html"
    code, out, err = command("corpus", flawed, "--output", target, "--json")
    found = json.loads(out)
    assert code == 1  # one recording is broken
    assert err.splitlines()[-1] == f"page: {target}"
    explored = found["exploration"]
    assert list(explored) == ["effects", "explained", "outliers", "failed", "counts"]
    assert [one["file"] for one in explored["failed"]] == ["fear/s2_02.wav"]
    ranked = {one["name"]: one for one in explored["effects"]["ranked"]}
    assert len(ranked) + len(explored["effects"]["skipped"]) == 88
    # The made-up emotions differ most in pitch and loudness.
    assert ranked["F0semitoneFrom27.5Hz_sma3nz_amean"]["epsilon_squared"] > 0.5
    assert ranked["loudness_sma3_amean"]["p_holm"] < 0.1
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--output", "report.pdf"], "--output report.pdf: a page is written; give a name that ends in .html"),
        (["--output", "gone/report.html"], "there is no folder gone; make it first"),
        (["--output", "report.html", "--example", "fear"], "were both given; give one of them"),
    ],
)
def test_a_page_that_cannot_be_is_one_sentence_before_any_work(command, synthetic, arguments, words):
    code, out, err = command("corpus", synthetic, *arguments)
    assert (code, out) == (2, "")
    assert words in err and err.count("\n") == 1


def test_without_output_nothing_is_measured(command, synthetic, monkeypatch):
    monkeypatch.setattr(exploration, "explore", None)
    code, out, _ = command("corpus", synthetic, "--json")
    assert code == 0
    assert "exploration" not in json.loads(out)
