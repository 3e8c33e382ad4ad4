"""A plan, and its links to other plans, as an RDF graph and a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from rdflib import DCTERMS, RDF, SKOS, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Identifier

from hyeoksin.errors import PlanError
from hyeoksin.plan.crosswalk import Link
from hyeoksin.plan.jskos import BASE, MATCH, uri
from hyeoksin.plan.nodes import Exclusion, Node, Plan
from hyeoksin.plan.skos.terms import FORMATS, HX
from hyeoksin.tabular import written_whole

__all__ = ["graph_of", "write_skos"]


def graph_of(plan: Plan, links: Iterable[Link] = (), base: str = BASE) -> Graph:
    """Return the plan, and its links to other plans' nodes, as an RDF graph."""
    graph: Graph = Graph()
    for prefix, space in (("skos", SKOS), ("dcterms", DCTERMS), ("hx", HX)):
        graph.bind(prefix, space)
    scheme = URIRef(uri(base, plan.id))
    graph.add((scheme, RDF.type, SKOS.ConceptScheme))
    graph.add((scheme, DCTERMS.identifier, Literal(plan.id)))
    graph.add((scheme, DCTERMS.title, Literal(plan.title, lang="ko")))
    graph.add((scheme, HX.year, Literal(plan.year)))
    for position, node in enumerate(plan.nodes):
        concept = URIRef(uri(base, plan.id, node.code))
        _add_concept(graph, concept, node, position)
        graph.add((concept, SKOS.inScheme, scheme))
        if node.parent is None:
            graph.add((scheme, SKOS.hasTopConcept, concept))
            graph.add((concept, SKOS.topConceptOf, scheme))
        else:
            above = URIRef(uri(base, plan.id, node.parent))
            graph.add((concept, SKOS.broader, above))
            graph.add((above, SKOS.narrower, concept))
        for exclusion in node.excludes:
            if exclusion.code is not None:
                graph.add((concept, HX.neighbour, URIRef(uri(base, plan.id, exclusion.code))))
    for link in links:
        _add_link(graph, link, base)
    return graph


def _add_concept(graph: Graph, concept: Identifier, node: Node, position: int) -> None:
    def say(predicate: Identifier, text: str) -> None:
        graph.add((concept, predicate, Literal(text, lang="ko")))

    def listed(predicate: Identifier, texts: Sequence[str]) -> None:
        if texts:
            head = BNode()
            Collection(graph, head, [Literal(text) for text in texts])
            graph.add((concept, predicate, head))

    graph.add((concept, RDF.type, SKOS.Concept))
    graph.add((concept, SKOS.notation, Literal(node.code)))
    say(SKOS.prefLabel, node.title)
    for alias in dict.fromkeys(node.aliases):
        if alias != node.title:  # S13: a label is preferred or alternative, not both
            say(SKOS.altLabel, alias)
    if node.definition:
        say(SKOS.definition, node.definition)
    if node.includes:
        say(SKOS.scopeNote, "포함: " + "; ".join(node.includes))
    if node.excludes:
        say(SKOS.scopeNote, "제외: " + "; ".join(exclusion.why for exclusion in node.excludes))
    graph.add((concept, HX.level, Literal(node.level)))
    graph.add((concept, HX.position, Literal(position)))
    graph.add((concept, HX.priority, Literal(node.priority)))
    graph.add((concept, HX.openLeads, Literal(node.leads.open)))
    listed(HX.aliases, node.aliases)
    listed(HX.leads, node.leads.agencies)
    listed(HX.includes, node.includes)
    listed(HX.excludes, [_said(exclusion) for exclusion in node.excludes])


def _said(exclusion: Exclusion) -> str:
    return json.dumps([exclusion.code, exclusion.why], ensure_ascii=False)


def _add_link(graph: Graph, link: Link, base: str) -> None:
    start = URIRef(uri(base, link.from_plan, link.from_code))
    end = URIRef(uri(base, link.to_plan, link.to_code))
    predicate = SKOS[MATCH[link.relation]]
    graph.add((start, predicate, end))
    note = BNode()  # why the link stands: a statement about it
    for name, value in (
        (RDF.type, RDF.Statement),
        (RDF.subject, start),
        (RDF.predicate, predicate),
        (RDF.object, end),
        (HX.confidence, Literal(link.confidence)),
        (HX.reason, Literal(link.reason, lang="ko")),
    ):
        graph.add((note, name, value))


def write_skos(plan: Plan, path: Path, links: Iterable[Link] = (), base: str = BASE) -> None:
    """Write Turtle (.ttl) or JSON-LD (.jsonld).

    Raises:
        PlanError: another suffix.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise PlanError(f"{path}: 쓸 수 없는 형식 '{path.suffix}'. 쓰는 형식: {', '.join(FORMATS)}.")
    with written_whole(path) as part:
        part.write_text(
            graph_of(plan, links, base).serialize(format=FORMATS[suffix]), encoding="utf-8", newline="\n"
        )
