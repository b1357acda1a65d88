"""The page on text is what its examples print, and says what it was asked to say."""

import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent.parent / "docs"
sys.path.append(str(DOCS))

import text_page  # noqa: E402


def test_the_page_is_what_its_examples_print_today():
    assert text_page.PAGE.read_text(encoding="utf-8") == text_page.page(text_page.TEMPLATE.read_text(encoding="utf-8"))


def test_a_typed_number_is_found_but_not_in_an_example_or_a_source():
    text_page.check_template("```python\nprint(3)\n```\n(Sennrich, Haddow and Birch 2016)\n")
    with pytest.raises(SystemExit, match="line 2: a number is typed"):
        text_page.check_template("A vocabulary\nof 49,408 tokens")


def test_an_example_that_fails_fails():
    with pytest.raises(ZeroDivisionError):
        text_page.page("```python\n_ = 1 / 0\n```\n")
