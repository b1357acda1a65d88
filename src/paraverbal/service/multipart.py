"""Multipart forms as they arrive: the recording goes straight to its file, the text is kept."""

from typing import IO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from paraverbal.service.problems import RequestError

FILE = "file"
TEXT = "text"

# Longer than anything that is said in a recording that is taken.
LONGEST_TEXT = 100_000

# Of one field; a name longer than a few hundred characters is no name.
_LONGEST_HEADER = 4096


class Form:
    """Takes a form with the fields `file` and, at most, `text`.

    Args:
        content_type: Of the request, with its boundary.
        file: Where the recording goes.

    Raises:
        RequestError: 422, there is no boundary.
    """

    def __init__(self, content_type: str, file: IO[bytes]) -> None:
        self._file = file
        self._field = ""
        self._header = (bytearray(), bytearray())
        self._disposition = b""
        self._text = bytearray()
        self._seen: set[str] = set()
        self._has_ended = False
        self.name = ""
        boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
        if not boundary:
            raise _wrong("it has no boundary")
        try:
            self._parser = MultipartParser(boundary, self._callbacks(), max_header_size=_LONGEST_HEADER)  # type: ignore[arg-type]
        except FormParserError as error:
            raise _wrong(str(error)) from error

    @property
    def text(self) -> str | None:
        """The field `text`, if there is one.

        Raises:
            RequestError: 422, it is not UTF-8.
        """
        if TEXT not in self._seen:
            return None
        try:
            return self._text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _wrong("the field 'text' is not UTF-8") from error

    def feed(self, chunk: bytes) -> None:
        """Take bytes of the body.

        Raises:
            RequestError: 422, they are not such a form.
        """
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise _wrong(str(error)) from error

    def end(self) -> None:
        """Note that the body is over.

        Raises:
            RequestError: 422, the form is not complete.
        """
        if not self._has_ended:
            raise _wrong("it ends before its closing boundary")
        if FILE not in self._seen:
            raise _wrong("it has no field 'file'")

    def _callbacks(self) -> dict[str, object]:
        return {
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_field,
            "on_part_data": self._on_data,
            "on_end": self._on_end,
        }

    def _on_header_end(self) -> None:
        name, value = self._header
        if bytes(name).lower() == b"content-disposition":
            self._disposition = bytes(value)
        self._header = (bytearray(), bytearray())

    def _on_field(self) -> None:
        options = parse_options_header(self._disposition)[1]
        self._disposition = b""
        self._field = options.get(b"name", b"").decode("utf-8", "replace")
        if self._field not in (FILE, TEXT) or self._field in self._seen:
            raise _wrong("the fields 'file' and, if the model takes it, 'text' were expected, each once")
        self._seen.add(self._field)
        if self._field == FILE:
            self.name = options.get(b"filename", b"").decode("utf-8", "replace")

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._field == FILE:
            self._file.write(data[start:end])
            return
        if len(self._text) + end - start > LONGEST_TEXT:
            raise _wrong(f"the field 'text' is longer than {LONGEST_TEXT} bytes")
        self._text += data[start:end]

    def _on_end(self) -> None:
        self._has_ended = True


def _wrong(problem: str) -> RequestError:
    return RequestError(422, f"the form cannot be used: {problem}; send the recording as the field 'file'")
