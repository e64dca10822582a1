"""Records of the last so many values: the lab's memory stays the same however long it runs."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Ring:
    """The last `length` rows of what was added, oldest first; a row has `shape`."""

    def __init__(self, length: int, shape: tuple[int, ...] = (), dtype: type = np.float64) -> None:
        if length < 1:
            raise ValueError(f"length={length} is not allowed; it is 1 or more")
        self._rows: NDArray = np.zeros(
            (2 * length, *shape), dtype
        )  # written at the end, then moved back
        self._length = length
        self._end = 0

    def add(self, rows: ArrayLike) -> None:
        """Put rows `[n, *shape]` at the end; the oldest beyond `length` are gone."""
        given = np.asarray(rows, self._rows.dtype)[-self._length :]
        if self._end + len(given) > len(self._rows):
            kept = min(self._end, self._length)
            self._rows[:kept] = self._rows[self._end - kept : self._end]
            self._end = kept
        self._rows[self._end : self._end + len(given)] = given
        self._end += len(given)

    def last(self, n: int) -> NDArray:
        """The last `n` rows, or fewer where fewer were added."""
        return self._rows[max(self._end - min(n, self._length), 0) : self._end].copy()

    def __len__(self) -> int:
        return min(self._end, self._length)

    def clear(self) -> None:
        """Forget all."""
        self._end = 0
