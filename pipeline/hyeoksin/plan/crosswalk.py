"""The crosswalk: typed SKOS links between the nodes of two plans, each with its reason."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Literal, get_args

from hyeoksin.decoding import decode
from hyeoksin.errors import PlanError
from hyeoksin.plan.nodes import Plan
from hyeoksin.resources import resource
from hyeoksin.tabular import write_csv

__all__ = ["INVERSE", "Crosswalk", "Link", "Relation", "load_crosswalk", "write_links"]

Relation = Literal["exact", "close", "broad", "narrow", "related"]
INVERSE: dict[Relation, Relation] = {
    "exact": "exact",
    "close": "close",
    "broad": "narrow",
    "narrow": "broad",
    "related": "related",
}
_FIELDS = ["from_plan", "from_code", "relation", "to_plan", "to_code", "confidence", "reason"]


@dataclass(frozen=True, slots=True)
class Link:
    """``from`` has the relation to ``to``: ``broad`` means that the target is the broader one (skos:broadMatch)."""

    from_plan: str
    from_code: str
    relation: Relation
    to_plan: str
    to_code: str
    confidence: str
    reason: str

    def inverse(self) -> Link:
        """Return the same link read from the other side."""
        return Link(
            self.to_plan,
            self.to_code,
            INVERSE[self.relation],
            self.from_plan,
            self.from_code,
            self.confidence,
            self.reason,
        )


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """Links, each stored once and read from both sides."""

    links: tuple[Link, ...]

    def of(self, plan: str, code: str, to_plan: str | None = None) -> tuple[Link, ...]:
        """Return the links of a node, all read as going out from it."""
        out = [li for li in self.links if (li.from_plan, li.from_code) == (plan, code)]
        out += [li.inverse() for li in self.links if (li.to_plan, li.to_code) == (plan, code)]
        return tuple(li for li in out if to_plan is None or li.to_plan == to_plan)

    def for_edition(self, edition: Plan, original: Plan) -> Crosswalk:
        """Return the links that hold for another edition of a plan too: its nodes of the same code and title."""
        kept = {
            (original.id, node.code)
            for node in original.nodes
            if node.code in edition and edition[node.code].title == node.title
        }

        def stands(plan: str, code: str) -> bool:
            return plan != original.id or (plan, code) in kept

        return Crosswalk(
            tuple(
                li
                for li in self.links
                if stands(li.from_plan, li.from_code) and stands(li.to_plan, li.to_code)
            )
        )


def load_crosswalk(plans: Mapping[str, Plan], path: Path | None = None) -> Crosswalk:
    """Load and check the crosswalk (CSV, in any encoding that Korean Excel writes).

    Raises:
        PlanError: unknown plan or code, unknown relation, no reason, a pair linked twice (in either direction).
        InputError: the encoding is unknown.
    """
    path = path or resource("crosswalk.csv")
    links: list[Link] = []
    faults: list[str] = []
    seen: dict[frozenset[tuple[str, str]], int] = {}
    reader = csv.DictReader(io.StringIO(decode(path.read_bytes(), path)[0], newline=""), restval="")
    if reader.fieldnames != _FIELDS:
        raise PlanError(f"{path}:1: 머리글이 다릅니다. 있어야 할 머리글: {','.join(_FIELDS)}")
    for row in reader:
        line = reader.line_num
        ends = [(row["from_plan"], row["from_code"]), (row["to_plan"], row["to_code"])]
        for plan, code in ends:
            if plan not in plans:
                known = ", ".join(plans)
                faults.append(
                    f"{path}:{line}: 모르는 계획 '{plan}' 입니다. 아는 계획: {known}. 줄을 고치거나 지우세요."
                )
            elif code not in plans[plan]:
                faults.append(f"{path}:{line}: 계획 {plan} 에 코드 '{code}' 가 없습니다")
        if row["relation"] not in get_args(Relation):
            faults.append(
                f"{path}:{line}: 모르는 관계 '{row['relation']}' (exact, close, broad, narrow, related)"
            )
            continue
        if not row["reason"].strip():
            faults.append(f"{path}:{line}: 까닭(reason)이 비어 있습니다")
        pair = frozenset(ends)
        if pair in seen or len(pair) == 1:
            faults.append(
                f"{path}:{line}: 같은 두 항목이 이미 이어져 있습니다 ({seen.get(pair, line)}번째 줄)"
            )
        seen.setdefault(pair, line)
        links.append(Link(**{k: row[k] for k in _FIELDS}))  # type: ignore[arg-type]  # relation checked above
    if faults:
        raise PlanError("\n".join(faults))
    return Crosswalk(tuple(links))


def write_links(links: Iterable[Link], path: Path) -> None:
    """Write links as a crosswalk file (CSV) that :func:`load_crosswalk` reads."""
    write_csv(path, _FIELDS, map(astuple, links))
