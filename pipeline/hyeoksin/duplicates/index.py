"""The index of duplicates: columns on disk, sorted a part at a time, so that memory grows with the duplicates alone.

Texts with the same content hash are equal. Others are compared where one band of their signatures agrees (locality-
sensitive hashing, Indyk and Motwani 1998) and kept as a pair where the signatures agree in at least ``threshold``. A
group is named by its smallest content hash, and each member is that similar to the text of that hash, so neither the
order of the texts nor a chain of small changes makes a group.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from hyeoksin.duplicates.signatures import N_HASHES, content_hash, letters, signatures

__all__ = ["Groups", "Index"]

_BANDS = 32
_WIDTH = N_HASHES // _BANDS
_PART = 2_000_000  # rows of a column in memory at once
_CHUNK = 100_000  # rows compared at once
_SHORT = 12  # letters; a shorter text has equals only
_MIX = np.uint64(0x9E3779B97F4A7C15)

Rows = NDArray[np.int64]
Hashes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Groups:
    """The texts that have duplicates: their positions (ascending), the group of each, and whether it is the group's own text."""

    rows: Rows
    names: Hashes
    own: NDArray[np.bool_]

    def find(self, row: int) -> tuple[str, bool] | None:
        """Return the group's name (16 hexadecimal digits) of a text, and whether its content names it; None without duplicates."""
        at = int(np.searchsorted(self.rows, row))
        if at == len(self.rows) or self.rows[at] != row:
            return None
        return f"{int(self.names[at]):016x}", bool(self.own[at])


class Index:
    """Collects texts in order (:meth:`add`), then groups them (:meth:`groups`).

    Args:
        folder: an empty folder for the columns (about 1 KB a text).
        threshold: the least share of equal signature places, an estimate of the Jaccard similarity.
    """

    def __init__(self, folder: Path, threshold: float = 0.6) -> None:
        self.folder = folder
        self.threshold = threshold
        self.n_rows = 0
        self.folder.mkdir(parents=True, exist_ok=True)
        for old in self.folder.glob("*.column"):
            old.unlink()

    def add(self, texts: Sequence[str]) -> None:
        """Append the fingerprints of some texts (best a thousand at once)."""
        hashes = np.array([content_hash(text) for text in texts], np.uint64)
        read = [letters(text) for text in texts]
        signed = signatures(read)
        self._append("content", hashes)
        self._append("signature", signed)
        short = np.array([len(text) < _SHORT for text in read])
        for band in range(_BANDS):
            keys = _band_keys(signed[:, band * _WIDTH : (band + 1) * _WIDTH])
            self._append(f"band{band}", np.where(short, hashes, keys))
        self.n_rows += len(texts)

    def groups(self) -> Groups:
        """Return the groups of all texts added."""
        if not self.n_rows:
            return Groups(np.zeros(0, np.int64), np.zeros(0, np.uint64), np.zeros(0, np.bool_))
        content: Hashes = np.memmap(self.folder / "content.column", np.uint64, "r")
        copies = self._copies()
        copied = np.zeros(self.n_rows, np.bool_)
        copied[copies[:, 1]] = True
        pairs = [self._pairs(f"band{band}", content, copied) for band in range(_BANDS)]
        near = np.unique(np.concatenate(pairs), axis=0)
        return _grouped(content, copies, self._stars(content, near))

    def _append(self, name: str, values: NDArray[np.uint32] | Hashes) -> None:
        path = self.folder / f"{name}.column"
        try:
            with path.open("ab") as file:
                file.write(np.ascontiguousarray(values).tobytes())
        except OSError as error:  # a failed write does not say where
            raise OSError(error.errno, error.strerror or str(error), str(path)) from error

    def _parts(self, name: str) -> Iterator[tuple[Rows, Hashes]]:
        """Yield the rows and values of a column in parts such that equal values fall into one part."""
        column: Hashes = np.memmap(self.folder / f"{name}.column", np.uint64, "r")
        n_parts = -(-self.n_rows // _PART)
        for part in range(n_parts):
            found = []
            for start in range(0, self.n_rows, _PART):
                piece = column[start : start + _PART]
                found.append(start + np.flatnonzero(piece % np.uint64(n_parts) == part))
            rows = np.concatenate(found)
            yield rows, column[rows]

    def _copies(self) -> Rows:
        """Return (first, other) for each text equal to an earlier one."""
        found = [np.zeros((0, 2), np.int64)]
        for rows, values in self._parts("content"):
            order = np.argsort(values, kind="stable")
            rows, values = rows[order], values[order]
            begins = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
            first = np.repeat(rows[begins], np.diff(np.append(begins, len(rows))))
            found.append(np.column_stack([first, rows])[first != rows])
        return np.concatenate(found)

    def _pairs(self, band: str, content: Hashes, copied: NDArray[np.bool_]) -> Rows:
        """Return the similar pairs within the buckets of one band: each text with the bucket's first and with the next."""
        found = [np.zeros((0, 2), np.int64)]
        for rows, values in self._parts(band):
            kept = ~copied[rows]
            rows, values = rows[kept], values[kept]
            order = np.lexsort((content[rows], values))
            rows, values = rows[order], values[order]
            if not len(rows):
                continue
            begins = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
            first = np.repeat(rows[begins], np.diff(np.append(begins, len(rows))))
            same = values[1:] == values[:-1]
            pairs = np.concatenate(
                [np.column_stack([first, rows])[first != rows], np.column_stack([rows[:-1], rows[1:]])[same]]
            )
            found.append(self._similar(np.unique(pairs, axis=0)))
        return np.concatenate(found)

    def _similar(self, pairs: Rows) -> Rows:
        """Return the pairs whose signatures agree often enough."""
        signed = np.memmap(self.folder / "signature.column", np.uint32, "r").reshape(self.n_rows, N_HASHES)
        kept = [np.zeros((0, 2), np.int64)]
        for start in range(0, len(pairs), _CHUNK):
            piece = pairs[start : start + _CHUNK]
            agree = (signed[piece[:, 0]] == signed[piece[:, 1]]).mean(axis=1)
            kept.append(piece[agree >= self.threshold])
        return np.concatenate(kept)

    def _stars(self, content: Hashes, pairs: Rows) -> Rows:
        """Return (text of the smallest hash, member) such that each member is similar to that text itself."""
        found = [np.zeros((0, 2), np.int64)]
        while len(pairs):
            rows, ends = np.unique(pairs, return_inverse=True)
            ends = ends.reshape(pairs.shape)
            graph = coo_array(
                (np.ones(len(pairs), np.int8), (ends[:, 0], ends[:, 1])), shape=(len(rows),) * 2
            )
            _, label = connected_components(graph, directed=False)
            order = np.lexsort((content[rows], label))
            begins = np.flatnonzero(np.append(True, np.diff(label[order]) != 0))
            centre = np.repeat(rows[order][begins], np.diff(np.append(begins, len(rows))))
            star = np.column_stack([centre, rows[order]])
            star = self._similar(star[star[:, 0] != star[:, 1]])
            found.append(star)
            settled = np.union1d(star, rows[order][begins])  # a centre that attracts nobody is out too
            pairs = pairs[~np.isin(pairs, settled).any(axis=1)]
        return np.concatenate(found)


def _band_keys(part: NDArray[np.uint32]) -> Hashes:
    keys = np.zeros(len(part), np.uint64)
    for column in part.T:
        keys = (keys ^ column) * _MIX
        keys ^= keys >> np.uint64(29)
    return keys


def _grouped(content: Hashes, copies: Rows, stars: Rows) -> Groups:
    """Join equal texts and similar ones: a copy belongs where the first of its kind does."""
    centre = dict(zip(stars[:, 1].tolist(), stars[:, 0].tolist(), strict=True))
    firsts = copies[:, 0].tolist()
    members = {first: centre.get(first, first) for first in firsts}
    members |= {
        row: centre.get(first, first) for first, row in zip(firsts, copies[:, 1].tolist(), strict=True)
    }
    members |= {row: row for row in stars[:, 0].tolist()} | centre
    rows = np.array(sorted(members), np.int64)
    names = content[[members[row] for row in rows.tolist()]] if len(rows) else np.zeros(0, np.uint64)
    return Groups(rows, np.asarray(names), np.asarray(content[rows] == names))
