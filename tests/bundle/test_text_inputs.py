"""What the graph of a model that reads text is given beside the windows."""

import numpy as np
import pytest

from paraverbal.bundle.format import Manifest
from paraverbal.bundle.text_inputs import missing_of, text_inputs
from paraverbal.errors import TextError

TOKENS = np.array([2, 7, 3])


def manifest(*modalities: str) -> Manifest:
    return Manifest(
        name="m", labels=("anger", "calm"), sampling_rate=8000, seconds=1.0, hop_seconds=1.0, modalities=modalities
    )


def test_each_window_has_the_whole_text() -> None:
    found = text_inputs(manifest("audio", "text"), 2, TOKENS, hears=True)
    assert {name: values.tolist() for name, values in found.items()} == {
        "tokens": [[2, 7, 3]] * 2,
        "token_mask": [[1, 1, 1]] * 2,
        "present": [[1, 1]] * 2,
    }
    assert {values.dtype for values in found.values()} == {np.dtype(np.int64)}


@pytest.mark.parametrize("tokens", [None, np.array([], np.int64)])
def test_without_text_one_token_stands_in_and_is_masked(tokens: np.ndarray | None) -> None:
    found = text_inputs(manifest("audio", "text"), 1, tokens, hears=True)
    assert [found[name].tolist() for name in ("tokens", "token_mask", "present")] == [[[0]], [[0]], [[1, 0]]]


def test_flags_are_in_the_order_of_the_modalities() -> None:
    assert text_inputs(manifest("audio", "text"), 1, TOKENS, hears=False)["present"].tolist() == [[0, 1]]
    assert text_inputs(manifest("text"), 1, TOKENS, hears=True)["present"].tolist() == [[1]]
    assert text_inputs(manifest("audio"), 1, None, hears=True) == {}


def test_what_is_missing_is_named_and_nothing_at_all_is_an_error() -> None:
    both = manifest("audio", "text")
    assert missing_of(both, TOKENS, hears=True) == ()
    assert missing_of(both, None, hears=True) == ("text",)
    assert missing_of(both, TOKENS, hears=False) == ("audio",)
    assert missing_of(manifest("text"), TOKENS, hears=True) == ()
    with pytest.raises(TextError, match="give audio or text"):
        missing_of(both, None, hears=False)
    with pytest.raises(TextError, match="give text"):
        missing_of(manifest("text"), None, hears=True)
