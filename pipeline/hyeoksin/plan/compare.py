"""What changed from one plan to another: read from the crosswalk, or guessed from codes, titles and wording.

Guessed links carry the confidence ``guess``; they are for a person to look at, not to build on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any, Literal

from hyeoksin.agency import load_agencies
from hyeoksin.plan.crosswalk import Crosswalk, Link, Relation
from hyeoksin.plan.nodes import LEVELS, Node, Plan

__all__ = [
    "FATES",
    "GUESS",
    "HEADER",
    "Change",
    "Difference",
    "Fate",
    "compare",
    "guess_links",
    "links_between",
]

GUESS = "guess"
Fate = Literal["kept", "merged", "into", "split", "partly", "overlaps", "gone", "came"]
FATES: dict[Fate, str] = {
    "kept": "이어짐",
    "merged": "합쳐짐",
    "into": "더 넓은 항목에 들어감",
    "split": "나뉨",
    "partly": "일부만 이어짐",
    "overlaps": "겹치기만 함",
    "gone": "없어짐",
    "came": "새로 생김",
}
_SAME: tuple[Relation, ...] = ("exact", "close")
_NEAR = 0.5  # cosine of letter pairs from which two wordings may mean the same
_AKIN = 0.25  # ... and from which they may touch


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one node (or, for ``came``, what is new): its links, and the leads printed before and after.

    ``lead_lost`` and ``lead_gained`` are filled only where the leads could be compared (``lead_compared``): the node goes on
    in one other node, and both print leads. An agency under another name (행안부, or renamed since) is the same.
    """

    fate: Fate
    code: str
    level: str
    title: str
    links: tuple[Link, ...]
    retitled: bool = False
    lead_compared: bool = False
    lead_lost: tuple[str, ...] = ()
    lead_gained: tuple[str, ...] = ()

    @property
    def lead_changed(self) -> bool:
        """Whether another agency leads now."""
        return bool(self.lead_lost or self.lead_gained)


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes from ``old`` to ``new``, in document order, what is new last; ``guessed`` where there was no crosswalk."""

    old: Plan
    new: Plan
    changes: tuple[Change, ...]
    guessed: bool

    def counts(self) -> dict[Fate, int]:
        """Return how many nodes met each fate."""
        found = Counter(change.fate for change in self.changes)
        return {fate: found[fate] for fate in FATES}

    def to_json(self) -> dict[str, Any]:
        """Return the whole difference as plain data."""
        return {
            "from": {"id": self.old.id, "title": self.old.title, "sha256": self.old.sha256},
            "to": {"id": self.new.id, "title": self.new.title, "sha256": self.new.sha256},
            "guessed": self.guessed,
            "counts": self.counts(),
            "changes": [asdict(change) for change in self.changes],
        }

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Yield one table row a change under :data:`HEADER`."""
        for change in self.changes:
            plan = self.new if change.fate == "came" else self.old
            shown = change.links or (None,)
            for link in shown:
                target = None if link is None else (self.old if change.fate == "came" else self.new)
                yield (
                    FATES[change.fate],
                    plan.id,
                    change.code,
                    LEVELS[plan[change.code].level],
                    change.title,
                    "" if link is None or target is None else f"{link.to_code} {target[link.to_code].title}",
                    "" if link is None else link.relation,
                    "" if link is None else ("추측" if link.confidence == GUESS else link.confidence),
                    "" if link is None else link.reason,
                    ("바뀜" if change.lead_changed else "같음") if change.lead_compared else "견줄 수 없음",
                    ", ".join(change.lead_lost),
                    ", ".join(change.lead_gained),
                )


HEADER = (
    "변화", "계획", "코드", "단계", "제목", "대응 항목", "관계", "확신", "까닭", "주관기관", "빠진 주관기관", "새 주관기관",
)  # fmt: skip


def compare(old: Plan, new: Plan, crosswalk: Crosswalk | None = None) -> Difference:
    """Return what became of every node above programme level; without links between the two plans they are guessed.

    A node with one ``exact`` or ``close`` counterpart that has no other such is *kept*, else *merged*; with one broader
    counterpart it went *into* it, *merged* where others did too; with several narrower or equal ones it was *split*, with one narrower
    one it goes on *partly*; ``related`` links alone mean that it only *overlaps*.
    """
    links, guessed = links_between(old, new, crosswalk, _nodes(old))
    out: dict[str, list[Link]] = {}
    back: dict[str, list[Link]] = {}
    for link in links:
        out.setdefault(link.from_code, []).append(link)
        back.setdefault(link.to_code, []).append(link.inverse())
    changes = [_change(old, new, node, tuple(out.get(node.code, ())), links) for node in _nodes(old)]
    for node in _nodes(new):
        coming = tuple(back.get(node.code, ()))
        if all(link.relation == "related" for link in coming):
            changes.append(Change("came", node.code, node.level, node.title, coming))
    return Difference(old, new, tuple(changes), guessed)


def links_between(
    old: Plan, new: Plan, crosswalk: Crosswalk | None, nodes: Iterable[Node] | None = None
) -> tuple[tuple[Link, ...], bool]:
    """Return the links from ``old`` (``nodes`` of it: all) to ``new``, and whether they had to be guessed."""
    if crosswalk is not None:
        found = tuple(
            link
            for node in (old.nodes if nodes is None else nodes)
            for link in crosswalk.of(old.id, node.code, new.id)
            if old.id != new.id and link.to_code in new
        )
        if found:
            return found, False
    return guess_links(old, new), True


def _change(old: Plan, new: Plan, node: Node, links: tuple[Link, ...], everything: Iterable[Link]) -> Change:
    same = [link for link in links if link.relation in _SAME]
    broader = [link for link in links if link.relation == "broad"]
    narrower = [link for link in links if link.relation == "narrow"]
    heirs = [*same, *broader, *narrower]
    fate: Fate
    if not links:
        fate = "gone"
    elif not heirs:
        fate = "overlaps"
    elif len(heirs) > 1:
        fate = "split"
    elif narrower:
        fate = "partly"
    elif broader:
        fate = "merged" if _has_company(old, broader[0], everything, (*_SAME, "broad")) else "into"
    else:
        fate = "merged" if _has_company(old, same[0], everything, _SAME) else "kept"
    lost: tuple[str, ...] = ()
    gained: tuple[str, ...] = ()
    retitled = compared = False
    if len(heirs) == 1:
        heir = new[heirs[0].to_code]
        before, after = _leads(old, node.code), _leads(new, heir.code)
        compared = bool(before and after)
        if compared:
            lost = _without(before, after)
            gained = _without(after, before)
        retitled = fate == "kept" and node.title != heir.title
    return Change(fate, node.code, node.level, node.title, links, retitled, compared, lost, gained)


def _leads(plan: Plan, code: str) -> dict[str, str | None]:
    """Return the leads printed for a node, each with the agency's id, or None where it is unknown."""
    agencies = load_agencies()
    found = {name: agencies.named(name, f"{plan.year}-06-30") for name in plan.leads_for(code).agencies}
    return {name: None if one is None else one.id for name, one in found.items()}


def _without(leads: Mapping[str, str | None], others: Mapping[str, str | None]) -> tuple[str, ...]:
    """Return the leads that the others lack; an agency is there under any name that it had or has since."""
    akin = load_agencies().akin
    return tuple(
        name
        for name, one in leads.items()
        if name not in others and not any(one and other and akin(one, other) for other in others.values())
    )


def _has_company(old: Plan, link: Link, everything: Iterable[Link], relations: tuple[Relation, ...]) -> bool:
    """Tell whether a node of another branch went into the same target by one of ``relations``."""
    own = {node.code for node in old.path(link.from_code)}
    return any(
        other.to_code == link.to_code
        and other.relation in relations
        and other.from_code not in own
        and link.from_code not in {node.code for node in old.path(other.from_code)}
        for other in everything
    )


def _nodes(plan: Plan) -> Iterable[Node]:
    return (node for node in plan.nodes if node.level not in ("programme", "principle"))


def guess_links(old: Plan, new: Plan) -> tuple[Link, ...]:
    """Return links between plans that have no crosswalk: equal titles, then equal codes, then the nearest wording.

    Equal title and wording give ``exact``; equal title, or the nearest wording from both sides, ``close``; a wording
    that is near from one side, ``related``. Nearness is the cosine of letter-pair counts: no model is needed.
    """
    links: list[Link] = []
    rest, free = list(_nodes(old)), list(_nodes(new))
    for likeness in _LIKENESSES:
        twins = {likeness(node): node for node in reversed(free)}
        left = []
        for node in rest:
            twin = twins.pop(likeness(node), None)
            if twin is None:
                left.append(node)
                continue
            relation: Relation = "exact" if twin.wording == node.wording else "close"
            links.append(_guess(old, node, relation, new, twin, "제목이 같습니다"))
        rest = left
        taken = {link.to_code for link in links}
        free = [node for node in free if node.code not in taken]
    return (*links, *_by_wording(old, rest, new, free))


# What twins of equal title share besides, the surest first: the code, else the level, else nothing.
_LIKENESSES: tuple[Callable[[Node], tuple[str, str]], ...] = (
    lambda node: (node.code, _bare(node.title)),
    lambda node: (node.level, _bare(node.title)),
    lambda node: ("", _bare(node.title)),
)


def _by_wording(old: Plan, rest: list[Node], new: Plan, free: list[Node]) -> Iterator[Link]:
    left, right = [_pairs(n.wording) for n in rest], [_pairs(n.wording) for n in free]
    near = [
        [
            _cosine(a, b) + (0.1 if n.code == m.code else 0.0) if n.level == m.level else 0.0
            for b, m in zip(right, free, strict=True)
        ]
        for a, n in zip(left, rest, strict=True)
    ]
    for i, node in enumerate(rest):
        best = max(range(len(free)), key=lambda j: near[i][j], default=None)
        if best is None or near[i][best] < _AKIN:
            continue
        mutual = max(range(len(rest)), key=lambda k: near[k][best]) == i
        relation: Relation = "close" if mutual and near[i][best] >= _NEAR else "related"
        yield _guess(old, node, relation, new, free[best], f"글이 비슷합니다 ({near[i][best]:.2f})")


def _guess(old: Plan, node: Node, relation: Relation, new: Plan, twin: Node, why: str) -> Link:
    return Link(old.id, node.code, relation, new.id, twin.code, GUESS, why)


def _bare(title: str) -> str:
    return "".join(letter for letter in title if letter.isalnum())


def _pairs(text: str) -> Counter[str]:
    words = ("".join(letter for letter in word if letter.isalnum()) for word in text.split())
    return Counter(word[i : i + 2] for word in words for i in range(len(word) - 1))


def _cosine(a: Counter[str], b: Counter[str]) -> float:
    dot = sum(count * b[pair] for pair, count in a.items())
    length = sqrt(sum(c * c for c in a.values()) * sum(c * c for c in b.values()))
    return dot / length if length else 0.0
