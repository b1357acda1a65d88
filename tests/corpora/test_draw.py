import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, train_test_split

from paraverbal.corpora import draw

SHARES = np.array([0.7, 0.15, 0.15])


@given(total=st.integers(0, 500), valid=st.floats(0.01, 0.45), test=st.floats(0.01, 0.45))
def test_whole_counts_sum_up_are_within_one_of_the_shares_and_not_zero(total: int, valid: float, test: float) -> None:
    shares = np.array([1 - valid - test, valid, test])
    counts = draw.whole_counts(total, shares)
    assert counts.sum() == total
    if total >= 3:
        assert counts.min() >= 1
    if (total * shares).min() >= 1:
        assert np.abs(counts - total * shares).max() < 1


@given(sizes=st.lists(st.integers(3, 60), min_size=1, max_size=8), share=st.floats(0.01, 0.99), left=st.integers(1, 2))
def test_a_part_that_is_cut_is_its_share_rounded_up_and_has_every_class(
    sizes: list[int], share: float, left: int
) -> None:
    classes = np.array(sizes)
    counts = draw.counts_to_cut(classes, share, left=left)
    assert counts.min() >= 1
    assert (classes - counts).min() >= left
    rounded_up = math.ceil(Fraction(share) * sum(sizes) - Fraction(1, 10**9))
    assert counts.sum() == min(max(rounded_up, len(sizes)), sum(sizes) - left * len(sizes))
    exact = counts.sum() * classes / classes.sum()
    bound = (exact >= 1) & (exact <= classes - left)
    if bound.all():
        assert np.abs(counts - exact).max() < 1


def test_a_share_that_is_a_whole_number_is_not_rounded_up() -> None:
    assert 0.07 * 100 > 7
    assert draw.counts_to_cut(np.array([50, 50]), 0.07, left=1).sum() == 7


@pytest.mark.parametrize(("valid", "test"), [(0.05, 0.3), (0.2, 0.1), (0.5, 0.5)])
def test_cutting_in_turn_takes_as_many_as_scikit_learn_does_in_two_calls(valid: float, test: float) -> None:
    classes = np.repeat(np.arange(6), [131, 127, 124, 128, 108, 125])
    parts = draw.stratified_in_turn(classes, valid, test, np.random.default_rng(0))
    rest, tested = train_test_split(classes, test_size=test, stratify=classes, random_state=0)
    trained, validated = train_test_split(rest, test_size=valid, stratify=rest, random_state=0)
    for part, expected in enumerate((trained, validated, tested)):
        ours, theirs = np.bincount(classes[parts == part]), np.bincount(expected)
        assert ours.sum() == theirs.sum()
        assert np.abs(ours - theirs).max() <= 1  # it draws which class is rounded up where remainders are equal


def test_the_best_of_all_ways_is_found_for_six_speakers() -> None:
    generator = np.random.default_rng(0)
    groups = np.repeat(np.arange(6), 20)
    classes = generator.integers(0, 3, size=120)
    parts = draw.groups_apart(classes, groups, SHARES, np.random.default_rng(1))
    counts = np.zeros((6, 3))
    np.add.at(counts, (groups, classes), 1.0)
    every_way = np.array(np.meshgrid(*[range(3)] * 6)).reshape(6, -1).T
    of_groups = parts[::20][None, :]
    assert draw._distance(of_groups, counts, SHARES)[0] == draw._distance(every_way, counts, SHARES).min()


def test_a_class_that_one_group_alone_has_is_trained() -> None:
    groups = np.repeat(np.arange(8), 6)
    classes = np.where(groups == 5, 1, 0)
    parts = draw.groups_apart(classes, groups, SHARES, np.random.default_rng(0))
    assert set(parts[classes == 1]) == {0}
    assert set(parts) == {0, 1, 2}


def test_thousands_of_groups_are_drawn_in_time_and_near_the_shares() -> None:
    groups = np.arange(3000)
    parts = draw.groups_apart(groups % 4, groups, SHARES, np.random.default_rng(0))
    assert np.bincount(parts) / 3000 == pytest.approx(SHARES, abs=0.02)


@given(sizes=st.lists(st.integers(1, 40), min_size=1, max_size=8), folds=st.integers(2, 10))
def test_stratified_folds_are_alike_within_one_unit_in_each_class_and_in_all(sizes: list[int], folds: int) -> None:
    classes = np.repeat(np.arange(len(sizes)), sizes)
    tested = draw.stratified_folds(classes, folds, np.random.default_rng(0))
    assert set(tested) <= set(range(folds))
    for members in (tested, *(tested[classes == one] for one in range(len(sizes)))):
        assert np.ptp(np.bincount(members, minlength=folds)) <= 1


def test_stratified_folds_have_as_many_of_each_class_as_those_of_scikit_learn() -> None:
    classes = np.repeat(np.arange(4), [31, 50, 12, 77])
    ours = draw.stratified_folds(classes, 5, np.random.default_rng(0))
    for one in range(4):
        theirs = [(classes[test] == one).sum() for _, test in StratifiedKFold(5).split(classes, classes)]
        assert sorted(np.bincount(ours[classes == one])) == sorted(theirs)
    again = draw.stratified_folds(classes, 5, np.random.default_rng(1))
    assert (again != ours).mean() == pytest.approx(0.8, abs=0.1)  # drawn, not dealt in order


def uneven_groups(groups: int, classes: int, seed: int) -> tuple[draw.Integers, draw.Integers]:
    """Return class and group `[unit]`, the groups of many sizes and each with favourite classes."""
    generator = np.random.default_rng(seed)
    sizes = generator.integers(5, 60, size=groups)
    drawn = [generator.choice(classes, size=size, p=generator.dirichlet(np.ones(classes))) for size in sizes]
    return np.concatenate(drawn), np.repeat(np.arange(groups), sizes)


def squares(tested: draw.Integers, classes: draw.Integers, folds: int) -> float:
    """Return the sum over folds of (share - 1/folds)^2, of each class and of all units."""
    return sum(
        float(((np.bincount(members, minlength=folds) / len(members) - 1 / folds) ** 2).sum())
        for members in (tested, *(tested[classes == one] for one in np.unique(classes)))
    )


def missing_classes(tested: draw.Integers, classes: draw.Integers, folds: int) -> int:
    """Return how many pairs of fold and class have no unit."""
    return folds * len(np.unique(classes)) - len(set(zip(tested.tolist(), classes.tolist(), strict=True)))


@pytest.mark.parametrize(("groups", "folds"), [(6, 3), (7, 2), (8, 3)])
def test_the_best_of_all_folds_is_found_for_few_groups(groups: int, folds: int) -> None:
    classes, of_group = uneven_groups(groups, 3, seed=groups)
    tested = draw.folds_apart(classes, of_group, folds, np.random.default_rng(1))
    every_way = (np.array(way) for way in itertools.product(range(folds), repeat=groups - 1))
    usable = [
        squares(way, classes, folds)
        for way in (np.append(way, 0)[of_group] for way in every_way)
        if all(len(np.unique(way[classes == one])) == folds for one in range(3))
    ]
    assert squares(tested, classes, folds) == pytest.approx(min(usable))


@pytest.mark.parametrize(("groups", "folds"), [(10, 5), (24, 5), (30, 10), (91, 5), (91, 10)])
def test_folds_of_groups_are_no_less_even_than_those_of_scikit_learn(groups: int, folds: int) -> None:
    classes, of_group = uneven_groups(groups, 6, seed=groups)
    ours = draw.folds_apart(classes, of_group, folds, np.random.default_rng(0))
    assert set(ours) == set(range(folds))
    assert all(len(np.unique(ours[of_group == group])) == 1 for group in range(groups))
    theirs = np.empty_like(ours)
    for seed in range(3):
        method = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
        for fold, (_, test) in enumerate(method.split(classes, classes, of_group)):
            theirs[test] = fold
        missing, theirs_missing = (missing_classes(tested, classes, folds) for tested in (ours, theirs))
        assert missing <= theirs_missing
        assert missing < theirs_missing or squares(ours, classes, folds) <= squares(theirs, classes, folds) + 1e-12


@pytest.mark.parametrize("folds", [2, 3, 5])
def test_a_class_of_two_groups_is_in_two_folds(folds: int) -> None:
    groups = np.repeat(np.arange(12), 6)
    classes = np.where((groups == 3) | (groups == 7), np.arange(72) % 2, 0)
    for seed in range(5):
        tested = draw.folds_apart(classes, groups, folds, np.random.default_rng(seed))
        assert len(set(tested[classes == 1])) == 2
        assert set(tested) == set(range(folds))


def test_that_a_class_is_in_two_folds_comes_before_more_classes_in_more_folds() -> None:
    groups_of = ["ab", "acd", "acd", "bcd", "bcd"]  # a with b in a fold: 2 misses; else 3 at least
    classes, groups = np.array([(one, "abcd".index(group)) for one, own in enumerate(groups_of) for group in own]).T
    tested = draw.folds_apart(classes, groups, 3, np.random.default_rng(0))
    assert missing_classes(tested, classes, 3) == 3
    assert min(len(set(tested[classes == one])) for one in range(5)) == 2


def test_a_fold_has_as_many_groups_as_it_must_although_that_is_less_even() -> None:
    groups = np.repeat(np.arange(4), [90, 10, 10, 10])
    classes = np.arange(120) % 2
    alone = draw.folds_apart(classes, groups, 2, np.random.default_rng(0))
    paired = draw.folds_apart(classes, groups, 2, np.random.default_rng(0), least=2)
    assert sorted(np.bincount(alone)) == [30, 90]
    assert sorted(np.bincount(paired)) == [20, 100]


def test_thousands_of_groups_are_put_into_even_folds() -> None:
    groups = np.arange(3000)
    tested = draw.folds_apart(groups % 4, groups, 5, np.random.default_rng(0))
    assert np.bincount(tested) / 3000 == pytest.approx(np.full(5, 0.2), abs=0.02)


def test_speakers_who_share_a_file_are_one_group_also_through_others() -> None:
    pairs = [("1.wav", "a"), ("1.wav", "b"), ("2.wav", "b"), ("2.wav", "c"), ("3.wav", "d"), ("4.wav", "c")]
    groups = draw.linked(pairs)
    assert groups["1.wav"] == groups["2.wav"] == groups["4.wav"] != groups["3.wav"]
    assert set(groups.values()) == {0, 1}
