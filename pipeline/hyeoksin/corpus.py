"""The labelled examples to learn from: the written corpus, programme names, node wordings, and texts given by folder."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hyeoksin.agency import load_agencies
from hyeoksin.codes import NONE
from hyeoksin.domain import Document
from hyeoksin.errors import PlanError
from hyeoksin.normalise import normalise
from hyeoksin.plan import Plan

__all__ = [
    "TESTED",
    "Example",
    "duty_examples",
    "node_examples",
    "read_examples",
    "read_programmes",
    "read_terms",
    "read_titles",
    "text_hash",
]

# Origins that cross-validation predicts; the rest is always in training.
TESTED = ("written", "coded", "title", "real")
_TITLED = ("2019", "2024")  # plans whose codes a written title carries
_CENTRAL = ("ministry", "office", "administration", "commission", "independent")


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled text.

    ``labels`` maps a plan to its codes, best first; an empty tuple means outside that plan, a missing plan means that
    nobody looked. ``acceptable`` are further codes (or ``NONE``) that a careful coder might give. ``family`` groups texts about
    the same idea: splits never cut through it. ``origin``: ``written`` for this project, ``coded`` if
    also coded apart from its writer, ``title`` if a bare title in other words, ``real`` if public, else where else it comes from. ``weight`` is its weight in training.
    """

    document: Document
    labels: Mapping[str, tuple[str, ...]]
    family: str
    kind: str
    origin: str
    lead: str | None = None
    support: tuple[str, ...] = ()
    acceptable: Mapping[str, tuple[str, ...]] | None = None
    weight: float = 1.0

    def accepted(self, plan: str) -> frozenset[str]:
        """Return every code (or ``NONE``) that is right under a plan that somebody looked at."""
        return frozenset([*(self.labels[plan] or (NONE,)), *(self.acceptable or {}).get(plan, ())])


def read_examples(folder: Path, plans: Mapping[str, Plan]) -> list[Example]:
    """Read all ``*.jsonl`` of the written corpus.

    Raises:
        PlanError: with file and line, for a line that is no JSON, an unknown code or agency, or a doubled id.
    """
    examples: list[Example] = []
    seen: set[str] = set()
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                example = _example(row, plans, f"{path.name}#row={number}")
            except (ValueError, KeyError, TypeError) as error:
                raise PlanError(f"{path}:{number}: {error}") from error
            if example.document.id in seen:
                raise PlanError(f"{path}:{number}: id '{example.document.id}' 가 두 번 나옵니다")
            seen.add(example.document.id)
            examples.append(example)
    return examples


def _example(row: Mapping[str, Any], plans: Mapping[str, Plan], source: str) -> Example:
    labels = {plan: tuple(codes) for plan, codes in row["labels"].items()}
    acceptable = {plan: tuple(codes) for plan, codes in row.get("ok", {}).items()}
    for plan in {*labels, *acceptable}:
        leaves = {leaf.code for leaf in plans[plan].leaves}
        unknown = {*labels.get(plan, ())} - leaves | {*acceptable.get(plan, ())} - leaves - {NONE}
        if unknown:
            raise ValueError(f"계획 {plan} 에 없는 코드: {', '.join(sorted(unknown))}")
    return Example(
        document=Document(
            id=row["id"],
            title=row["title"],
            text=row["text"],
            source=source,
            region=row.get("region"),
            date=row.get("date"),
        ),
        labels=labels,
        family=row["family"],
        kind=row["kind"],
        origin="written",
        lead=_agency(row["lead"]) if row.get("lead") else None,
        support=tuple(_agency(name) for name in row.get("support", ())),
        acceptable=acceptable,
    )


def _agency(name: str) -> str:
    agencies = load_agencies()
    agency = agencies.named(name)
    if agency is None:
        raise ValueError(f"모르는 기관: {name}")
    return agencies.reference(agency.id)


def read_programmes(path: Path, plans: Mapping[str, Plan]) -> Iterator[Example]:
    """Yield the programme names of the plans (CSV: plan, code, name, agencies, region) as examples of their leaf."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            plan = plans[row["plan"]]
            leaf = plan.leaf_of(row["code"])
            agencies = [a for a in row["agencies"].split(";") if a]
            if leaf is not None:
                yield Example(
                    document=Document(id=f"{row['plan']}:{row['name']}", title=row["name"]),
                    labels={row["plan"]: (leaf,)},
                    family=f"programme:{row['plan']}:{row['name']}",
                    kind="task",
                    origin="programme",
                    lead=_agency(agencies[0]) if agencies else None,
                )


def read_terms(path: Path) -> Iterator[Example]:
    """Yield the terms of the agencies' business (one a line: agency, TAB, term) as texts that the agency leads.

    Raises:
        PlanError: with file and line, for a line without TAB or an unknown agency.
    """
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        name, _, term = line.partition("\t")
        try:
            lead = _agency(name)
            if not term.strip():
                raise ValueError("기관, 탭, 낱말이 차례로 있어야 합니다")
        except ValueError as error:
            raise PlanError(f"{path}:{number}: {error}") from error
        yield _duty(f"term:{number}", term, f"term:{number}", lead)


def read_titles(
    path: Path, plans: Mapping[str, Plan], families: Mapping[str, str], weight: float
) -> Iterator[Example]:
    """Yield bare titles written after a public text (CSV: of, kind, title, plan2019, ok2019, plan2024, ok2024).

    A plan's code is empty where two coders differed: the title then says nothing of that plan. ``families`` maps the public texts at hand (``of``) to their families: a title never teaches what its text is tested with.

    Raises:
        PlanError: with file and line, for an unknown code.
    """
    names = [name for name in plans if name in _TITLED]
    known = {name: {leaf.code for leaf in plans[name].leaves} | {NONE} for name in names}
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            codes = {name: row[f"plan{name}"] for name in names if row[f"plan{name}"]}
            acceptable = {name: tuple(c for c in row[f"ok{name}"].split(",") if c) for name in codes}
            for name in codes:
                unknown = {codes[name], *acceptable[name]} - known[name]
                if unknown:
                    raise PlanError(
                        f"{path}:{number}: 계획 {name} 에 없는 코드: {', '.join(sorted(unknown))}"
                    )
            yield Example(
                document=Document(id=f"title:{number}", title=row["title"]),
                labels={name: () if code == NONE else (code,) for name, code in codes.items()},
                family=families.get(row["of"], f"title:{row['of']}"),
                kind=row["kind"],
                origin="title",
                acceptable=acceptable,
                weight=weight,
            )


def node_examples(plan: Plan) -> Iterator[Example]:
    """Yield each leaf's wording (title, aliases, definition, includes) as examples of the leaf."""
    for leaf in plan.leaves:
        for number, text in enumerate((leaf.title, *leaf.aliases, leaf.definition, *leaf.includes)):
            if text:
                yield Example(
                    document=Document(id=f"{plan.id}:{leaf.code}:{number}", title=text),
                    labels={plan.id: (leaf.code,)},
                    family=f"node:{plan.id}:{leaf.code}",
                    kind="task",
                    origin="node",
                )


def duty_examples() -> Iterator[Example]:
    """Yield duties, keywords and bureaus of the central agencies (``agencies.yaml``) as texts that they lead.

    An incarnation speaks for the agency of the reference day, so what a ministry did under another name is not lost.
    """
    agencies = load_agencies()
    for agency in agencies.by_id.values():
        if agency.kind not in _CENTRAL:
            continue
        lists = (", ".join(agency.keywords[at : at + 5]) for at in range(0, len(agency.keywords), 5))
        offices = (", ".join(agency.bureaus[at : at + 3]) for at in range(0, len(agency.bureaus), 3))
        for number, text in enumerate((*agency.duties, *lists, *offices)):
            yield _duty(
                f"duty:{agency.id}:{number}", text, f"duty:{agency.id}", agencies.reference(agency.id)
            )


def _duty(number: str, text: str, family: str, lead: str) -> Example:
    return Example(Document(id=number, title=text), {}, family, kind="duty", origin="duty", lead=lead)


def text_hash(title: str, text: str) -> str:
    """Return the SHA-256 of the normalised text: how a label finds its public text again."""
    body = " ".join(normalise(f"{title}\n{text}").split())
    return hashlib.sha256(body.encode()).hexdigest()
