"""What tests share: real corpora, a browser, a tiny recipe, a synthetic corpus, a run trained on it."""

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from tests.tiny import TINY

from paraverbal import cli
from paraverbal.config import read_recipe
from paraverbal.settings import Recipe

ROOT = Path(__file__).parent.parent

CHROMIUM = shutil.which("chromium")
CHROMIUM_OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

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


@pytest.fixture(scope="module")
def launch() -> Iterator[Callable[..., Any]]:
    """Start Debian's chromium, with more options; it ends with the module, so that no event loop of its outlives it."""
    if CHROMIUM is None:
        pytest.skip("chromium is missing: apt-get install chromium, or make page")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is missing: pip install playwright")
    with api.sync_playwright() as playwright:
        yield lambda *more: playwright.chromium.launch(executable_path=CHROMIUM, args=[*CHROMIUM_OPTIONS, *more])


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


@pytest.fixture(scope="session")
def flawed(synthetic: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made corpus, said to be Greek, with one broken recording: a WAV of 36 bytes, which ends before its data."""
    folder = tmp_path_factory.mktemp("corpus") / "flawed"
    shutil.copytree(synthetic, folder)
    (folder / "fear" / "s2_02.flac").unlink()
    (folder / "fear" / "s2_02.wav").write_bytes(b"RIFF\x1c\x00\x00\x00WAVEfmt " + bytes(20))
    table = folder / "clips.csv"
    head, *rows = table.read_text().replace("fear/s2_02.flac", "fear/s2_02.wav").splitlines()
    table.write_text("\n".join([f"{head},language", *(f"{row},el" for row in rows)]) + "\n")
    return folder


@pytest.fixture(scope="session")
def run(tiny_recipe: Recipe, flawed: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A run on the corpus with a broken recording, from recordings to report; tests leave it as it is."""
    from paraverbal.experiment import train

    return train(tiny_recipe, flawed, output=tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture(scope="session")
def split_rows(run: Any) -> list[dict[str, str]]:
    """The rows of the run's split."""
    with (run.folder / "split.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def command(monkeypatch, capsys):
    """Run a command in this process; return exit code, stdout, stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["paraverbal", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
            sys.exit(0)
        captured = capsys.readouterr()
        return ended.value.code, captured.out, captured.err

    return run


@pytest.fixture
def refused(command):
    """Run a command that is wrong; return its one sentence."""

    def run(*arguments):
        code, out, err = command(*arguments)
        assert (code, out) == (2, ""), err
        assert err.startswith("error: ")
        assert err.count("\n") == 1
        return err

    return run
