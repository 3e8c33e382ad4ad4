"""What drift is looked for in: one period's texts with their answers, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Origin", "Sample", "thinned"]

Origin = Literal["kind", "region"]


@dataclass(frozen=True)
class Sample:
    """``n`` texts of one period.

    ``ids`` and ``titles`` are for reports, personal data masked; ``vectors`` (n x d) are of unit length; ``words`` holds
    the morphemes of each text; ``length`` counts characters; ``code`` is the best leaf (the end of the path where results
    tell no more) or ``NONE``, ``sure`` its probability, ``right`` whether a person agreed (nan: nobody has decided);
    ``kind`` says where a text comes from, its kind or its region as ``origin`` tells; texts of one ``group`` are (nearly) the same.
    """

    ids: tuple[str, ...]
    titles: tuple[str, ...]
    vectors: NDArray[np.float32]
    words: tuple[frozenset[str], ...]
    length: NDArray[np.float64]
    code: NDArray[np.str_]
    status: NDArray[np.str_]
    sure: NDArray[np.float64]
    right: NDArray[np.float64]
    kind: NDArray[np.str_]
    group: tuple[str, ...]
    origin: Origin = "kind"

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: Sequence[int] | NDArray[np.int_]) -> Sample:
        """Return the sample of these rows."""
        index = [int(row) for row in rows]
        return Sample(
            tuple(self.ids[i] for i in index),
            tuple(self.titles[i] for i in index),
            self.vectors[index],
            tuple(self.words[i] for i in index),
            self.length[index],
            self.code[index],
            self.status[index],
            self.sure[index],
            self.right[index],
            self.kind[index],
            tuple(self.group[i] for i in index),
            self.origin,
        )


def thinned(sample: Sample, most: int, seed: int = 0) -> Sample:
    """Return one text of each group, and at most so many, drawn at random.

    A release that stands in thirty papers is one event: counted thirty times, it would raise an alarm by itself.
    """
    first: dict[str, int] = {}
    for row, group in enumerate(sample.group):
        first.setdefault(group, row)
    rows = np.array(list(first.values()))
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
    return sample.take(rows)
