"""Shares of inputs in a decision: what Shapley's axioms ask for."""

import numpy as np
import pytest

from paraverbal.inference.shares import shapley, two_shares


def game(**values: float) -> dict[frozenset[str], float]:
    return {frozenset(name.replace("nothing", "")): value for name, value in values.items()}


def test_shares_add_up_to_what_all_reach_more_than_none() -> None:
    shares = shapley(game(nothing=0.1, a=0.4, t=0.3, at=0.9))
    assert sum(shares.values()) == pytest.approx(0.8)
    assert shares["a"] - shares["t"] == pytest.approx(0.1)


def test_what_never_adds_anything_has_no_share() -> None:
    assert shapley(game(nothing=0.2, a=0.7, t=0.2, at=0.7)) == pytest.approx({"a": 0.5, "t": 0.0})


def test_what_speaks_against_has_a_share_below_zero() -> None:
    assert shapley(game(nothing=0.5, a=0.9, t=0.2, at=0.6))["t"] < 0


def test_of_three_alike_each_has_a_third() -> None:
    values = {frozenset(names): float(len(names)) ** 2 for names in ("", "a", "b", "c", "ab", "ac", "bc", "abc")}
    assert shapley(values) == pytest.approx({"a": 3, "b": 3, "c": 3})


def test_many_clips_at_once_are_as_each_by_itself() -> None:
    both, voice, words = np.random.default_rng(0).dirichlet(np.ones(4), (3, 20))
    first, second = two_shares(both, voice, words)
    for clip, decided in enumerate(both.argmax(axis=1)):
        one, other, together = voice[clip, decided], words[clip, decided], both[clip, decided]
        expected = shapley(game(nothing=0.25, a=one, t=other, at=together))
        assert (first[clip], second[clip]) == pytest.approx((expected["a"], expected["t"]))
