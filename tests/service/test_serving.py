"""The command: what it refuses before it listens."""

import builtins
import sys

import pytest
from tests.bundles import write_bundle

TOKEN = "a-token-of-many-letters"


@pytest.fixture
def started(monkeypatch):
    """Take what would be served instead of serving it."""
    taken = {}

    def serve(app, **settings):
        taken.update(settings, service=app.state.service)

    monkeypatch.setattr("paraverbal.service.server.serve", serve)
    monkeypatch.delenv("PARAVERBAL_TOKEN", raising=False)
    return taken


def test_it_listens_to_this_machine_alone(command, started, bundle):
    assert command("serve", "--model", bundle) == (0, "", "")
    assert (started["host"], started["port"]) == ("127.0.0.1", 8000)
    assert started["service"].token is None
    assert list(started["service"].models) == ["tiny"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", ""])
def test_other_machines_need_a_token(refused, started, bundle, host):
    assert "--token-file" in refused("serve", "--model", bundle, "--host", host)
    assert started == {}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_this_machine_needs_none(command, started, bundle, host):
    assert command("serve", "--model", bundle, "--host", host)[0] == 0


def test_insecure_is_said_aloud(command, started, bundle):
    assert command("serve", "--model", bundle, "--host", "0.0.0.0", "--insecure")[0] == 0
    assert started["service"].token is None


def test_a_token_comes_from_a_file_or_the_environment(command, started, bundle, tmp_path, monkeypatch):
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    assert command("serve", "--model", bundle, "--host", "0.0.0.0", "--token-file", file)[0] == 0
    assert started["service"].token == TOKEN
    monkeypatch.setenv("PARAVERBAL_TOKEN", f"{TOKEN}-2")
    assert command("serve", "--model", bundle, "--host", "0.0.0.0")[0] == 0
    assert started["service"].token == f"{TOKEN}-2"


@pytest.mark.parametrize("text", ["", "short", "two words of enough letters", "öööööööööööööööööööö"])
def test_a_token_that_is_none_is_refused_without_showing_it(refused, started, bundle, tmp_path, text):
    file = tmp_path / "token"
    file.write_text(text, encoding="utf-8")
    message = refused("serve", "--model", bundle, "--token-file", file)
    assert "at least 16" in message
    assert not text or text not in message


def test_a_token_file_that_is_not_there_is_one_sentence(refused, started, bundle, tmp_path):
    assert "nowhere" in refused("serve", "--model", bundle, "--token-file", tmp_path / "nowhere")


def test_there_is_no_option_that_shows_the_token_to_everyone_on_the_machine(command, started, bundle):
    assert command("serve", "--model", bundle, "--token", TOKEN)[0] == 2


def test_two_models_of_one_name_are_refused(refused, started, bundle, tmp_path):
    twin = write_bundle(tmp_path / "twin")
    assert "tiny" in refused("serve", "--model", bundle, "--model", twin)


def test_limits_are_those_given(command, started, bundle):
    assert command(
        *("serve", "--model", bundle, "--most-megabytes", 700, "--most-seconds", 9),
        *("--workers", 3, "--queue", 0, "--streams", 2, "--grace", 0),
    ) == (0, "", "")
    limits = started["service"].limits
    assert (limits.body_bytes, limits.held_bytes) == (700_000_000, 700_000_000)
    assert (limits.seconds, limits.workers, limits.queue, limits.streams) == (9, 3, 0, 2)
    assert started["grace_seconds"] == 0


@pytest.mark.parametrize("option", ["--most-megabytes", "--most-seconds", "--workers", "--streams"])
def test_limits_of_nothing_are_refused(refused, started, bundle, option):
    assert "is 0" in refused("serve", "--model", bundle, option, "0")


def test_without_the_extra_it_is_named(refused, bundle, monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name.partition(".")[0] in ("fastapi", "paraverbal.service"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *rest)

    for name in [one for one in sys.modules if one.startswith("paraverbal.service")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    assert "pip install 'paraverbal[serve]'" in refused("serve", "--model", bundle)
