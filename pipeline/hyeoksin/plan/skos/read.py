"""A plan and its links read from a SKOS file, of our own or of another origin."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from rdflib import DCTERMS, RDF, SKOS, BNode, Graph
from rdflib.collection import Collection
from rdflib.plugins.parsers.notation3 import BadSyntax
from rdflib.term import Identifier

from hyeoksin.causes import cause
from hyeoksin.errors import PlanError
from hyeoksin.plan.crosswalk import Link
from hyeoksin.plan.jskos import MATCH
from hyeoksin.plan.skos.terms import FORMATS, HX

__all__ = ["read_form", "read_links"]

_LEVELS = ("strategy", "task", "subtask", "programme")
_LANGUAGES = ("ko", "ko-KR", None)  # which label counts, first choice first; then any
_UNTOLD = ("medium", "SKOS 파일의 대응 관계")  # confidence and reason of a link that the file says nothing of


def read_form(path: Path) -> tuple[dict[str, Any], Callable[[tuple[str | int, ...]], int]]:
    """Read one concept scheme as the written form of a plan; faults are counted by the concept's place in the form.

    Raises:
        PlanError: no RDF, not exactly one concept scheme, or a concept without a label.
    """
    graph = _parsed(path)
    schemes = sorted(graph.subjects(RDF.type, SKOS.ConceptScheme))
    if len(schemes) != 1:
        raise PlanError(f"{path}: skos:ConceptScheme 이 하나 있어야 합니다 (지금 {len(schemes)}개).")
    scheme = schemes[0]
    reader = _Reader(graph, path)
    concepts = sorted(reader.concepts(scheme), key=reader.place)
    if not concepts:
        raise PlanError(f"{path}: {scheme} 에 든 항목(skos:inScheme)이 없습니다.")
    year = str(reader.one(scheme, HX.year) or reader.one(scheme, DCTERMS.issued) or "0")
    name = reader.name(scheme)
    form = {
        "id": name,
        "title": reader.text(scheme, DCTERMS.title) or reader.text(scheme, SKOS.prefLabel) or name,
        "year": int(year[:4]) if year[:4].isdecimal() else 0,
        "nodes": [reader.node(concept) for concept in concepts],
    }
    return form, lambda location: location[1] + 1 if len(location) > 1 and isinstance(location[1], int) else 1


class _Reader:
    """Reads concepts out of one graph."""

    def __init__(self, graph: Graph, path: Path) -> None:
        self._graph = graph
        self._path = path
        self._homes = _homes(graph)

    def one(self, subject: Identifier, predicate: Identifier) -> Any:
        return next(iter(sorted(self._graph.objects(subject, predicate))), None)

    def text(self, subject: Identifier, predicate: Identifier) -> str:
        """Return the Korean text, else the one without language, else any."""
        found = sorted(self._graph.objects(subject, predicate))
        for language in _LANGUAGES:
            for literal in found:
                if getattr(literal, "language", None) == language:
                    return str(literal).strip()
        return str(found[0]).strip() if found else ""

    def place(self, concept: Identifier) -> tuple[int, list[tuple[int, int, str]]]:
        """Return what concepts are ordered by: their position, else their notation, numbers by size."""
        position = self.one(concept, HX.position)
        parts = self.code(concept).replace(".", "-").split("-")
        order = [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts]
        return (int(position) if str(position).isdecimal() else 1_000_000, order)

    def code(self, concept: Identifier) -> str:
        return self._called(concept, SKOS.notation, "skos:notation")

    def name(self, scheme: Identifier) -> str:
        return self._called(scheme, DCTERMS.identifier, "dcterms:identifier")

    def _called(self, subject: Identifier, predicate: Identifier, name: str) -> str:
        """Return what a subject is called, else the end of its address; a blank node has none that stays the same."""
        said = self.one(subject, predicate)
        if said is None and isinstance(subject, BNode):
            title = self.text(subject, SKOS.prefLabel) or self.text(subject, DCTERMS.title)
            raise PlanError(
                f"{self._path}: 주소(URI)가 없는 '{title}' 에 {name} 이 없습니다. {name} 을 적거나 주소를 주세요."
            )
        return str(said or _last(str(subject)))

    def concepts(self, scheme: Identifier) -> set[Identifier]:
        """Return the concepts of a plan."""
        return {concept for concept, schemes in self._homes.items() if scheme in schemes}

    def scheme(self, concept: Identifier) -> str:
        """Return the plan of a concept; of one that the file does not hold, by its address."""
        held = self._homes.get(concept)
        return self.name(min(held)) if held else _last(re.sub("^urn:.*:", "", str(concept)), 2)

    def above(self, concept: Identifier) -> Identifier | None:
        found = {*self._graph.objects(concept, SKOS.broader), *self._graph.subjects(SKOS.narrower, concept)}
        if len(found) > 1:
            raise PlanError(
                f"{self._path}: '{self.code(concept)}' 의 상위 항목(skos:broader)이 {len(found)}개입니다. 하나여야 합니다."
            )
        parent: Identifier | None = next(iter(found), None)
        return parent

    def level(self, concept: Identifier) -> str:
        said = self.one(concept, HX.level)
        if said is not None:
            return str(said)
        depth, here = 0, self.above(concept)
        while here is not None and depth < len(_LEVELS):
            depth, here = depth + 1, self.above(here)
        return _LEVELS[min(depth, len(_LEVELS) - 1)]

    def listed(self, concept: Identifier, predicate: Identifier) -> list[str] | None:
        head = self.one(concept, predicate)
        return None if head is None else [str(item) for item in Collection(self._graph, head)]

    def node(self, concept: Identifier) -> dict[str, Any]:
        aliases = self.listed(concept, HX.aliases)
        if aliases is None:
            aliases = sorted(str(label) for label in self._graph.objects(concept, SKOS.altLabel))
        parent = self.above(concept)
        title = self.text(concept, SKOS.prefLabel)
        if not title:
            raise PlanError(f"{self._path}: '{self.code(concept)}' 에 이름(skos:prefLabel)이 없습니다.")
        form: dict[str, Any] = {
            "code": self.code(concept),
            "level": self.level(concept),
            "title": title,
            "aliases": aliases,
            "leads": {
                "agencies": self.listed(concept, HX.leads) or [],
                "open": str(self.one(concept, HX.openLeads)) == "true",
            },
            "priority": str(self.one(concept, HX.priority)) == "true",
            "definition": self.text(concept, SKOS.definition),
            "includes": self.listed(concept, HX.includes) or [],
            "excludes": [
                {"code": code, "why": why} if code else {"why": why}
                for code, why in map(json.loads, self.listed(concept, HX.excludes) or [])
            ],
        }
        return form if parent is None else form | {"parent": self.code(parent)}


def _homes(graph: Graph) -> dict[Identifier, set[Identifier]]:
    """Return the schemes that each concept names, as member or top; one that names none stands where the one above it does."""
    homes: dict[Identifier, set[Identifier]] = {}
    named = [*graph.subject_objects(SKOS.inScheme), *graph.subject_objects(SKOS.topConceptOf)]
    for concept, scheme in [*named, *((top, s) for s, top in graph.subject_objects(SKOS.hasTopConcept))]:
        homes.setdefault(concept, set()).add(scheme)
    waiting = sorted(homes)
    for above in waiting:
        linked = {*graph.objects(above, SKOS.narrower), *graph.subjects(SKOS.broader, above)} - homes.keys()
        below = sorted(
            one for one in linked if (one, SKOS.prefLabel, None) in graph
        )  # others stand elsewhere
        homes |= dict.fromkeys(below, homes[above])
        waiting += below
    return homes


def read_links(path: Path) -> tuple[Link, ...]:
    """Return the mapping relations of a SKOS file as links, with reason and confidence where it tells them.

    Of what the file does not hold itself, the code is the last piece of the address, the plan the piece before it. A
    relation that is told from both sides is one link.

    Raises:
        PlanError: no RDF, or a relation of a concept that has neither address nor notation.
    """
    graph = _parsed(path)
    reader = _Reader(graph, path)
    told = {}
    for note in graph.subjects(RDF.type, RDF.Statement):
        ends = tuple(graph.value(note, part) for part in (RDF.subject, RDF.predicate, RDF.object))
        said = (graph.value(note, HX.confidence), graph.value(note, HX.reason))
        told[ends] = tuple(str(one or other) for one, other in zip(said, _UNTOLD, strict=True))
    links: dict[tuple[str, ...], Link] = {}
    for relation, name in MATCH.items():
        predicate = SKOS[name]
        for start, end in graph.subject_objects(predicate):
            confidence, reason = told.get((start, predicate, end), _UNTOLD)
            places = [(reader.scheme(concept), reader.code(concept)) for concept in (start, end)]
            link = Link(*places[0], relation, *places[1], confidence, reason)
            links[astuple(link)[:5]] = link
    kept: dict[tuple[str, ...], Link] = {}
    # told ones first, so that of two sides the one with its reason stays
    for place, link in sorted(links.items(), key=lambda item: (astuple(item[1])[5:] == _UNTOLD, item[0])):
        if astuple(link.inverse())[:5] not in kept:
            kept[place] = link
    return tuple(sorted(kept.values(), key=lambda li: (li.from_plan, li.from_code, li.to_plan, li.to_code)))


def _last(uri: str, n: int = 1) -> str:
    """Return the ``n``-th piece of an address from its end, empty where it has fewer."""
    pieces = uri.rstrip("/#").replace("#", "/").split("/")
    return unquote(pieces[-n]) if n <= len(pieces) else ""


# what rdflib's readers let out for files that are cut short, nested without end, or no RDF at all
_BROKEN = (BadSyntax, ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)


def _parsed(path: Path) -> Graph:
    suffix = path.suffix.lower()
    try:
        text = path.read_text(encoding="utf-8-sig")
        if suffix == ".jsonld":
            _refuse_remote(json.loads(text), path)
        with warnings.catch_warnings():  # rdflib's own JSON-LD reader uses what rdflib calls old
            warnings.simplefilter("ignore", DeprecationWarning)
            graph: Graph = Graph().parse(data=text, format=FORMATS[suffix])
    except OSError as error:
        raise PlanError(f"{path}: 열 수 없습니다 ({cause(error)}).") from error
    except _BROKEN as error:
        raise PlanError(f"{path}: SKOS({FORMATS[suffix]}) 파일이 아니거나 깨졌습니다 ({error}).") from error
    return graph


def _refuse_remote(value: Any, path: Path) -> None:
    """Refuse a JSON-LD context that would be fetched from elsewhere."""
    if isinstance(value, list):
        for item in value:
            _refuse_remote(item, path)
    elif isinstance(value, dict):
        contexts = value.get("@context")
        for context in contexts if isinstance(contexts, list) else [contexts]:
            if isinstance(context, str) or (isinstance(context, dict) and "@import" in context):
                raise PlanError(
                    f"{path}: @context 가 바깥 주소를 가리킵니다. 아무것도 받아 오지 않으므로, 파일 안에 적힌 @context 만 씁니다."
                )
        for item in value.values():
            _refuse_remote(item, path)
