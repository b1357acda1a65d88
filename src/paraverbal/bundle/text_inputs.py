"""What the graph of a model that reads text is given beside the windows: token ids, their mask, and what there is."""

import numpy as np
from numpy.typing import NDArray

from paraverbal.bundle.format import Manifest
from paraverbal.errors import TextError

Tokens = NDArray[np.int64] | None


def text_inputs(manifest: Manifest, windows: int, tokens: Tokens, hears: bool) -> dict[str, NDArray[np.int64]]:
    """Return the inputs by name, the same row for each of `windows` windows; none for a model that reads no text.

    Args:
        manifest: The model's.
        windows: How many windows there are.
        tokens: Of the text, `[token]`; None or empty: there is none.
        hears: Whether there is a voice.
    """
    if "text" not in manifest.modalities:
        return {}
    graph = manifest.graph
    present = given(tokens, hears)
    ids = tokens if tokens is not None and present["text"] else np.zeros(1, np.int64)
    rows = {
        graph.tokens: ids,
        graph.token_mask: np.full(len(ids), present["text"]),
        graph.present: [present[name] for name in manifest.modalities],
    }
    return {name: np.tile(np.asarray(row, np.int64), (windows, 1)) for name, row in rows.items()}


def missing_of(manifest: Manifest, tokens: Tokens, hears: bool) -> tuple[str, ...]:
    """Return what a model takes and is not given.

    Raises:
        TextError: Nothing is left that it takes.
    """
    present = given(tokens, hears)
    missing = tuple(name for name in manifest.modalities if not present[name])
    if missing == manifest.modalities:
        raise TextError(f"model {manifest.name!r} was given nothing that it takes; give {' or '.join(missing)}")
    return missing


def given(tokens: Tokens, hears: bool) -> dict[str, bool]:
    """Return whether there is audio, and text."""
    return {"audio": hears, "text": tokens is not None and len(tokens) > 0}
