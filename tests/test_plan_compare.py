"""What changed between two plans: from the crosswalk, or guessed."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hyeoksin.cli import app
from hyeoksin.plan import (
    BUILTIN_PLANS,
    Crosswalk,
    Leads,
    Link,
    Node,
    Plan,
    compare,
    load_crosswalk,
    load_plan,
)
from hyeoksin.plan.compare import GUESS, guess_links
from hyeoksin.plan.flows import flows
from hyeoksin.plan.written import write_yaml


def plan(name: str, *titles: str, leads: tuple[str, ...] = ()) -> Plan:
    nodes = tuple(
        Node(str(i), "strategy", title, leads=Leads(leads)) for i, title in enumerate(titles, start=1)
    )
    return Plan(name, name, 2000, nodes)


def link(code: str, relation: str, to: str) -> Link:
    return Link("a", code, relation, "b", to, "high", "까닭")  # type: ignore[arg-type]


def fates(old: Plan, new: Plan, *links: Link) -> dict[str, str]:
    changes = compare(old, new, Crosswalk(links)).changes
    return {("+" if c.fate == "came" else "") + c.code: c.fate for c in changes}


def test_each_kind_of_change_is_told_from_the_links() -> None:
    old = plan("a", "하나", "둘", "셋", "넷", "다섯", "여섯", "일곱")
    new = plan("b", "가", "나", "다", "라", "마", "바", "사")
    found = fates(
        old,
        new,
        link("1", "exact", "1"),
        link("2", "broad", "2"),
        link("3", "broad", "2"),
        link("4", "narrow", "3"),
        link("4", "narrow", "4"),
        link("5", "narrow", "5"),
        link("6", "related", "6"),
    )
    assert found == {
        "1": "kept",
        "2": "merged",
        "3": "merged",
        "4": "split",
        "5": "partly",
        "6": "overlaps",
        "7": "gone",
        "+6": "came",
        "+7": "came",
    }


def test_two_nodes_that_become_one_are_merged() -> None:
    old, new = plan("a", "하나", "둘", "셋"), plan("b", "가", "나")
    found = fates(old, new, link("1", "exact", "1"), link("2", "close", "1"), link("3", "close", "2"))
    assert found == {"1": "merged", "2": "merged", "3": "kept"}
    assert fates(old, new, link("1", "close", "1"), link("2", "broad", "1"))["1"] == "kept"


def test_a_node_does_not_merge_with_its_own_parent() -> None:
    old = Plan("a", "a", 2000, (Node("1", "strategy", "위"), Node("1-1", "task", "아래", "1")))
    found = fates(old, plan("b", "가"), link("1", "close", "1"), link("1-1", "broad", "1"))
    assert found == {"1": "kept", "1-1": "into"}


def test_a_link_of_a_programme_is_no_change_of_a_node() -> None:
    old = Plan("a", "a", 2000, (Node("1", "task", "위"), Node("1-1", "programme", "아래", "1")))
    there, here = link("1", "close", "1"), link("1-1", "narrow", "2")
    new = plan("b", "가", "나")
    assert fates(old, new, there, here) == fates(old, new, there) == {"1": "kept", "+2": "came"}
    assert compare(old, new, Crosswalk((here,))).guessed


def test_a_changed_lead_is_named_both_ways() -> None:
    old, new = plan("a", "하나", leads=("국방부", "환경부")), plan("b", "하나", leads=("환경부", "법제처"))
    (change,) = compare(old, new, Crosswalk((link("1", "exact", "1"),))).changes
    assert change.lead_changed
    assert (change.lead_lost, change.lead_gained) == (("국방부",), ("법제처",))


def test_a_lead_under_another_name_is_the_same() -> None:
    old = plan("a", "하나", leads=("행안부", "국가보훈처", "환경부", "우리 시청"))
    new = plan("b", "하나", leads=("행정안전부", "기후에너지환경부", "국가보훈부", "우리 시청"))
    old, new = replace(old, year=2019), replace(new, year=2026)
    (change,) = compare(old, new, Crosswalk((link("1", "exact", "1"),))).changes
    assert change.lead_compared
    assert not change.lead_changed
    other = replace(new, nodes=(replace(new.nodes[0], leads=Leads(("이웃 시청", "행안부"))),))
    (change,) = compare(old, other, Crosswalk((link("1", "exact", "1"),))).changes
    assert (change.lead_lost, change.lead_gained) == (("국가보훈처", "환경부", "우리 시청"), ("이웃 시청",))


def test_a_lead_that_a_branch_of_the_same_split_follows_has_changed() -> None:
    old = plan("a", "하나", leads=("기획예산처", "공소청", "산업통상부"))
    new = plan("b", "하나", leads=("재정경제부", "중대범죄수사청", "산업통상부"))
    old, new = replace(old, year=2026), replace(new, year=2027)
    (change,) = compare(old, new, Crosswalk((link("1", "exact", "1"),))).changes
    assert change.lead_lost == ("기획예산처", "공소청")
    assert change.lead_gained == ("재정경제부", "중대범죄수사청")


def test_links_are_read_backwards_too() -> None:
    there = compare(
        load_plan("2019"), load_plan("2024"), load_crosswalk({p: load_plan(p) for p in BUILTIN_PLANS})
    )
    back = compare(
        load_plan("2024"), load_plan("2019"), load_crosswalk({p: load_plan(p) for p in BUILTIN_PLANS})
    )
    pairs = {(li.from_code, li.to_code) for c in there.changes if c.fate != "came" for li in c.links}
    assert pairs == {(li.to_code, li.from_code) for c in back.changes if c.fate != "came" for li in c.links}
    assert not there.guessed


def test_without_a_crosswalk_the_links_are_guesses() -> None:
    old = load_plan("2024")
    first = replace(old.nodes[1], title="전혀 다른 과제 이름", definition="", includes=())
    new = replace(old, id="our-2026", nodes=(old.nodes[0], first, *old.nodes[2:]))
    found = compare(old, new, Crosswalk(()))
    assert found.guessed
    assert {li.confidence for c in found.changes for li in c.links} == {GUESS}
    kept = [c.code for c in found.changes if c.fate == "kept"]
    assert len(kept) == len(old.nodes) - 1 - sum(n.level == "principle" for n in old.nodes)


def test_a_guess_by_title_looks_at_the_level_first() -> None:
    old = Plan(
        "a", "a", 2000, (Node("1", "strategy", "디지털"), Node("1-1", "task", "찾아가는 돌봄", parent="1"))
    )
    new = Plan(
        "b", "b", 2001, (Node("A", "strategy", "찾아가는 돌봄"), Node("A-1", "task", "찾아가는 돌봄", "A"))
    )
    assert [(li.from_code, li.to_code) for li in guess_links(old, new)] == [("1-1", "A-1")]
    alone = replace(new, nodes=new.nodes[:1])
    assert [(li.from_code, li.to_code) for li in guess_links(old, alone)] == [("1-1", "A")]


def test_an_edition_of_a_shipped_plan_is_compared(tmp_path: Path) -> None:
    shipped = {name: load_plan(name) for name in BUILTIN_PLANS}
    nodes = (replace(node, excludes=()) for node in shipped["2024"].nodes if node.code != "K8")
    own = replace(shipped["2024"], nodes=tuple(nodes))
    assert list(compare(shipped["2019"], own, load_crosswalk(shipped)).rows())
    write_yaml(own, tmp_path / "우리.yaml")
    result = CliRunner().invoke(app, ["plan", "diff", "2019", str(tmp_path / "우리.yaml")])
    assert result.exit_code == 0, result.output
    assert "우리.yaml 은(는) 실린 계획 2024 과 id는 같지만" in result.output
    assert "추측" not in result.output


def test_guesses_mostly_agree_with_the_judged_crosswalk() -> None:
    plans = {name: load_plan(name) for name in BUILTIN_PLANS}
    crosswalk = load_crosswalk(plans)
    guesses = guess_links(plans["2019"], plans["2020"])
    known = {
        (li.from_code, li.to_code) for n in plans["2019"].nodes for li in crosswalk.of("2019", n.code, "2020")
    }
    assert len(guesses) >= 15
    assert sum((li.from_code, li.to_code) in known for li in guesses) / len(guesses) > 0.75


@pytest.mark.parametrize("suffix", [".xlsx", ".json", ".csv"])
def test_the_command_writes_what_it_is_asked_for(tmp_path: Path, suffix: str) -> None:
    output = tmp_path / f"변화{suffix}"
    result = CliRunner().invoke(app, ["plan", "diff", "2019", "2024", "--output", str(output)])
    assert result.exit_code == 0
    assert "없어짐 5" in result.output
    assert output.stat().st_size > 1_000
    if suffix == ".json":
        found = json.loads(output.read_text(encoding="utf-8"))
        assert found["counts"]["gone"] == 5
        assert not found["guessed"]


@pytest.mark.parametrize(
    ("old", "new", "says", "cells"),
    [
        ("2019", "2024", "주관기관은 견줄 수 없음", {"견줄 수 없음"}),  # 2024 prints no leads
        ("2019", "2020", "주관기관이 바뀐 것 12 (견준 항목 13)", {"바뀜", "같음", "견줄 수 없음"}),
    ],
)
def test_leads_that_cannot_be_compared_are_not_called_the_same(
    tmp_path: Path, old: str, new: str, says: str, cells: set[str]
) -> None:
    output = tmp_path / "변화.csv"
    assert says in CliRunner().invoke(app, ["plan", "diff", old, new, "-o", str(output)]).output
    with output.open(encoding="utf-8-sig", newline="") as file:
        assert {row["주관기관"] for row in csv.DictReader(file)} == cells


def test_the_command_says_that_it_guessed(tmp_path: Path) -> None:
    own = tmp_path / "우리.yaml"
    CliRunner().invoke(app, ["plan", "template", str(own)])
    result = CliRunner().invoke(app, ["plan", "diff", "2024", str(own)])
    assert result.exit_code == 0
    assert "추측" in result.output


def test_a_sankey_without_flows_is_refused_and_a_guessed_one_is_told(tmp_path: Path) -> None:
    own, output = tmp_path / "우리.yaml", tmp_path / "계획.svg"
    CliRunner().invoke(app, ["plan", "template", str(own)])
    result = CliRunner().invoke(app, ["plan", "sankey", "-o", str(output), "--plans", f"2019,{own}"])
    assert result.exit_code == 2
    assert "이어지는 항목이 없어" in " ".join(result.output.split())
    assert not output.exists()
    write_yaml(replace(load_plan("2024"), id="우리"), own)
    result = CliRunner().invoke(app, ["plan", "sankey", "-o", str(output), "--plans", f"2024,{own}"])
    assert result.exit_code == 0, result.output
    assert "추측" in result.output


def test_the_same_plan_twice_is_refused() -> None:
    for line in (
        "plan diff 2019 2019",
        "plan sankey -o 없음.svg --plans 2019,2019",
        "plan links 2019 3-1 --to 2019",
    ):
        result = CliRunner().invoke(app, line.split())
        assert result.exit_code == 2
        assert "같은 계획" in result.output


def test_flows_share_out_every_step() -> None:
    plans = {name: load_plan(name) for name in BUILTIN_PLANS}
    found = list(flows([plans[name] for name in BUILTIN_PLANS], load_crosswalk(plans)))
    for step in (("2019", "2020"), ("2020", "2022"), ("2022", "2024")):
        assert sum(w for a, _, b, _, w in found if (a, b) == step) == pytest.approx(1.0)
    assert all(plans[a][x].level != "subtask" and plans[b][y].level != "subtask" for a, x, b, y, _ in found)
    assert "K7" not in {y for *_, y, _ in found}  # young people: new in 2024


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_the_sankey_is_drawn(tmp_path: Path, suffix: str) -> None:
    output = tmp_path / f"계획{suffix}"
    result = CliRunner().invoke(app, ["plan", "sankey", "-o", str(output), "--plans", "2022,2024"])
    assert result.exit_code == 0, result.output
    assert output.read_bytes()[:4] in (b"\x89PNG", b"<?xm", b"<svg")
