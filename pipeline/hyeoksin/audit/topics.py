"""Themes without a home: off-plan and weakly placed texts, clustered by meaning, named by their telling morphemes.

Vectors are those of the morpheme embedding without the names of places and agencies (a theme is not a town), brought to
their main directions; clusters are k-means', those joined whose centres are alike. Stability is Hennig's (2007, "Cluster-wise assessment of cluster
stability"): the texts are clustered again and again from half of them, and each cluster is compared to its best match. Words tell by the log-odds
of standing in a text of the cluster against one of the others, divided by its standard error (Monroe, Colaresi and Quinn 2008).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hyeoksin.agency import load_agencies
from hyeoksin.audit.result import STEADY, CutName, Topic, Word
from hyeoksin.audit.table import Table, Theme
from hyeoksin.domain import Document
from hyeoksin.encoders import load_morpheme_encoder
from hyeoksin.features import Analysed, analyse
from hyeoksin.morphemes import Tokenizer
from hyeoksin.region import load_regions
from hyeoksin.sinks import KEPT

__all__ = ["topics"]

Floats = NDArray[np.float64]
_DIRECTIONS = 32
_A_TOPIC = 100  # texts that there is one cluster for
_MOST = 40  # clusters
_LEAST = 60  # texts, below which nothing is clustered
_NEAR = 0.5  # cosine to the centre from which a text belongs
_SAME = 0.6  # cosine of two centres from which they are one theme
_SMALLEST = 10  # texts of a topic
_N_WORDS = 10  # that name a topic
_RESAMPLES = 20
_WEAK = 0.5  # a likeliest leaf below that is weakly placed
_HOMELESS = f"(answer = 'NONE' OR (status = 'review' AND best_p < {_WEAK}))"


@dataclass(frozen=True)
class _Pool:
    """The texts to cluster: their rows in the table, morphemes without names, unit vectors, leaf probabilities.

    ``n_all`` counts the texts that they were drawn from.
    """

    n_all: int
    rows: NDArray[np.int_]
    keys: list[frozenset[str]]
    vectors: Floats
    leaves: Floats
    cuts: Mapping[str, list[Any]]


def topics(
    table: Table, cuts: Sequence[CutName], seed: int, most: int
) -> tuple[tuple[Topic, ...], Mapping[str, Theme], str]:
    """Return the topics of at most ``most`` texts, drawn by a hash of their ids, the largest first, all their texts, and why none were sought."""
    if not most:
        return (), {}, "찾지 않기로 했습니다(--topics 0)."
    if not table.has_texts:
        return (
            (),
            {},
            "결과(JSONL)에 글이 없습니다. hyeoksin batch 의 결과 폴더(Parquet)나 결과.parquet 를 주세요.",
        )
    pool = _pool(table, [cut for cut in cuts if cut != "all"], seed, most)
    if pool is None or len(pool.rows) < _LEAST:
        n = 0 if pool is None else len(pool.rows)
        return (), {}, f"계획 밖이거나 뚜렷하지 않은 글이 {n}건뿐입니다({_LEAST}건부터 묶습니다)."
    points = _directions(pool.vectors, seed)
    n_clusters = min(_MOST, max(2, len(points) // _A_TOPIC))
    places, centres = _clustered(points, n_clusters, seed)
    members = [_near(points, places, centres, k) for k in range(len(centres))]
    stability = _stability(points, members, n_clusters, seed)
    order = sorted(range(len(members)), key=lambda k: (-len(members[k]), k))
    kept = [k for k in order if len(members[k]) >= _SMALLEST]
    found = [_topic(number, pool, members[k], stability[k], table) for number, k in enumerate(kept, start=1)]
    themes = [_theme(topic, pool.rows[members[k]]) for topic, k in zip(found, kept, strict=True)]
    return tuple(found), {f"주제 {n}": theme for n, theme in enumerate(themes, start=1)}, ""


def _theme(topic: Topic, rows: NDArray[np.int_]) -> Theme:
    """Return the topic for the tests across places and time."""
    looked = f"(살펴본 {topic.n_seen:,}건에서)" if topic.n_seen < topic.n_all else ""
    loose = f" 다시 묶으면 달라질 수 있는 주제입니다(안정성 {topic.stability:.2f})."
    return Theme(
        f"주제 {topic.number} {topic.name}{looked}",
        tuple(rows.tolist()),
        "" if topic.stability >= STEADY else loose,
    )


def _pool(table: Table, cuts: Sequence[str], seed: int, most: int) -> _Pool | None:
    columns = ", ".join(
        ["a.n", "r.row", "r.id", "t.title", "t.body"]
        + [f"r.{cut}" for cut in cuts]
        + [f"r.p{i}" for i in range(len(table.plan.leaves))]
    )
    found = table.rows(
        f"""
        WITH chosen AS (
            SELECT * FROM records WHERE {_HOMELESS}
            ORDER BY md5(id || ?), row LIMIT ?
        )
        SELECT {columns} FROM chosen r JOIN texts t ON r.filename = t.filename AND r.place = t.place,
            (SELECT count(*) AS n FROM records WHERE {_HOMELESS}) a ORDER BY r.row
        """,  # noqa: S608 - names of CUTS and numbers
        str(seed),
        most,
    )
    documents = [Document(id=row[2], title=row[3] or "", text=row[4] or "") for row in found]
    if not any(document.body for document in documents):
        return None
    names = _names()
    analysed = [_nameless(one, names) for one in analyse(documents, Tokenizer(), KEPT)]
    vectors = load_morpheme_encoder().encode(analysed).astype(np.float64)
    spoken = np.flatnonzero(np.abs(vectors).sum(axis=1) > 0)
    width = 5 + len(cuts)
    return _Pool(
        found[0][0],
        np.array([found[i][1] for i in spoken]),
        [frozenset(m.key for m in analysed[i].morphemes) for i in spoken],
        vectors[spoken],
        np.array([found[i][width:] for i in spoken], dtype=np.float64),
        {cut: [found[i][5 + k] for i in spoken] for k, cut in enumerate(cuts)},
    )


def _names() -> frozenset[str]:
    """Return the names of places and agencies, in all their forms."""
    places = {
        form
        for region in load_regions().all
        for form in (region.name, region.own, region.short, region.own[:-1], *region.aliases)
    }
    agencies = {
        form
        for agency in load_agencies().by_id.values()
        for form in (agency.name, *agency.short, *agency.aliases)
    }
    return frozenset(form.lower() for form in places | agencies if form)


def _nameless(analysed: Analysed, names: frozenset[str]) -> Analysed:
    kept = tuple(
        m for m in analysed.morphemes if m.key[:-2] not in names and not any(c.isdigit() for c in m.key)
    )
    return replace(analysed, morphemes=kept)


def _directions(vectors: Floats, seed: int) -> Floats:
    """Return unit vectors along the main directions of the texts."""
    from sklearn.decomposition import PCA

    width = min(_DIRECTIONS, *vectors.shape)
    points: Floats = PCA(width, svd_solver="full", random_state=seed).fit_transform(vectors)
    return _unit(points)


def _clustered(
    points: Floats, n_clusters: int, seed: int, n_starts: int = 5
) -> tuple[NDArray[np.int_], Floats]:
    """Return each text's cluster and the clusters' centres; clusters that lie close together are one theme, cut for its size."""
    from scipy.sparse.csgraph import connected_components
    from sklearn.cluster import KMeans

    distinct = len(np.unique(points.round(6), axis=0))  # there may be copies of a few texts only
    n_clusters = min(n_clusters, distinct)
    fitted = KMeans(n_clusters, n_init=n_starts, random_state=seed).fit(points)
    centres = _unit(fitted.cluster_centers_)
    n, joined = connected_components(centres @ centres.T >= _SAME, directed=False)
    weights = np.bincount(fitted.labels_, minlength=n_clusters)[:, None]
    sums = np.zeros((n, points.shape[1]))
    np.add.at(sums, joined, weights * fitted.cluster_centers_)
    return joined[fitted.labels_], _unit(sums)


def _unit(rows: Floats) -> Floats:
    result: Floats = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return result


def _near(points: Floats, places: NDArray[np.int_], centres: Floats, cluster: int) -> NDArray[np.int_]:
    """Return the texts of a cluster that are near its centre, the nearest first."""
    inside = np.flatnonzero(places == cluster)
    cosines = points[inside] @ centres[cluster]
    order = np.argsort(-cosines, kind="stable")
    near: NDArray[np.int_] = inside[order][cosines[order] >= _NEAR]
    return near


def _stability(
    points: Floats, members: Sequence[NDArray[np.int_]], n_clusters: int, seed: int
) -> list[float]:
    """Return per cluster the mean Jaccard similarity to its best match among clusters found from half of the texts."""
    rng = np.random.default_rng(seed)
    similar = np.zeros(len(members))
    for _ in range(_RESAMPLES):
        half = np.sort(rng.permutation(len(points))[: max(len(points) // 2, n_clusters)])
        places, centres = _clustered(points[half], n_clusters, int(rng.integers(2**31)), 1)
        again = [set(half[_near(points[half], places, centres, k)].tolist()) for k in range(len(centres))]
        known = set(half.tolist())
        for k, rows in enumerate(members):
            own = known & set(rows.tolist())
            similar[k] += max((len(own & other) / max(len(own | other), 1) for other in again), default=0.0)
    return [float(s) for s in np.round(similar / _RESAMPLES, 3)]


def _topic(
    number: int,
    pool: _Pool,
    rows: NDArray[np.int_],
    stability: float,
    table: Table,
) -> Topic:
    words = _telling(pool.keys, rows)
    name = "·".join(word.word for word in words[:3]) or "이름 없음"
    mean = pool.leaves[rows].mean(axis=0)
    best = int(mean.argmax())
    n_seen = len(pool.rows)
    share = len(rows) / n_seen
    return Topic(
        number=number,
        name=name,
        statement=f"계획에 자리가 없는 주제: {name}. 살펴본 {n_seen:,}건(모두 {pool.n_all:,}건) 가운데 {len(rows):,}건, "
        f"{100 * share:.1f}%입니다.",
        words=words,
        n_texts=len(rows),
        share=round(share, 6),
        stability=stability,
        nearest=table.plan.leaves[best].code,
        nearest_probability=round(float(mean[best]), 4),
        n_seen=n_seen,
        n_all=pool.n_all,
        spread={cut: _counts([values[i] for i in rows]) for cut, values in pool.cuts.items()},
        texts=tuple(int(row) for row in pool.rows[rows[:10]]),
    )


def _counts(values: Sequence[str | None]) -> dict[str, int]:
    counted = Counter(value for value in values if value is not None)
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:10])


def _telling(keys: Sequence[frozenset[str]], rows: NDArray[np.int_]) -> tuple[Word, ...]:
    """Return the nouns that stand in the cluster's texts and not in the others, by log-odds over its standard error."""
    inside = Counter(key for i in rows for key in keys[i])
    everywhere = Counter(key for one in keys for key in one)
    n_in, n_out = len(rows), len(keys) - len(rows)
    scored = []
    for key, n in inside.items():
        word, kind = key[:-2], key[-1]
        if kind not in "NL" or len(word) < 2 or n < 3:
            continue
        here, there = n + 0.5, everywhere[key] - n + 0.5
        not_here, not_there = n_in - n + 0.5, n_out - (everywhere[key] - n) + 0.5
        odds = np.log(here / not_here) - np.log(there / not_there)
        scored.append((float(odds / np.sqrt(1 / here + 1 / there + 1 / not_here + 1 / not_there)), word))
    scored.sort(key=lambda pair: (-pair[0], pair[1]))
    return tuple(Word(word, round(weight, 2)) for weight, word in scored[:_N_WORDS] if weight > 0)
