"""Tables of embeddings: what is near to what, what is to that as this to this, and where a token stands.

An embedding table is a matrix `[token, dimension]` of learned numbers, and looking up id `i` takes its row `i`. That is a linear
layer without bias, applied to the one-hot vector of `i`, without the multiplications by zero. What is said of tokens here holds
of clips and whatever else has a name and a vector.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paraverbal.errors import TextError, nearest

Vectors = NDArray[np.floating[Any]]

# Wavelengths of the sinusoids rise from 2 pi to nearly this times 2 pi positions (Vaswani and others 2017, section 3.5).
BASE = 10_000.0


@dataclass(frozen=True, eq=False)
class EmbeddingTable:
    """Vectors with names: of tokens, of words, of clips.

    Attributes:
        names: One for each row, each once.
        vectors: Finite, `[token, dimension]`.

    Raises:
        TextError: Another number of names than rows, a name that stands twice, or a vector that is not finite.
    """

    names: tuple[str, ...]
    vectors: Vectors

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or len(self.names) != len(self.vectors):
            raise TextError(
                f"{len(self.names)} names for vectors {list(self.vectors.shape)}, expected [token, dimension]"
            )
        if len(set(self.names)) != len(self.names):
            raise TextError("a name stands twice; every row needs its own")
        if not np.isfinite(self.vectors).all():
            raise TextError("a vector holds NaN or Inf; such a table is that of a training that failed")

    def __getitem__(self, name: str) -> Vectors:
        """Return the vector `[dimension]` of a name."""
        vector: Vectors = self.vectors[self._row(name)]
        return vector

    def neighbours(self, name: str, count: int = 10) -> list[tuple[str, float]]:
        """Return the names nearest to a name, itself left out, with their cosine similarity, nearest first.

        Raises:
            TextError: No such name; the message names the one most like it.

        Example:
            >>> table = EmbeddingTable(("cat", "lion", "car"), np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]))
            >>> [(name, round(cosine, 3)) for name, cosine in table.neighbours("cat")]
            [('lion', 0.707), ('car', 0.0)]
        """
        return self.near(self[name], count, leave_out=[name])

    def analogy(self, first: str, second: str, third: str, count: int = 10) -> list[tuple[str, float]]:
        """Return what is to `third` as `second` is to `first`: the names nearest to `second - first + third`.

        The vectors are brought to length 1 before, and the three names left out of the answer, as is usual; without that
        the answer is mostly `third` itself (Mikolov, Yih and Zweig, "Linguistic Regularities in Continuous Space Word
        Representations", 2013, section 4; on the three names Linzen, "Issues in evaluating semantic spaces using word
        analogies", 2016).

        Raises:
            TextError: No such name.
        """
        names = [first, second, third]
        one, two, three = _unit(self.vectors[[self._row(name) for name in names]])
        return self.near(two - one + three, count, leave_out=names)

    def near(self, vector: ArrayLike, count: int = 10, *, leave_out: Sequence[str] = ()) -> list[tuple[str, float]]:
        """Return the names nearest to a vector `[dimension]` with their cosine similarity (-1 to 1), nearest first.

        A vector of zeros has a similarity of 0 to all. Among equals the earlier row comes first.

        Raises:
            TextError: A vector of another dimension.
        """
        query = np.asarray(vector)
        if query.shape != self.vectors.shape[1:]:
            raise TextError(f"vector is {list(query.shape)}, expected [{self.vectors.shape[1]}], the table's dimension")
        similarity = _unit(self.vectors) @ _unit(query[None])[0]
        left_out = {self._row(name) for name in leave_out}
        order = [int(row) for row in np.argsort(-similarity, kind="stable") if int(row) not in left_out]
        return [(self.names[row], float(similarity[row])) for row in order[: max(count, 0)]]

    def _row(self, name: str) -> int:
        try:
            return self.names.index(name)
        except ValueError as error:
            raise TextError(f"{name!r} has no row in the table{nearest(name, self.names)}") from error


def look_up(table: Vectors, ids: ArrayLike) -> Vectors:
    """Return the rows of ids, `[..., dimension]` for ids `[...]`.

    Raises:
        TextError: Ids that are no whole numbers, or outside the table (below 0 too, which NumPy would count from the end).
    """
    rows = np.asarray(ids)
    if not np.issubdtype(rows.dtype, np.integer) or (rows.size and not 0 <= rows.min() <= rows.max() < len(table)):
        raise TextError(f"ids are {rows.dtype}, expected whole numbers from 0 to {len(table) - 1}, rows of the table")
    found: Vectors = table[rows]
    return found


def sinusoidal_positions(length: int, dimension: int) -> NDArray[np.float32]:
    """Return the fixed embeddings of positions `[token, dimension]`, float32 in -1..1.

    Even columns 2i are sin(position / 10000^(2i / dimension)), odd ones the cosine of the same (Vaswani and others, "Attention
    Is All You Need", 2017, section 3.5). The product of two rows depends on their distance alone, and a step of any length
    is a fixed rotation of the pairs of columns.

    Args:
        length: Tokens.
        dimension: Columns, an even number.

    Raises:
        TextError: A negative length, or a dimension that is odd or not above 0.
    """
    if length < 0 or dimension <= 0 or dimension % 2:
        raise TextError(f"length {length} and dimension {dimension}, expected 0 or more and an even number above 0")
    rates = BASE ** (-np.arange(0, dimension, 2) / dimension)
    angles = np.arange(length)[:, None] * rates
    return np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(length, dimension).astype(np.float32)


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors, dtype=np.float64), where=lengths > 0)
    return unit
