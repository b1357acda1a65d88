"""Run the examples of `text.template.md` and write `text.md` with what they print.

    python docs/text_page.py

Each block of Python in the template is run, all in one namespace, in order; what it prints follows it in a block of its own.
Numbers stand in the examples and what they print, never in the prose around them: a digit there is an error.
"""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TEMPLATE = HERE / "text.template.md"
PAGE = HERE / "text.md"

_BLOCK = re.compile(r"```python\n(.*?)```\n", re.DOTALL)
# A digit that is no part of a word, of code or of a year in brackets with its source.
_TYPED_NUMBER = re.compile(r"(?<![\w`])\d")
_SOURCE = re.compile(r"\([^()]*\b(?:19|20)\d\d[a-z]?\)")


def check_template(text: str) -> None:
    """Stop if a number is typed into the prose of the template."""
    prose = _BLOCK.sub(lambda block: "\n" * block[0].count("\n"), text)
    for number, line in enumerate(prose.splitlines(), 1):
        if _TYPED_NUMBER.search(_SOURCE.sub("", line)):
            raise SystemExit(f"{TEMPLATE.name}, line {number}: a number is typed there; let an example print it")


def page(text: str) -> str:
    """Return the template with what its examples print."""
    check_template(text)
    names: dict[str, Any] = {}
    return _BLOCK.sub(lambda block: block[0] + _printed(block[1], names), text)


def _printed(code: str, names: dict[str, Any]) -> str:
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(code, str(TEMPLATE), "exec"), names)
    return f"\n```\n{output.getvalue()}```\n" if output.getvalue() else ""


if __name__ == "__main__":
    PAGE.write_text(page(TEMPLATE.read_text(encoding="utf-8")), encoding="utf-8")
    print(PAGE)
