"""Shares give each group what its place says, whatever their sizes."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paraverbal.corpora.balance import balanced_shares, labels_of_corpora

rows_of_corpora = st.lists(
    st.fixed_dictionaries(
        {
            "corpus": st.sampled_from("ab"),
            "emotion": st.sampled_from(["anger", "neutral", "sadness"]),
            "speaker": st.sampled_from(["1", "2", None]),
        }
    ),
    min_size=1,
    max_size=30,
)


@given(rows_of_corpora)
def test_each_level_shares_alike_what_it_is_given(rows):
    columns = ["corpus", "emotion", "speaker"]
    shares = balanced_shares(rows, columns)
    assert shares.sum() == pytest.approx(1)
    for depth in range(len(columns)):
        inner = defaultdict(lambda: defaultdict(float))
        for row, share in zip(rows, shares, strict=True):
            inner[tuple(row[name] for name in columns[:depth])][row[columns[depth]]] += share
        for group in inner.values():
            np.testing.assert_allclose(list(group.values()), next(iter(group.values())))


def test_without_columns_all_clips_are_alike():
    assert balanced_shares([{"emotion": "anger"}] * 4, []).tolist() == [0.25] * 4


def test_one_clip_of_10000_has_half_of_the_draws_between_two_emotions():
    rows = [{"emotion": "anger"}] * 9_999 + [{"emotion": "fear"}]
    shares = balanced_shares(rows, ["emotion"])
    assert shares[-1] == pytest.approx(0.5)
    drawn = np.random.default_rng(0).choice(10_000, 10_000, p=shares)
    assert np.mean(drawn == 9_999) == pytest.approx(0.5, abs=0.02)


def test_the_labels_of_a_corpus_are_those_that_occur_in_it():
    rows = [
        {"corpus": "a", "emotion": "anger"},
        {"corpus": "a", "emotion": "neutral"},
        {"corpus": "b", "emotion": "neutral"},
    ]
    possible = labels_of_corpora(rows, ["anger", "neutral", "sadness"])
    assert possible.tolist() == [[True, True, False], [True, True, False], [False, True, False]]
