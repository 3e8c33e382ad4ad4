"""SKOS's integrity conditions (W3C, *SKOS Reference*, 2009), asked of a graph in SPARQL."""

from __future__ import annotations

from collections.abc import Iterator

from rdflib import Graph

__all__ = ["integrity"]

_CONDITIONS = {
    "S9: 항목이 동시에 계획(ConceptScheme)입니다": "?a a skos:Concept, skos:ConceptScheme",
    "S13: 같은 이름이 prefLabel 이면서 altLabel 입니다": "?a skos:prefLabel ?l ; skos:altLabel ?l",
    "S14: 한 언어의 prefLabel 이 둘입니다": (
        "?a skos:prefLabel ?l, ?m FILTER(?l != ?m && lang(?l) = lang(?m))"
    ),
    "S27: 상하 관계인 두 항목이 related 이기도 합니다": (
        "?a (skos:related|^skos:related|skos:relatedMatch|^skos:relatedMatch) ?b . "
        "?a (skos:broader|^skos:narrower|skos:broadMatch|^skos:narrowMatch)+ ?b"
    ),
    "S46: exactMatch 인 두 항목이 broadMatch 나 relatedMatch 이기도 합니다": (
        "?a (skos:exactMatch|^skos:exactMatch) ?b . "
        "?a (skos:broadMatch|^skos:broadMatch|skos:narrowMatch|^skos:narrowMatch|skos:relatedMatch|^skos:relatedMatch) ?b"
    ),
    "상하 관계가 돌고 돕니다": "?a (skos:broader|^skos:narrower)+ ?a",
}


def integrity(graph: Graph) -> Iterator[str]:
    """Yield every breach of SKOS's integrity conditions, and every cycle, with the concept's address."""
    prefix = "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> SELECT DISTINCT ?a WHERE "
    for what, pattern in _CONDITIONS.items():
        for (found,) in graph.query(f"{prefix}{{ {pattern} }}"):
            yield f"{what}: {found}"
