"""The error tree is the one that is drawn, and a missing extra is named with the command that installs it."""

import pickle
import re
import tomllib
from pathlib import Path

import pytest

from paraverbal import errors
from paraverbal.errors import EXTRA_OF_MODULE, AudioError, MissingExtraError, ParaverbalError, nearest

PROJECT = Path(__file__).parent.parent / "pyproject.toml"


def drawn_tree():
    """Return (class, parent, built-in) of each line of the drawing."""
    lines = re.search(r"```\n(.*?)```", errors.__doc__, re.DOTALL)[1].splitlines()
    path, found = [], []
    for line in lines:
        indent, name, builtin = re.match(r"([ │├└─]*)(\w+)(?: \((\w+)\))?", line).groups()
        depth = len(indent) // 5
        path[depth:] = [name]
        found.append((name, path[depth - 1] if depth else None, builtin))
    return found


def test_the_drawn_tree_is_the_real_one():
    drawn = drawn_tree()
    classes = {value.__name__ for value in vars(errors).values() if isinstance(value, type)} - {"Path", "Iterable"}
    assert {name for name, _, _ in drawn} == classes
    for name, parent, builtin in drawn:
        bases = [base.__name__ for base in getattr(errors, name).__bases__]
        assert bases == [base for base in (parent or "Exception", builtin) if base]


def test_every_error_is_also_a_builtin_one():
    for name, parent, _ in drawn_tree():
        if parent is not None:
            assert issubclass(getattr(errors, name), ValueError | ImportError)


def test_an_audio_error_names_its_file_and_tells_both_apart():
    error = AudioError(Path("a.wav"), "holds no samples")
    assert (str(error), error.file, error.problem) == ("a.wav: holds no samples", "a.wav", "holds no samples")
    assert str(AudioError(None, "holds no samples")) == "holds no samples"


@pytest.mark.parametrize("module", EXTRA_OF_MODULE)
def test_a_missing_module_is_named_with_its_extra(module):
    missing = MissingExtraError.of(ModuleNotFoundError("No module", name=f"{module}.nn"))
    assert isinstance(missing, ParaverbalError | ImportError)
    assert missing.name == module
    assert (
        str(missing)
        == f"this needs {module}, which is not installed: pip install 'paraverbal[{EXTRA_OF_MODULE[module]}]'"
    )


def test_a_module_of_no_extra_is_left_alone():
    assert MissingExtraError.of(ModuleNotFoundError("No module", name="torchlike")) is None
    assert MissingExtraError.of(ModuleNotFoundError("No module")) is None


# Where the name to install is not the name to import.
DISTRIBUTIONS = {"sklearn": "scikit-learn"}


def test_every_extra_that_is_named_exists_and_holds_the_module():
    extras = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for module, extra in EXTRA_OF_MODULE.items():
        names = [re.match(r"[\w-]+", requirement)[0] for requirement in extras[extra]]
        assert DISTRIBUTIONS.get(module, module.replace("_", "-")) in names


def test_the_nearest_word_is_named_and_nothing_if_none_is_near():
    assert nearest("epoch", ["epochs", "seed"]) == " (did you mean 'epochs'?)"
    assert nearest("zzz", ["epochs", "seed"]) == ""
    assert nearest("x", []) == ""


@pytest.mark.parametrize("kind", [AudioError, *AudioError.__subclasses__()])
@pytest.mark.parametrize("file", ["a.wav", None])
def test_an_audio_error_survives_the_way_between_processes(kind, file):
    error = kind(file, "holds no samples; record it again")
    found = pickle.loads(pickle.dumps(error))
    assert type(found) is kind
    assert (str(found), found.file, found.problem) == (str(error), error.file, error.problem)
