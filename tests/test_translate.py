"""Results of one plan in another: nothing is remapped without saying how."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from hyeoksin.cli import app
from hyeoksin.cli.translate import links_table
from hyeoksin.codes import NONE
from hyeoksin.domain import Document
from hyeoksin.errors import InputError
from hyeoksin.plan import BUILTIN_PLANS, Link, Node, Plan, load_crosswalk, load_plan
from hyeoksin.plan.compare import links_between
from hyeoksin.plan.crosswalk import write_links
from hyeoksin.plan.routes import Route, routes
from hyeoksin.results import Result, read_results
from hyeoksin.translate import HEADER, Translated, fused, impact_rows, record, summary, table_row, translate

OLD = Plan("a", "옛", 2019, tuple(Node(c, "strategy", c) for c in "가나다라"))
NEW = Plan("b", "새", 2024, tuple(Node(c, "strategy", c) for c in "ABCD"))
LINKS = (
    Link("a", "가", "close", "b", "A", "high", "같다"),
    Link("a", "가", "related", "b", "B", "low", "겹친다"),
    Link("a", "나", "narrow", "b", "B", "high", "일부"),
    Link("a", "나", "narrow", "b", "C", "high", "일부"),
    Link("a", "다", "broad", "b", "C", "high", "들어간다"),
)
TABLE = routes(OLD, NEW, LINKS)


def test_links_without_a_row_for_the_two_plans_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "대응.csv"
    write_links([Link("2019", "3-1", "close", "2024", "K1", "high", "같은 일")], path)
    links_table(OLD, NEW, path)
    assert "대응.csv 에 a 과 b 를 잇는 줄이 없어" in capsys.readouterr().err
    links_table(OLD, NEW, None)
    assert "a 과 b 의 대응표가 없어" in capsys.readouterr().err


def test_links_that_start_at_programmes_are_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "대응.csv"
    write_links([Link("2019", "4-1-1", "narrow", "b", "A", "high", "이어받음")], path)
    found = links_table(load_plan("2019"), NEW, path)
    assert capsys.readouterr().err == ""
    assert {code: [*route.targets] for code, route in found.items() if not route.inherited} == {
        "4-1-1": ["A"]
    }
    assert [*found["4-1"].targets] == ["A"]  # as of a node below it
    shipped = links_table(load_plan("2020"), load_plan("2019"), None)
    assert (shipped["P4-2-2-p3"].only, shipped["P4-1-3-p2"].only) == ("2-3", "6-1")


def test_an_edition_of_a_shipped_plan_has_routes(capsys: pytest.CaptureFixture[str]) -> None:
    old = load_plan("2024")
    own = replace(old, nodes=tuple(node for node in old.nodes if node.code != "K8"))
    assert links_table(load_plan("2019"), own, None)["3-1"].targets
    assert "실린 계획 2024 과 id는 같지만" in capsys.readouterr().err


def judged(code: str, share: float) -> dict[str, float]:
    return {c: share if c == code else (1 - share) / 4 for c in (*"ABCD", NONE)}


def one(code: str, shares: Mapping[str, float] | None, decided: bool = True) -> Translated:
    document = Document(id="1", text="" if shares is None else "글", source="가.csv#row=2")

    def judge(texts: Sequence[Document]) -> Iterator[Mapping[str, float]]:
        assert shares is not None
        yield from [shares for _ in texts]

    (row,) = translate([Result(document, code, decided)], TABLE, judge)
    return row


@pytest.mark.parametrize(
    ("code", "says", "share", "how", "answer", "person"),
    [
        ("가", "A", 0.6, "carried", "A", False),
        (
            "가",
            "D",
            0.3,
            "carried",
            "A",
            True,
        ),  # the link outweighs a faint contradiction, but a person looks
        ("가", "B", 0.95, "chosen", "B", False),
        ("가", "D", 0.99, "contradiction", "D", True),
        ("가", NONE, 0.99, "contradiction", NONE, True),
        ("나", "C", 0.9, "chosen", "C", False),
        ("나", "A", 0.98, "contradiction", "A", True),
        ("다", "C", 0.9, "carried", "C", False),
        ("라", "D", 0.99, "no link", "D", True),
        (NONE, NONE, 0.9, "off plan", NONE, False),
        (NONE, "A", 0.9, "contradiction", "A", True),
    ],
)
def test_crosswalk_and_text_are_weighed(
    code: str, says: str, share: float, how: str, answer: str, person: bool
) -> None:
    row = one(code, judged(says, share))
    assert (row.how, row.code, row.person) == (how, answer, person)
    assert (row.by_text, row.by_text_probability) == (says, share)
    assert 0 < row.probability < 1


@pytest.mark.parametrize(
    ("code", "how", "answer"),
    [("가", "carried", "A"), ("나", "no text", None), ("라", "no link", None), (NONE, "no text", None)],
)
def test_without_a_text_nothing_is_chosen(code: str, how: str, answer: str | None) -> None:
    row = one(code, None)
    assert (row.how, row.code, row.person) == (how, answer, True)


@given(st.lists(st.floats(0.001, 1.0), min_size=5, max_size=5), st.sampled_from("가나다라"))
def test_probabilities_sum_to_one_and_a_link_never_lowers_its_target(values: list[float], code: str) -> None:
    shares = dict(zip((*"ABCD", NONE), (v / sum(values) for v in values), strict=True))
    both = fused(shares, TABLE[code], inside=True)
    bare = fused(shares, Route({}), inside=True)
    assert sum(both.values()) == pytest.approx(1.0)
    for target in TABLE[code].targets:
        others = [c for c in "ABCD" if c not in TABLE[code].targets]
        assert all(both[target] / both[c] >= bare[target] / bare[c] for c in others)


def test_texts_and_rows_without_text_keep_their_order() -> None:
    results = [Result(Document(id=str(i), text="" if i % 3 else f"글 {i}"), "가") for i in range(1_100)]
    seen: list[str] = []

    def judge(texts: Sequence[Document]) -> Iterator[Mapping[str, float]]:
        for text in texts:
            seen.append(text.id)
            yield judged("A", 0.9)

    rows = list(translate(results, TABLE, judge))
    assert [row.result.document.id for row in rows] == [str(i) for i in range(1_100)]
    assert seen == [str(i) for i in range(0, 1_100, 3)]
    assert [row.by_text is None for row in rows] == [bool(i % 3) for i in range(1_100)]


def test_routes_go_down_to_leaves_and_up_to_parents() -> None:
    plans = {name: load_plan(name) for name in BUILTIN_PLANS}
    found = routes(
        plans["2019"], plans["2024"], links_between(plans["2019"], plans["2024"], load_crosswalk(plans))[0]
    )
    leaves = {leaf.code for leaf in plans["2024"].leaves}
    assert all(set(route.targets) <= leaves for route in found.values())
    assert found["3-1"].only == "K2"
    assert found["9-2"].only == "K4"
    assert set(found["9-2"].targets) == {"K4", "K6"}
    assert found["5-1"].inherited  # its task is linked, it is not
    assert found["5-1"].only is None
    assert all(link.reason.startswith("상위 항목 5에서 옴: ") for link in found["5-1"].targets.values())
    assert all(link.reason.startswith("상위 항목 5에서 옴: ") for link in found["5-1-1"].targets.values())
    back = routes(
        plans["2024"], plans["2019"], links_between(plans["2024"], plans["2019"], load_crosswalk(plans))[0]
    )
    assert {link.reason[:10] for link in back["K7"].targets.values()} == {"이웃 항목 K8에서"}
    assert {link.reason[:10] for link in back["G3"].targets.values()} == {"하위 항목 K8에서"}
    assert back["K4"].only is None  # one close counterpart, but others hold parts of it


def test_summary_and_impact_count_the_same_rows() -> None:
    rows = [
        one("가", judged("A", 0.6)),
        one("가", judged("A", 0.6)),
        one("라", None),
        one(NONE, judged("A", 0.9)),
    ]
    text = summary(rows, OLD, NEW)
    assert "4건 가운데 2건" in text
    assert "대응표대로 옮김: 2건" in text
    assert "많이 옮겨 간 곳:\n  가 가 → A A: 2건" in text
    assert "많이 옮겨 간 곳" not in summary(rows[2:3], OLD, NEW)
    assert "많이 옮겨 간 곳" not in summary([one(NONE, judged(NONE, 0.9))], OLD, NEW)
    table = list(impact_rows(rows, OLD, NEW))
    assert table[0] == ("가 가", "A A", 2, 2, 0)
    assert ("라 라", "정하지 못함", 1, 1, 1) in table
    assert sum(row[2] for row in table) == len(rows)
    assert record(rows[0], OLD, NEW)["how"] == "carried"


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("translate") / "결정.csv"
    path.write_text(
        "번호,코드,제목\n"
        "1,3-1,혼자 사는 어르신을 찾아 안부를 묻고 복지 서비스로 잇기\n"
        "2,9-2,회의와 보고 문서를 줄이고 조직문화를 바꾸기\n"
        "3,계획 밖,가을 축제 노래자랑 개최\n"
        "4,5-3,회의실과 체육관을 주민에게 열기\n",
        encoding="utf-8",
    )
    return path


def test_the_command_says_how_each_row_came_about(decided: Path, tmp_path: Path) -> None:
    output = tmp_path / "옮긴.jsonl"
    result = CliRunner().invoke(
        app, ["translate", str(decided), "--from", "2019", "--to", "2024", "-o", str(output)]
    )
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert [(row["id"], row["how"], row["code"]) for row in rows[:3]] == [
        ("1", "carried", "K2"),
        ("2", "carried", "K4"),
        ("3", "off plan", NONE),
    ]
    assert rows[3]["how"] in ("no link", "chosen", "contradiction")
    assert rows[3]["person"]
    assert "4건 가운데" in result.output


def test_impact_counts_for_a_plan_of_ones_own(decided: Path, tmp_path: Path) -> None:
    own, output = tmp_path / "새계획.yaml", tmp_path / "표.json"
    CliRunner().invoke(app, ["plan", "template", str(own)])
    result = CliRunner().invoke(app, ["plan", "impact", str(own), "--on", str(decided), "-o", str(output)])
    assert result.exit_code == 0, result.output
    assert "추측" in result.output
    assert sum(row["n"] for row in json.loads(output.read_text(encoding="utf-8"))) == 4
    newer = load_plan("2024").leaves[0]
    record = {"id": "1", "title": "문턱 없는 관공서", "code": newer.code, "plan": "2024"}
    decided = tmp_path / "결정.jsonl"
    decided.write_text(json.dumps(record), encoding="utf-8")
    result = CliRunner().invoke(app, ["plan", "impact", str(own), "--on", str(decided), "-o", str(output)])
    assert result.exit_code == 0, result.output
    assert f"{newer.code} {newer.title} →" in result.output


def test_a_row_names_its_source() -> None:
    row = dict(zip(HEADER, table_row(one("가", judged("A", 0.6)), OLD, NEW), strict=True))
    assert (row["번호"], row["출처"]) == ("1", "가.csv#row=2")


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_bad_rows_of_the_texts_are_listed(tmp_path: Path, suffix: str) -> None:
    past, texts, output = (tmp_path / name for name in ("결정.csv", "글", f"옮긴{suffix}"))
    past.write_text("번호,코드\n1,3-1\n", encoding="utf-8")
    texts.mkdir()
    (texts / "글.csv").write_text("번호,제목\n1,안부를 묻기\n2,\n", encoding="utf-8")
    told = (
        "translate",
        str(past),
        "--from",
        "2019",
        "--to",
        "2024",
        "--texts",
        str(texts),
        "-o",
        str(output),
    )
    result = CliRunner().invoke(app, told)
    assert result.exit_code == 1
    assert "건너뜀 글/글.csv#row=3" in result.output
    (line,) = (tmp_path / "옮긴.failed.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["row"] == 3


def test_wrong_plan_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "결정.csv"
    path.write_text("번호,코드\n1,3-1\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["translate", str(path), "--from", "2020", "--to", "2024"])
    assert isinstance(result.exception, InputError)
    assert "계획 2020 에 코드 '3-1' 가 없습니다" in result.output
    assert "--from" in str(result.exception)


def test_a_translated_file_is_read_again(decided: Path, tmp_path: Path) -> None:
    row = replace(one("가", judged("A", 0.6)), person=False)
    path = tmp_path / "b.jsonl"
    path.write_text(json.dumps(record(row, OLD, NEW)) + "\n", encoding="utf-8")
    (found,) = read_results(path, NEW)
    assert isinstance(found, Result)
    assert (found.code, found.decided) == ("A", True)
