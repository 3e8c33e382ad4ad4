"""Plans as SKOS and JSKOS: nothing is lost, the integrity conditions hold, nothing is fetched."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
import skosify
from rdflib import SKOS, Graph, Literal, URIRef
from typer.testing import CliRunner

from hyeoksin.cli import app
from hyeoksin.errors import PlanError
from hyeoksin.plan import BUILTIN_PLANS, Crosswalk, Link, Node, Plan, load_crosswalk, load_plan
from hyeoksin.plan.jskos import jskos
from hyeoksin.plan.load import plan_from_text
from hyeoksin.plan.skos import graph_of, integrity, read_links, write_skos
from hyeoksin.plan.tables import TEMPLATE

PREFIX = "@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix x: <http://example.org/t/> .\n"


@pytest.fixture(scope="module")
def crosswalk() -> Crosswalk:
    return load_crosswalk({name: load_plan(name) for name in BUILTIN_PLANS})


def links_of(plan: Plan, crosswalk: Crosswalk) -> list:  # type: ignore[type-arg]
    return [link for node in plan.nodes for link in crosswalk.of(plan.id, node.code)]


@pytest.mark.parametrize(
    ("name", "suffix"),
    [*((name, ".ttl") for name in BUILTIN_PLANS), ("2020", ".jsonld"), ("2024", ".jsonld")],
)
def test_a_round_trip_gives_the_same_plan_and_links(
    tmp_path: Path, crosswalk: Crosswalk, name: str, suffix: str
) -> None:
    plan = load_plan(name)
    links = links_of(plan, crosswalk)
    path = tmp_path / f"계획{suffix}"
    write_skos(plan, path, links)
    found = load_plan(path)
    assert found.sha256 == plan.sha256
    assert found == plan
    assert set(read_links(path)) == set(links)
    assert len(read_links(path)) == len(links)


def test_an_own_plan_with_korean_codes_makes_the_round_trip(tmp_path: Path) -> None:
    plan = plan_from_text(TEMPLATE, Path("t.yaml"))
    write_skos(plan, tmp_path / "가.ttl", base="https://example.org/")
    assert load_plan(tmp_path / "가.ttl").sha256 == plan.sha256


@pytest.mark.parametrize("base", ["https://ex.kr/plan", "https://ex.kr/plan/", "https://ex.kr/#", "urn:x:"])
def test_links_come_back_from_under_any_base(tmp_path: Path, crosswalk: Crosswalk, base: str) -> None:
    plan = load_plan("2019")
    links = links_of(plan, crosswalk)
    write_skos(plan, tmp_path / "가.ttl", links, base)
    assert set(read_links(tmp_path / "가.ttl")) == set(links)


@pytest.mark.parametrize("base", ["not a uri", "한글 주소", "ftp://ex.kr/", "https://", "urn:<x>"])
@pytest.mark.parametrize("suffix", [".ttl", ".jsonld", ".json"])
def test_a_base_that_is_no_address_is_refused(tmp_path: Path, base: str, suffix: str) -> None:
    output = tmp_path / f"가{suffix}"
    run = CliRunner().invoke(app, ["plan", "skos", "2019", "-o", str(output), "--base", base])
    assert run.exit_code == 2
    assert "--base" in run.output
    assert not output.exists()


def test_any_code_is_ordered(tmp_path: Path) -> None:
    plan = Plan("a", "가", 2026, (Node("①", "strategy", "하나"), Node("②", "strategy", "둘")))
    write_skos(plan, tmp_path / "가.ttl")
    assert load_plan(tmp_path / "가.ttl") == plan


def test_top_concepts_belong_to_their_plan(tmp_path: Path) -> None:
    path = tmp_path / "남의것.ttl"
    path.write_text(
        PREFIX
        + """x:s a skos:ConceptScheme ; skos:hasTopConcept x:b .
        x:a skos:topConceptOf x:s ; skos:prefLabel "하나" .
        x:b skos:prefLabel "둘" ; skos:closeMatch <http://ex.org/p/9> .
        x:c skos:inScheme x:s ; skos:prefLabel "셋" .""",
        encoding="utf-8",
    )
    assert [node.code for node in load_plan(path).nodes] == ["a", "b", "c"]
    assert [(li.from_plan, li.to_plan) for li in read_links(path)] == [("s", "p")]


def test_concepts_that_are_only_linked_belong_to_the_plan_of_the_one_above(tmp_path: Path) -> None:
    path = tmp_path / "남의것.ttl"
    path.write_text(
        PREFIX
        + """x:s a skos:ConceptScheme . x:a skos:inScheme x:s ; skos:prefLabel "하나" ; skos:narrower x:b, <http://far.org/X> .
        x:b skos:prefLabel "둘" .
        x:c skos:broader x:b ; skos:prefLabel "셋" ; skos:closeMatch <http://ex.org/p/9> .
        x:d skos:broader x:a ; skos:inScheme x:other ; skos:prefLabel "남의 것" .
        x:e skos:broader x:d ; skos:prefLabel "그 아래" .""",
        encoding="utf-8",
    )
    found = [(node.code, node.level, node.parent) for node in load_plan(path).nodes]
    assert found == [("a", "strategy", None), ("b", "task", "a"), ("c", "subtask", "b")]
    assert [(li.from_plan, li.to_plan) for li in read_links(path)] == [("s", "p")]


def test_a_relation_told_from_both_sides_is_one_link(tmp_path: Path) -> None:
    path = tmp_path / "남의것.ttl"
    path.write_text(
        PREFIX
        + """x:a skos:exactMatch <http://ex.org/p/9> ; skos:broadMatch <http://ex.org/p/8> .
        <http://ex.org/p/9> skos:exactMatch x:a . <http://ex.org/p/8> skos:narrowMatch x:a .""",
        encoding="utf-8",
    )
    found = [(li.from_plan, li.from_code, li.relation, li.to_code) for li in read_links(path)]
    assert found == [("p", "8", "narrow", "a"), ("p", "9", "exact", "a")]


@pytest.mark.parametrize("name", BUILTIN_PLANS)
def test_exported_plans_keep_the_integrity_conditions(crosswalk: Crosswalk, name: str) -> None:
    plan = load_plan(name)
    assert list(integrity(graph_of(plan, links_of(plan, crosswalk)))) == []


@pytest.mark.parametrize("name", BUILTIN_PLANS)
def test_a_validator_of_others_has_nothing_to_say(
    name: str, crosswalk: Crosswalk, caplog: pytest.LogCaptureFixture
) -> None:
    plan = load_plan(name)
    graph = graph_of(plan, links_of(plan, crosswalk))
    before = set(graph)
    with caplog.at_level(logging.WARNING):
        checked = skosify.skosify(graph, label=name, default_language="ko")
    said = [
        r.getMessage() for r in caplog.records
    ]  # that a child's broader match follows from its parent's is no fault
    assert [line for line in said if not line.startswith("Redundant hierarchical")] == []
    assert before <= set(checked)  # nothing was taken away, so nothing was amiss


@pytest.mark.parametrize(
    ("triples", "condition"),
    [
        ("x:a a skos:Concept, skos:ConceptScheme .", "S9"),
        ('x:a skos:prefLabel "가"@ko ; skos:altLabel "가"@ko .', "S13"),
        ('x:a skos:prefLabel "가"@ko, "나"@ko .', "S14"),
        ("x:a skos:broader x:b . x:b skos:broader x:c . x:c skos:related x:a .", "S27"),
        ("x:a skos:exactMatch x:b ; skos:relatedMatch x:b .", "S46"),
        ("x:a skos:broader x:b . x:b skos:broader x:a .", "돌고"),
    ],
)
def test_each_breach_is_found(triples: str, condition: str) -> None:
    found = list(integrity(Graph().parse(data=PREFIX + triples, format="turtle")))
    assert any(condition in breach for breach in found)


def test_a_file_of_another_origin_is_read_without_our_terms(tmp_path: Path) -> None:
    path = tmp_path / "남의것.ttl"
    path.write_text(
        PREFIX
        + """x:s a skos:ConceptScheme ; skos:prefLabel "도시 계획"@ko, "City plan"@en .
        x:c10 a skos:Concept ; skos:inScheme x:s ; skos:notation "10" ; skos:prefLabel "열째"@ko .
        x:c2 a skos:Concept ; skos:inScheme x:s ; skos:notation "2" ; skos:prefLabel "둘째"@ko, "second"@en ;
          skos:altLabel "버금"@ko ; skos:definition "두 번째 일"@ko .
        x:c21 a skos:Concept ; skos:inScheme x:s ; skos:notation "2-1" ; skos:prefLabel "둘째의 하나"@ko .
        x:c2 skos:narrower x:c21 .""",
        encoding="utf-8",
    )
    plan = load_plan(path)
    assert (plan.id, plan.title) == ("s", "도시 계획")
    assert [(n.code, n.level, n.parent) for n in plan.nodes] == [
        ("2", "strategy", None),
        ("2-1", "task", "2"),
        ("10", "strategy", None),
    ]
    assert plan["2"].aliases == ("버금",)
    assert plan["2"].definition == "두 번째 일"


def test_links_of_another_origin_name_their_nodes_as_the_plan_does(tmp_path: Path) -> None:
    path = tmp_path / "남의것.ttl"
    path.write_text(
        PREFIX
        + """@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
        @prefix a: <http://ex.org/planA#> . @prefix b: <http://ex.org/planB#> .
        <http://ex.org/planA> a skos:ConceptScheme ; skos:prefLabel "가"@ko .
        a:x1 a skos:Concept ; skos:inScheme <http://ex.org/planA> ; skos:prefLabel "하나"@ko ; skos:closeMatch b:y1 .
        a:x2 a skos:Concept ; skos:inScheme <http://ex.org/planA> ; skos:prefLabel "둘"@ko ; skos:notation "2" ;
          skos:broadMatch <http://ex.org/planB/y%2F2> .
        [] a rdf:Statement ; rdf:subject a:x1 ; rdf:predicate skos:closeMatch ; rdf:object b:y1 .""",
        encoding="utf-8",
    )
    assert {(load_plan(path).id, node.code) for node in load_plan(path).nodes} == {
        ("planA", "x1"),
        ("planA", "2"),
    }
    untold = ("medium", "SKOS 파일의 대응 관계")
    assert read_links(path) == (
        Link("planA", "2", "broad", "planB", "y/2", *untold),
        Link("planA", "x1", "close", "planB", "y1", *untold),
    )


def test_a_context_elsewhere_is_refused_not_fetched(tmp_path: Path) -> None:
    path = tmp_path / "멀리.jsonld"
    for context in ("https://example.org/c.jsonld", {"@import": "https://example.org/c.jsonld"}):
        path.write_text(json.dumps({"@graph": [{"@context": context, "@id": "x:y"}]}), encoding="utf-8")
        with pytest.raises(PlanError, match="바깥 주소"):
            load_plan(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("이것은 터틀이 아니다", "깨졌습니다"),
        ("<a> <b>", "깨졌습니다"),
        ('<a> <b> "우', "깨졌습니다"),
        ("<a> <b> " + "[ <b> " * 2_000, "깨졌습니다"),
        (PREFIX + "_:s a skos:ConceptScheme . x:a skos:inScheme _:s .", "dcterms:identifier"),
        (
            PREFIX + 'x:s a skos:ConceptScheme . [] skos:inScheme x:s ; skos:prefLabel "가" .',
            "'가' 에 skos:notation 이",
        ),
        (PREFIX + "x:a a skos:Concept .", "0개"),
        (PREFIX + "x:a a skos:ConceptScheme .", "항목"),
        (PREFIX + "x:s a skos:ConceptScheme . x:a skos:inScheme x:s .", "prefLabel"),
        (
            PREFIX
            + 'x:s a skos:ConceptScheme . x:a skos:inScheme x:s ; skos:prefLabel "가" ; skos:broader x:b, x:c .',
            "하나여야",
        ),
    ],
)
def test_faults_are_told_with_the_file(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "틀림.ttl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PlanError, match=says) as caught:
        load_plan(path)
    assert "틀림.ttl" in str(caught.value)


def test_jskos_names_every_concept_and_link(crosswalk: Crosswalk) -> None:
    plan = load_plan("2024")
    links = links_of(plan, crosswalk)
    found = jskos(plan, links)
    assert [c["notation"] for c in found["concepts"]] == [[n.code] for n in plan.nodes]
    assert len(found["mappings"]) == len(links)
    uris = {c["uri"] for c in found["concepts"]}
    assert {b["uri"] for c in found["concepts"] for b in c.get("broader", ())} <= uris


def test_the_labels_stand_in_the_graph_as_skos_says() -> None:
    plan = load_plan("2024")
    graph = graph_of(plan)
    concept = URIRef("urn:x-hyeoksin:plan/2024/K2")
    assert (concept, SKOS.notation, Literal("K2")) in graph
    assert (concept, SKOS.prefLabel, Literal(plan["K2"].title, lang="ko")) in graph
    assert (concept, SKOS.broader, URIRef("urn:x-hyeoksin:plan/2024/G1")) in graph


def test_the_commands_go_there_and_back(tmp_path: Path) -> None:
    out, back, links = tmp_path / "2019.ttl", tmp_path / "2019.yaml", tmp_path / "대응.csv"
    run = CliRunner().invoke
    assert run(app, ["plan", "skos", "2019", "-o", str(out)]).exit_code == 0
    result = run(app, ["plan", "from-skos", str(out), str(back), "--links", str(links)])
    assert result.exit_code == 0, result.output
    assert load_plan(back).sha256 == load_plan("2019").sha256
    plans = {name: load_plan(name) for name in BUILTIN_PLANS}
    assert len(load_crosswalk(plans, links).links) == sum(
        "2019" in (li.from_plan, li.to_plan) for li in load_crosswalk(plans).links
    )
    assert run(app, ["plan", "skos", "2019", "-o", str(tmp_path / "a.json")]).exit_code == 0
    assert run(app, ["plan", "skos", "2019", "-o", str(tmp_path / "a.rdf")]).exit_code == 2
