"""Does a WAV file hold all the samples that its header promises? libsndfile reads a truncated one without a word."""

import os
import struct
from pathlib import Path

# As libsndfile names them.
FORMATS = frozenset({"WAV", "WAVEX"})

# Programs that write to a pipe cannot go back to fill in the size: ffmpeg and sox leave one of about 2 or 4 GB.
_UNKNOWN_SIZE = 0x7FFF_0000

# Some recorders count the header or a pad byte to the data; fewer missing bytes than this are no lost audio.
_TOLERANCE = 64


def share_present(file: str | Path) -> float:
    """Return the share of the promised data that is there: 1 if all is, or if the header makes no (sane) promise."""
    promised, found = _data_size(file)
    if promised <= found + _TOLERANCE or promised >= _UNKNOWN_SIZE:
        return 1.0
    return found / promised


def _data_size(file: str | Path) -> tuple[int, int]:
    """Return the size of the data chunk in bytes, by its header and as there is; 0, 0 if there is none."""
    size = os.stat(file).st_size  # noqa: PTH116
    with Path(file).open("rb") as stream:
        riff = stream.read(12)
        order = {b"RIFF": "<", b"RIFX": ">"}.get(riff[:4])
        if order is None:
            return 0, 0
        while len(head := stream.read(8)) == 8:
            name, length = struct.unpack(f"{order}4sI", head)
            if name == b"data":
                return length, size - stream.tell()
            stream.seek(length + length % 2, os.SEEK_CUR)
    return 0, 0
