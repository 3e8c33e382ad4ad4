"""A plan as YAML, CSV and XLSX: the same nodes in each, and faults named by row."""

import unicodedata
from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from hyeoksin.errors import PlanError
from hyeoksin.plan import BUILTIN_PLANS, Exclusion, Leads, Node, Plan, load_plan
from hyeoksin.plan.load import plan_from_text
from hyeoksin.plan.tables import TEMPLATE, write_form
from hyeoksin.plan.written import write_yaml
from hyeoksin.tabular import write_rows

TABLES = (".csv", ".tsv", ".xlsx")
HEADER = ["코드", "단계", "제목", "상위코드", "주관기관", "제외"]


@pytest.mark.parametrize("suffix", TABLES)
@pytest.mark.parametrize("plan_id", BUILTIN_PLANS)
def test_a_shipped_plan_comes_back_from_a_table(tmp_path: Path, plan_id: str, suffix: str) -> None:
    plan = load_plan(plan_id)
    path = tmp_path / f"표{suffix}"
    write_form(plan, path)
    back = load_plan(path)
    assert back == plan
    assert back.sha256 == plan.sha256


@pytest.mark.parametrize("plan_id", BUILTIN_PLANS)
def test_a_shipped_plan_comes_back_from_yaml(tmp_path: Path, plan_id: str) -> None:
    plan = load_plan(plan_id)
    path = tmp_path / "plan.yaml"
    write_yaml(plan, path)
    back = load_plan(path)
    assert back == plan
    assert back.sha256 == plan.sha256


def test_the_template_comes_back_from_every_kind_in_turn(tmp_path: Path) -> None:
    plan = plan_from_text(TEMPLATE, tmp_path / "서식.yaml")
    at = plan
    for suffix in TABLES:
        write_form(at, tmp_path / f"서식{suffix}")
        at = load_plan(tmp_path / f"서식{suffix}")
    write_yaml(at, tmp_path / "서식.yaml")
    assert load_plan(tmp_path / "서식.yaml") == plan


# What an office may write into a cell: list marks, signs of formulas, separators, colons, quotes, lines, backslashes.
WORDS = (
    st.text(st.sampled_from("가나다힣ㄱan1 -=+@:：;,·'\"#!|○\\\n"), min_size=1, max_size=10)
    .map(str.strip)
    .filter(bool)
)
LISTS = st.lists(WORDS, max_size=3).map(tuple)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    codes = ["가", "가-1", "가-2"]
    exclusions = st.builds(Exclusion, st.sampled_from([None, *codes]), WORDS)

    def node(code: str) -> Node:
        return Node(
            code,
            "strategy" if code == "가" else "task",
            draw(WORDS),
            parent=None if code == "가" else "가",
            aliases=draw(LISTS),
            leads=Leads(draw(st.sampled_from([(), ("행안부",), ("행안부", "기재부")])), draw(st.booleans())),
            priority=draw(st.booleans()),
            definition=draw(WORDS | st.just("") | st.just("- 첫째\n- 둘째")),
            includes=draw(LISTS),
            excludes=draw(st.lists(exclusions, max_size=2).map(tuple)),
        )

    return Plan("our-2026", "우리 계획", 2026, tuple(node(code) for code in codes))


@settings(max_examples=40, deadline=None)
@given(plans())
def test_any_plan_comes_back_equal(tmp_path_factory: pytest.TempPathFactory, plan: Plan) -> None:
    folder = tmp_path_factory.mktemp("계획")
    for suffix in TABLES:
        write_form(plan, folder / f"our-2026{suffix}")
        assert load_plan(folder / f"our-2026{suffix}") == plan
    write_yaml(plan, folder / "our-2026.yaml")
    assert load_plan(folder / "our-2026.yaml") == plan


@pytest.mark.parametrize("suffix", TABLES)
def test_lines_backslashes_and_apostrophes_come_back(tmp_path: Path, suffix: str) -> None:
    node = Node(
        "1", "strategy", "'+1 운동", aliases=("가\\", "나"), includes=("두 줄\n이야기", "C:\\new; 끝")
    )
    plan = Plan("a", "'=가", 2026, (node,))
    write_form(plan, tmp_path / f"a{suffix}")
    assert load_plan(tmp_path / f"a{suffix}") == plan


@pytest.mark.parametrize(
    ("stem", "year"),
    [("혁신계획_0315", 0), ("혁신계획 1231 (2026)", 2026), ("실행계획 ２０２７", 2027), ("계획 02026", 0)],
)
def test_a_day_in_the_name_of_a_file_is_no_year(tmp_path: Path, stem: str, year: int) -> None:
    path = tmp_path / f"{stem}.csv"
    path.write_text("코드,제목\n가,찾아가는 행정\n", encoding="utf-8")
    assert load_plan(path).year == year


def test_a_table_may_leave_columns_out_and_explain_itself_above_the_header(tmp_path: Path) -> None:
    path = tmp_path / "구청 2026 계획.csv"
    path.write_text(
        "우리 구청 혁신계획\n\n코드,단계,제목,상위코드,역점\n1,전략,서비스,,\n1-1,과제,찾아가는 행정,1,○\n",
        encoding="cp949",
    )
    plan = load_plan(path)
    assert (plan.id, plan.title, plan.year) == ("구청_2026_계획", "구청 2026 계획", 2026)
    assert [(n.code, n.level, n.parent, n.priority) for n in plan.nodes] == [
        ("1", "strategy", None, False),
        ("1-1", "task", "1", True),
    ]


def test_rows_that_name_two_plans_are_told(tmp_path: Path) -> None:
    path = tmp_path / "계획.csv"
    path.write_text("코드,제목,계획 id\n1,서비스,가\n2,참여,나\n", encoding="utf-8")
    with pytest.raises(PlanError, match=r"계획\.csv:3: '계획 id' 이 '나' 인데 위에서는 '가'"):
        load_plan(path)


def test_a_plan_in_a_document_is_told_to_become_a_table(tmp_path: Path) -> None:
    path = tmp_path / "계획.hwpx"
    path.write_bytes(b"PK\x03\x04")
    with pytest.raises(PlanError, match=r"계획\.hwpx: .*엑셀로 옮겨"):
        load_plan(path)


def test_numbers_typed_into_excel_are_codes(tmp_path: Path) -> None:
    path = tmp_path / "계획.xlsx"
    write_rows(path, HEADER, [[1, "전략", "서비스", None], [11, "과제", "행정", 1]], sheet="계획")
    assert [(n.code, n.parent) for n in load_plan(path).nodes] == [("1", None), ("11", "1")]


ROWS = [
    ["1", "전략", "서비스", "", "", ""],
    ["1-1", "과제", "찾아가는 행정", "1", "행안부", "1-2: 알리면 1-2; 축제"],
    ["1-2", "과제", "알려 주는 행정", "1", "", ""],
]


def test_rows_without_a_fault_load(tmp_path: Path) -> None:
    write_rows(tmp_path / "계획.csv", HEADER, ROWS, sheet="계획")
    plan = load_plan(tmp_path / "계획.csv")
    assert plan["1-1"].excludes == (Exclusion("1-2", "알리면 1-2"), Exclusion(None, "축제"))


@pytest.mark.parametrize("suffix", TABLES)
@pytest.mark.parametrize(
    ("column", "cell", "fault"),
    [
        ("코드", "1", "'1' 가 두 번"),
        ("코드", "", "'코드' 열: 꼭 있어야 하는 항목"),
        ("코드", "1 1", "빈칸, 쉼표"),
        ("단계", "과재", "'단계' 열의 '과재': 쓸 수 있는 값: 전략, 과제, 세부과제, 사업, 원칙"),
        ("단계", "", "'단계' 열: 쓸 수 있는 값: 전략"),
        ("제목", "", "꼭 있어야 하는 항목"),
        ("상위코드", "9", "'9' 가 계획에 없습니다"),
        ("상위코드", "", "상위코드(parent)가 없습니다"),
        ("상위코드", "1-2", "더 높은 단계가 아닙니다"),
        ("주관기관", "혁신부", "'혁신부' 을 기관 목록에서"),
        ("주관기관", "행안부, 혁신부", "표에서는 ';' 로"),
        ("주관기관", "행안부, 환경부; 혁신부", "'혁신부' 을 기관 목록에서"),
        ("제외", "9: 까닭", "없는 코드 '9'"),
        ("제외", "1-2:", "'제외' 열: 비어 있습니다"),
    ],
)
def test_a_fault_of_a_row_is_an_error_that_names_file_and_row(
    tmp_path: Path, suffix: str, column: str, cell: str, fault: str
) -> None:
    rows = [list(row) for row in ROWS]
    rows[1][HEADER.index(column)] = cell
    path = tmp_path / f"계획{suffix}"
    write_rows(path, HEADER, rows, sheet="계획")
    with pytest.raises(PlanError) as caught:
        load_plan(path)
    (message,) = str(caught.value).splitlines()
    assert message.startswith(f"{path}:3: ")
    assert fault in message


def test_a_table_without_a_header_is_an_error_that_lists_the_headers(tmp_path: Path) -> None:
    path = tmp_path / "계획.csv"
    path.write_text("가,나\n다,라\n", encoding="utf-8")
    with pytest.raises(PlanError, match=r"계획\.csv: 머리글 줄이 없습니다.*코드, 단계, 제목"):
        load_plan(path)


def test_a_table_with_a_header_only_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "계획.csv"
    path.write_text("코드,단계,제목\n", encoding="utf-8")
    with pytest.raises(PlanError, match=r"계획\.csv:1: nodes: 적어도 하나"):
        load_plan(path)


@pytest.mark.parametrize("suffix", TABLES)
def test_unknown_headings_are_faults_that_name_the_nearest(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"계획{suffix}"
    write_rows(
        path, ["코드", "단계", "제목", "정으", "설명"], [["1", "전략", "서비스", "글", ""]], sheet="계획"
    )
    with pytest.raises(PlanError) as caught:
        load_plan(path)
    known = "쓸 수 있는 머리글: 코드, 단계, 제목, 상위코드, 별칭, 주관기관, 기관등, 역점, 정의, 포함, 제외, 계획 id, 계획 제목, 연도"
    assert str(caught.value).splitlines() == [
        f"{path}:1: 모르는 머리글 '정으'. '정의' 인가요? {known}",
        f"{path}:1: 모르는 머리글 '설명'. {known}",
    ]


@pytest.mark.parametrize("suffix", TABLES)
def test_columns_without_a_heading_and_english_headings_are_no_faults(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"계획{suffix}"
    write_rows(path, ["코드", "level", "제목", "", " "], [["1", "전략", "서비스", "", ""]], sheet="계획")
    assert load_plan(path)["1"].level == "strategy"
    write_rows(path, ["코드", "level", "제목"], [["1", "전락", "서비스"]], sheet="계획")
    with pytest.raises(PlanError, match="2: 'level' 열의 '전락': 쓸 수 있는 값"):
        load_plan(path)


@pytest.mark.parametrize("suffix", TABLES)
def test_code_title_and_parent_are_enough(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"계획{suffix}"
    rows = [["1", "생활행정", ""], ["1-1", "찾아가는 민원", "1"], ["1-1-1", "이동 민원차", "1-1"]]
    write_rows(path, ["코드", "제목", "상위코드"], rows, sheet="계획")
    assert [node.level for node in load_plan(path).nodes] == ["strategy", "task", "subtask"]


def test_codes_that_excel_made_dates_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "계획.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet("계획")
        page.write_row(0, 0, ["코드", "제목", "상위코드"])
        page.write_row(1, 0, ["1", "생활행정", ""])
        day = book.add_format({"num_format": "m-d"})
        page.write_datetime(2, 0, datetime(2026, 1, 1), day)
        page.write_row(2, 1, ["찾아가는 민원", "1"])
    with pytest.raises(PlanError, match=r"3: 코드가 날짜입니다.*'텍스트'"):
        load_plan(path)


def test_faults_of_every_kind_are_told_at_once_by_row(tmp_path: Path) -> None:
    path = tmp_path / "계획.csv"
    rows = [
        ["1", "전략", "서비스", ""],
        ["2026-01-01", "과제", "찾아가는 행정", "1"],
        ["1-2", "과제", "", "1"],
        ["1-3", "과재", "알려 주는 행정", "1"],
        ["1-2", "과제", "두 번째", "1"],
        ["1-4", "과제", "열린 행정", "9"],
        ["1-5", "과제", "빠른 행정", "2026-01-02"],
    ]
    write_rows(path, ["코드", "단계", "제목", "상위코드"], rows, sheet="계획")
    with pytest.raises(PlanError) as caught:
        load_plan(path)
    told = [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()]
    assert [line.split(":")[0] for line in told] == ["3", "4", "5", "6", "7", "8"]
    words = (
        "코드가 날짜",
        "'제목' 열",
        "'단계' 열의 '과재'",
        "'1-2' 가 두 번",
        "'9' 가 계획에",
        "상위코드가 날짜",
    )
    assert all(word in line for word, line in zip(words, told, strict=True)), told


@pytest.mark.parametrize("code", ["01월 01일", "1월1일", "Jan-01", "01-Jan", "2026-01-01 00:00:00"])
def test_codes_that_a_saved_table_shows_as_dates_are_refused(tmp_path: Path, code: str) -> None:
    path = tmp_path / "계획.csv"
    write_rows(path, ["코드", "제목", "상위코드"], [["1", "생활행정", ""], [code, "민원", "1"]], sheet="계획")
    with pytest.raises(PlanError, match="3: 코드가 날짜입니다"):
        load_plan(path)


def test_an_error_of_excel_is_no_title(tmp_path: Path) -> None:
    path = tmp_path / "계획.csv"
    path.write_text("코드,제목,정의\n1,#REF!,\n2,둘,#N/A\n", encoding="utf-8")
    with pytest.raises(PlanError, match=r"(?s):2: .*엑셀 오류.*#REF!.*:3: .*#N/A"):
        load_plan(path)


def plan_of(tmp_path: Path, text: str, name: str = "계획.csv") -> Plan:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return load_plan(tmp_path / name)


@pytest.mark.parametrize(
    ("cell", "marked"), [("●", True), ("해당", True), ("V", True), ("X", False), ("해당 없음", False)]
)
def test_marks_are_read(tmp_path: Path, cell: str, marked: bool) -> None:
    (node,) = plan_of(tmp_path, f"코드,제목,역점,기관등\n1,서비스,{cell},{cell}\n").nodes
    assert (node.priority, node.leads.open) == (marked, marked)


def test_a_mark_that_is_unknown_is_told(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="2: '역점' 열의 '중점': 모르는 표시"):
        plan_of(tmp_path, "코드,제목,역점\n1,서비스,중점\n")


def test_a_row_cut_by_its_commas_is_told(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="2: 머리글은 3칸인데 이 줄은 4칸"):
        plan_of(tmp_path, "코드,제목,정의\n1,서비스,혜택을, 기한을\n")


def test_a_heading_that_stands_twice_is_told(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="1: 머리글 '제목' 이 두 번"):
        plan_of(tmp_path, "코드,제목,제목\n1,서비스,다른 이름\n")


def test_headings_with_blanks_or_in_pieces_are_known(tmp_path: Path) -> None:
    text = unicodedata.normalize("NFD", "코드,제목 ,주관기관,제외\n1,서비스,행정안전부,1：까닭\n")
    (node,) = plan_of(tmp_path, text).nodes
    assert (node.title, node.leads.agencies) == ("서비스", ("행정안전부",))
    assert node.excludes == (Exclusion("1", "까닭"),)


def test_agencies_may_be_divided_by_commas(tmp_path: Path) -> None:
    (node,) = plan_of(tmp_path, '코드,제목,주관기관\n1,서비스,"행정안전부, 환경부"\n').nodes
    assert node.leads.agencies == ("행정안전부", "환경부")


@pytest.mark.parametrize(("stem", "named"), [("계획(안), 2026", "계획(안)__2026"), ("계획①②③④", "계획①②③④")])
def test_any_file_name_gives_an_id(tmp_path: Path, stem: str, named: str) -> None:
    plan = plan_of(tmp_path, "코드,제목\n1,서비스\n", f"{stem}.csv")
    assert (plan.id, plan.title) == (named, stem)
