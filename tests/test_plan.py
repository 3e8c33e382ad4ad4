"""The shipped plans, a plan's own questions, and every fault of a YAML file named by file and line."""

import dataclasses
import re
import unicodedata
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from hyeoksin.errors import PlanError
from hyeoksin.plan import BUILTIN_PLANS, Exclusion, Leads, Node, Plan, load, load_plan
from hyeoksin.plan.load import plan_from_text, plan_from_yaml
from hyeoksin.plan.tables import TEMPLATE

SMALL = """\
id: our-2026
title: 우리 기관 혁신계획
year: 2026
nodes:
  - code: "가"
    level: strategy
    title: 주민이 먼저인 서비스
  - code: "가-1"
    level: task
    parent: "가"
    title: 먼저 알려 주는 행정
    leads: {agencies: [행정안전부]}
    excludes:
      - code: "가-2"
        why: 방문하여 도우면 가-2
  - code: "가-2"
    level: task
    parent: "가"
    title: 찾아가는 행정
"""


def changed(old: str, new: str) -> str:
    assert SMALL.count(old) == 1
    return SMALL.replace(old, new)


@pytest.fixture
def small() -> Plan:
    return plan_from_text(SMALL, Path("계획.yaml"))


# --- the shipped plans -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plan_id", "counts", "n_leaves"),
    [
        ("2019", {"strategy": 3, "task": 9, "subtask": 20, "programme": 67}, 20),
        ("2020", {"strategy": 4, "task": 13, "subtask": 19, "programme": 57}, 25),
        ("2022", {"strategy": 3}, 3),
        ("2024", {"strategy": 3, "task": 8, "principle": 4}, 8),
    ],
)
def test_a_shipped_plan_is_whole(plan_id: str, counts: dict[str, int], n_leaves: int) -> None:
    plan = load_plan(plan_id)
    assert Counter(node.level for node in plan.nodes) == counts
    assert len(plan.leaves) == n_leaves
    assert (plan.id, plan.year) == (plan_id, int(plan_id))
    assert plan_id in plan.title


@pytest.mark.parametrize("plan_id", BUILTIN_PLANS)
def test_every_node_above_programmes_says_what_belongs_to_it(plan_id: str) -> None:
    for node in load_plan(plan_id).nodes:
        if node.level not in ("programme", "principle"):
            assert node.definition, node.code
            assert node.includes, node.code
            assert node.excludes, node.code


@pytest.mark.parametrize("plan_id", BUILTIN_PLANS)
def test_no_node_excludes_in_favour_of_itself(plan_id: str) -> None:
    for node in load_plan(plan_id).nodes:
        assert node.code not in {exclusion.code for exclusion in node.excludes}


@pytest.mark.parametrize("plan_id", BUILTIN_PLANS)
def test_paths_run_from_a_root_through_children(plan_id: str) -> None:
    plan = load_plan(plan_id)
    for node in plan.nodes:
        path = plan.path(node.code)
        assert path[0].parent is None
        assert path[-1] is node
        for above, below in pairwise(path):
            assert below in plan.children(above.code)


def test_leads_of_2019_keep_the_printed_order_and_the_et_cetera() -> None:
    plan = load_plan("2019")
    assert plan["1-2"].leads == Leads(("기재부", "조달청", "중기부", "산업부", "과기정통부"), open=True)
    assert plan["1-1"].leads == Leads(("기재부",), open=False)
    assert [node.code for node in plan.nodes if node.leads.open] == ["1-2", "3-1", "4-1"]


def test_priority_marks_of_2019() -> None:
    marked = [node.code for node in load_plan("2019").nodes if node.priority]
    assert marked == ["1-2", "2-1", "2-2", "3-1", "4-2", "5-1", "5-2", "6-1", "8-1", "9-1"]


def test_an_unknown_plan_is_an_error_that_lists_the_shipped_ones() -> None:
    with pytest.raises(PlanError, match=r"'2021'.*2019, 2020, 2022, 2024"):
        load_plan("2021")


# --- a plan's own questions --------------------------------------------------------------------------------------


def test_codes_are_found_and_unknown_ones_are_not(small: Plan) -> None:
    assert small["가-1"].title == "먼저 알려 주는 행정"
    assert "가-2" in small
    assert "가-3" not in small
    with pytest.raises(KeyError):
        small["가-3"]


def test_leaves_are_the_deepest_nodes_above_programmes() -> None:
    nodes = (
        Node("1", "strategy", "전략"),
        Node("1-1", "task", "과제", parent="1"),
        Node("1-1-p1", "programme", "사업", parent="1-1"),
        Node("2", "strategy", "과제 없는 전략"),
        Node("R1", "principle", "원칙"),
    )
    plan = Plan("x", "x", 2026, nodes)
    assert [leaf.code for leaf in plan.leaves] == ["1-1", "2"]
    assert [plan.leaf_of(node.code) for node in nodes] == [None, "1-1", "1-1", "2", None]


def test_leads_come_from_the_node_else_from_below_else_from_above() -> None:
    plan = load_plan("2019")
    assert plan.leads_for("1-2") == plan["1-2"].leads
    assert plan.leads_for("1") == Leads(("기재부", "조달청", "중기부", "산업부", "과기정통부"), open=True)
    assert plan.leads_for("1-1-1") == Leads(("기재부",))
    below = load_plan("2020").leads_for("P1-1")
    assert below == Leads(("행안부", "기재부", "국조실"), open=True)
    assert load_plan("2022").leads_for("F1") == Leads()


def test_wording_is_everything_that_belongs_to_a_node() -> None:
    node = Node("1", "task", "제목", aliases=("별칭",), definition="정의", includes=("포함 하나", "포함 둘"))
    assert node.wording == "제목 별칭 정의 포함 하나 포함 둘"


# --- the hash ----------------------------------------------------------------------------------------------------


def test_the_hash_is_that_of_the_content_and_not_of_the_place(tmp_path: Path, small: Plan) -> None:
    path = tmp_path / "다른 이름.yaml"
    path.write_text(f"# 설명\n{SMALL}", encoding="utf-8-sig")
    copy = plan_from_yaml(path)
    assert copy.sha256 == small.sha256
    assert copy == small
    assert re.fullmatch(r"[0-9a-f]{64}", copy.sha256)


def test_the_hash_is_the_same_on_every_machine_and_day() -> None:
    plan = Plan("x", "계획", 2026, (Node("1", "strategy", "전략"),))
    assert plan.sha256 == "fd0e99214a3e118aea9ace51bb8f98cb724f509c864dc01f56d5fbf34844c042"


@pytest.mark.parametrize(
    "change",
    [
        {"code": "가-9"},
        {"level": "subtask"},
        {"title": "먼저 알리는 행정"},
        {"parent": "나"},
        {"aliases": ("알림",)},
        {"leads": Leads(("행정안전부",), open=True)},
        {"leads": Leads(())},
        {"priority": True},
        {"definition": "정의"},
        {"includes": ("알림 문자",)},
        {"excludes": ()},
        {"excludes": (Exclusion(None, "방문하여 도우면 가-2"),)},
    ],
)
def test_the_hash_moves_with_every_part_of_a_node(small: Plan, change: dict[str, object]) -> None:
    nodes = list(small.nodes)
    nodes[1] = dataclasses.replace(nodes[1], **change)  # type: ignore[arg-type]
    assert dataclasses.replace(small, nodes=tuple(nodes)).sha256 != small.sha256


@pytest.mark.parametrize("change", [{"id": "y"}, {"title": "다른 계획"}, {"year": 2027}])
def test_the_hash_moves_with_the_head_of_the_plan(small: Plan, change: dict[str, object]) -> None:
    assert dataclasses.replace(small, **change).sha256 != small.sha256  # type: ignore[arg-type]


def test_the_hash_moves_with_the_order_of_nodes(small: Plan) -> None:
    assert dataclasses.replace(small, nodes=small.nodes[::-1]).sha256 != small.sha256


# --- faults ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "fault"),
    [
        (f'{SMALL}  - {{code: "가-2", level: task, parent: "가", title: 또}}\n', 20, "'가-2' 가 두 번"),
        (
            SMALL.replace('parent: "가"\n    title: 찾', 'parent: "나"\n    title: 찾'),
            16,
            "'나' 가 계획에 없습니다",
        ),
        (SMALL.replace('parent: "가"\n    title: 찾', "title: 찾"), 16, "상위코드(parent)가 없습니다"),
        (
            SMALL.replace('parent: "가"\n    title: 찾', 'parent: "가-1"\n    title: 찾'),
            16,
            "더 높은 단계가 아닙니다",
        ),
        (
            SMALL.replace('parent: "가"\n    title: 찾', 'parent: "가-2"\n    title: 찾'),
            16,
            "더 높은 단계가 아닙니다",
        ),
        (changed("[행정안전부]", "[혁신부]"), 8, "'혁신부' 을 기관 목록에서"),
        (changed("먼저 알려 주는 행정", '"  "'), 11, "비어 있습니다"),
        (
            changed("level: strategy", "level: 전락"),
            6,
            "nodes.0.level: 쓸 수 있는 값: 전략, 과제, 세부과제, 사업, 원칙 (또는 strategy, task",
        ),
        (changed("level: strategy", "level: [전략]"), 6, "쓸 수 있는 값"),
        (changed('- code: "가-2"\n        why', '- code: "가-9"\n        why'), 8, "없는 코드 '가-9'"),
        (changed("        why: 방문하여 도우면 가-2\n", ""), 14, "꼭 있어야 하는 항목"),
        (changed("    title: 찾아가는 행정\n", ""), 16, "꼭 있어야 하는 항목"),
        (changed("year: 2026\n", ""), 1, "꼭 있어야 하는 항목"),
        (changed("year: 2026", "year: 올해"), 3, "숫자여야 합니다"),
        (changed("year: 2026", "year: 2026.5"), 3, "숫자여야 합니다"),
        (changed("year: 2026", "year: 26"), 3, "네 자리"),
        (changed("year: 2026", "year: true"), 3, "네 자리"),
        (changed("title: 찾아가는 행정", "title: [긴급] 행정"), 19, "따옴표로 감싸세요"),
        (changed("title: 찾아가는 행정", "title: 찾아가는 행정\n    lead: 행안부"), 20, "모르는 항목"),
        (changed('code: "가-1"\n', "code: 1\n"), 8, "따옴표로 감싸세요"),
        (changed('code: "가-1"\n', 'code: "가 1"\n'), 8, "빈칸, 쉼표"),
        (changed("{agencies: [행정안전부]}", "{agencies: 행정안전부}"), 12, "목록이어야 합니다"),
        (changed("{agencies: [행정안전부]}", "{agencies: [행정안전부], open: 등}"), 12, "true 또는 false"),
        (changed("{agencies: [행정안전부]}", "행정안전부"), 12, "'이름: 값' 꼴"),
        (SMALL[: SMALL.index("  - code")].replace("nodes:", "nodes: []"), 4, "적어도 하나"),
        (changed("title: 찾아가는 행정", 'title: "찾아가는 행정'), 20, "YAML 문법"),
        (changed("{agencies: [행정안전부]}", "{agencies: [행정안전부}"), 12, "YAML 문법"),
        (changed("    title: 찾아가는", "\ttitle: 찾아가는"), 19, "줄 앞에 탭이 있습니다"),
        (changed("title: 찾아가는 행정", "title: !!python/name:os.system x"), 19, "YAML 문법"),
        (
            changed('  - code: "가-2"\n    level', '    code: "가-2"\n    level'),
            16,
            "'code' 이(가) 한 항목에 두 번",
        ),
        (changed('code: "가-1"\n', "code: 2026-02-30\n"), 8, '따옴표로 감싸세요: "2026-02-30"'),
        (changed("[행정안전부]", '["행정안전부, 환경부"]'), 8, "하나씩 나누어"),
        (changed("title: 찾아가는 행정", "title:"), 19, "꼭 있어야 하는 항목"),
        (f"{SMALL}\x00", 20, "YAML 문법이 틀렸습니다. 이 줄과 윗줄의 들여쓰기"),
        ("", 1, "파일 전체: '이름: 값' 꼴"),
        ("- 목록\n", 1, "'이름: 값' 꼴"),
    ],
)
def test_a_fault_is_an_error_that_names_file_and_line(
    tmp_path: Path, text: str, line: int, fault: str
) -> None:
    path = tmp_path / "계획.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PlanError) as caught:
        load_plan(path)
    (message,) = str(caught.value).splitlines()
    assert message.startswith(f"{path}:{line}: ")
    assert fault in message


def test_a_file_is_read_once_however_many_faults_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Counted(load._FastLoader):  # type: ignore[misc]  # chosen at run time
        n_read = 0

        def __init__(self, stream: str) -> None:
            Counted.n_read += 1
            super().__init__(stream)

    monkeypatch.setattr(load, "_FastLoader", Counted)
    rows = "".join(f"  - {{code: '{i}', level: 대과제, title: 가}}\n" for i in range(9))
    rows += "  - &above {code: '9', level: 전략, title: 가}\n  - {<<: *above,\n     code: 10}\n"
    path = tmp_path / "계획.yaml"
    path.write_text(f"id: a\ntitle: 계획\nyear: 2026\nnodes:\n{rows}", encoding="utf-8")
    with pytest.raises(PlanError) as caught:
        load_plan(path)
    places = [line.removeprefix(f"{path}:").partition(":")[0] for line in str(caught.value).splitlines()]
    assert places == [str(5 + i) for i in range(9)] + ["16"]
    assert Counted.n_read == 1


def test_entries_left_empty_are_none(small: Plan) -> None:
    text = f"{SMALL}    definition:\n    includes:\n    leads:\n    priority:\n"
    assert plan_from_text(text, Path("계획.yaml")) == small


def test_text_in_pieces_is_composed(small: Plan) -> None:
    assert plan_from_text(unicodedata.normalize("NFD", SMALL), Path("계획.yaml")) == small


def test_an_alias_and_a_merge_of_yaml_are_no_repetition(small: Plan) -> None:
    text = changed('  - code: "가-1"', '  - &one\n    code: "가-1"').replace(
        '- code: "가-2"\n    level: task\n    parent: "가"',
        '- <<: *one\n    code: "가-2"\n    leads:\n    excludes:',
    )
    assert plan_from_text(text, Path("계획.yaml")) == small


def test_levels_may_be_korean_words() -> None:
    plan = plan_from_text(SMALL, Path("계획.yaml"))
    text = SMALL.replace("level: strategy", "level: 전략").replace("level: task", "level: 과제")
    assert text != SMALL
    assert plan_from_text(text, Path("계획.yaml")) == plan


def test_a_plan_with_nothing_to_classify_into_is_an_error() -> None:
    text = SMALL[: SMALL.index("  - code")] + "  - {code: R1, level: principle, title: 원칙}\n"
    with pytest.raises(PlanError, match=r"^계획\.yaml:5: 분류할 수 있는 단계"):
        plan_from_text(text, Path("계획.yaml"))


@pytest.mark.parametrize("parent", ["없음", "R1"])
def test_a_principle_stands_below_a_node_of_the_plan_or_below_none(parent: str) -> None:
    text = f"{SMALL}  - {{code: R1, level: principle, title: 원칙, parent: {parent}}}\n"
    with pytest.raises(PlanError, match=r"^계획\.yaml:20: 'R1' 의 상위코드"):
        plan_from_text(text, Path("계획.yaml"))


def test_all_faults_are_told_at_once() -> None:
    text = SMALL.replace("[행정안전부]", "[혁신부, 미래처]").replace(
        'code: "가-2"\n        why', 'code: "다"\n        why'
    )
    with pytest.raises(PlanError) as caught:
        plan_from_text(text, Path("계획.yaml"))
    assert [line.split(":")[1] for line in str(caught.value).splitlines()] == ["8", "8", "8"]


def test_a_file_that_is_not_utf8_is_an_error_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "계획.yaml"
    path.write_bytes(SMALL.encode("cp949"))
    with pytest.raises(PlanError, match=r"계획\.yaml: UTF-8이 아닙니다"):
        load_plan(path)


def test_the_template_is_a_plan() -> None:
    plan = plan_from_text(TEMPLATE, Path("서식.yaml"))
    assert [leaf.code for leaf in plan.leaves] == ["가-1", "가-2"]
    assert plan["가-1"].excludes == (Exclusion("가-2", "방문하여 돕는 일이면 가-2"),)
