"""What training learns of agencies: the classes, the text head, and the weights of the router's signals."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_array, vstack
from sklearn.svm import LinearSVC

from hyeoksin.agency import LOCAL, load_agencies
from hyeoksin.corpus import Example
from hyeoksin.encoders import Encoded, LexicalEncoder
from hyeoksin.features import Analysed, part
from hyeoksin.mentions import named_agencies, nameless
from hyeoksin.model import Head
from hyeoksin.plan import Plan
from hyeoksin.region import load_regions
from hyeoksin.signals import SIGNALS, Candidates, Desk

__all__ = [
    "agency_classes",
    "agency_rows",
    "fit_agencies",
    "fit_router",
    "lead_of",
    "ranked",
    "rarity",
    "router_candidates",
    "short_forms",
]

Floats = NDArray[np.float64]
_FEWEST = 4  # examples that make a class
_SMALL = ("institution", "public_body")
_OF_THEIR_OWN = ("kats", "fiu", "ttr", "korpost", "nrc_npa")  # issue releases as agencies do
_COMMON = 1000  # an agency with fewer examples than these is rare
_BOOST = 10.0
_PIECE = 0.5  # weight of a sentence beside the whole text
_SHORTEST, _LONGEST = 15, 90  # characters of a sentence
_SENTENCE_END = re.compile(r"\n+|(?<=다)\.\s")


def lead_of(example: Example) -> str | None:
    """Return the class that an example teaches: its lead; of a small institution or public body its ministry."""
    return example.lead if example.lead is None else _home()[example.lead]


@cache
def _home() -> dict[str, str]:
    agencies = load_agencies()
    homes = {}
    for agency in agencies.by_id.values():
        small = agency.kind in _SMALL and agency.parent is not None and agency.id not in _OF_THEIR_OWN
        homes[agency.id] = agencies.reference(agency.parent) if small and agency.parent else agency.id
    return homes


def agency_classes(examples: Sequence[Example]) -> tuple[str, ...]:
    """Return the agencies that lead at least four examples (listed duties do not count), and the local government."""
    counts = Counter(lead_of(e) for e in examples if e.origin != "duty")
    return tuple(
        sorted({LOCAL} | {agency for agency, n in counts.items() if agency is not None and n >= _FEWEST})
    )


def short_forms(analysed: Analysed, n_pieces: int) -> Iterator[Analysed]:
    """Yield the title alone, then the first sentences of the text alone, cut at 90 characters.

    A head that has seen only whole releases is lost with a bare title: title copies bring 2 points there, sentences one.
    """
    if not analysed.head:
        return
    yield part(analysed, 0, analysed.head)
    start, taken = analysed.head + 1, 0
    ends = [(m.start(), m.end()) for m in _SENTENCE_END.finditer(analysed.body, start)]
    for end, following in [*ends, (len(analysed.body), len(analysed.body))]:
        if taken < n_pieces and end - start >= _SHORTEST:
            taken += 1
            yield part(analysed, start, min(end, start + _LONGEST))
        start = following


def rarity(n: int, most: float) -> float:
    """Return how much a text counts of whose agency there are ``n``, ``most`` at the most."""
    return min(max(1.0, math.sqrt(_COMMON / n)), most)


def fit_agencies(
    encoder: LexicalEncoder,
    encoded: Sequence[Encoded],
    examples: Sequence[Example],
    analysed: Sequence[Analysed],
    classes: tuple[str, ...],
    strength: float,
    n_pieces: int,
) -> Head:
    """Fit one class against the rest, from whole texts and their short forms (margins, temperature 1).

    Texts of rare agencies weigh more: how many releases an agency writes says nothing of how often it is asked about.

    Args:
        encoder: gives the features.
        encoded: the examples' features; names of agencies are left out (:func:`agency_rows`).
        examples: those whose lead is none of ``classes`` are passed over.
        analysed: the examples, taken apart.
        classes: columns of the head; one without examples is never chosen.
        strength: scikit-learn's inverse regularisation ``C``.
        n_pieces: sentences taken of each press release.
    """
    index = [i for i, e in enumerate(examples) if lead_of(e) in classes]
    leads = [lead_of(examples[i]) or "" for i in index]
    counts = Counter(leads)
    rare = {lead: rarity(n, _BOOST) for lead, n in counts.items()}
    weights = [examples[i].weight * rare[lead] for i, lead in zip(index, leads, strict=True)]
    pieces: list[Analysed] = []
    for at, i in enumerate(index):
        for number, piece in enumerate(
            short_forms(analysed[i], n_pieces if examples[i].origin == "press" else 0)
        ):
            pieces.append(piece)
            leads.append(leads[at])
            weights.append(weights[at] * (1.0 if number == 0 else _PIECE))
    whole = agency_rows(encoder, [encoded[i] for i in index], [analysed[i] for i in index])
    table = vstack([whole, agency_rows(encoder, encoder.encode_all(pieces), pieces)], format="csr")
    model = LinearSVC(C=strength, max_iter=3000, random_state=0).fit(table, leads, weights)
    coefficients = np.zeros((encoder.n_features, len(classes)), dtype=np.float32)
    bias = np.full(len(classes), -20.0, dtype=np.float32)
    columns = [classes.index(str(name)) for name in model.classes_]
    signs = (
        np.array([[-1.0], [1.0]]) if len(columns) == 2 else 1.0
    )  # of two classes only the second's row is kept
    coefficients[:, columns], bias[columns] = (signs * model.coef_).T, np.ravel(signs) * model.intercept_
    return Head(classes, coefficients, bias)


def agency_rows(
    encoder: LexicalEncoder, encoded: Sequence[Encoded], analysed: Sequence[Analysed]
) -> csr_array:
    """Return what the agency head reads of the texts: (n texts x n features) without the names of agencies."""
    return encoder.matrix([_nameless(e, a) for e, a in zip(encoded, analysed, strict=True)])


def _nameless(encoded: Encoded, analysed: Analysed) -> Encoded:
    return nameless(encoded, named_agencies(analysed.body, analysed.document.date).values())


def router_candidates(
    rows: Sequence[int],
    examples: Sequence[Example],
    analysed: Sequence[Analysed],
    plan: Plan,
    leaves: Floats,
    text: Floats,
    classes: tuple[str, ...],
) -> dict[int, Candidates]:
    """Return the candidates and signals of the examples at ``rows``, from held-out probabilities.

    ``leaves`` is (n examples x leaves of ``plan``), ``text`` (n examples x n classes).
    """
    regions = load_regions()
    desk = Desk(classes, [plan])
    leads = desk.leads({plan.id: leaves})
    return {
        i: desk.candidates(
            named_agencies(analysed[i].body, examples[i].document.date),
            text[i],
            leads[i],
            bool(regions.of(analysed[i].body, examples[i].document.region)),
        )
        for i in rows
    }


def fit_router(found: Mapping[int, Candidates], examples: Sequence[Example]) -> dict[str, float]:
    """Fit the weights of the router's signals (conditional logit)."""
    known = [
        (c.values, c.agencies.index(lead))
        for i, c in found.items()
        if (lead := lead_of(examples[i])) is not None and lead in c.agencies
    ]
    sizes = np.array([len(table) for table, _ in known])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    stacked = np.concatenate([table for table, _ in known])
    answers = starts + np.array([answer for _, answer in known])

    def loss(weights: Floats) -> tuple[float, Floats]:
        scores = stacked @ weights
        shifted = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), sizes))
        sums = np.add.reduceat(shifted, starts)
        log_likelihood = np.log(shifted[answers] / sums).sum()
        slope = stacked[answers].sum(axis=0) - (shifted / np.repeat(sums, sizes)) @ stacked
        return 0.01 * float(weights @ weights) - float(log_likelihood), 0.02 * weights - slope

    start = np.zeros(len(SIGNALS))
    start[0] = 1.0
    fitted: Any = minimize(loss, start, jac=True, method="L-BFGS-B")
    return {name: round(float(w), 4) for name, w in zip(SIGNALS, fitted.x, strict=True)}


def ranked(candidates: Candidates, weights: Mapping[str, float]) -> tuple[str, ...]:
    """Return the three likeliest agencies."""
    order = np.argsort(-candidates.probabilities(weights), kind="stable")
    return tuple(candidates.agencies[i] for i in order[:3])
