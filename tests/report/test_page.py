import json
import re
from base64 import b64encode
from html.parser import HTMLParser

import numpy as np
import pytest
import soundfile

from paraverbal.errors import RunError
from paraverbal.evaluation.protocol import read_document, write_document
from paraverbal.report.page import write_report

VOID = {"meta", "img", "source", "br"}


class Outline(HTMLParser):
    """Checks that every tag is closed, and collects headings, ids and what is loaded."""

    def __init__(self, page):
        super().__init__()
        self.open, self.headings, self.ids, self.loaded, self.alternatives = [], [], [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.loaded += [attributes[key] for key in ("src", "srcset", "href") if key in attributes]
        self.alternatives += [attributes.get("alt", "")] if tag == "img" else []

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page(run_folder):
    return write_report(run_folder).read_text(encoding="utf-8")


def page_of(folder):
    (folder / "history.jsonl").unlink()  # curves take the longest to draw, and one test looks at them
    return write_report(folder).read_text(encoding="utf-8")


def test_the_page_is_well_formed_and_loads_nothing_from_elsewhere(page):
    outline = Outline(page)
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    assert len(outline.loaded) == 8  # confusion of three parts and the curves, each light and dark
    assert all(address.startswith("data:image/png;base64,") for address in outline.loaded)
    assert "<script" not in page and "@import" not in page and "url(" not in page


def test_the_page_can_be_read_without_seeing_it(page):
    outline = Outline(page)
    assert '<html lang="en">' in page
    assert outline.headings[0] == 1
    assert all(after - before <= 1 for before, after in zip(outline.headings, outline.headings[1:], strict=False))
    assert len(outline.alternatives) == 4 and all(len(words) > 40 for words in outline.alternatives)


def test_the_page_shows_scores_data_training_and_failures(page, run_folder):
    result = read_document(run_folder / "result.json")
    for shown in (
        f"{100 * result['uar']:.1f}",
        f"{100 * result['parts']['valid']['wa']:.1f}",
        "AESDD, 604 clips",
        "2 752 197 parameters; 40 epochs, epoch 31 kept; 12.3 minutes.",
        "no samples &lt;empty&gt;",
        "sampling_rate",
        "32, 64, 128",
        "holdout: random, stratified by emotion",
    ):
        assert shown in page


def test_mistakes_are_listed_at_most_twenty(page):
    assert page.count('<td class="file">') == 20


def test_leaks_are_in_the_banner_with_the_shared_speakers_named(page):
    leak = "<strong>Shared speakers.</strong> Speakers are in two parts, so the score does not hold for new speakers."
    assert f"{leak} Train/test: 03, 05.</p>" in page
    assert "<strong>Small classes.</strong>" not in page and "<strong>Optimistic.</strong>" not in page


def test_every_finding_is_listed_with_its_verdict(page):
    for verdict, detail in (("leak", "speakers are in"), ("notice", "fewer than 5"), ("ok", "chosen on validation")):
        assert f'<strong class="{verdict}">{verdict}</strong>: {detail}' in page


def test_the_banner_says_optimistic_only_when_the_test_set_chose_the_weights(make_run):
    assert "<strong>Optimistic.</strong>" in page_of(make_run(audit={}, selected_on="test"))


def test_there_is_no_banner_where_nothing_is_wrong(make_run):
    clean = {"shared_speakers": {"verdict": "ok", "detail": "no speaker is in two parts", "items": {}}}
    assert 'class="banner"' not in page_of(make_run(audit=clean))


def test_a_run_with_nothing_but_its_result_gets_a_page(make_run):
    folder = make_run()
    for name in ("predictions.csv", "split.csv", "recipe.toml", "bundle/bundle.json"):
        (folder / name).unlink()
    page = page_of(folder)
    assert "no predictions.csv" in page and "no history.jsonl" in page


def test_what_comes_from_files_cannot_become_markup(make_run):
    folder = make_run()
    document = read_document(folder / "result.json")
    document["recipe"]["title"] = "<script>alert(1)</script>"
    write_document(document, folder / "result.json")
    page = page_of(folder)
    assert "<script" not in page and "&lt;script&gt;" in page


def test_a_long_list_of_items_is_cut(make_run):
    twins = {"verdict": "leak", "detail": "copies", "items": {"train/test": [f"{clip}.wav" for clip in range(20)]}}
    page = page_of(make_run(audit={"twins": twins}))
    assert "11.wav and 8 more" in page and "12.wav" not in page


def test_the_figures_lie_beside_the_page(page, run_folder):
    for name in ("confusion-train", "confusion-valid", "confusion-test", "curves"):
        picture = (run_folder / f"{name}.png").read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert f'<img class="{name}" src="data:image/png;base64,{b64encode(picture).decode()}"' in page


def test_every_part_has_its_confusion_matrix_in_the_open_with_its_words(page):
    shown = re.sub("<details>.*?</details>", "", page, flags=re.DOTALL)
    for name, words in (("test", "149 test"), ("train", "420 training"), ("valid", "75 validation")):
        (picture,) = re.findall(rf'<img class="confusion-{name}"[^>]*>', shown)
        assert f'alt="Confusion matrix of {words} clips. Recognised: anger ' in picture
    assert page.count(", as text</summary><pre>") == 3


def test_the_words_of_the_curves_tell_the_kept_epoch_and_its_scores(page, make_history):
    row = make_history(40)[30]
    words = f"over 40 epochs. Kept was epoch 31: training loss {row['train_loss']:.3f}, validation loss "
    assert words in page
    assert f"training UAR {100 * row['train_uar']:.1f} %, validation UAR {100 * row['valid_uar']:.1f} %." in page


def test_the_page_of_an_svm_tells_costs(make_run, svm_history):
    folder = make_run()
    (folder / "history.jsonl").write_text("".join(json.dumps(row) + "\n" for row in svm_history))
    document = read_document(folder / "result.json")
    write_document({**document, "epochs": 4, "best_epoch": 3}, folder / "result.json")
    page = write_report(folder).read_text(encoding="utf-8")
    assert "; 4 costs, cost 1 kept; 12.3 minutes." in page
    assert (
        "Loss and UAR over 4 costs. Kept was cost 1: validation loss 1.200, training UAR 90.0 %, validation UAR 60.0 %."
        in page
    )


def test_a_damaged_run_is_an_error_and_leaves_no_page(make_run):
    folder = make_run()
    (folder / "history.jsonl").unlink()
    (folder / "predictions.csv").write_text("file,split\na.wav,test\n")
    with pytest.raises(RunError):
        write_report(folder)
    assert not (folder / "report.html").exists()


@pytest.fixture(scope="module")
def full(evaluated):
    """The page of a run that tells all, with sound."""
    rows = (evaluated / "predictions.csv").read_text().splitlines()[1:]
    recording = evaluated / "noise.wav"
    soundfile.write(recording, np.random.default_rng(0).normal(0, 0.2, 8 * 16_000).clip(-1, 1), 16_000)
    path = write_report(evaluated, {row.split(",")[0]: recording for row in rows})
    assert path.stat().st_size < 3_000_000
    return path.read_text(encoding="utf-8")


def test_the_sections_are_in_order(full):
    sections = (
        "summary audit scores classes confusion training calibration groups robustness mistakes data failed recipe"
    )
    assert re.findall(r'<h2 id="([a-z]+)"', full) == sections.split()


def test_a_page_that_tells_all_is_well_formed_and_holds_its_sound(full):
    outline = Outline(full)
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    assert all(after - before <= 1 for before, after in zip(outline.headings, outline.headings[1:], strict=False))
    assert all(len(words) > 40 for words in outline.alternatives)
    kinds = [address.partition(";")[0] for address in outline.loaded]
    assert set(kinds) == {"data:image/png", "data:audio/flac"}
    assert kinds.count("data:audio/flac") == 6
    assert full.count("the first 6.0 s of") == 6


def test_scores_come_with_their_intervals(full, evaluated):
    found = read_document(evaluated / "result.json")["intervals"]
    for bounds in (found["uar"], found["wa"], found["macro_f1"], *found["recall"].values()):
        assert f">{100 * bounds[0]:.1f} to {100 * bounds[1]:.1f}</" in full


def test_the_summary_has_a_word_for_each_check_and_why(full):
    summary = full[: full.index('<h2 id="audit"')]
    for check, verdict in (("Shared speakers", "leak"), ("Small classes", "notice"), ("Selection", "ok")):
        assert f'<li>{check}: <strong class="{verdict}">{verdict}</strong></li>' in summary
    assert "fewer than 5 test clips of fear (3), so their recall says little." in summary.lower()
    assert "<br>03: anger 12, fear 0" in full


def test_the_page_tells_groups_and_worse_recordings(full):
    for shown in ("By sex", "Largest gap by speaker", "white noise", "+20.0 to +40.0", "&lt; 0.001", "writes no MP3"):
        assert shown in full


def test_a_page_without_recordings_has_no_sound(page):
    assert "<audio" not in page
    assert "This run has no calibration." in page
