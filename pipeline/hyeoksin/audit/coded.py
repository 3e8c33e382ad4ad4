"""From a coded sheet to figures: agreement, the classifier's precision and recall, and shares that rest on the coders."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hyeoksin.audit.intervals import weighted
from hyeoksin.audit.prevalence import Shares
from hyeoksin.audit.result import Agreement, ClassQuality, SampleResult
from hyeoksin.audit.sample import estimate
from hyeoksin.audit.sheet import Coded, read_sheet
from hyeoksin.audit.table import Table
from hyeoksin.codes import NONE
from hyeoksin.errors import InputError
from hyeoksin.held_out import HeldOut

__all__ = ["Audited", "audited", "extended", "input_hash"]

Floats = NDArray[np.float64]
_RESAMPLES = 500


@dataclass(frozen=True)
class Audited:
    """The coded texts: (n x classes) probabilities and truth (fractions where coders differ), strata, and the figures."""

    result: SampleResult
    probabilities: NDArray[np.float32]
    truth: Floats
    place: NDArray[np.int_]
    sizes: NDArray[np.int_]
    gated: NDArray[np.bool_]

    def shares(self, average: Floats, values: Floats) -> Shares:
        """Return the shares of all texts, with the classifier's values as a help."""
        return estimate(average, values, self.truth, self.place, self.sizes)


def input_hash(table: Table) -> str:
    """Return a hash of the records in their order (ids, probabilities, model), whatever files they stand in."""
    digest = hashlib.sha256(table.model.encode())
    for chunk, (ids,) in table.probabilities(["id"]):
        digest.update(np.ascontiguousarray(chunk, dtype="<f4").tobytes())
        digest.update(json.dumps(ids.tolist()).encode())
    return digest.hexdigest()


def audited(path: Path, table: Table, seed: int) -> Audited:
    """Read the coded sheet of this very input.

    Raises:
        InputError: the sheet is of another input, or has faults.
    """
    coded = read_sheet(path, table.plan)
    if coded.about.n_texts != table.n or coded.about.input_sha256 != input_hash(table):
        raise InputError(
            f"{path.name}: 다른 입력({coded.about.n_texts:,}건)에서 뽑은 표본입니다. 뽑을 때와 같은 입력을 주거나 다시 뽑으세요."
        )
    truth, kept, notes = _truth(coded, table.classes)
    place = np.array([coded.texts[i].stratum for i in kept])
    rows = np.array([coded.texts[i].row for i in kept])
    probabilities, gated = (part[rows] for part in table.said())
    bare = np.setdiff1d(np.arange(len(coded.about.sizes)), place)
    if len(bare):
        notes = (*notes, f"코딩한 글이 없는 층이 {len(bare)}개 있어 그 층은 다른 층과 같다고 보았습니다.")
    sizes = np.array(coded.about.sizes)
    weight = _weights(place, sizes)
    result = SampleResult(
        source=path.name,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        n_drawn=len(coded.texts),
        n_coded=len(kept),
        margin=coded.about.margin,
        agreement=_agreement(coded, seed),
        accuracy=weighted(truth[np.arange(len(kept)), _answers(probabilities)], weight),
        classes=tuple(_classes(probabilities, truth, weight, table)),
        notes=notes,
    )
    return Audited(result, probabilities, truth, place, sizes, gated)


def _weights(place: NDArray[np.int_], sizes: NDArray[np.int_]) -> Floats:
    """Return (n,) how many texts of the input each coded text stands for."""
    n = np.bincount(place, minlength=len(sizes))
    weight: Floats = (sizes / np.maximum(n, 1))[place]
    return weight


def extended(held: HeldOut, sample: Audited) -> HeldOut:
    """Return the held-out texts with the coded ones beside them that the classifier judged, each by its weight in the sample."""
    own, weight = ~sample.gated, _weights(sample.place, sample.sizes)
    return replace(
        held,
        probabilities=np.concatenate([held.probabilities, sample.probabilities[own].astype(np.float64)]),
        truth=np.concatenate([held.truth, sample.truth[own].argmax(axis=1)]),
        weight=np.concatenate([held.weight / held.weight.mean(), (weight / weight.mean())[own]]),
    )


def _answers(probabilities: NDArray[np.float32]) -> NDArray[np.int_]:
    answer: NDArray[np.int_] = np.where(
        probabilities[:, -1] >= 0.5, probabilities.shape[1] - 1, probabilities[:, :-1].argmax(axis=1)
    )
    return answer


def _truth(coded: Coded, classes: Sequence[str]) -> tuple[Floats, list[int], tuple[str, ...]]:
    """Return the truth of the coded texts, which ones they are, and notes: an agreed code counts, else every coder's in equal parts."""
    column = {code: j for j, code in enumerate(classes)}
    rows, kept, differ = [], [], 0
    for i, (given, agreed) in enumerate(zip(coded.codes, coded.agreed, strict=True)):
        codes = [agreed] if agreed is not None else [code for code in given if code is not None]
        if not codes:
            continue
        row = np.zeros(len(classes))
        for code in codes:
            row[column[code]] += 1.0 / len(codes)
        differ += len(set(codes)) > 1
        rows.append(row)
        kept.append(i)
    notes = []
    if len(kept) < len(coded.texts):
        notes.append(
            f"코딩하지 않은 글이 {len(coded.texts) - len(kept)}건 있어 같은 층의 다른 글이 대신합니다."
        )
    if differ:
        notes.append(
            f"두 사람이 갈리고 합의가 없는 글 {differ}건은 반씩 세었습니다. '합의' 열을 채우면 그 코드로 셉니다."
        )
    return np.array(rows), kept, tuple(notes)


def _agreement(coded: Coded, seed: int) -> Agreement | None:
    """Return how far two coders agree; None where nobody coded twice."""
    pairs = np.array([one for one in coded.codes if len(one) == 2 and None not in one])
    if len(pairs) < 2:
        return None
    _, places = np.unique(pairs, return_inverse=True)
    places = places.reshape(pairs.shape)
    rng = np.random.default_rng(seed)
    drawn = [_kappa(places[rng.integers(len(places), size=len(places))]) for _ in range(_RESAMPLES)]
    kappa, same = _kappa(places), places[:, 0] == places[:, 1]
    return Agreement(
        len(pairs),
        weighted(same.astype(np.float64), np.ones(len(same))),
        None if kappa is None else round(kappa, 4),
        _ends([one for one in drawn if one is not None]),
    )


def _ends(kappas: Sequence[float]) -> tuple[float, float] | None:
    """Return the ends of the bootstrap interval; None where all draws are alike, which says nothing of chance."""
    if not kappas or np.ptp(kappas) < 1e-12:
        return None
    low, high = np.quantile(kappas, [0.025, 0.975]).round(4).tolist()
    return low, high


def _kappa(places: NDArray[np.int_]) -> float | None:
    """Return Cohen's (1960) kappa; None where both gave one code only, and it is undefined."""
    width = int(places.max()) + 1
    one, two = (np.bincount(places[:, c], minlength=width) / len(places) for c in (0, 1))
    chance = float(one @ two)
    seen = float((places[:, 0] == places[:, 1]).mean())
    return None if chance >= 1.0 else (seen - chance) / (1.0 - chance)


def _classes(
    probabilities: NDArray[np.float32], truth: Floats, weight: Floats, table: Table
) -> list[ClassQuality]:
    said = _answers(probabilities)
    found = []
    for j, code in enumerate(table.classes):
        answered, true = said == j, truth[:, j]
        n = int((answered | (true > 0)).sum())
        if not n:
            continue
        found.append(
            ClassQuality(
                code,
                "계획 밖" if code == NONE else table.plan[code].title,
                n,
                weighted(true[answered], weight[answered]) if answered.any() else None,
                weighted(answered[true > 0].astype(float), (weight * true)[true > 0]) if true.any() else None,
            )
        )
    return found
