import numpy as np
import pytest

from paraverbal.evaluation.outliers import Signal, modified_z, outliers, signal_of

USUAL = Signal(seconds=3.0, frames=301, level_db=-30.0, clipped=0.0, silent=0.2)


def signals(**unusual):
    """Twenty clips that differ a little, and a last one that differs in what is given."""
    usual = [Signal(3.0 + 0.02 * n, 301 + 2 * n, -30.0 + 0.2 * n, 0.0, 0.2 + 0.005 * n) for n in range(-10, 10)]
    return [*usual, Signal(**{**vars(USUAL), **unusual})]


def test_the_modified_z_score_is_that_of_its_definition():
    values = np.random.default_rng(0).normal(5, 2, 101)
    middle = np.median(values)
    expected = (values - middle) / (1.4826 * np.median(np.abs(values - middle)))
    assert modified_z(values) == pytest.approx(expected)


def test_where_most_values_are_the_same_the_mean_deviation_is_taken():
    scores = modified_z([1.0, 1.0, 1.0, 1.0, 6.0])
    assert scores == pytest.approx([0, 0, 0, 0, 5 / (1.2533 * 1.0)])


@pytest.mark.parametrize("values", [[2.0, 2.0, 2.0], [3.0], [np.nan, np.nan]])
def test_what_does_not_vary_or_exist_has_no_score(values):
    assert not modified_z(values).any()


def test_missing_values_do_not_move_the_others():
    values = np.array([[1.0, 1.0], [2.0, np.nan], [3.0, 2.0], [9.0, 3.0], [np.nan, 9.0]])
    scores = modified_z(values)
    assert scores[[0, 2, 3, 4], 1] == pytest.approx(scores[:4, 0])
    assert scores[1, 1] == 0


def test_a_waveform_tells_length_level_and_silence():
    tone = 0.5 * np.sin(2 * np.pi * 100 * np.arange(16_000) / 16_000)
    waveform = np.concatenate([tone, np.zeros(16_000)]).astype(np.float32)
    found = signal_of(waveform, 16_000)
    assert (found.seconds, found.frames, found.clipped) == (2.0, 201, 0.0)
    assert found.level_db == pytest.approx(10 * np.log10(0.5**2 / 2 / 2), abs=1e-3)
    assert found.silent == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("samples", [1, 50])
def test_silence_has_the_lowest_level_and_is_all_silent(samples):
    found = signal_of(np.zeros(samples, np.float32), 8000)
    assert (found.level_db, found.silent, found.frames) == (-120.0, 1.0, 1)


@pytest.mark.parametrize(
    ("unusual", "words"),
    [
        ({"seconds": 9.0}, "lasts 9.00 s, the middle clip 3.00 s"),
        ({"level_db": -55.0}, "has a level of -55 dB, the middle clip -30 dB"),
        ({"clipped": 0.05}, "is clipped: 5.0 % of its samples stand at full scale"),
        ({"silent": 0.8}, "is silent for 80 % of its time, the middle clip 20 %"),
        ({"level_db": -90.0, "silent": 1.0}, "is silent: its level is below -70 dB of full scale"),
    ],
)
def test_an_unusual_clip_is_listed_alone_with_its_reason(unusual, words):
    (found,) = outliers(signals(**unusual), np.zeros((21, 0)), ())
    assert found.clip == 20
    assert found.reasons == (words,)


def test_nothing_is_listed_among_clips_that_are_alike():
    assert outliers(signals(), np.zeros((21, 0)), ()) == []
    assert outliers([USUAL] * 5, np.ones((5, 2)), ("a", "b")) == []
    assert outliers([], np.zeros((0, 0)), ()) == []


def test_a_clip_that_sounds_unlike_the_others_is_told_by_what():
    values = np.random.default_rng(0).normal(0, 1, (60, 30))
    values[7, 3:20] += 12
    (found,) = outliers([USUAL] * 60, values, [f"f{n}" for n in range(30)])
    assert found.clip == 7
    assert found.score > 3.5
    assert found.reasons[0].startswith("sounds unlike the others: f")
