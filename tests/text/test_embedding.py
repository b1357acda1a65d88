"""A table of embeddings is a linear layer of one-hot vectors; neighbours, analogies, positions are what they should be."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from paraverbal.text import EmbeddingTable, TextError, look_up, sinusoidal_positions

ROYAL = ("man", "woman", "king", "queen", "boy", "girl", "apple")


def royal():
    """Words as sums of what they mean: sex, royalty, youth, fruit; with a little noise."""
    meanings = np.array(
        [[1, 0, 0, 0], [-1, 0, 0, 0], [1, 1, 0, 0], [-1, 1, 0, 0], [1, 0, 1, 0], [-1, 0, 1, 0], [0, 0, 0, 1]], float
    )
    turned = np.linalg.qr(np.random.default_rng(0).normal(size=(8, 8)))[0][:4]
    return EmbeddingTable(ROYAL, meanings @ turned + 0.01 * np.random.default_rng(1).normal(size=(7, 8)))


def test_a_table_of_ten_thousand_by_eight_is_one_hot_times_linear_without_bias():
    torch.manual_seed(0)
    embedding = torch.nn.Embedding(10_000, 8)
    linear = torch.nn.Linear(10_000, 8, bias=False)
    assert sum(parameter.numel() for parameter in embedding.parameters()) == 80_000 == linear.weight.numel()
    ids = torch.randint(10_000, (3, 20))
    with torch.no_grad():
        linear.weight.copy_(embedding.weight.T)
        one_hot = torch.nn.functional.one_hot(ids, 10_000).float()
        assert torch.equal(linear(one_hot), embedding(ids))
        assert np.array_equal(look_up(embedding.weight.numpy(), ids.numpy()), embedding(ids).numpy())


def test_both_give_each_row_the_same_gradient():
    embedding = torch.nn.Embedding(50, 4)
    linear = torch.nn.Linear(50, 4, bias=False)
    ids, wanted = torch.randint(50, (20,)), torch.randn(20, 4)
    with torch.no_grad():
        linear.weight.copy_(embedding.weight.T)
    (embedding(ids) - wanted).square().sum().backward()
    (linear(torch.nn.functional.one_hot(ids, 50).float()) - wanted).square().sum().backward()
    assert torch.allclose(linear.weight.grad.T, embedding.weight.grad, atol=1e-5)


@pytest.mark.parametrize("ids", [[-1], [3], [0.5], [[0, 3]]])
def test_an_id_outside_the_table_is_an_error(ids):
    with pytest.raises(TextError, match="whole numbers from 0 to 2"):
        look_up(np.eye(3), ids)


def test_neighbours_are_nearest_by_angle_whatever_their_length():
    table = EmbeddingTable(("a", "b", "c", "d"), np.array([[1.0, 0.0], [50.0, 50.0], [0.9, 0.1], [-1.0, 0.0]]))
    names, cosines = zip(*table.neighbours("a"), strict=True)
    assert names == ("c", "b", "d")
    assert cosines == pytest.approx([0.9 / np.hypot(0.9, 0.1), np.sqrt(0.5), -1])
    assert table.neighbours("a", 1) == table.neighbours("a")[:1]
    assert table.neighbours("a", 0) == []


@given(st.integers(2, 12), st.integers(0, 1000))
def test_neighbours_agree_with_the_distance_on_the_sphere(rows, seed):
    vectors = np.random.default_rng(seed).normal(size=(rows, 3))
    names = tuple(map(str, range(rows)))
    sphere = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    distance = np.linalg.norm(sphere - sphere[0], axis=1)
    order = [name for name, _ in EmbeddingTable(names, vectors).neighbours("0", rows)]
    assert order == [str(row) for row in np.argsort(distance, kind="stable") if row != 0]


def test_woman_is_to_man_as_queen_is_to_king_and_girl_to_boy():
    table = royal()
    assert table.analogy("man", "woman", "king")[0][0] == "queen"
    assert table.analogy("man", "woman", "boy")[0][0] == "girl"
    assert table.analogy("man", "king", "woman")[0][0] == "queen"
    assert not {"man", "woman", "king"} & {name for name, _ in table.analogy("man", "woman", "king")}


def test_clips_are_found_by_their_embedding_too():
    rng = np.random.default_rng(0)
    centres = {"anger": rng.normal(size=16), "sadness": rng.normal(size=16)}
    names = tuple(f"{emotion}-{take}.wav" for emotion in centres for take in range(5))
    vectors = np.stack([centres[name.partition("-")[0]] + 0.3 * rng.normal(size=16) for name in names])
    for name in names:
        found = [other for other, _ in EmbeddingTable(names, vectors).neighbours(name, 4)]
        assert {other.partition("-")[0] for other in found} == {name.partition("-")[0]}


def test_a_vector_of_zeros_is_near_to_nothing():
    table = EmbeddingTable(("zero", "a"), np.array([[0.0, 0.0], [1.0, 0.0]]))
    assert table.near([1.0, 0.0]) == [("a", 1.0), ("zero", 0.0)]
    assert table.neighbours("zero") == [("a", 0.0)]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: EmbeddingTable(("a",), np.eye(2)), "1 names for vectors"),
        (lambda: EmbeddingTable(("a", "b"), np.zeros(2)), "expected \\[token, dimension\\]"),
        (lambda: EmbeddingTable(("a", "a"), np.eye(2)), "a name stands twice"),
        (lambda: EmbeddingTable(("a", "b"), np.array([[1, np.nan], [0, 1]])), "NaN or Inf"),
        (lambda: royal().neighbours("quean"), "'quean' has no row in the table \\(did you mean 'queen'"),
        (lambda: royal().near([1.0, 2.0]), "vector is \\[2\\], expected \\[8\\]"),
        (lambda: sinusoidal_positions(4, 3), "an even number above 0"),
        (lambda: sinusoidal_positions(4, 0), "an even number above 0"),
        (lambda: sinusoidal_positions(-1, 4), "length -1"),
    ],
)
def test_what_is_no_table_is_an_error(call, message):
    with pytest.raises(TextError, match=message):
        call()


def test_positions_are_the_formula_of_the_paper():
    table = sinusoidal_positions(60, 16)
    assert (table.shape, table.dtype) == ((60, 16), np.float32)
    for position in (0, 1, 17, 59):
        for i in range(8):
            angle = position / 10_000 ** (2 * i / 16)
            assert table[position, 2 * i : 2 * i + 2] == pytest.approx([np.sin(angle), np.cos(angle)], abs=1e-6)
    assert sinusoidal_positions(0, 4).shape == (0, 4)


def test_the_product_of_two_positions_depends_on_their_distance_alone():
    products = sinusoidal_positions(100, 32).astype(float) @ sinusoidal_positions(100, 32).astype(float).T
    for distance in (0, 1, 7, 50):
        assert np.diagonal(products, distance) == pytest.approx(
            np.full(100 - distance, products[0, distance]), abs=1e-4
        )
    assert len(np.unique(sinusoidal_positions(2000, 16), axis=0)) == 2000
