"""A stub of Hugging Face's server, in this process: what is fetched, from where, and what is told when it cannot be."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import huggingface_hub
import numpy as np
import pytest
from huggingface_hub import constants
from tests.bundles import write_bundle

from paraverbal.bundle.hub import hub_folder
from paraverbal.bundle.load import load_model
from paraverbal.errors import BundleError, MissingExtraError
from paraverbal.report.deploy import write_card

COMMIT, OLDER = "1" * 40, "2" * 40


class Hub(BaseHTTPRequestHandler):
    """Serves `/owner/name/resolve/revision/file` of the repositories in `server.repositories`."""

    def do_HEAD(self):
        self.answer(with_body=False)

    def do_GET(self):
        self.answer(with_body=True)

    def answer(self, *, with_body):
        self.server.asked.append((self.command, self.path))
        if self.server.fault or "/resolve/" not in self.path:
            self.refuse(503 if self.server.fault else 404, "")
            return
        owner, name, _, revision, *file = self.path.lstrip("/").split("/")
        if f"{owner}/{name}" == "owner/gated":
            self.refuse(403, "GatedRepo")
            return
        revisions = self.server.repositories.get(f"{owner}/{name}")
        if revisions is None:
            self.refuse(401, "RepoNotFound")
            return
        commit = {"main": COMMIT, "v1": OLDER}.get(revision, revision)
        if commit not in revisions:
            self.refuse(404, "RevisionNotFound")
            return
        path = revisions[commit] / "/".join(file)
        if not path.is_file():
            self.refuse(404, "EntryNotFound", commit)
            return
        body = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", commit)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def refuse(self, status, code, commit=COMMIT):
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("X-Repo-Commit", commit)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


def reach(monkeypatch, address):
    """Set what `HF_ENDPOINT` sets when the library is imported; it waits between attempts, which is left out."""
    monkeypatch.setattr(constants, "ENDPOINT", address)
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + template[template.index("/{repo_id}") :])
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda seconds: None)


def published(folder, **changes):
    """A bundle folder with its card, and beside it what is not needed."""
    write_card(write_bundle(folder, **changes))
    (folder / "model.safetensors").write_bytes(bytes(1000))
    return folder


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """The server, with a bundle of two commits, a repository that is none, and one whose graph is missing."""
    incomplete = published(tmp_path / "incomplete")
    (incomplete / "model.onnx").unlink()
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "README.md").write_text("pictures")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.repositories = {
        "owner/tiny": {COMMIT: published(tmp_path / "new", name="new"), OLDER: published(tmp_path / "old", name="old")},
        "owner/pictures": {COMMIT: tmp_path / "pictures"},
        "owner/incomplete": {COMMIT: incomplete},
    }
    server.asked, server.fault = [], False
    server.address = f"http://127.0.0.1:{server.server_port}"
    reach(monkeypatch, server.address)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_PROGRESS_BARS", True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def files_of(folder):
    return sorted(file.name for file in folder.iterdir())


def test_a_model_answers_as_the_folder_that_was_published(hub):
    waveform = np.linspace(-0.3, 0.3, 16000, dtype=np.float32)
    expected = load_model(hub.repositories["owner/tiny"][COMMIT])(waveform, 16000)
    assert np.array_equal(load_model("hf://owner/tiny")(waveform, 16000), expected)


def test_only_what_is_needed_is_fetched(hub):
    assert files_of(hub_folder("hf://owner/tiny")) == ["README.md", "bundle.json", "model.onnx"]
    assert not any("safetensors" in path for _, path in hub.asked)


def test_a_tokenizer_is_fetched_of_a_model_that_reads_text(hub):
    folder = hub.repositories["owner/tiny"][COMMIT]
    document = json.loads((folder / "bundle.json").read_text())
    (folder / "bundle.json").write_text(json.dumps(document | {"modalities": ["audio", "text"]}))
    (folder / "tokenizer.json").write_text("{}")
    assert "tokenizer.json" in files_of(hub_folder("hf://owner/tiny"))


@pytest.mark.parametrize(("revision", "name"), [("", "new"), ("@main", "new"), ("@v1", "old"), (f"@{OLDER}", "old")])
def test_a_revision_may_be_a_branch_a_tag_or_a_commit(hub, revision, name):
    assert load_model(f"hf://owner/tiny{revision}").name == name


def test_all_files_are_of_one_commit(hub):
    assert hub_folder("hf://owner/tiny").name == COMMIT
    graphs = [path for _, path in hub.asked if path.endswith("model.onnx")]
    assert graphs
    assert all(f"/{COMMIT}/" in path for path in graphs)


def test_the_second_time_nothing_is_downloaded_again(hub):
    hub_folder("hf://owner/tiny")
    hub.asked.clear()
    hub_folder("hf://owner/tiny")
    assert not [path for command, path in hub.asked if command == "GET"]


def test_a_fetched_model_is_there_without_a_server(hub, monkeypatch):
    first = hub_folder("hf://owner/tiny")
    reach(monkeypatch, "http://127.0.0.1:9")
    assert hub_folder("hf://owner/tiny") == first
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert hub_folder("hf://owner/tiny") == first


def test_a_cache_made_by_hand_is_enough(hub, tmp_path, monkeypatch):
    repository = tmp_path / "cache" / "models--owner--mine"
    published(repository / "snapshots" / COMMIT, name="mine")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert load_model("hf://owner/mine").name == "mine"
    assert hub.asked == []


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("hf://owner/nothing", "there is no such repository, or it is private"),
        ("hf://owner/gated", "access must be asked for"),
        ("hf://owner/tiny@v9", "no revision 'v9'"),
        ("hf://owner/pictures", "holds no bundle.json"),
        ("hf://owner/incomplete", "names model.onnx, which the repository does not hold"),
    ],
)
def test_what_the_repository_lacks_is_told(hub, address, words):
    with pytest.raises(BundleError, match=words) as raised:
        load_model(address)
    assert str(raised.value).startswith(f"{address}: ")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "address",
    [
        "hf://",
        "hf://tiny",
        "hf://owner/tiny/more",
        "hf://owner/../tiny",
        "hf:///owner/tiny",
        "hf://owner/tiny@",
        "hf://a b/c",
    ],
)
def test_what_is_no_address_is_told_without_asking(hub, address):
    with pytest.raises(BundleError, match="is no address of a model; expected hf://OWNER/NAME"):
        load_model(address)
    assert hub.asked == []


def test_no_network_and_no_cache_is_told(hub, monkeypatch):
    reach(monkeypatch, "http://127.0.0.1:9")
    with pytest.raises(BundleError, match=r"cannot be reached, and bundle\.json is not in the cache"):
        load_model("hf://owner/tiny")


def test_a_server_that_fails_is_told(hub):
    hub.fault = True
    with pytest.raises(BundleError, match="hf://owner/tiny: cannot be"):
        load_model("hf://owner/tiny")


def test_the_extra_is_named_where_the_library_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'paraverbal\[hub\]'"):
        load_model("hf://owner/tiny")


def test_the_command_takes_an_address(hub, tmp_path):
    environment = {"HF_ENDPOINT": hub.address, "HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_XET": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "paraverbal", "models", "hf://owner/tiny@v1", "--json"],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert json.loads(done.stdout)["name"] == "old"
    assert huggingface_hub.__version__
