"""The labelled examples to learn from: the written corpus, programme names, node wordings, and texts given by folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hyeoksin.agency import load_agencies
from hyeoksin.codes import NONE
from hyeoksin.domain import Document
from hyeoksin.errors import InputError, RowError
from hyeoksin.normalise import normalise
from hyeoksin.plan import Plan
from hyeoksin.rows import CODED, Labelled, TextRow, by_plan, checked, json_rows, read_text, table_rows

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
        InputError: there is no such folder, or a row is wrong or its id doubled (with file and line).
    """
    if not folder.is_dir():
        raise InputError(
            f"{folder}: 말뭉치의 폴더가 없습니다. 저장소의 맨 위 폴더(corpus 가 있는 곳)에서 실행하거나 경로를 확인하세요."
        )
    examples: list[Example] = []
    seen: set[str] = set()
    for path in sorted(folder.glob("*.jsonl")):
        for number, written in json_rows(path):
            row = checked(TextRow, written, f"{path}:{number}", plans)
            if row.id in seen:
                raise RowError(f"{path}:{number}", f"id '{row.id}' 가 두 번 나옵니다")
            seen.add(row.id)
            examples.append(_example(row, f"{path.name}#row={number}"))
    return examples


def _example(row: TextRow, source: str) -> Example:
    return Example(
        document=Document(
            id=row.id, title=row.title, text=row.text, source=source, region=row.region, date=row.date
        ),
        labels=_codes(row.labels),
        family=row.family,
        kind=row.kind,
        origin="written",
        lead=row.lead,
        support=tuple(row.support),
        acceptable=_codes(row.ok),
    )


def _codes(by_plan: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {plan: tuple(codes) for plan, codes in by_plan.items()}


def read_programmes(path: Path, plans: Mapping[str, Plan]) -> Iterator[Example]:
    """Yield the programme names of the plans (CSV: plan, code, name, agencies, region) as examples of their leaf.

    Raises:
        InputError: with file and line, for a missing column or an unknown plan, code or agency.
    """
    for number, row in table_rows(path, ("plan", "code", "name", "agencies")):
        place = f"{path}:{number}"
        plan, code = plans.get(row["plan"]), row["code"]
        if plan is None or code not in plan:
            raise RowError(place, f"모르는 계획이나 코드: {row['plan']} {code}")
        leaf = plan.leaf_of(code)
        agency = next((name for name in row["agencies"].split(";") if name), None)
        said = checked(Labelled, {"lead": agency}, place, plans)
        if leaf is not None:
            yield Example(
                document=Document(id=f"{plan.id}:{row['name']}", title=row["name"]),
                labels={plan.id: (leaf,)},
                family=f"programme:{plan.id}:{row['name']}",
                kind="task",
                origin="programme",
                lead=said.lead,
            )


def read_terms(path: Path) -> Iterator[Example]:
    """Yield the terms of the agencies' business (one a line: agency, TAB, term) as texts that the agency leads.

    Raises:
        InputError: with file and line, for a line without TAB or an unknown agency.
    """
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        name, _, term = line.partition("\t")
        place = f"{path}:{number}"
        if not name or not term.strip():
            raise RowError(place, "기관, 탭, 낱말이 차례로 있어야 합니다")
        lead = checked(Labelled, {"lead": name}, place, {}).lead
        yield _duty(f"term:{number}", term, f"term:{number}", lead)


def read_titles(
    path: Path, plans: Mapping[str, Plan], families: Mapping[str, str], weight: float
) -> Iterator[Example]:
    """Yield bare titles written after a public text (CSV: of, kind, title, plan2019, ok2019, plan2024, ok2024).

    A plan's code is empty where two coders differed: the title then says nothing of that plan. ``families`` maps the public texts at hand (``of``) to their families: a title never teaches what its text is tested with.

    Raises:
        InputError: with file and line, for a missing column or an unknown code.
    """
    names = [name for name in plans if name in CODED]
    columns = ["of", "kind", "title", *(f"{what}{name}" for name in names for what in ("plan", "ok"))]
    for number, row in table_rows(path, columns):
        coded = by_plan(row, [name for name in names if row[f"plan{name}"]])
        said = checked(Labelled, coded, f"{path}:{number}", plans)
        yield Example(
            document=Document(id=f"title:{number}", title=row["title"]),
            labels=_codes(said.labels),
            family=families.get(row["of"], f"title:{row['of']}"),
            kind=row["kind"],
            origin="title",
            acceptable=_codes(said.ok),
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


def _duty(number: str, text: str, family: str, lead: str | None) -> Example:
    return Example(Document(id=number, title=text), {}, family, kind="duty", origin="duty", lead=lead)


def text_hash(title: str, text: str) -> str:
    """Return the SHA-256 of the normalised text: how a label finds its public text again."""
    body = " ".join(normalise(f"{title}\n{text}").split())
    return hashlib.sha256(body.encode()).hexdigest()
