"""The page of a corpus, with made-up functionals."""

import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
from tests.report.test_page import Outline

from paraverbal.audit import audit, inventory
from paraverbal.corpora import read_corpus
from paraverbal.corpora.split import official
from paraverbal.corpora.split import read as read_split
from paraverbal.errors import ParaverbalError
from paraverbal.evaluation import descriptor_effects
from paraverbal.evaluation.exploration import explore
from paraverbal.evaluation.outliers import Outlier
from paraverbal.features.describe import Features
from paraverbal.features.egemaps import NAMES
from paraverbal.report import corpus_page
from paraverbal.report.corpus_page import check_target, write_corpus_page


def measured(files, kind):
    """Functionals at random; the first is high in anger, the second the same everywhere."""
    for index, file in enumerate(files):
        values = np.random.default_rng(index).normal(0, 1, (len(NAMES), 1)).astype(np.float32)
        values[0], values[1] = values[0] + 5 * ("anger" in file), 1.0
        yield Features(file, NAMES, values, np.empty(0))


@pytest.fixture(autouse=True, scope="module")
def quick():
    """Few draws, and two pictures in place of twelve: drawing takes the longest."""
    patch = pytest.MonkeyPatch()
    patch.setattr(descriptor_effects, "DRAWS", 50)
    patch.setattr(descriptor_effects, "PERMUTATIONS", 99)
    patch.setattr(corpus_page, "DRAWN", 2)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def explored(flawed):
    return explore(read_corpus(flawed), measure=measured)


@pytest.fixture(scope="module")
def page(flawed, explored, tmp_path_factory):
    corpus = read_corpus(flawed)
    split = tmp_path_factory.mktemp("split") / "split.csv"
    rows = [
        f"{file},{emotion},1,{'test' if 's1' in file else 'train'}"
        for file, emotion in corpus.table.select("file", "emotion").iter_rows()
    ]
    split.write_text("file,emotion,fold,split\n" + "\n".join(rows) + "\n")
    leaks = {"fold 1": audit(corpus, official(corpus, read_split(split), fold=1))}
    target = tmp_path_factory.mktemp("page") / "report.html"
    found = inventory(corpus).to_dict(leaks)
    return write_corpus_page(target, corpus, found, explored).read_text(encoding="utf-8")


def test_the_page_is_well_formed_and_loads_nothing_from_elsewhere(page):
    outline = Outline(page)
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    assert {address.partition(";")[0] for address in outline.loaded} == {"data:image/png", "data:audio/flac"}
    assert "<script" not in page and "@import" not in page and "url(" not in page


def test_the_page_can_be_read_without_seeing_it(page):
    outline = Outline(page)
    assert outline.headings[0] == 1
    assert all(after - before <= 1 for before, after in zip(outline.headings, outline.headings[1:], strict=False))
    assert all(len(words) > 30 for words in outline.alternatives)


def test_the_sections_are_in_order(page):
    sections = "summary counts durations examples descriptors map outliers broken audit"
    assert re.findall(r'<h2 id="([a-z]+)"', page) == sections.split()


def test_every_emotion_has_an_example_to_see_and_to_hear(page):
    emotions = ("anger", "fear", "happiness", "neutral", "sadness")
    assert re.findall(r'<audio [^>]*aria-label="([a-z]+):', page) == list(emotions)
    assert page.count('<img class="example"') == 5


def test_the_ranking_says_what_was_corrected_how(page, explored):
    first = explored.effects.ranked[0]
    assert first.name == NAMES[0]
    assert "F0: mean<small>semitones above 27.5 Hz</small>" in page
    assert f"{first.epsilon_squared:.2f}<span" in page
    assert f"corrected for {len(NAMES) - 1} tests: by Holm" in page
    assert "permutations of the emotions within speakers" in page
    assert "after each speaker&#39;s mean was taken out" in page
    assert f"<code>{NAMES[1]}</code>: it does not vary" in page


def test_broken_files_and_the_audit_are_listed(page):
    assert "<code>fear/s2_02.wav</code>: " in page
    assert page.count("s2_02.wav</code>") == 1
    assert "<dt>Shared speakers</dt><dd><strong " in page


def test_outliers_are_listed_with_their_reasons_at_most_forty(flawed, explored, tmp_path):
    several = [Outlier(clip % 39, 5.0, ("lasts <long>", "is clipped")) for clip in range(42)]
    corpus = read_corpus(flawed)
    bare = replace(explored, projection=None, outliers=several, effects=replace(explored.effects, ranked=()))
    found = {**inventory(corpus).to_dict({}), "skipped": ["odd.wav"]}
    page = write_corpus_page(tmp_path / "report.html", corpus, found, bare).read_text(encoding="utf-8")
    assert page.count("lasts &lt;long&gt;; is clipped") == 40
    assert "and 2 more." in page
    assert "1 audio files are not in the corpus, because their names do not fit: odd.wav" in page


def test_a_corpus_of_broken_files_gets_a_page_that_says_so(flawed, tmp_path):
    folder = tmp_path / "made <b>"
    shutil.copytree(flawed, folder)
    for file in folder.rglob("*.flac"):
        file.write_bytes(b"")
    corpus = read_corpus(folder)
    target = tmp_path / "report.html"
    write_corpus_page(target, corpus, inventory(corpus).to_dict({}), explore(corpus, measure=measured))
    page = target.read_text(encoding="utf-8")
    assert Outline(page).open == []
    assert "<strong>Nothing can be read.</strong> All 40 recordings are broken" in page
    assert "No split was given" in page and "<b>" not in page
    assert "<img" not in page and "<audio" not in page


@pytest.mark.parametrize(
    ("name", "example", "words"),
    [
        ("report.txt", None, "ends in .html"),
        ("gone/report.html", None, "make it first"),
        ("report.html", "fear", "give one of them"),
    ],
)
def test_a_target_that_cannot_be_is_refused_before_any_work(tmp_path, name, example, words):
    with pytest.raises(ParaverbalError, match=words):
        check_target(tmp_path / name, example)


def test_a_page_that_cannot_be_written_is_an_error(flawed, explored, tmp_path):
    (tmp_path / "report.html.partial").mkdir()
    corpus = read_corpus(flawed)
    empty = replace(explored, clips=(), projection=None, outliers=[], values=explored.values[:0])
    empty = replace(empty, effects=replace(explored.effects, ranked=()))
    with pytest.raises(ParaverbalError, match="cannot be written"):
        write_corpus_page(tmp_path / "report.html", corpus, inventory(corpus).to_dict({}), empty)
