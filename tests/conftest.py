"""What tests share: where the real corpora are, a tiny recipe, a synthetic corpus, a run trained on it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings
from tests.tiny import TINY

from paraverbal.config import Recipe, read_recipe

ROOT = Path(__file__).parent.parent

# The same examples in every run, and no failure because the machine is busy.
settings.register_profile("paraverbal", deadline=None, derandomize=True)
settings.load_profile("paraverbal")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("PARAVERBAL_CORPORA"):
        return
    skip = pytest.mark.skip(reason="PARAVERBAL_CORPORA is not set: needs real recordings")
    for item in items:
        if item.get_closest_marker("corpus"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of real corpora."""
    return Path(os.environ["PARAVERBAL_CORPORA"]).resolve()


@pytest.fixture(scope="session")
def tiny_recipe() -> Recipe:
    return read_recipe("cnn-lstm", TINY)


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made corpus: 4 speakers, each emotion said twice by each."""
    folder = tmp_path_factory.mktemp("corpus") / "synthetic"
    command = [sys.executable, str(ROOT / "examples" / "make_corpus.py"), str(folder)]
    subprocess.run([*command, "--speakers", "4", "--repeats", "2"], check=True, capture_output=True)
    return folder
