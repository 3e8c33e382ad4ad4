"""Two periods side by side: few tests with one promise about false alarms, then what changed, with intervals.

Every test is a permutation test over texts of which each group of near-equal ones counts once. An alarm is a test that
Benjamini and Hochberg's procedure (1995) keeps at 5 %: where nothing changed, some alarm is raised in at most about 5 %
of comparisons. ``bench/drift.py`` measures that, and how small a change is found.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import false_discovery_control

from hyeoksin.codes import NONE
from hyeoksin.drift.intervals import newcombe
from hyeoksin.drift.permute import Dealings
from hyeoksin.drift.sample import Sample, thinned
from hyeoksin.errors import InputError
from hyeoksin.selection import spread
from hyeoksin.sinks import STATUS

__all__ = ["TESTS", "Drift", "Moved", "Suggestion", "Verdict", "find_drift"]

Floats = NDArray[np.float64]
About = Literal[
    "meaning", "words", "length", "kind", "region", "nodes", "status", "confidence", "calibration"
]
TESTS: dict[About, str] = {
    "meaning": "글의 뜻 (임베딩의 평균)",
    "words": "쓰는 낱말",
    "length": "글의 길이",
    "kind": "글의 종류",
    "region": "지역",
    "nodes": "항목별 몫",
    "status": "판정별 몫",
    "confidence": "확률의 분포",
    "calibration": "사람의 결정과 맞는 정도",
}
_SHOWN = {**STATUS, NONE: "계획 밖"}
_LEVEL = 0.05
_MOST = 4_000  # texts of a period that are tested
_FEWEST = 30
_RARE = 10  # texts that a word must stand in
_MANY = 3_000  # words that are looked at, the most frequent first
_NEIGHBOURS = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """One test: its p-value, the one adjusted for all tests, and whether it raises an alarm."""

    about: About
    p_value: float
    adjusted: float
    alarm: bool
    said: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A node or word: its share before and after, the difference with its 95 % interval, and the p-value that holds for all."""

    name: str
    before: float
    after: float
    low: float
    high: float
    p_value: float

    @property
    def difference(self) -> float:
        """After minus before."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text of the new period whose decision would tell most; ``novelty`` and ``doubt`` are ranks from 0 to 1."""

    id: str
    title: str
    code: str
    sure: float
    novelty: float
    doubt: float


@dataclass(frozen=True, slots=True)
class Drift:
    """The comparison: sizes, tests, the nodes and words that changed, and texts to label next."""

    n_old: int
    n_new: int
    tested_old: int
    tested_new: int
    verdicts: tuple[Verdict, ...]
    nodes: tuple[Moved, ...]
    words: tuple[Moved, ...]
    next: tuple[Suggestion, ...]

    @property
    def alarm(self) -> bool:
        """Whether any test raised one."""
        return any(verdict.alarm for verdict in self.verdicts)


def find_drift(old: Sample, new: Sample, n_next: int = 20, seed: int = 0, n_dealings: int = 999) -> Drift:
    """Compare two periods.

    Raises:
        InputError: fewer than 30 different texts in a period.
    """
    before, after = thinned(old, _MOST, seed), thinned(new, _MOST, seed + 1)
    if min(len(before), len(after)) < _FEWEST:
        raise InputError(
            f"견줄 글이 모자랍니다: 서로 다른 글이 {len(before)}건과 {len(after)}건 (적어도 {_FEWEST}건씩)."
        )
    dealings = Dealings(len(before), len(after), n_dealings, seed)
    vocabulary, present = _presence(before, after)
    raw: list[tuple[About, float, str]] = [
        ("meaning", *_meaning(before, after, dealings)),
        ("words", *_words(present, dealings)),
        (
            "length",
            *_mean_moved(np.log1p(_both(before.length, after.length)), dealings, "글자 수의 기하평균"),
        ),
        ("nodes", *_shares_moved(_both(before.code, after.code), dealings)),
        ("status", *_shares_moved(_both(before.status, after.status), dealings)),
        ("confidence", *_distribution(np.concatenate([before.sure, after.sure]), dealings)),
    ]
    kinds = _both(before.kind, after.kind)
    if len(set(kinds)) > 1:
        raw.append((new.origin, *_shares_moved(kinds, dealings)))
    calibration = _calibration(before, after, n_dealings, seed)
    if calibration is not None:
        raw.append(("calibration", *calibration))
    adjusted = false_discovery_control([p for _, p, _ in raw], method="bh")
    verdicts = tuple(
        Verdict(about, p, float(q), bool(q <= _LEVEL), said)
        for (about, p, said), q in zip(raw, adjusted, strict=True)
    )
    return Drift(
        n_old=len(old),
        n_new=len(new),
        tested_old=len(before),
        tested_new=len(after),
        verdicts=verdicts,
        nodes=_moved(*_one_hot(_both(before.code, after.code)), dealings),
        words=tuple(m for m in _moved(vocabulary, present, dealings) if m.p_value <= _LEVEL),
        next=_next(before, after, n_next),
    )


def _both(a: NDArray[np.generic], b: NDArray[np.generic]) -> NDArray[np.generic]:
    return np.concatenate([a, b])


def _presence(old: Sample, new: Sample) -> tuple[list[str], csr_array]:
    """Return the commonest words, and which of the texts of both periods hold them."""
    texts = [*old.words, *new.words]
    counts = Counter(word for text in texts for word in text)
    commonest = sorted(counts, key=lambda word: (-counts[word], word))[:_MANY]  # ties not by hash order
    known = [word for word in commonest if _RARE <= counts[word] <= len(texts) - _RARE]
    column = {word: i for i, word in enumerate(known)}
    found = [[column[word] for word in text if word in column] for text in texts]
    starts = np.cumsum([0, *map(len, found)])
    flat = np.array([i for row in found for i in row], np.int32)
    return known, csr_array((np.ones(len(flat), np.float32), flat, starts), shape=(len(texts), len(known)))


def _one_hot(labels: NDArray[np.generic]) -> tuple[list[str], NDArray[np.float32]]:
    names, place = np.unique(labels, return_inverse=True)
    return [str(name) for name in names], np.eye(len(names), dtype=np.float32)[place]


def _meaning(old: Sample, new: Sample, dealings: Dealings) -> tuple[float, str]:
    """Test the distance of the mean vectors: maximum mean discrepancy with a linear kernel (Gretton et al. 2012)."""
    before, after = dealings.means(np.vstack([old.vectors, new.vectors]))
    distance = np.linalg.norm(after - before, axis=1)
    usual = float(np.median(distance[1:]))
    return dealings.p_value(distance), f"평균 벡터의 거리 {distance[0]:.3f} (변화가 없을 때 {usual:.3f} 안팎)"


def _z(before: Floats, after: Floats, dealings: Dealings) -> Floats:
    """Return the standardised differences of shares."""
    share = (before * dealings.n_old + after * dealings.n_new) / (dealings.n_old + dealings.n_new)
    error = np.sqrt(np.maximum(share * (1 - share), 1e-12) * (1 / dealings.n_old + 1 / dealings.n_new))
    z: Floats = np.abs(after - before) / error
    return z


def _words(present: csr_array, dealings: Dealings) -> tuple[float, str]:
    if not present.shape[1]:
        return 1.0, "견줄 낱말이 없습니다"
    z = _z(*dealings.means(present), dealings)
    n_moved = int((dealings.adjusted(z) <= _LEVEL).sum())
    return dealings.p_value(z.max(axis=1)), f"몫이 달라진 낱말 {n_moved}개 (본 낱말 {present.shape[1]:,}개)"


def _shares_moved(labels: NDArray[np.generic], dealings: Dealings) -> tuple[float, str]:
    """Test shares of labels by Pearson's statistic."""
    names, hot = _one_hot(labels)
    before, after = dealings.means(hot)
    share = hot.mean(axis=0)
    statistic = ((after - before) ** 2 / share).sum(axis=1)
    largest = int(np.abs(after[0] - before[0]).argmax())
    name = _SHOWN.get(names[largest], names[largest] or "(없음)")
    return (
        dealings.p_value(statistic),
        f"가장 크게 달라진 것: {name} {before[0, largest]:.1%} → {after[0, largest]:.1%}",
    )


def _mean_moved(values: Floats, dealings: Dealings, what: str) -> tuple[float, str]:
    before, after = dealings.means(values[:, None])
    return (
        dealings.p_value(np.abs(after - before)[:, 0]),
        f"{what} {np.expm1(before[0, 0]):,.0f} → {np.expm1(after[0, 0]):,.0f}",
    )


def _distribution(values: Floats, dealings: Dealings) -> tuple[float, str]:
    """Test a distribution by the largest gap of the cumulative shares (Kolmogorov and Smirnov), at its own 5 % steps."""
    cuts = np.unique(np.quantile(values, np.linspace(0.05, 0.95, 19)))
    before, after = dealings.means((values[:, None] <= cuts).astype(np.float32))
    middle = np.median(values[: dealings.n_old]), np.median(values[dealings.n_old :])
    return (
        dealings.p_value(np.abs(after - before).max(axis=1)),
        f"1순위 확률의 중앙값 {middle[0]:.2f} → {middle[1]:.2f}",
    )


def _calibration(old: Sample, new: Sample, n_dealings: int, seed: int) -> tuple[float, str] | None:
    """Test, among decided texts, how often the answer was right beyond what it said."""
    kept = [~np.isnan(sample.right) for sample in (old, new)]
    if min(int(k.sum()) for k in kept) < _FEWEST:
        return None
    before, after = (s.right[k] - s.sure[k] for s, k in zip((old, new), kept, strict=True))
    dealings = Dealings(len(before), len(after), n_dealings, seed)
    means = dealings.means(np.concatenate([before, after])[:, None])
    right = [float(s.right[k].mean()) for s, k in zip((old, new), kept, strict=True)]
    said = [float(s.sure[k].mean()) for s, k in zip((old, new), kept, strict=True)]
    return (
        dealings.p_value(np.abs(means[1] - means[0])[:, 0]),
        f"맞은 몫 {right[0]:.1%} → {right[1]:.1%}, 말한 확률 {said[0]:.1%} → {said[1]:.1%}",
    )


def _moved(names: list[str], hot: NDArray[np.float32] | csr_array, dealings: Dealings) -> tuple[Moved, ...]:
    """Return shares before and after, the surest change first; p-values hold for all names together."""
    if not names:
        return ()
    before, after = dealings.means(hot)
    adjusted = dealings.adjusted(_z(before, after, dealings))
    low, high = newcombe(before[0], dealings.n_old, after[0], dealings.n_new)
    rows = [
        Moved(name, *map(float, figures))
        for name, *figures in zip(names, before[0], after[0], low, high, adjusted, strict=True)
    ]
    return tuple(sorted(rows, key=lambda m: (m.p_value, -abs(m.difference))))


def _next(old: Sample, new: Sample, n: int) -> tuple[Suggestion, ...]:
    """Return texts of the new period that are unlike all of the old, doubtful, and unlike each other."""
    likeness = new.vectors @ old.vectors.T
    nearest = np.sort(likeness, axis=1)[:, -_NEIGHBOURS:].mean(axis=1)
    novelty, doubt = _ranks(-nearest), _ranks(-new.sure)
    return tuple(
        Suggestion(
            new.ids[i],
            new.titles[i],
            str(new.code[i]),
            float(new.sure[i]),
            float(novelty[i]),
            float(doubt[i]),
        )
        for i in spread(novelty * doubt, new.vectors, n)
    )


def _ranks(values: NDArray[np.floating]) -> Floats:
    order = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    ranks: Floats = (order + 1) / len(values)
    return ranks
