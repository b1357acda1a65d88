"""The room is light until it is used, and names the extra that it lacks. Examples in its docstrings are true."""

import doctest
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import paraverbal.text
from paraverbal.errors import MissingExtraError, ParaverbalError
from paraverbal.text import TextError, load_tokenizer, segment, train_tokenizer
from paraverbal.text.library import jieba, tokenizers
from paraverbal.text.words import _segmenter

MODULES = sorted(file.stem for file in Path(paraverbal.text.__file__).parent.glob("[a-z]*.py"))
LIGHT = """
import sys
import paraverbal.text
paraverbal.text.clean("a"), paraverbal.text.sinusoidal_positions(3, 4), paraverbal.text.merge_steps("ab", [("a", "b")])
print(sorted({"tokenizers", "jieba", "torch", "transformers", "polars", "onnxruntime", "pydantic"} & set(sys.modules)))
"""


def test_importing_the_room_imports_no_library():
    done = subprocess.run([sys.executable, "-W", "error", "-c", LIGHT], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def bert_vocabulary(folder):
    (folder / "vocab.txt").write_text("[UNK]\n")
    return folder


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("tokenizers", lambda _: tokenizers()),
        ("tokenizers", lambda _: train_tokenizer(["a"], "bpe", 10)),
        ("tokenizers", lambda folder: load_tokenizer(bert_vocabulary(folder))),
        ("jieba", lambda _: jieba()),
        ("jieba", lambda _: segment(["人民"])),
    ],
)
def test_a_library_that_is_missing_is_named_with_its_extra(monkeypatch, tmp_path, name, call):
    _segmenter.cache_clear()
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=rf"needs {name}, .* pip install 'paraverbal\[text\]'") as caught:
        call(tmp_path)
    assert caught.value.name == name


def test_an_error_of_text_is_one_of_the_package_and_a_value_error():
    assert issubclass(TextError, ParaverbalError)
    assert issubclass(TextError, ValueError)


def test_public_names_are_there_in_order():
    assert paraverbal.text.__all__ == sorted(paraverbal.text.__all__, key=lambda name: (not name.isupper(), name))
    assert all(getattr(paraverbal.text, name).__doc__ for name in paraverbal.text.__all__)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_are_true(name):
    module = importlib.import_module(f"paraverbal.text.{name}")
    namespace = {**vars(module), "np": importlib.import_module("numpy")}
    assert doctest.testmod(module, globs=namespace).failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder()
    modules = [importlib.import_module(f"paraverbal.text.{name}") for name in MODULES]
    assert sum(bool(found.examples) for module in modules for found in finder.find(module)) >= 3
