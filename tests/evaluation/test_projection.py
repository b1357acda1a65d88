import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from paraverbal.evaluation.projection import project

NAMES = [f"f{n}" for n in range(6)]


def clips(count=40):
    rng = np.random.default_rng(0)
    values = rng.normal(0, [1, 5, 0.1, 2, 3, 1], (count, 6)) + rng.normal(0, 1, (count, 1))
    return values, ["anger", "fear"] * (count // 2), [f"s{n // 10}" for n in range(count)]


def test_places_and_shares_are_those_of_scikit_learn():
    values, emotions, speakers = clips()
    found = project(values, NAMES, emotions, speakers)
    reference = PCA(2).fit(standard := StandardScaler().fit_transform(values))
    assert np.abs(found.places) == pytest.approx(np.abs(reference.transform(standard)))
    assert found.explained == pytest.approx(reference.explained_variance_ratio_)
    for loadings, component in zip(found.loadings, reference.components_, strict=True):
        assert loadings[0][0] == NAMES[np.abs(component).argmax()]
        assert loadings[0][1] == pytest.approx(np.abs(component).max())


def test_what_separates_emotions_or_speakers_is_told():
    values, emotions, speakers = clips()
    values[:, :3] += 30 * (np.array(emotions) == "fear")[:, np.newaxis]
    found = project(values, NAMES, emotions, speakers)
    assert found.by_emotion > 0.6 > found.by_speaker
    assert project(values, NAMES, emotions, [None] * 40).by_speaker is None


def test_missing_values_count_as_the_mean_and_constants_are_left_out():
    values, emotions, speakers = clips()
    holes = np.column_stack([values, np.full(40, 0.1), np.full(40, np.nan)])
    holes[3, 0] = np.nan
    filled = values.copy()
    filled[3, 0] = np.delete(values[:, 0], 3).mean()
    found = project(holes, [*NAMES, "constant", "missing"], emotions, speakers)
    assert found.places == pytest.approx(project(filled, NAMES, emotions, speakers).places)


def test_two_clips_lie_on_a_line():
    found = project([[0.0, 1.0], [1.0, 3.0]], ["a", "b"], ["anger", "fear"], [None, None])
    assert found.explained == pytest.approx((1, 0))
    assert found.places[:, 1] == pytest.approx([0, 0])
    assert found.by_emotion is None  # no clip is left to tell error by


@pytest.mark.parametrize("values", [np.zeros((0, 0)), np.ones((1, 3)), np.full((4, 3), 0.1), np.full((4, 3), np.nan)])
def test_without_two_clips_that_differ_there_is_no_map(values):
    names = NAMES[: values.shape[1]]
    assert project(values, names, ["anger"] * len(values), [None] * len(values)) is None
