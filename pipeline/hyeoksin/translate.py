"""Results of one plan read in another: the crosswalk says where they may go, the target plan's model reads the text.

Both speak in every answer: the model's probabilities are multiplied by what the links are worth (and made to sum to 1),
so that a carried answer is as doubtful as the text makes it. What the links are worth was fitted on public texts labelled
in both plans, with models that had not seen them, in both directions together (``bench/translate.py``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import exp, log
from typing import Any, Literal

from hyeoksin.codes import NONE
from hyeoksin.domain import Document
from hyeoksin.plan import Plan
from hyeoksin.plan.crosswalk import Link, Relation
from hyeoksin.plan.routes import Route
from hyeoksin.results import Result

__all__ = [
    "HEADER", "HOW", "SURE", "WORTH", "How", "Judge", "Translated", "Worth", "fused", "impact_rows", "record", "summary", "table_row", "translate",
]  # fmt: skip

How = Literal["carried", "chosen", "contradiction", "no link", "off plan", "no text"]
HOW: dict[How, str] = {
    "carried": "대응표대로 옮김",
    "chosen": "대응 항목 가운데 글로 고름",
    "contradiction": "대응표와 글이 어긋남",
    "no link": "대응 항목 없음",
    "off plan": "계획 밖 그대로",
    "no text": "글이 없어 고르지 못함",
}
SURE = 0.9  # from which 95 % of the answers were the coders' own on public texts (bench/translate.py)


@dataclass(frozen=True, slots=True)
class Worth:
    """What links are worth beside the model's own words, in logits.

    ``whole`` is for ``exact``, ``close`` and ``broad``, ``part`` for ``narrow``, ``touch`` for ``related``; ``leaves`` for
    off-plan where the text was in the old plan, ``stays`` where it was not; ``power`` is that of the model's probabilities.
    """

    whole: float
    part: float
    touch: float
    leaves: float
    stays: float
    power: float

    def of(self, relation: Relation) -> float:
        """Return what a link of this kind is worth."""
        return {"narrow": self.part, "related": self.touch}.get(relation, self.whole)


WORTH = Worth(whole=2.75, part=2.0, touch=1.46, leaves=-0.36, stays=1.04, power=0.94)
_BARE = 0.8  # right share of one link carried without looking at the text
_BATCH = 500

Judge = Callable[[Sequence[Document]], Iterable[Mapping[str, float]]]
"""Documents in, per document the probabilities of the new plan's leaves and of ``NONE`` out."""


@dataclass(frozen=True, slots=True)
class Translated:
    """One result in the new plan.

    ``code`` is the answer, or the best guess where a person has to decide (``person``); None where nothing can be said.
    ``by_text`` is what the text alone says, with its probability; ``links`` are the links that counted.
    """

    result: Result
    how: How
    code: str | None
    probability: float
    person: bool
    by_text: str | None
    by_text_probability: float | None
    links: tuple[Link, ...]


def translate(results: Iterable[Result], table: Mapping[str, Route], judge: Judge) -> Iterator[Translated]:
    """Yield each result in the new plan, in order; ``table`` comes from :func:`hyeoksin.plan.routes.routes`."""
    rest = iter(results)
    while batch := list(islice(rest, _BATCH)):
        texts = [result.document for result in batch if result.has_text]
        said = iter(judge(texts)) if texts else iter(())
        for result in batch:
            yield _one(result, table, next(said) if result.has_text else None)


def _one(result: Result, table: Mapping[str, Route], shares: Mapping[str, float] | None) -> Translated:
    route = table.get(result.code, Route({}))
    links = tuple(route.targets.values())
    if shares is None:
        return _unread(result, route)
    best = max(shares, key=lambda code: shares[code])
    both = fused(shares, route, inside=result.code != NONE)
    answer = max(both, key=lambda code: both[code])
    how: How
    if result.code == NONE:
        how = "off plan" if answer == NONE else "contradiction"
    elif not route.targets:
        how = "no link"
    elif answer == route.only:
        how = "carried"
    else:
        how = "chosen" if answer in route.targets else "contradiction"
    person = how in ("contradiction", "no link") or both[answer] < SURE
    return Translated(result, how, answer, both[answer], person, best, shares[best], links)


def _unread(result: Result, route: Route) -> Translated:
    """Answer without a text: one link is carried, for a person to see; everything else waits for the text."""
    links = tuple(route.targets.values())
    if route.only is not None:
        return Translated(result, "carried", route.only, _BARE, True, None, None, links)
    how: How = "no text" if route.targets or result.code == NONE else "no link"
    return Translated(result, how, None, 0.0, True, None, None, links)


def fused(shares: Mapping[str, float], route: Route, inside: bool, worth: Worth = WORTH) -> dict[str, float]:
    """Return the model's probabilities multiplied by what the links are worth, summing to 1.

    Args:
        shares: probabilities of the leaves and of ``NONE``.
        route: where the old code may go.
        inside: whether the text stood in the old plan.
        worth: of the links.
    """
    more = {code: worth.of(link.relation) for code, link in route.targets.items()} if inside else {}
    more[NONE] = worth.leaves if inside else worth.stays
    logits = {code: worth.power * log(max(p, 1e-9)) + more.get(code, 0.0) for code, p in shares.items()}
    top = max(logits.values())
    values = {code: exp(value - top) for code, value in logits.items()}
    total = sum(values.values())
    return {code: value / total for code, value in values.items()}


def summary(rows: Iterable[Translated], old: Plan, new: Plan) -> str:
    """Return what happened, in Korean sentences for an officer."""
    rows = list(rows)
    counts = Counter(row.how for row in rows)
    waiting = sum(row.person for row in rows)
    lines = [f"{old.id} → {new.id}: {len(rows):,}건 가운데 {waiting:,}건을 사람이 보아야 합니다."]
    for how, name in HOW.items():
        if counts[how]:
            lines.append(f"  {name}: {counts[how]:,}건")
    moves = Counter((row.result.code, row.code) for row in rows if row.code is not None)
    del moves[NONE, NONE]  # those stay
    if moves:
        lines.append("많이 옮겨 간 곳:")
    for (before, after), n in moves.most_common(8):
        lines.append(f"  {_named(old, before)} → {_named(new, str(after))}: {n:,}건")
    return "\n".join(lines)


HEADER = (
    "번호", "출처", "제목", "옛 분류", "결정된 것", "어떻게", "새 분류", "확률", "사람이 볼 것", "글만 보면", "글만 본 확률", "대응표",
)  # fmt: skip


def table_row(row: Translated, old: Plan, new: Plan) -> tuple[str | float, ...]:
    """Return one row under :data:`HEADER`."""
    return (
        row.result.document.id,
        row.result.document.source,
        row.result.document.title,
        _named(old, row.result.code),
        "예" if row.result.decided else "",
        HOW[row.how],
        "" if row.code is None else _named(new, row.code),
        round(row.probability, 4),
        "예" if row.person else "",
        "" if row.by_text is None else _named(new, row.by_text),
        "" if row.by_text_probability is None else round(row.by_text_probability, 4),
        "; ".join(f"{link.relation} {link.to_code} ({link.confidence}: {link.reason})" for link in row.links),
    )


def record(row: Translated, old: Plan, new: Plan) -> dict[str, Any]:
    """Return the row as plain data; a later run reads it as decisions by its ``plan`` and ``code``."""
    return {
        "id": row.result.document.id,
        "source": row.result.document.source,
        "from": {"plan": old.id, "code": row.result.code, "decided": row.result.decided},
        "plan": new.id,
        "plan_sha": new.sha256[:8],
        "how": row.how,
        "code": row.code,
        "probability": round(row.probability, 6),
        "person": row.person,
        "by_text": {"code": row.by_text, "probability": row.by_text_probability},
        "links": [[link.relation, link.to_code, link.confidence, link.reason] for link in row.links],
    }


def impact_rows(rows: Iterable[Translated], old: Plan, new: Plan) -> Iterator[tuple[str, str, int, int, int]]:
    """Yield old node, new node, how many, how many of them decided, how many for a person; the most first."""
    rows = list(rows)
    counts = Counter((row.result.code, row.code) for row in rows)
    decided = Counter((row.result.code, row.code) for row in rows if row.result.decided)
    waiting = Counter((row.result.code, row.code) for row in rows if row.person)
    for key, n in sorted(counts.items(), key=lambda item: (-item[1], item[0][0], item[0][1] or "")):
        after = "정하지 못함" if key[1] is None else _named(new, key[1])
        yield _named(old, key[0]), after, n, decided[key], waiting[key]


def _named(plan: Plan, code: str) -> str:
    return "계획 밖" if code == NONE else f"{code} {plan[code].title}"
