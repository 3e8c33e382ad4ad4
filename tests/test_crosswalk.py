"""Links between plans, read from both sides, and the faults of their file."""

from dataclasses import replace
from pathlib import Path

import pytest

from hyeoksin.errors import PlanError
from hyeoksin.plan import BUILTIN_PLANS, Crosswalk, Link, Node, Plan, load_crosswalk
from hyeoksin.plan.crosswalk import INVERSE
from hyeoksin.plan.routes import routes

HEADER = "from_plan,from_code,relation,to_plan,to_code,confidence,reason\n"
GOOD = "2019,1-2,close,2020,P3-1-3,high,둘 다 조달 규칙을 바꾼다\n"


@pytest.fixture(scope="module")
def crosswalk(plans: dict[str, Plan]) -> Crosswalk:
    return load_crosswalk(plans)


def test_every_pair_of_plans_is_linked(crosswalk: Crosswalk) -> None:
    assert {(li.from_plan, li.to_plan) for li in crosswalk.links} == {
        (one, two) for one in BUILTIN_PLANS for two in BUILTIN_PLANS if one < two
    }


def test_every_link_has_a_reason_and_a_known_confidence(crosswalk: Crosswalk) -> None:
    assert {li.confidence for li in crosswalk.links} <= {"high", "medium", "low"}
    assert all(li.reason.strip() for li in crosswalk.links)


def test_every_link_is_read_from_both_sides(crosswalk: Crosswalk) -> None:
    for link in crosswalk.links:
        assert link in crosswalk.of(link.from_plan, link.from_code)
        assert link.inverse() in crosswalk.of(link.to_plan, link.to_code)


def test_links_of_a_node_go_out_from_it_and_can_be_kept_to_one_plan(crosswalk: Crosswalk) -> None:
    found = crosswalk.of("2020", "P3-1-2")
    assert {(li.from_plan, li.from_code) for li in found} == {("2020", "P3-1-2")}
    assert {li.to_plan for li in found} == {"2019", "2022", "2024"}
    kept = crosswalk.of("2020", "P3-1-2", "2019")
    assert [(li.to_code, li.relation) for li in kept] == [("3-1", "related"), ("3-2", "related")]


def test_a_node_takes_the_links_above_it_wherever_it_is_written() -> None:
    above, below = Node("1", "strategy", "위"), Node("1-1", "task", "아래", "1")
    new = Plan("b", "나", 2020, (Node("9", "strategy", "새"),))
    link = Link("a", "1", "exact", "b", "9", "high", "까닭")
    found = [routes(Plan("a", "가", 2019, nodes), new, [link]) for nodes in ((above, below), (below, above))]
    assert found[0] == found[1]
    assert list(found[1]) == ["1-1", "1"]
    assert set(found[1]["1-1"].targets) == {"9"}


def test_a_node_without_links_has_none(crosswalk: Crosswalk) -> None:
    assert crosswalk.of("2019", "없음") == ()


def test_the_inverse_of_broad_is_narrow_and_inverting_twice_is_nothing() -> None:
    link = Link("2019", "1", "broad", "2020", "P3", "high", "까닭")
    assert link.inverse() == Link("2020", "P3", "narrow", "2019", "1", "high", "까닭")
    for relation, inverse in INVERSE.items():
        assert INVERSE[inverse] == relation
    assert {relation for relation, inverse in INVERSE.items() if relation == inverse} == {
        "exact",
        "close",
        "related",
    }


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (GOOD.replace("1-2", "1-9"), "계획 2019 에 코드 '1-9' 가 없습니다"),
        (GOOD.replace("2020", "2021"), "모르는 계획 '2021' 입니다. 아는 계획: 2019, 2020, 2022, 2024"),
        (GOOD.replace("close", "same"), "모르는 관계 'same'"),
        (GOOD.replace("둘 다 조달 규칙을 바꾼다", " "), "까닭(reason)이 비어"),
        ("2019,1-2,close,2020,P3-1-3\n", "까닭(reason)이 비어"),
        ("2019,1-1,related,2019,1-1,low,저와 저\n", "이미 이어져"),
        (GOOD, "이미 이어져 있습니다 (2번째 줄)"),
        ("2020,P3-1-3,related,2019,1-2,low,거꾸로\n", "이미 이어져 있습니다 (2번째 줄)"),
    ],
)
def test_a_fault_is_an_error_that_names_file_and_line(
    tmp_path: Path, plans: dict[str, Plan], row: str, fault: str
) -> None:
    path = tmp_path / "crosswalk.csv"
    first = GOOD if "이미" in fault else "2019,S1,related,2020,P3,medium,겹친다\n"
    path.write_text(HEADER + first + row, encoding="utf-8")
    with pytest.raises(PlanError) as caught:
        load_crosswalk(plans, path)
    (message,) = str(caught.value).splitlines()
    assert message.startswith(f"{path}:3: ")
    assert fault in message


def test_a_wrong_header_is_an_error(tmp_path: Path, plans: dict[str, Plan]) -> None:
    path = tmp_path / "crosswalk.csv"
    path.write_text("from,to\n", encoding="utf-8")
    with pytest.raises(PlanError, match=r"crosswalk\.csv:1: 머리글이 다릅니다"):
        load_crosswalk(plans, path)


def test_another_edition_keeps_the_links_of_the_nodes_that_it_shares(
    crosswalk: Crosswalk, plans: dict[str, Plan]
) -> None:
    old = plans["2024"]
    renamed = replace(old["K1"], title="다른 일")
    nodes = (renamed if node.code == "K1" else node for node in old.nodes if node.code != "K8")
    kept = crosswalk.for_edition(replace(old, nodes=tuple(nodes)), old)
    lost = {link for code in ("K1", "K8") for link in crosswalk.links if ("2024", code) in ends(link)}
    assert set(kept.links) == set(crosswalk.links) - lost
    assert crosswalk.for_edition(old, old) == crosswalk


def ends(link: Link) -> set[tuple[str, str]]:
    return {(link.from_plan, link.from_code), (link.to_plan, link.to_code)}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp949", "utf-16"])
def test_an_offices_own_crosswalk_loads(tmp_path: Path, plans: dict[str, Plan], encoding: str) -> None:
    path = tmp_path / "crosswalk.csv"
    path.write_text(HEADER + GOOD, encoding=encoding)
    (link,) = load_crosswalk(plans, path).links
    assert link.relation == "close"
    assert link.reason == "둘 다 조달 규칙을 바꾼다"
