import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paraverbal.service.multipart import LONGEST_TEXT, Form
from paraverbal.service.problems import RequestError

TYPE = "multipart/form-data; boundary=line"


def form(*parts, end=b"--line--\r\n"):
    """Return a body of (header lines, content)."""
    body = b"".join(b"--line\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n" for head, content in parts)
    return body + end


def part(name, file=None):
    return f'Content-Disposition: form-data; name="{name}"' + (f'; filename="{file}"' if file is not None else "")


def read(body, sizes=(10**9,), kind=TYPE):
    """Return recording, name and text of a body that comes in pieces of these sizes, again and again."""
    file = io.BytesIO()
    taken = Form(kind, file)
    first, number = 0, 0
    while first < len(body):
        size = sizes[number % len(sizes)]
        taken.feed(body[first : first + size])
        first, number = first + size, number + 1
    taken.end()
    return file.getvalue(), taken.name, taken.text


@given(st.binary(max_size=300), st.lists(st.integers(1, 40), min_size=1, max_size=4))
def test_the_recording_comes_out_as_it_went_in_however_it_is_cut(content, sizes):
    if b"--line" in content:
        return
    body = form((part("file", "a.wav"), content), (part("text"), "grüezi".encode()))
    assert read(body, sizes) == (content, "a.wav", "grüezi")


def test_the_recording_may_come_last_and_without_a_name():
    assert read(form((part("text"), b""), (part("file"), b"abc"))) == (b"abc", "", "")
    assert read(form((part("file"), b"abc"))) == (b"abc", "", None)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (form((part("text"), b"hello")), "no field 'file'"),
        (form((part("file"), b"a"), (part("file"), b"b")), "each once"),
        (form((part("other"), b"a")), "each once"),
        (form(("Content-Type: audio/wav", b"a")), "each once"),
        (form((part("file"), b"a"), end=b""), "before its closing boundary"),
        (form((part("file"), b"a"), (part("text"), b"\xff")), "UTF-8"),
        (form((part("file"), b"a"), (part("text"), b"x" * (LONGEST_TEXT + 1))), "longer than"),
        (form((part("file") + "\r\nX: " + "y" * 9000, b"a")), "header size"),
        (b"hello", "boundary"),
        (b"", "before its closing boundary"),
    ],
)
def test_another_form_is_refused(body, reason):
    with pytest.raises(RequestError, match=reason) as refused:
        read(body)
    assert refused.value.status == 422


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=", f"{TYPE}{'e' * 300}"])
def test_a_form_without_a_usable_boundary_is_refused(kind):
    with pytest.raises(RequestError, match="the form cannot be used"):
        Form(kind, io.BytesIO())
