"""The C allocator is told to keep memory where it can be told."""

import sys

import pytest

from paraverbal.training import memory
from paraverbal.training.memory import keep_freed_memory


def test_the_answer_is_whether_it_could_be_told():
    told = keep_freed_memory()
    assert told is True or told is False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc can be told")
def test_another_system_or_c_library_is_not_told(monkeypatch):
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda _: object())
    assert keep_freed_memory() is False
    monkeypatch.setattr(sys, "platform", "darwin")
    assert keep_freed_memory() is False
