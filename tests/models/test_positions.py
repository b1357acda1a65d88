"""Positions in torch: the sinusoids are those of the text stage, learned ones go on behind their end."""

import pytest
import torch

from paraverbal.models.positions import LearnedPositions, SinusoidalPositions, positions
from paraverbal.text import sinusoidal_positions


def test_the_sinusoids_are_those_of_numpy() -> None:
    nothing = torch.zeros(2, 50, 16)
    expected = torch.from_numpy(sinusoidal_positions(50, 16))
    torch.testing.assert_close(SinusoidalPositions(16)(nothing), expected.expand(2, -1, -1), atol=1e-5, rtol=0)


def test_learned_positions_are_added_row_by_row() -> None:
    learned, sequence = LearnedPositions(5, 4), torch.randn(3, 5, 4)
    assert torch.equal(learned(sequence), sequence + learned.table.weight)


def test_behind_the_learned_ones_the_last_is_taken() -> None:
    learned = LearnedPositions(3, 4)
    found = learned(torch.zeros(1, 6, 4))[0]
    assert torch.equal(found[2:], learned.table.weight[2].expand(4, -1))


@pytest.mark.parametrize("kind", ["sinusoidal", "learned"])
def test_a_position_depends_on_nothing_behind_it(kind: str) -> None:
    module = positions(kind, 20, 8)
    sequence = torch.randn(1, 9, 8)
    torch.testing.assert_close(module(sequence)[:, :4], module(sequence[:, :4]))
